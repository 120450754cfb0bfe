"""Several defects of one line: another one is told, the same in other words is not."""

from __future__ import annotations

import pytest

from tests.fakes.model import Refusal
from tests.fakes.model.schemas import JsonObject
from tests.stories.pushes import (
    BUG,
    DIVISION,
    FIXED,
    PRICE,
    ZERO,
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

REST = "\n\ndef name(item):\n    return item.name\n\n\ndef day(item):\n    return item.day\n"
MORE = REST + "\n\ndef sold(item):\n    return item.sold\n"
ROUNDS: JsonObject = {
    "title": "Prices are rounded to whole cents",
    "severity": "P1",
    "body": "Money that is kept as a float loses what is under a penny.",
    "failing_case": "price([0.1, 0.2])",
}
REWORDED: JsonObject = {
    "title": "Crash when nothing is sold",
    "severity": "P1",
    "body": "An empty order makes the divisor zero, which raises ZeroDivisionError.",
    "failing_case": "price([])",
}


@pytest.mark.parametrize("said", [ROUNDS, REWORDED], ids=["another", "reworded"])
async def test_another_defect_of_a_line_with_a_dismissed_one_is_told(world: World, said: JsonObject) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG + REST})
    pull.resolve_thread(first_comments(pull)[0], by=person(world.github, world.repo, "alice", "write"))
    says(world, {"len(items)": said})
    await pushed(world, {PRICE: BUG + MORE})

    another = said is ROUNDS
    assert asked(world) == (["review", "judge"] if another else ["review"])
    assert len(first_comments(pull)) == (2 if another else 1)
    assert conclusion(world, pull) == ("failure" if another else "success")
    assert "Dismissed: 1" in world.summary(pull)


async def test_a_changed_line_is_not_called_fixed_where_its_reviewer_came_to_no_end(world: World) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    (before,) = standings(world, pull)
    model_of(world).behaviour = lambda _seen: Refusal("I will not.")
    await pushed(world, {PRICE: BUG.replace("sum(items)", "float(sum(items))")})

    assert standings(world, pull) == {before: "still there"}
    assert (answers(pull), resolvers(pull)) == ([], [None])
    assert "Fixed" not in world.summary(pull)
    says(world, {})
    await pushed(world, {PRICE: FIXED})
    assert "**Fixed since the last review:**" in world.summary(pull)
    assert (conclusion(world, pull), resolvers(pull)) == ("success", ["revwright[bot]"])


async def test_another_defect_of_a_line_is_told_beside_one_that_is_open_and_was_not_found_again(world: World) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG + REST})
    (before,) = standings(world, pull)
    says(world, {"len(items)": ROUNDS})
    await pushed(world, {PRICE: BUG + MORE})

    assert asked(world) == ["review", "judge", "judge"]
    assert sorted(standings(world, pull).values()) == ["new", "still there"]
    assert standings(world, pull)[before] == "still there"
    assert ["Prices are rounded" in one.body for one in first_comments(pull)] == [False, True]
    says(world, {"len(items)": ZERO})
    await pushed(world, {PRICE: BUG + MORE + "\n\ndef tax(item):\n    return item.tax\n"})
    assert list(standings(world, pull).values()) == ["still there"] * 2
    assert len(first_comments(pull)) == 2
