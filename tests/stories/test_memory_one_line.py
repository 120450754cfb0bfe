"""Several defects of one line: another one is told, the same in other words is not."""

from __future__ import annotations

import pytest

from tests.fakes.model.schemas import JsonObject
from tests.stories.pushes import (
    BUG,
    DIVISION,
    PRICE,
    ZERO,
    asked,
    conclusion,
    first_comments,
    opened,
    person,
    pushed,
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
