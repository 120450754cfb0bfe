"""A claim stands when its judge proves it with a line that is there; what it then is, is never worse than claimed."""

from __future__ import annotations

import pytest

from app.domain.errors import ModelUnavailable
from app.domain.findings import Finding
from app.domain.judgements import Decision
from app.domain.severity import Severity
from app.domain.tiers import Tier
from app.usecases.agent import Why
from app.usecases.review.verifying import Verified, verify
from tests.build import BASE, HEAD
from tests.fakes.scripted_model import calls
from tests.usecases.review.studio import EMPTY, Answer, Studio, about, claim, told

LINE = "    return x / 0"
TIERS = {"pay/a.py": Tier.STANDARD, "app/b.py": Tier.STANDARD, "docs/c.md": Tier.LIGHT}


async def verified(studio: Studio, *claims: Finding) -> Verified:
    plan = await studio.plan()
    return await verify(await studio.crew(), claims, plan.groups_of, TIERS, label="judge")


def judging(answer: Answer) -> Studio:
    return Studio(lambda _: answer)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (EMPTY, "the judge did not find it proven"),
        (told(summary="No caller gives it."), "No caller gives it."),
        (told(claim("app/b.py", 1, "b = int(a)")), "the judge spoke of another file"),
        (told(claim("pay/a.py", 2, LINE, failing_case=" ")), "the judge named no case in which it fails"),
        (told(claim("pay/a.py", 2, "eval(x)")), "the judge quoted no line that is there"),
        (told(claim("pay/a.py", 2, LINE, quotes=[])), "the judge quoted no line that is there"),
    ],
)
async def test_what_is_not_proven_is_dropped_with_the_reason(answer: Answer, reason: str) -> None:
    result = await verified(judging(answer), about())

    assert result.kept == ()
    (judgement,) = result.judgements
    assert (judgement.decision, judgement.to, judgement.reason) == (Decision.DROPPED, None, reason)


@pytest.mark.parametrize(
    ("claimed", "proven", "said", "decision"),
    [
        (Severity.P1, "P1", Severity.P1, Decision.KEPT),
        (Severity.P1, "P3", Severity.P3, Decision.LOWERED),
        (Severity.P2, "P0", Severity.P2, Decision.KEPT),
    ],
)
async def test_a_claim_is_said_as_bad_as_claimed_or_less(
    claimed: Severity, proven: str, said: Severity, decision: Decision
) -> None:
    answer = told(claim("pay/a.py", 2, LINE, severity=proven, confidence=0.7, failing_case="pay(1)"))
    (kept,) = (result := await verified(judging(answer), about(severity=claimed))).kept

    assert (kept.severity, kept.confidence, kept.failing_case) == (said, 0.7, "pay(1)")
    assert result.judgements[0].decision is decision
    assert result.judgements[0].reason == "pay(1)"


async def test_of_several_the_one_nearest_to_the_claim_counts() -> None:
    answer = told(
        claim("pay/a.py", 1, "def pay(x):", severity="P3"), claim("pay/a.py", 2, LINE, severity="P2"), summary="Yes."
    )
    (kept,) = (result := await verified(judging(answer), about())).kept

    assert kept.severity is Severity.P2
    assert result.judgements[0].reason == "Yes."


async def test_what_a_judge_records_counts_like_its_answer() -> None:
    steps = iter((calls(("record_finding", claim("pay/a.py", 2, LINE))), EMPTY))
    (kept,) = (await verified(Studio(lambda _: next(steps)), about())).kept

    assert kept.id == "F1"


async def test_a_line_of_a_deleted_file_is_looked_up_where_it_was() -> None:
    before = {"gone.py": b"check(user)\n", "pay/a.py": b"x\n"}
    answer = told(claim("pay/a.py", 1, "", quotes=[{"path": "gone.py", "line": 1, "text": "check(user)"}]))
    studio = Studio(lambda _: answer, before=before, after={"pay/a.py": b"y\n"})

    assert len((await verified(studio, about(line=1))).kept) == 1


async def test_a_claim_without_a_judge_is_open() -> None:
    result = await verified(judging(ModelUnavailable("503")), about(), about(id_="F2", line=1))

    assert (result.kept, result.judgements) == ((), ())
    assert [(one.id, why.why) for one, why in result.open] == [("F1", Why.OUTAGE), ("F2", Why.OUTAGE)]


async def test_each_claim_has_a_conversation_and_the_model_of_its_tier() -> None:
    studio = judging(EMPTY)
    await verified(studio, about(), about("docs/c.md", 1, id_="F2"))

    assert sorted(studio.labels) == ["judge 1", "judge 2"]
    assert {r.label: (r.model, bool(r.tools)) for r in studio.model.seen} == {
        "judge 1, step 1": ("main", True),
        "judge 2, step 1": ("fast", False),
    }


async def test_a_claim_about_a_file_that_no_group_holds_comes_with_its_diff_or_without() -> None:
    """Covered before, so in no group of this run; what an earlier review said of it is judged again."""
    studio = judging(EMPTY)
    crew = await studio.crew()
    await verify(crew, [about("app/b.py", 1)], {}, TIERS, label="recheck")
    assert "+b = int(a)" in studio.model.seen[0].messages[1].text

    after = {"wide.py": b"x" * 70_000 + b"\n"}
    studio = Studio(lambda _: EMPTY, before={"wide.py": b"y\n"}, after=after)
    crew = await studio.crew()
    result = await verify(crew, [about("wide.py", 1)], {}, {"wide.py": Tier.STANDARD}, label="recheck")
    assert len(result.judgements) == 1
    assert "xxxx" not in studio.model.seen[0].messages[1].text


async def test_without_claims_nobody_is_asked() -> None:
    studio = judging(EMPTY)

    assert await verified(studio) == Verified()
    assert studio.model.seen == []
    assert {BASE, HEAD} == set(studio.repository.commits)
