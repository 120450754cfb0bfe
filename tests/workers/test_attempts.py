"""How an attempt ends: over its time, in an unexpected error, or with GitHub refusing even the last word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain.jobs import JobKind, RowKey
from app.domain.pull_request import PullRequestRef
from tests.fakes.model import Answer, Slow
from tests.stories.test_first_review import open_bug
from tests.world import World
from workers.attempts import HOPELESS_ATTEMPTS, MAX_ATTEMPTS, BackOff, ReviewAttempts


def attempts(world: World, *, limit_seconds: float = 60.0) -> ReviewAttempts:
    services = world.services
    return ReviewAttempts(
        services.ledger,
        services.bells,
        services.review,
        lambda: datetime.now(UTC),
        BackOff(base_seconds=0.0),
        beat_seconds=0.1,
        limit_seconds=limit_seconds,
    )


def key(world: World) -> RowKey:
    assert world.repo.installation is not None
    return RowKey(JobKind.REVIEW, PullRequestRef(world.repo.installation.id, world.repo.id, 1))


async def test_a_review_over_its_time_is_tried_again_and_then_given_up(world: World) -> None:
    assert world.model is not None
    world.model.script(*[Slow(5, Answer({"findings": [], "summary": ""}))] * MAX_ATTEMPTS)
    pull = open_bug(world)
    await world.deliver_new()
    for _ in range(MAX_ATTEMPTS):
        await attempts(world, limit_seconds=0.4).answer(key(world))

    check = world.check(pull.head_sha)
    assert check.conclusion == "action_required"
    assert "took longer than 0 s" in (check.summary or "")


async def test_an_unexpected_error_is_logged_and_told_without_its_text(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(data: bytes, path: str) -> None:
        raise ZeroDivisionError("a text with a secret")

    world.repo.commit("main", {".github/revwright.yml": "version: 1\n"})
    pull = open_bug(world)
    await world.deliver_new()
    ours = attempts(world)
    ours = replace(ours, run=replace(ours.run, parse_policy=broken))  # type: ignore[arg-type]
    for _ in range(MAX_ATTEMPTS):
        await ours.answer(key(world))

    check = world.check(pull.head_sha)
    assert check.conclusion == "action_required"
    assert "internal error: ZeroDivisionError" in (check.summary or "")
    assert "secret" not in (check.summary or "")
    assert "ZeroDivisionError: a text with a secret" in caplog.text


async def test_when_github_does_not_even_take_the_last_word_the_row_is_closed_in_the_end(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    open_bug(world)
    await world.deliver_new()
    world.github.faults.add(path="check-runs", times=999, status=403, body={"message": "no"})
    for _ in range(HOPELESS_ATTEMPTS):
        await attempts(world).answer(key(world))

    assert "gave up, and GitHub did not take it" in caplog.text
    assert await world.services.ledger.take(key(world), "anyone") is None
    assert await world.services.bells.due() == ()


def test_back_off_doubles_up_to_its_ceiling() -> None:
    back_off = BackOff(base_seconds=5.0, ceiling_seconds=30.0)

    assert [back_off.wait(n).total_seconds() for n in (1, 2, 3, 4, 50)] == [5, 10, 20, 30, 30]
