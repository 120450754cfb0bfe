"""No claim is said to people before somebody else has proven it with lines that are there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from app.adapters.store.runs import RedisRuns
from tests.fakes.github import PullRequest
from tests.fakes.model import Refusal, Reply, Reviewer, Seen, claim, reject, review
from tests.stories.test_first_review import DIVISION, open_bug
from tests.world import World

LINE = "    return sum(items) / len(items)"
QUOTES = [{"path": "app/price.py", "line": 2, "text": LINE}]


def judging(world: World, **changes: object) -> None:
    """Judges repeat the claim with these fields, and quote the line that it is about."""

    def judge(seen: Seen) -> Reply:
        return review(seen, [{**(claim(seen) or {}), "quotes": QUOTES, **changes}], "Followed it.")

    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION, judge=judge)


async def reviewed(world: World) -> tuple[PullRequest, str]:
    """The pull request, and all that people can read about it."""
    pull = open_bug(world)
    await world.settle()
    check = world.check(pull.head_sha)
    comments = "".join(comment.body for comment in pull.review_comments)
    return pull, f"{world.summary(pull)}\n{check.summary}\n{check.text}\n{comments}"


async def test_a_claim_that_is_not_proven_is_dropped_with_its_reason(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION, judge=reject)
    pull, said = await reviewed(world)

    assert world.check(pull.head_sha).conclusion == "success"
    assert pull.review_comments == []
    assert "1 claim: 1 dropped" in said
    assert "P1 dropped: Division by zero for an empty list" in said
    assert "no input reaches this line" in said


async def test_a_lowered_claim_is_said_as_what_was_proven(world: World) -> None:
    judging(world, severity="P2")
    pull, said = await reviewed(world)

    assert world.check(pull.head_sha).conclusion == "success"
    assert "**P2 · Division by zero for an empty list**" in pull.review_comments[0].body
    assert "1 claim: 1 lowered" in said
    assert "P1 lowered to P2" in said


async def test_a_judge_cannot_make_a_claim_worse(world: World) -> None:
    judging(world, severity="P0", confidence=1.0)
    pull, said = await reviewed(world)

    assert "**P1 · Division by zero for an empty list**" in pull.review_comments[0].body
    assert "1 claim: 1 kept" in said
    assert "P0" not in pull.review_comments[0].body


NOT_PROVEN: Mapping[str, tuple[dict[str, Any], str]] = {
    "invented": ({"quotes": [{"path": "app/price.py", "line": 2, "text": "    eval(items)"}]}, "quoted no line"),
    "elsewhere": ({"quotes": [{"path": "app/price.py", "line": 40, "text": LINE}]}, "quoted no line"),
    "bracket": ({"quotes": [{"path": "app/price.py", "line": 2, "text": ")"}]}, "quoted no line"),
    "no quote": ({"quotes": []}, "quoted no line"),
    "no such file": ({"quotes": [{"path": "/etc/passwd", "line": 1, "text": "root:x:0:0"}]}, "quoted no line"),
    "no case": ({"failing_case": "  "}, "named no case"),
    "another file": ({"path": "README.md"}, "spoke of another file"),
}


@pytest.mark.parametrize("name", NOT_PROVEN)
async def test_a_proof_that_is_none_drops_the_claim(world: World, name: str) -> None:
    changes, reason = NOT_PROVEN[name]
    judging(world, **changes)
    pull, said = await reviewed(world)

    assert pull.review_comments == []
    assert reason in said
    assert world.check(pull.head_sha).conclusion == "success"


async def test_a_judge_sees_the_claim_and_the_code_but_not_its_finders_quotes(world: World) -> None:
    """A conversation of its own: nothing of the reviewer's, and nothing of what the author says."""
    judging(world)
    await reviewed(world)

    assert world.model is not None
    (judge,) = [seen for seen in world.model.requests if seen.task == "judge"]
    assert (claim(judge) or {})["quotes"] == []
    assert LINE.strip() in judge.user_text
    assert "Averages." not in judge.text
    assert [message["role"] for message in judge.messages] == ["system", "user", "user"]


async def test_a_judge_who_fails_leaves_the_file_unreviewed_and_the_claim_unsaid(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION, judge=lambda _: Refusal())
    pull, said = await reviewed(world)

    assert world.check(pull.head_sha).conclusion == "action_required"
    assert "a claim about it could not be verified" in said
    assert pull.review_comments == []


async def test_a_claim_about_a_file_of_another_group_is_judged_with_that_files_code(tiered: World) -> None:
    """The documentation's reviewer speaks of a standard file: its judge reads that file, with that tier's model."""
    assert tiered.model is not None
    stray = {"Run it": {"title": "The mean of nothing fails", "path": "app/price.py", "start_line": 2, "end_line": 2}}
    tiered.model.behaviour = Reviewer(stray)
    tiered.repo.commit("main", {".github/revwright.yml": "version: 1\ntiers:\n  light: ['docs/**']\n"})
    pull = open_bug(tiered, **{"docs/guide.md": "Run it.\n"})
    await tiered.settle()

    (judge,) = [seen for seen in tiered.model.requests if seen.task == "judge"]
    assert judge.model == "main"
    assert LINE.strip() in judge.user_text
    assert [(c.path, c.original_line) for c in pull.review_comments] == [("app/price.py", 2)]


async def test_a_run_remembers_why_claims_fell(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION, judge=reject)
    pull, _ = await reviewed(world)

    machine = (world.check(pull.head_sha).text or "").rpartition("<!-- revwright ")[2]
    run = json.loads(machine.removesuffix(" -->"))["run"]
    record = await RedisRuns(world.redis).read(run)
    assert record is not None
    assert "no input reaches this line" in repr(record)
