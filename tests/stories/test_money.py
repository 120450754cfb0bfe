"""What models may cost: caps of a pull request, of a repository's and an installation's day, and what is said then."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from arq.connections import RedisSettings

from app.domain.runs import RunState
from app.domain.runs_terminal import page
from app.domain.terminal import Style
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import Answer, Behaviour, FakeModel, RateLimited, Reply, Reviewer, Seen, Usage, nothing
from tests.stories.test_failures import row_key
from tests.stories.test_first_review import DIVISION, open_bug
from tests.stories.test_model_trouble import due_in, nothing_is_open
from tests.world import World, open_world

PRICE = {"input": 1, "cached": 1, "output": 10}
PRICES = json.dumps({"gpt-5.4": PRICE, "gpt-5.4-mini": PRICE, "backup": {"input": 2, "cached": 2, "output": 10}})
DEAR = Usage(150_000, 0, 1_000)
"""Costs 16 cents."""

Opens = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def priced(github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path) -> Opens:
    @asynccontextmanager
    async def opened(**extra: str) -> AsyncIterator[World]:
        settings: dict[str, Any] = {"REVWRIGHT_MODEL_PRICES": PRICES} | extra
        async with open_world(github, redis_settings, tmp_path / "data", model=model, **settings) as world:
            yield world

    return opened


def dear(well: Behaviour) -> Behaviour:
    """As it should be, at 16 cents a review."""

    def answered(seen: Seen) -> Reply:
        reply = well(seen)
        return replace(reply, usage=DEAR) if isinstance(reply, Answer) and seen.task == "review" else reply

    return answered


def push(world: World, text: str) -> None:
    world.repo.commit("feature", {"app/price.py": text})


async def test_a_cap_that_is_reached_within_a_review_is_told_with_what_was_not_looked_at(
    priced: Opens, model: FakeModel
) -> None:
    model.behaviour = dear(Reviewer(DIVISION))
    async with priced(REVWRIGHT_USD_PER_PULL_REQUEST="0.20") as world:
        pull = open_bug(world)
        await world.settle()

        check, summary = world.check(pull.head_sha), world.summary(pull)
        assert [seen.task for seen in model.requests] == ["review"]
        assert (check.status, check.conclusion) == ("completed", "action_required")
        assert "1 of 1 changed files not reviewed: a claim about it could not be verified" in (check.title or "")
        told = "the cap of $0.20 for this pull request is reached ($0.16 spent"
        assert told in (check.summary or "").replace("`", "")
        assert told in summary.replace("`", "")
        assert "$0.16 of $0.20 spent on this pull request" in summary
        assert "somebody raises the cap, then pushes" in (check.summary or "")
        assert pull.review_comments == []
        (run,) = await world.services.runs.recent(10)
        assert run.state is RunState.DONE
        assert run.usd == pytest.approx(0.16)


async def test_the_cap_of_a_pull_request_holds_over_pushes_retries_and_redeliveries(
    priced: Opens, model: FakeModel
) -> None:
    model.behaviour = dear(Reviewer(DIVISION))
    async with priced(REVWRIGHT_USD_PER_PULL_REQUEST="0.20") as world:
        pull = open_bug(world)
        await world.settle()
        model.requests.clear()
        for text in ("x = 1\n", "x = 2\n", "x = 3\n"):
            push(world, text)
            await world.settle()
            assert world.check(pull.head_sha).conclusion == "action_required"
        late = world.github.deliveries.of("pull_request", "synchronize")[-1]
        await world.deliver(late, x_github_delivery="another-id")
        assert await world.services.orders.retry(row_key(world, pull))
        await world.work()

        assert model.requests == []
        assert all(run.conclusion == "action_required" for run in world.checks(pull.head_sha))
        assert "$0.16 of $0.20 spent on this pull request" in world.summary(pull)
        assert nothing_is_open(world)


async def test_a_policy_narrows_the_cap_and_a_raised_one_lets_the_review_go_on(priced: Opens, model: FakeModel) -> None:
    model.behaviour = dear(Reviewer(DIVISION))
    async with priced(REVWRIGHT_USD_PER_PULL_REQUEST="5") as world:
        policy = "version: 1\nlimits:\n  usd_per_pull_request: {}\n"
        world.repo.commit("main", {".github/revwright.yml": policy.format("0.20")})
        pull = open_bug(world)
        await world.settle()
        assert "$0.16 of $0.20 spent on this pull request" in world.summary(pull)

        world.repo.commit("main", {".github/revwright.yml": policy.format("3")})
        push(world, "def price(items):\n    return sum(items) / len(items) + 1\n")
        await world.settle()

        assert world.check(pull.head_sha).conclusion == "failure"
        assert "of $3.00 spent on this pull request" in world.summary(pull)


def another(world: World) -> PullRequest:
    """Of the same repository."""
    world.repo.commit("second", {"b.py": "b = 1\n"})
    return world.repo.open_pull_request(head="second")


def elsewhere(world: World) -> PullRequest:
    """Of another repository of the same installation."""
    assert world.repo.installation is not None
    other = world.github.create_repository("acme/api", installation=world.repo.installation)
    other.commit("main", {"a.py": "a = 1\n"})
    other.commit("feature", {"a.py": "a = 2\n"})
    return other.open_pull_request(head="feature")


@pytest.mark.parametrize(
    ("setting", "whose", "opened"),
    [
        ("REVWRIGHT_USD_PER_REPOSITORY_DAY", "this repository today", another),
        ("REVWRIGHT_USD_PER_INSTALLATION_DAY", "this installation today", elsewhere),
    ],
)
async def test_a_day_that_is_spent_goes_on_when_the_next_one_begins(
    priced: Opens, model: FakeModel, setting: str, whose: str, opened: Callable[[World], PullRequest]
) -> None:
    model.behaviour = dear(nothing)
    async with priced(**{setting: "0.20"}) as world:
        first = open_bug(world)
        await world.settle()
        assert world.check(first.head_sha).conclusion == "success"
        pull = opened(world)
        await world.settle()

        (check,) = (run for run in pull.repository.check_runs.values() if run.head_sha == pull.head_sha)
        midnight = (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        assert check.conclusion == "action_required"
        assert f"the cap of $0.20 for {whose} is reached" in (check.title or "")
        assert f"It is tried again by itself at {midnight:%Y-%m-%d} 00:00:00 UTC" in (check.summary or "")
        assert [seen.task for seen in model.requests] == ["review"]
        run = next(run for run in await world.services.runs.recent(10) if run.start.head == pull.head_sha)
        assert run.state is RunState.WAITING
        assert run.next_at is not None
        assert abs(run.next_at - midnight) < timedelta(minutes=1)


async def test_a_model_without_a_price_is_named_for_no_cap_holds_its_calls_back(
    priced: Opens, model: FakeModel
) -> None:
    prices = json.dumps({"gpt-5.4-mini": PRICE})
    async with priced(REVWRIGHT_MODEL_PRICES=prices, REVWRIGHT_MODEL_DEEP="gpt-5.4-mini") as world:
        pull = open_bug(world)
        await world.settle()

        assert world.check(pull.head_sha).conclusion == "success"
        assert "no price is configured for gpt-5.4, so no cap can hold its calls back" in world.summary(pull).replace(
            "`", ""
        )
        assert "cost | unknown; $0.00 of" in world.summary(pull)


async def test_another_model_answers_in_place_of_one_that_does_not_and_is_paid_at_its_price(
    priced: Opens, model: FakeModel
) -> None:
    well = dear(nothing)
    model.behaviour = lambda seen: RateLimited(600) if seen.model == "gpt-5.4" else well(seen)
    async with priced(REVWRIGHT_MODEL_FALLBACKS="backup") as world:
        pull = open_bug(world)
        await world.settle()

        assert world.check(pull.head_sha).conclusion == "success"
        assert [seen.model for seen in model.requests][-1] == "backup"
        assert "`backup`: 1 call, 150,000 tokens in" in world.summary(pull)
        (run,) = await world.services.runs.recent(10)
        assert run.usd == pytest.approx(0.31)


async def test_when_no_model_of_the_chain_answers_each_is_named(priced: Opens, model: FakeModel) -> None:
    model.behaviour = lambda _seen: RateLimited(600)
    async with priced(REVWRIGHT_MODEL_FALLBACKS="backup") as world:
        pull = open_bug(world)
        await world.settle()

        check = world.check(pull.head_sha)
        assert check.conclusion == "action_required"
        assert "gpt-5.4: " in (check.title or "")
        assert "backup: " in (check.summary or "")
        assert timedelta(minutes=9) < await due_in(world, pull) <= timedelta(minutes=10)
        assert len(model.requests) <= 6, "no storm"


async def test_the_record_of_a_run_has_the_calls_and_costs_of_all_its_attempts_once(
    priced: Opens, model: FakeModel
) -> None:
    model.behaviour = dear(Reviewer(DIVISION))
    async with priced(REVWRIGHT_USD_PER_PULL_REQUEST="5") as world:
        world.github.faults.add(method="POST", path=r"/reviews$", times=1, status=502)
        pull = open_bug(world)
        await world.settle()

        (run,) = await world.services.runs.recent(10)
        shown = page(run, Style(colour=False, width=120), datetime.now(UTC))
        assert run.attempts == 2
        assert [(use.model, use.calls) for use in run.models] == [("gpt-5.4", 2)]
        assert run.usd is not None
        assert 0.16 < run.usd < 0.2
        assert "2 calls" in shown
        assert "gpt-5.4" in shown
        assert f"${run.usd:.4f} of $2.00 spent on this pull request" in world.summary(pull)
