"""A second review: what stands is not said again, what is fixed is closed, what is back is opened again."""

from __future__ import annotations

import pytest

from tests.fakes.model import confirm, reject
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
    machine,
    opened,
    pushed,
    rebased,
    resolvers,
    says,
    standings,
)
from tests.world import World

LONGER = BUG + "\n\ndef name(item):\n    return item.name\n"
MOVED = '"""Prices."""\n\nimport math\n\n' + BUG


@pytest.mark.parametrize(
    "said",
    [
        ZERO,
        {**ZERO, "title": "An empty list of items makes the average fail"},
        {**ZERO, "title": "Crash when nothing is sold", "rule": "python/division"},
        {**ZERO, "severity": "P0"},
    ],
    ids=["same", "reworded", "with a rule", "worse"],
)
async def test_what_is_still_there_is_not_said_again(world: World, said: JsonObject) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    (before,) = standings(world, pull)
    says(world, {"len(items)": said})
    await pushed(world, {PRICE: LONGER})

    assert "review" in asked(world)
    assert len(first_comments(pull)) == len(pull.reviews) == 1
    assert answers(pull) == []
    assert resolvers(pull) == [None]
    assert standings(world, pull) == {before: "still there"}
    assert "still there" in world.summary(pull)
    assert conclusion(world, pull) == "failure"


async def test_a_line_that_moved_keeps_its_finding(world: World) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    (before,) = standings(world, pull)
    await pushed(world, {PRICE: MOVED})

    assert len(first_comments(pull)) == 1
    assert standings(world, pull) == {before: "moved"}
    annotation = world.check(pull.head_sha).annotations[0]
    assert annotation["start_line"] == 6


async def test_what_is_not_found_again_stands_as_long_as_a_judge_holds_it(world: World) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    (before,) = standings(world, pull)
    says(world, {})
    await pushed(world, {PRICE: MOVED})

    assert asked(world) == ["review", "judge"]
    assert standings(world, pull) == {before: "moved"}
    assert resolvers(pull) == [None]


async def test_what_is_fixed_gets_one_answer_with_the_commit_and_is_resolved(world: World) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    (before,) = standings(world, pull)
    fix = world.repo.commit("feature", {PRICE: FIXED}, message="fix")
    await pushed(world, {"docs/notes.md": "Prices are means.\n"})

    (answer,) = answers(pull)
    assert answer.startswith("Fixed by")
    assert fix in answer
    assert resolvers(pull) == ["revwright[bot]"]
    assert conclusion(world, pull) == "success"
    assert f"`{before}`" in world.summary(pull)
    assert fix in world.summary(pull)
    await pushed(world, {"docs/notes.md": "Prices are means of all.\n"})
    assert len(answers(pull)) == 1


async def test_a_fix_in_another_file_counts_when_a_judge_says_so(world: World) -> None:
    says(world, {"price(sold)": ZERO})
    caller = "from app.price import price\n\n\ndef day(sold):\n    return price(sold)\n"
    pull = await opened(world, {PRICE: BUG, "app/day.py": caller})
    assert conclusion(world, pull) == "failure"
    says(world, {}, judge=reject)
    await pushed(world, {PRICE: "def price(items):\n    return mean(items) if items else 0\n"})

    assert asked(world) == ["review", "judge"]
    assert conclusion(world, pull) == "success"
    assert len(answers(pull)) == 1
    assert pull.head_sha in answers(pull)[0]
    assert resolvers(pull) == ["revwright[bot]"]


async def test_a_finding_that_comes_back_opens_its_conversation_again(world: World) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    (before,) = standings(world, pull)
    await pushed(world, {PRICE: FIXED})
    assert resolvers(pull) == ["revwright[bot]"]
    await pushed(world, {PRICE: BUG})

    assert list(standings(world, pull)) == [before]
    assert len(first_comments(pull)) == 1
    assert resolvers(pull) == [None]
    assert [one.split(" ")[0] for one in answers(pull)] == ["Fixed", "Still"]
    assert conclusion(world, pull) == "failure"
    await pushed(world, {PRICE: FIXED}, message="fix it again")
    assert resolvers(pull) == ["revwright[bot]"]
    assert len(answers(pull)) == 3


async def test_a_renamed_file_keeps_its_finding(world: World) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    (before,) = standings(world, pull)
    await pushed(world, {PRICE: None, "app/cost.py": BUG})

    assert len(first_comments(pull)) == 1
    assert answers(pull) == []
    assert standings(world, pull) == {before: "moved"}
    assert world.check(pull.head_sha).annotations[0]["path"] == "app/cost.py"


async def test_a_file_that_leaves_the_change_takes_its_findings_along(world: World) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG, "app/other.py": "x = 1\n"})
    says(world, DIVISION)
    await pushed(world, {PRICE: None})

    assert machine(world, pull)["findings"] == []
    assert conclusion(world, pull) == "success"
    assert resolvers(pull) == ["revwright[bot]"]


async def test_a_rebase_that_changes_nothing_costs_no_call_and_has_the_same_verdict(world: World) -> None:
    """Also where a file that nobody reviews has names that others mention."""
    world.repo.commit("main", {".github/revwright.yml": 'version: 1\ntiers: {skip: ["**/*.lock"]}\n'})
    says(world, DIVISION)
    files = {PRICE: BUG, "app/day.py": "from app.price import price\n", "poetry.lock": 'price = "1"\n'}
    pull = await opened(world, files)
    before = standings(world, pull)
    says(world, DIVISION)
    await rebased(world, files, base={"README.md": "# web\n\nMore.\n"})

    assert asked(world) == []
    assert conclusion(world, pull) == "failure"
    assert standings(world, pull) == dict.fromkeys(before, "still there")
    assert len(first_comments(pull)) == 1
    assert answers(pull) == []
    assert "Coverage: 2 of 3 files reviewed, 1 excluded" in world.summary(pull)


async def test_a_forced_push_of_the_same_content_keeps_ids_and_says_nothing(world: World) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    before = standings(world, pull)
    says(world, DIVISION)
    amended = world.repo.commit("amended", {PRICE: BUG}, message="better words")
    world.repo.force_push("feature", amended)
    await world.settle()

    assert asked(world) == []
    assert standings(world, pull) == dict.fromkeys(before, "still there")
    assert len(pull.reviews) == len(pull.comments) == 1
    assert world.check(amended).conclusion == "failure"


async def test_a_finding_of_a_rule_that_moved_is_the_same(world: World) -> None:
    says(world, {})
    conflict = "<<<<<<< ours\na = 1\n=======\na = 2\n>>>>>>> theirs\n"
    pull = await opened(world, {"app/merge.py": conflict})
    before = standings(world, pull)
    assert before
    await pushed(world, {"app/merge.py": "x = 1\ny = 2\n\n" + conflict})

    assert standings(world, pull) == dict.fromkeys(before, "moved")
    assert len(pull.reviews) == 1
    await pushed(world, {"app/merge.py": "x = 1\ny = 2\na = 2\n"})
    assert conclusion(world, pull) == "success"
    assert set(resolvers(pull)) == {"revwright[bot]"}


async def test_a_finding_whose_lines_leave_the_diff_is_told_in_the_summary(world: World) -> None:
    """It was over the cap before, so that no comment tells it; GitHub would refuse one there, and the whole review."""
    lines = [f"line_{number} = {number}\n" for number in range(40)]
    world.repo.commit("main", {".github/revwright.yml": "version: 1\nreview: {max_findings: 1}\n"})
    world.repo.commit("main", {"app/long.py": "".join(lines)})
    bad = [*lines[:5], "a = eval(x)\n", *lines[5:35], "b = exec(y)\n", *lines[35:]]
    says(world, {"eval(": {"title": "Runs text", "severity": "P0"}, "exec(": {"title": "Runs more", "severity": "P1"}})
    pull = await opened(world, {"app/long.py": "".join(bad)})
    assert [one.original_line for one in first_comments(pull)] == [6]
    assert len(standings(world, pull)) == 2

    says(world, {}, judge=lambda seen: reject(seen) if "Runs text" in seen.task_message else confirm(seen))
    base = "".join([*lines[:35], "b = exec(y)\n", *lines[35:]])
    await rebased(world, {"app/long.py": base.replace("line_5 ", "line_five ")}, base={"app/long.py": base})

    assert len(first_comments(pull)) == 1
    assert world.github.unprocessable == []
    assert resolvers(pull) == ["revwright[bot]"]
    assert list(standings(world, pull).values()) == ["moved"]
    assert "Not posted in the diff: 1" in world.summary(pull)
    assert conclusion(world, pull) == "failure"


async def test_a_worse_defect_on_the_same_line_is_judged_and_counts(world: World) -> None:
    says(world, {"len(items)": {**ZERO, "severity": "P3"}})
    pull = await opened(world, {PRICE: BUG})
    assert conclusion(world, pull) == "success"
    worse = {"title": "Any caller sees every price", "severity": "P0"}
    says(world, {"len(items)": worse})
    await pushed(world, {PRICE: LONGER})

    assert asked(world) == ["review", "judge", "judge"]
    assert conclusion(world, pull) == "failure"
    assert "Any caller sees every price" in world.summary(pull)
    assert len(first_comments(pull)) == 2  # it is another defect than the trifle that was told there
