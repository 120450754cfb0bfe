"""Each group is looked at as its tier asks; what was found is kept, and who did not finish covers nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.anchors import Anchor
from app.domain.coverage import Reviewed, Unreviewed
from app.domain.errors import ModelUnavailable
from app.domain.memory import FindingState, KnownFinding, PastReview
from app.domain.policy import Policy, RulesPolicy, TierPolicy
from app.domain.progress import Progress
from app.domain.tiers import Tier
from app.usecases.review.around import Around
from app.usecases.review.examination import Matter, nobody
from app.usecases.review.passes import Looked, look, look_across, look_at_all
from tests.build import BASE, HEAD, finding
from tests.fakes.scripted_model import calls
from tests.fakes.scripted_sandboxes import ScriptedSandboxes
from tests.usecases.review.studio import EMPTY, Answer, Studio, claim, told

TIERS = Policy(tiers=TierPolicy(light=("docs/**",)), rules=RulesPolicy(extra=("pay/**",)))
PAY = claim("pay/a.py", 2, "    return x / 0")


def studio(**answers: Answer) -> Studio:
    """Answers by the first word of a label."""
    return Studio(lambda label: answers.get(label.split(" ")[0], EMPTY), policy=TIERS)


async def looked_at(work: Studio, tier: Tier) -> Looked:
    return await look(await work.crew(), await work.group(tier), known=())


async def test_a_light_group_is_one_prompt_without_tools() -> None:
    work = studio()
    looked = await looked_at(work, Tier.LIGHT)

    (request,) = work.model.seen
    assert (request.model, request.tools, request.label) == ("fast", (), "light 1/1, step 1")
    assert looked.coverage == {"docs/c.md": Reviewed(Tier.LIGHT)}


async def test_tools_are_the_same_for_all_of_a_tier_and_commands_for_core_alone() -> None:
    work = studio()
    work.sandboxes = ScriptedSandboxes()
    await looked_at(work, Tier.STANDARD)
    await looked_at(work, Tier.CORE)

    offered = {request.label: tuple(tool.name for tool in request.tools) for request in work.model.seen}
    looking = ("read_file", "base_version", "list", "grep", "symbols", "references", "blame", "record_finding")
    assert offered == {
        "standard 1/1, step 1": looking,
        "core 1/1, step 1": (*looking, "run"),
        "security 1/1, step 1": (*looking, "run"),
    }


async def test_both_looks_at_a_core_group_count_and_each_says_where_a_claim_comes_from() -> None:
    work = studio(core=told(PAY, summary="It pays."), security=told({**PAY, "title": "anybody"}, diagram="flowchart"))
    looked = await looked_at(work, Tier.CORE)

    assert [(c.title, c.source) for c in looked.candidates] == [
        ("wrong in pay/a.py", "core 1/1"),
        ("anybody", "core 1/1, security"),
    ]
    assert (looked.summary, looked.diagram, looked.trouble) == ("It pays.", "flowchart", None)
    assert {request.model for request in work.model.seen} == {"deep"}


@pytest.mark.parametrize("who", ["core", "security"])
async def test_one_look_that_fails_leaves_a_core_group_unreviewed_and_keeps_what_the_other_found(who: str) -> None:
    answers: dict[str, Answer] = {"core": told(PAY), "security": told(PAY), who: ModelUnavailable("503")}
    looked = await looked_at(studio(**answers), Tier.CORE)

    assert looked.coverage == {"pay/a.py": Unreviewed("the model did not answer: 503")}
    assert len(looked.candidates) == 1
    assert looked.trouble is not None


async def test_what_was_recorded_before_a_reviewer_failed_is_kept_and_said_once() -> None:
    steps = iter((calls(("record_finding", claim("app/b.py", 1, "b = int(a)"))), ModelUnavailable("503")))
    looked = await looked_at(Studio(lambda _: next(steps), policy=TIERS), Tier.STANDARD)
    assert [c.path for c in looked.candidates] == ["app/b.py"]

    recorded = claim("app/b.py", 1, "b = int(a)")
    again = iter((calls(("record_finding", recorded), ("read_file", _whole("pay/a.py"))), told(recorded)))
    looked = await looked_at(Studio(lambda _: next(again), policy=TIERS), Tier.STANDARD)
    assert len(looked.candidates) == 1
    assert looked.reads == {"pay/a.py"}


def _whole(path: str) -> dict[str, object]:
    return {"path": path, "start_line": 1, "end_line": 9}


async def test_a_path_that_the_prompt_showed_differently_is_the_one_in_git() -> None:
    odd = "app/a\u200bb.py"
    shown = "app/a<U+200B>b.py"
    work = Studio(lambda _: told(claim(shown, 1, "x = 2")), before={odd: b"x = 1\n"}, after={odd: b"x = 2\n"})
    (candidate,) = (await looked_at(work, Tier.STANDARD)).candidates

    assert candidate.path == odd
    assert candidate.quotes[0].path == odd


def matter_of(work: Studio, plan_snapshot: object, past: PastReview | None = None) -> Matter:
    return Matter(plan_snapshot, work.repository, around=Around(past=past))  # type: ignore[arg-type]


async def test_groups_are_told_of_as_they_are_done_and_last_come_those_across() -> None:
    heard: list[Progress] = []

    async def hear(progress: Progress) -> None:
        heard.append(progress)

    work = studio(
        core=told(summary="It pays."),
        standard=told(summary="It counts."),
        across=told(claim("app/b.py", 1, "b = int(a)"), summary="All of it.", diagram="flowchart"),
    )
    matter = replace(matter_of(work, await work.snapshot()), tell=hear)
    looked = await look_at_all(await work.crew(), await work.plan(), matter)

    assert [one.group.label for one in looked] == ["core 1/1", "standard 1/1", "light 1/1", "core 1/1"]
    assert [one.passes_done for one in heard] == [1, 2, 3]
    assert heard[-1] == Progress(3, 3, 3, 3)
    across = looked[-1]
    assert (across.summary, across.diagram, across.coverage) == ("All of it.", "flowchart", {})
    assert [c.source for c in across.candidates] == ["across"]
    (request,) = [r for r in work.model.seen if r.label.startswith("across")]
    assert "It pays." in request.messages[-1].text
    assert "+b = int(a)" not in request.messages[-1].text


async def test_a_look_across_that_fails_leaves_all_it_was_about_unreviewed() -> None:
    work = studio(core=told(summary="a"), light=told(PAY, summary="b"), across=ModelUnavailable("503"))
    matter = matter_of(work, await work.snapshot())
    across = (await look_at_all(await work.crew(), await work.plan(), matter))[-1]

    assert across.trouble is not None
    assert (across.summary, across.candidates) == ("", ())
    paths = ("pay/a.py", "app/b.py", "docs/c.md")
    why = Unreviewed("nobody looked across the parts of the change: the model did not answer: 503")
    assert across.coverage == dict.fromkeys(paths, why)
    (request,) = [r for r in work.model.seen if r.label.startswith("across")]
    assert "- pay/a.py:2: wrong in pay/a.py" in request.messages[-1].text


async def test_where_one_group_alone_was_looked_at_there_is_nothing_across() -> None:
    work = studio(standard=told(summary="Alone."), light=ModelUnavailable("503"))
    crew = await work.crew()
    looked = (await looked_at(work, Tier.STANDARD), await looked_at(work, Tier.LIGHT))

    assert await look_across(crew, looked) is None


async def test_reviewers_hear_what_is_open_already() -> None:
    def known(title: str, state: FindingState) -> KnownFinding:
        return KnownFinding(replace(finding(path="app/b.py"), title=title), Anchor("", "", 0, (), ()), state, HEAD)

    said = (known("still there", FindingState.OPEN), known("long gone", FindingState.FIXED))
    past = PastReview(HEAD, BASE, BASE, "", (), said, rounds=1, asked=False)
    work = studio()
    await look_at_all(await work.crew(), await work.plan(), matter_of(work, await work.snapshot(), past))

    reviews = [r.messages[-1].text for r in work.model.seen if not r.label.startswith(("security", "across"))]
    assert all("app/b.py: still there" in text for text in reviews)
    assert not any("long gone" in text for text in reviews)
    await nobody(Progress(0, 0, 0, 0))
