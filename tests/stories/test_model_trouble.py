"""A model server in trouble: the check ends with a reason or a time, nothing is left open, and the next attempt
finishes what this one could not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.store.scripts import hgetall
from app.domain.jobs import JobKind
from app.domain.runs import RunState
from tests.fakes.github import PullRequest
from tests.fakes.model import (
    Answer,
    Behaviour,
    FakeModel,
    Hang,
    RateLimited,
    Refusal,
    Reply,
    Reviewer,
    Seen,
    ServerError,
    ToolCall,
    nothing,
)
from tests.stories.test_failures import pull_key, row_key
from tests.stories.test_first_review import DIVISION, open_bug
from tests.world import World

LIGHT_MESSAGES = 3
"""Of a first request: what all are told, the diff, the task."""
WORKFLOW = ".github/workflows/ci.yml"


def failing(task: str, reply: Reply, well: Behaviour) -> Behaviour:
    """That reply at one task, for ever; elsewhere as it should be."""
    return lambda seen: reply if seen.task == task else well(seen)


def server(world: World) -> FakeModel:
    assert world.model is not None
    return world.model


def impatient(world: World, seconds: float) -> None:
    """Calls of the model may take so long, and no longer."""
    review = world.services.review
    assert review.engine.choice is not None
    limits = replace(review.engine.choice.limits, call_seconds=seconds)
    engine = replace(review.engine, choice=replace(review.engine.choice, limits=limits))
    changed = replace(review, engine=engine)
    world.services = replace(world.services, review=changed, jobs={JobKind.REVIEW: changed})


async def due_in(world: World, pull: PullRequest) -> timedelta:
    row = await hgetall(world.redis, f"revwright:row:review:{pull_key(world, pull)}")
    return datetime.fromtimestamp(int(row[b"next"]) / 1000, UTC) - datetime.now(UTC)


def nothing_is_open(world: World) -> bool:
    return all(run.status == "completed" for run in world.repo.check_runs.values())


async def test_an_outage_ends_with_the_time_of_the_next_attempt_which_asks_only_what_is_missing(world: World) -> None:
    """The judge is away; what the reviewer said is remembered, and paid once."""
    model, well = server(world), Reviewer(DIVISION)
    model.behaviour = failing("judge", RateLimited(600), well)
    pull = open_bug(world)
    await world.settle()

    check = world.check(pull.head_sha)
    assert (check.status, check.conclusion) == ("completed", "action_required")
    assert "could not be verified: the model did not answer" in (check.title or "")
    assert "It is tried again by itself at" in (check.summary or "")
    assert pull.review_comments == [], "a claim that nobody judged is not told"
    assert timedelta(minutes=9) < await due_in(world, pull) <= timedelta(minutes=10)
    (run,) = await world.services.runs.recent(10)
    assert (run.state, run.next_at is not None) == (RunState.WAITING, True)
    asked = [seen.task for seen in model.requests]
    assert asked[0] == "review"
    assert set(asked[1:]) == {"judge"}

    model.behaviour = well
    model.requests.clear()
    assert await world.services.orders.retry(row_key(world, pull))
    await world.work()

    assert [seen.task for seen in model.requests] == ["judge"]
    assert [run.conclusion for run in world.checks(pull.head_sha)] == ["action_required", "failure"]
    assert [(c.path, c.original_line) for c in pull.review_comments] == [("app/price.py", 2)]
    assert len(pull.comments) == 1
    assert nothing_is_open(world)
    assert [key for key in await world.redis.keys("*") if b"answers" in key] == []


async def test_what_was_covered_before_an_outage_is_not_looked_at_again(world: World) -> None:
    model = server(world)
    model.behaviour = failing("security", ServerError(503), nothing)
    pull = open_bug(world, **{WORKFLOW: "on: push\n"})
    await world.settle()
    assert "1 of 2 changed files not reviewed" in (world.check(pull.head_sha).title or "")

    model.behaviour = nothing
    model.requests.clear()
    assert await world.services.orders.retry(row_key(world, pull))
    await world.work()

    assert {seen.task for seen in model.requests} == {"security"}
    assert [run.conclusion for run in world.checks(pull.head_sha)] == ["action_required", "success"]
    assert "1 file covered by an earlier review" in world.summary(pull)


@pytest.mark.parametrize(
    ("task", "reply", "told"),
    [("security", Refusal("no"), "refused to review"), ("across", Refusal("no"), "nobody looked across")],
)
async def test_what_no_later_attempt_would_mend_waits_for_a_person(
    world: World, task: str, reply: Reply, told: str
) -> None:
    server(world).behaviour = failing(task, reply, Reviewer({}))
    pull = open_bug(world, **{WORKFLOW: "on: push\n"})
    await world.settle()

    check = world.check(pull.head_sha)
    assert check.conclusion == "action_required"
    assert told in (check.title or "")
    assert "It is not tried again by itself: push, or close and reopen" in (check.summary or "")
    assert (await world.services.runs.recent(1))[0].state is RunState.DONE
    assert nothing_is_open(world)


@pytest.mark.parametrize(("heeds", "conclusion"), [(True, "success"), (False, "action_required")])
async def test_a_model_that_calls_tools_where_there_are_none_is_told_so_once(
    world: World, heeds: bool, conclusion: str
) -> None:
    calls = Answer(tool_calls=(ToolCall("read_file", {"path": "docs/a.md", "start_line": 1, "end_line": 9}),))
    model = server(world)
    model.behaviour = lambda seen: nothing(seen) if heeds and len(seen.messages) > LIGHT_MESSAGES else calls
    world.repo.commit("main", {".github/revwright.yml": "version: 1\ntiers: {light: ['docs/**']}\n"})
    world.repo.commit("feature", {"docs/a.md": "Words.\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    check = world.check(pull.head_sha)
    assert (check.conclusion, len(model.requests)) == (conclusion, 2)
    assert all(not seen.tools for seen in model.requests)
    assert heeds or "the model's answer was unusable twice" in (check.title or "")
    assert "tried again by itself at" not in (check.summary or "")
    assert nothing_is_open(world)


async def test_a_model_that_hangs_is_left_in_time(world: World) -> None:
    impatient(world, 0.3)
    server(world).behaviour = lambda _seen: Hang()
    pull = open_bug(world)
    await world.settle()

    check = world.check(pull.head_sha)
    assert check.conclusion == "action_required"
    assert "the model did not answer" in (check.title or "")
    assert "It is tried again by itself at" in (check.summary or "")
    assert nothing_is_open(world)


async def test_an_outage_that_outlasts_a_push_is_forgotten_with_the_old_head(world: World) -> None:
    model = server(world)
    model.behaviour = lambda _seen: ServerError(503)
    pull = open_bug(world)
    await world.settle()
    old = pull.head_sha
    model.behaviour = Reviewer(DIVISION)
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    await world.settle()

    assert [world.check(sha).conclusion for sha in (old, pull.head_sha)] == ["action_required", "success"]
    row = await hgetall(world.redis, f"revwright:row:review:{pull_key(world, pull)}")
    assert b"next" not in row or int(row[b"next"]) == 0


async def test_a_finding_is_told_although_another_part_of_the_change_has_to_wait(world: World) -> None:
    def well_in_code_only(seen: Seen) -> Reply:
        return ServerError(503) if WORKFLOW in seen.user_text and seen.task == "security" else Reviewer(DIVISION)(seen)

    server(world).behaviour = well_in_code_only
    pull = open_bug(world, **{WORKFLOW: "on: push\n"})
    await world.settle()

    check = world.check(pull.head_sha)
    assert (check.conclusion, check.title) == ("failure", "Blocked by 1 finding")
    assert WORKFLOW in (check.text or "")
    assert "AI did not look at everything" in world.summary(pull)
    assert timedelta(minutes=4) < await due_in(world, pull) <= timedelta(minutes=5)
