"""The rounds of a pull request: after so many heads that block, no new comments but one question to one person."""

from __future__ import annotations

from tests.fakes.github import PullRequest
from tests.fakes.model.schemas import JsonObject
from tests.stories.pushes import (
    BUG,
    DIVISION,
    FIXED,
    PRICE,
    answers,
    conclusion,
    first_comments,
    machine,
    opened,
    person,
    pushed,
    says,
)
from tests.world import World

EVAL: dict[str, JsonObject] = {"eval(": {"title": "Runs any text as code", "severity": "P0"}}
ONE_ROUND = {".github/revwright.yml": "version: 1\nlimits: {rounds: 1}\n"}


def questions(pull: PullRequest) -> list[str]:
    return [one.body for one in pull.comments if "shall this go on?" in one.body]


async def test_when_the_rounds_are_used_up_one_person_is_asked_once(world: World) -> None:
    world.repo.commit("main", ONE_ROUND)
    dev = person(world.github, world.repo, "dev")
    says(world, {**DIVISION, **EVAL})
    pull = await opened(world, {PRICE: BUG}, user=dev)
    assert conclusion(world, pull) == "failure"
    assert questions(pull) == []
    assert machine(world, pull)["rounds"] == 1

    await pushed(world, {"app/run.py": "def run(text):\n    return eval(text)\n"})
    assert len(first_comments(pull)) == 1
    assert conclusion(world, pull) == "action_required"
    (question,) = questions(pull)
    assert question.startswith("@dev, how shall this go on? It was reviewed in 1 round")
    assert question.count("@") == 1
    assert "Runs any text as code" in question
    (summary,) = [one.body for one in pull.comments if one.body != question]
    assert "the rounds of this pull request are used up" in summary

    await pushed(world, {"app/run.py": "def run(text):\n    return eval(text.strip())\n"})
    assert len(first_comments(pull)) == 1
    assert questions(pull) == [question]
    assert conclusion(world, pull) == "action_required"

    await pushed(world, {PRICE: FIXED, "app/run.py": "def run(text):\n    return text\n"})
    assert conclusion(world, pull) == "success"
    assert [one.partition(" by")[0] for one in answers(pull)] == ["Fixed"]
    assert questions(pull) == [question]


async def test_the_same_head_reviewed_again_is_the_same_round(world: World) -> None:
    world.repo.commit("main", ONE_ROUND)
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    for _ in range(2):
        pull.close()
        pull.reopen()
        await world.settle()

    assert conclusion(world, pull) == "failure"
    assert questions(pull) == []
    assert machine(world, pull)["rounds"] == 1


async def test_the_question_about_an_apps_pull_request_names_nobody(world: World) -> None:
    world.repo.commit("main", ONE_ROUND)
    bot = world.github.add_user("updates[bot]", type="Bot")
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG}, user=bot)
    await pushed(world, {"docs/notes.md": "Prices.\n"})

    (question,) = questions(pull)
    assert question.startswith("How shall this go on?")
    assert "@" not in question
    assert conclusion(world, pull) == "action_required"
