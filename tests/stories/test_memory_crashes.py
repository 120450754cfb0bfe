"""A review dies between remembering, telling and concluding: nothing is said twice, nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.model import Refusal
from tests.stories.pushes import (
    BUG,
    DIVISION,
    FIXED,
    PRICE,
    answers,
    asked,
    conclusion,
    first_comments,
    model_of,
    opened,
    person,
    pushed,
    resolvers,
    says,
    standings,
)
from tests.world import World

EVAL = {"eval(": {"title": "Runs any text as code", "severity": "P0"}}
NEXT = {PRICE: FIXED, "app/run.py": "def run(text):\n    return eval(text)\n"}


class Dies:
    """Passes everything on to what it stands for; dies once, right before or after the named call."""

    def __init__(self, real: Any, method: str, *, after: bool) -> None:
        self.real = real
        self.method = method
        self.after = after
        self.deaths = 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.real, name)
        if name != self.method or self.deaths:
            return real

        async def dies(*arguments: Any, **named: Any) -> Any:
            self.deaths += 1
            if self.after:
                await real(*arguments, **named)
            raise RuntimeError("the worker died here")

        return dies


def dies(world: World, station: str) -> Dies:
    """Lets the next review of this deployment die at one of its ports: `before part.method` or `after` it."""
    review = world.services.review
    when, _, where = station.partition(" ")
    part, method = where.split(".")
    after = when == "after"
    publisher, surroundings, check_runs = review.publisher, review.surroundings, review.publisher.check_runs
    match part:
        case "past":
            dying = Dies(surroundings.past, method, after=after)
            surroundings = replace(surroundings, past=dying)
        case "checks":
            dying = Dies(check_runs.checks, method, after=after)
            publisher = replace(publisher, check_runs=replace(check_runs, checks=dying))
        case "threads":
            dying = Dies(publisher.threads, method, after=after)
            publisher = replace(publisher, threads=dying)
        case _:
            dying = Dies(publisher.conversation, method, after=after)
            publisher = replace(publisher, conversation=dying)
    mended = replace(review, publisher=publisher, surroundings=surroundings)
    jobs = dict.fromkeys(world.services.jobs, mended)
    world.services = replace(world.services, review=mended, jobs=jobs)
    return dying


STATIONS = [
    "before past.keep",
    "after past.keep",
    "after conversation.review",
    "after conversation.reply",
    "after threads.resolve",
    "after conversation.edit",
    "before checks.conclude",
    "after checks.conclude",
]


@pytest.mark.parametrize("station", STATIONS)
async def test_a_second_review_that_dies_is_finished_by_the_next_attempt(world: World, station: str) -> None:
    says(world, {**DIVISION, **EVAL})
    pull = await opened(world, {PRICE: BUG})
    (fixed,) = standings(world, pull)
    says(world, {**DIVISION, **EVAL})
    dying = dies(world, station)
    await pushed(world, NEXT)

    assert dying.deaths == 1
    assert [one.path for one in first_comments(pull)] == [PRICE, "app/run.py"]
    assert [one.partition(" by")[0] for one in answers(pull)] == ["Fixed"]
    assert resolvers(pull) == ["revwright[bot]", None]
    assert len(pull.comments) == 1
    assert conclusion(world, pull) == "failure"
    assert set(standings(world, pull).values()) == {"new"}
    assert fixed not in standings(world, pull)
    assert f"**Fixed since the last review:** `{fixed}`" in world.summary(pull)
    assert "| models | `gpt-5.4`: 2 calls" in world.summary(pull)
    assert asked(world) == ["review", "judge"]  # what was paid for once is not asked again
    await pushed(world, {"app/run.py": None})
    assert resolvers(pull) == ["revwright[bot]", "revwright[bot]"]
    assert conclusion(world, pull) == "success"


@pytest.mark.parametrize(
    ("method", "path", "times"), [("POST", r"/reviews$", 1), ("PATCH", r"/issues/comments/\d+$", 4)]
)
async def test_a_publication_that_github_refused_for_a_while_tells_the_same_afterwards(
    world: World, method: str, path: str, times: int
) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    (fixed,) = standings(world, pull)
    says(world, EVAL)
    fault = world.github.faults.add(method=method, path=path, times=times, status=502)
    await pushed(world, NEXT)

    assert fault.hits == times
    assert asked(world) == ["review", "judge"]
    assert conclusion(world, pull) == "failure"
    assert f"**Fixed since the last review:** `{fixed}`" in world.summary(pull)
    assert "| models | `gpt-5.4`: 2 calls" in world.summary(pull)
    assert set(standings(world, pull).values()) == {"new"}
    assert [one.partition(" by")[0] for one in answers(pull)] == ["Fixed"]
    assert len(first_comments(pull)) == 2


async def test_the_one_question_is_asked_once_when_its_review_dies(world: World) -> None:
    world.repo.commit("main", {".github/revwright.yml": "version: 1\nlimits: {rounds: 1}\n"})
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    dying = dies(world, "after conversation.comment")
    await pushed(world, {"docs/notes.md": "Prices.\n"})

    assert dying.deaths == 1
    assert len(pull.comments) == 2
    assert conclusion(world, pull) == "action_required"
    assert len([one for one in pull.comments if "shall this go on?" in one.body]) == 1


async def test_what_could_not_be_judged_is_looked_at_again_and_told_as_new(world: World) -> None:
    says(world, DIVISION, judge=lambda _seen: Refusal("I cannot say."))
    pull = await opened(world, {PRICE: BUG, "lib/other.py": "x = 1\n"})
    assert conclusion(world, pull) == "action_required"
    assert first_comments(pull) == []
    assert "1 of 2 changed files not reviewed" in world.summary(pull)
    says(world, DIVISION)
    pull.close()
    pull.reopen()
    await world.settle()

    assert conclusion(world, pull) == "failure"
    assert set(standings(world, pull).values()) == {"new"}
    assert len(first_comments(pull)) == 1
    assert "Coverage: 2 of 2 files reviewed" in world.summary(pull)
    sent = [seen.user_text for seen in model_of(world).requests]
    assert not any("lib/other.py (added)" in text for text in sent)


async def test_a_dismissal_does_not_come_back_when_its_undoing_dies(world: World) -> None:
    """The code changed after somebody dismissed it; the conversation is still resolved when the next attempt begins."""
    alice = person(world.github, world.repo, "alice", "write")
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    pull.resolve_thread(first_comments(pull)[0], by=alice)
    await pushed(world, {"docs/notes.md": "Prices.\n"})
    assert conclusion(world, pull) == "success"
    dying = dies(world, "before threads.reopen")
    await pushed(world, {PRICE: BUG.replace("return", "items = list(items)\n    return")})

    assert dying.deaths == 1
    assert conclusion(world, pull) == "failure"
    assert resolvers(pull) == [None]
    pull.resolve_thread(first_comments(pull)[0], by=alice)
    await pushed(world, {"docs/notes.md": "Prices, all.\n"})
    assert conclusion(world, pull) == "success"
    assert resolvers(pull) == ["alice"]
