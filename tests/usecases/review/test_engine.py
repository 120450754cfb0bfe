"""The engine from a snapshot to a verdict, in memory: with models, without, with a sandbox, and what it closes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.rules.patterns import Re2Pattern
from app.domain.anchors import Anchor, anchor_of
from app.domain.coverage import Reviewed, Unreviewed
from app.domain.entries import Kind
from app.domain.errors import BudgetRefused, GitFailed, ModelRejected, ModelUnavailable, SandboxUnavailable
from app.domain.memory import FindingState, KnownFinding, PastReview
from app.domain.policy import Policy, RulesPolicy
from app.domain.sandbox import Mode
from app.domain.symbols import Symbol
from app.domain.tiers import Tier
from app.domain.verdict import Blocked, Incomplete, Passed
from app.usecases.review.around import Around
from app.usecases.review.engine import Engine
from app.usecases.review.examination import Examined, Matter
from tests.build import BASE, HEAD, finding
from tests.fakes.code import DefParser
from tests.fakes.scripted_model import calls
from tests.fakes.scripted_sandboxes import ScriptedSandboxes
from tests.usecases.asking import TEXTS
from tests.usecases.review.studio import EMPTY, TEMPLATES, Answer, Studio, claim, told
from tests.usecases.review.test_static_pass import Shapes

CORE = Policy(rules=RulesPolicy(extra=("pay/**",)))
NOW = datetime(2026, 11, 21, tzinfo=UTC)
LINE = "    return x / 0"
PAY = claim("pay/a.py", 2, LINE)
PROOF = {"command": "sh x.sh", "files": [], "expected": "paid nothing", "why_not": ""}
COVERED = {"app/b.py", "docs/c.md", "pay/a.py"}


def engine(work: Studio, **changes: object) -> Engine:
    plain = Engine(
        rules=(),
        templates=TEMPLATES,
        texts=TEXTS,
        parser=DefParser(),
        structural=Shapes(),
        compile_pattern=Re2Pattern.parse,
        now=lambda: NOW,
        choice=work.choice,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


async def examined(work: Studio, around: Around | None = None, **changes: object) -> Examined:
    matter = Matter(
        await work.snapshot(), work.repository, work.model, sandboxes=work.sandboxes, around=around or Around()
    )
    return await engine(work, **changes).examine(matter)


def saying(**answers: Answer) -> Studio:
    """Answers by the first word of a label; a judge confirms the claim about pay/a.py."""
    known = {"judge": told(PAY), "recheck": told(PAY), **answers}
    return Studio(lambda label: known.get(label.split(" ")[0], EMPTY), policy=CORE)


async def test_a_change_without_a_finding_passes_when_all_of_it_was_looked_at() -> None:
    report = (await examined(saying())).report

    assert isinstance(report.verdict, Passed)
    assert {e.path: e.coverage for e in report.ledger.entries} == {
        "app/b.py": Reviewed(Tier.STANDARD),
        "docs/c.md": Reviewed(Tier.STANDARD),
        "pay/a.py": Reviewed(Tier.CORE),
    }
    assert report.notes == ("nothing was executed: no sandbox is configured",)


async def test_without_a_core_file_nobody_misses_a_sandbox() -> None:
    work = replace(saying(), policy=Policy())

    assert (await examined(work)).report.notes == ()


async def test_a_core_finding_is_judged_and_shown_in_a_sandbox_that_is_gone_then() -> None:
    work = saying(core=told(PAY), prove=PROOF)
    sandboxes = work.sandboxes = ScriptedSandboxes({HEAD: (b"paid nothing\n",), BASE: (b"paid\n",)})
    (found,) = (result := await examined(work)).report.findings

    assert isinstance(result.report.verdict, Blocked)
    assert found.proof is not None
    assert sandboxes.open_now == 0
    assert sandboxes.opened == [HEAD, BASE], "reviewers ran nothing, so there is no room of theirs"


async def test_what_reviewers_ran_in_is_closed_when_the_review_fails() -> None:
    answers: Iterator[Answer] = iter([calls(("run", {"command": "true"})), GitFailed("broken"), GitFailed("broken")])
    work = Studio(lambda _: next(answers), policy=CORE, after={"pay/a.py": b"x\n"}, before={})
    sandboxes = work.sandboxes = ScriptedSandboxes({HEAD: (b"ran\n",)})
    with pytest.raises(GitFailed, match="broken"):
        await examined(work)

    assert sandboxes.open_now == 0


@pytest.mark.parametrize(
    ("sandboxes", "reason"),
    [
        (ScriptedSandboxes(mode=Mode.REFUSED), "as told"),
        (ScriptedSandboxes(refusal=SandboxUnavailable("nobody answers")), "nobody answers"),
    ],
    ids=["refused", "unavailable"],
)
async def test_a_host_that_isolates_nothing_is_said(sandboxes: ScriptedSandboxes, reason: str) -> None:
    work = saying(core=told(PAY))
    work.sandboxes = sandboxes
    report = (await examined(work)).report

    assert report.notes == (f"nothing was executed: {reason}",)
    assert isinstance(report.verdict, Blocked)


async def test_without_a_model_rules_look_and_the_rest_is_said_to_be_unread() -> None:
    work = saying()
    report = (await examined(work, choice=None, no_model="no model is configured")).report

    assert isinstance(report.verdict, Incomplete)
    assert work.model.seen == []
    assert {e.path for e in report.ledger.unreviewed} == COVERED
    assert "no model is configured" in report.model_note


async def test_without_a_model_what_was_open_and_cannot_be_looked_at_again_stays_open() -> None:
    """Its line is still there, and nobody said that it is right."""
    old = replace(finding(path="pay/a.py", line=2), id="F0")
    anchor = anchor_of(("def pay(x):", "    return x / 0"), (Symbol("pay", "function", 1, 2),), 2)
    known = KnownFinding(old, anchor, FindingState.OPEN, BASE)
    past = PastReview(BASE, BASE, BASE, "", (), (known,), rounds=1, asked=False)
    work = saying()
    matter = Matter(await work.snapshot(), work.repository, None, around=Around(past=past))
    report = (await engine(work).examine(matter)).report

    assert isinstance(report.verdict, Blocked)
    assert [one.id for one in report.findings] == ["F0"]
    assert {entry.path for entry in report.ledger.unreviewed} == COVERED


async def test_a_finding_in_a_file_that_is_gone_is_looked_for_in_the_files_that_are_new() -> None:
    work = saying()
    work = Studio(
        lambda _: EMPTY,
        before={"old.py": b"def f():\n    return 1 / 0\n"},
        after={"new.py": b"def f():\n    return 1 / 0\n"},
    )
    old = replace(finding(path="old.py", line=2), id="F0")
    known = KnownFinding(old, Anchor("return 1 / 0", "f", 1, (), ()), FindingState.OPEN, BASE)
    past = PastReview(BASE, BASE, BASE, "", (), (known,), rounds=1, asked=False)
    await examined(work, Around(past=past))

    assert (HEAD, ("new.py",)) in work.repository.asked


@pytest.mark.parametrize("failing", ["standard 1/2", "standard 2/2"])
async def test_a_file_in_two_groups_is_reviewed_when_both_were(failing: str) -> None:
    rows = b"".join(b"value_%04d = compute(first, second)  # like many others\n" % n for n in range(1_500))
    work = Studio(
        lambda label: ModelUnavailable("503") if label == failing else EMPTY,
        before={"a.py": b""},
        after={"a.py": rows, "b.py": b"b = 1\n"},
    )
    result = await examined(work)

    unread = {entry.path: entry.coverage for entry in result.report.ledger.unreviewed}
    assert unread["a.py"] == Unreviewed("the model did not answer: 503")
    assert result.retry_at == NOW + timedelta(minutes=5)


async def test_what_is_over_the_most_groups_is_named() -> None:
    work = Studio(before={}, after={f"d{n}/a.py": b"x = 1  # one line of a file\n" * 40 for n in range(6)})
    choice = replace(work.choice, group_characters=3_000, max_groups=2)
    report = (await examined(work, choice=choice)).report

    assert isinstance(report.verdict, Incomplete)
    assert {str(e.coverage) for e in report.ledger.unreviewed} == {
        str(Unreviewed("over the budget of 2 groups a review"))
    }
    assert len(report.ledger.unreviewed) == 2


async def test_a_day_that_is_over_its_cap_says_when_it_is_worth_looking_again() -> None:
    until = NOW + timedelta(hours=3)
    result = await examined(saying(core=BudgetRefused("the day's cap is used up", until=until)))

    assert isinstance(result.report.verdict, Incomplete)
    assert result.retry_at == until


async def test_what_asking_again_does_not_help_is_not_asked_again() -> None:
    result = await examined(saying(core=ModelRejected("400")))

    assert isinstance(result.report.verdict, Incomplete)
    assert result.retry_at is None


async def test_a_claim_about_a_link_is_no_claim_about_a_file() -> None:
    """Nothing of where it points is read: what the claim quotes is not there."""
    work = Studio(
        lambda label: told(claim("link.py", 1, "root:x:0:0")) if label.startswith(("standard", "judge")) else EMPTY,
        before={},
        after={"link.py": b"/etc/passwd"},
    )
    work.repository.kinds = {"link.py": Kind.SYMLINK}
    report = (await examined(work)).report

    assert report.findings == ()
    assert [one.reason for one in report.judgements] == ["the judge quoted no line that is there"]
