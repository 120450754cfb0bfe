"""A push is looked at where it matters: what changed, and what knew of it. Everything else costs no call."""

from __future__ import annotations

import re

from tests.fakes.model import Seen, Steps, ToolCall, added_lines, nothing
from tests.stories.pushes import (
    BUG,
    DIVISION,
    PRICE,
    asked,
    conclusion,
    first_comments,
    model_of,
    opened,
    pushed,
    reviewed,
    says,
    standings,
)
from tests.world import World

NAME = "def name(item):\n    return item.name\n"
SHOP = "from app.price import price\n\n\ndef day(sold):\n    return price(sold)\n"


def sent(seen: Seen) -> set[str]:
    """The files whose diffs a request carries."""
    return {line.path for line in added_lines(seen.user_text)}


def all_sent(world: World) -> set[str]:
    return {path for seen in reviewed(world) for path in sent(seen)}


async def test_only_what_changed_is_sent_again(world: World) -> None:
    says(world, {})
    pull = await opened(world, {PRICE: BUG, "app/name.py": NAME, "lib/other.py": "x = 1\n"})
    assert all_sent(world) == {PRICE, "app/name.py", "lib/other.py"}
    says(world, {})
    await pushed(world, {"app/name.py": NAME + "\n\ndef sold(item):\n    return item.sold\n"})

    assert all_sent(world) == {"app/name.py"}
    assert conclusion(world, pull) == "success"
    assert "Coverage: 3 of 3 files reviewed" in world.summary(pull)


async def test_a_file_that_mentions_what_changed_is_sent_again(world: World) -> None:
    says(world, {})
    await opened(world, {PRICE: BUG, "app/shop.py": SHOP, "lib/other.py": "x = 1\n"})
    says(world, {})
    await pushed(world, {PRICE: "def price(items, tax):\n    return sum(items) * tax\n"})

    assert all_sent(world) == {PRICE, "app/shop.py"}


async def test_a_file_whose_reviewer_read_what_changed_is_sent_again(world: World) -> None:
    arguments = {"path": "data/rates.txt", "start_line": 1, "end_line": 5}
    reads = Steps({"review": ((ToolCall("read_file", arguments),), nothing)})
    model_of(world).behaviour = reads
    files = {PRICE: BUG, "data/rates.txt": "7\n19\n"}
    pull = await opened(world, files)
    model_of(world).requests.clear()
    await pushed(world, {"data/rates.txt": "8\n19\n"})

    assert all_sent(world) == set(files)
    assert conclusion(world, pull) == "success"


async def test_a_file_whose_judge_read_what_changed_is_sent_again(world: World) -> None:
    """A claim that was dropped for what stands in another file may hold when that one is another."""
    arguments = {"path": "data/rates.txt", "start_line": 1, "end_line": 5}
    says(world, DIVISION, judge=Steps({"judge": ((ToolCall("read_file", arguments),), nothing)}))
    pull = await opened(world, {PRICE: BUG, "data/rates.txt": "7\n19\n"})
    assert conclusion(world, pull) == "success"
    says(world, DIVISION)
    await pushed(world, {"data/rates.txt": "8\n19\n"})

    assert PRICE in all_sent(world)
    assert conclusion(world, pull) == "failure"


async def test_another_policy_or_guideline_on_the_base_reviews_all_again(world: World) -> None:
    files = {PRICE: BUG, "lib/other.py": "x = 1\n"}
    says(world, {})
    pull = await opened(world, files)
    for steering in (
        {".github/revwright.yml": "version: 1\nreview: {instructions: Mind the empty list.}\n"},
        {"AGENTS.md": "# Review guidelines\n\nMind the empty list.\n"},
        {".github/revwright.yml": "version: 1\nrules: {disable: [general/conflict-markers]}\n"},
        {".agents/skills/lists/SKILL.md": "---\nname: lists\ndescription: Of lists.\n---\nMind the empty one.\n"},
        {".agents/skills/lists/SKILL.md": "---\nname: lists\ndescription: Of lists.\n---\nMind the long one.\n"},
    ):
        says(world, {})
        world.repo.commit("main", steering)
        world.repo.force_push("feature", world.repo.commit("next", files, parent=world.repo.head("main")))
        await world.settle()
        assert all_sent(world) == set(files), steering
    assert conclusion(world, pull) == "success"


async def test_another_base_branch_is_another_change(world: World) -> None:
    """What the new base has already is no longer in it; what it has otherwise is."""
    says(world, DIVISION)
    world.repo.commit("next", {PRICE: BUG})
    world.repo.commit("feature", {PRICE: BUG}, parent=world.repo.head("next"))
    world.repo.commit("feature", {"app/name.py": NAME})
    pull = world.repo.open_pull_request(head="feature", base="next", title="Name")
    await world.settle()
    assert conclusion(world, pull) == "success"
    says(world, DIVISION)
    pull.edit(base="main")
    await world.settle()

    assert all_sent(world) >= {PRICE}
    assert conclusion(world, pull) == "failure"
    assert len(first_comments(pull)) == 1
    pull.edit(base="next")
    await world.settle()
    assert conclusion(world, pull) == "success"


async def test_two_pull_requests_with_one_head_remember_each_their_own(world: World) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    world.repo.commit("other", {"docs/notes.md": "Prices.\n"})
    says(world, DIVISION)
    second = world.repo.open_pull_request(head="feature", base="other", title="The same elsewhere")
    await world.settle()

    assert asked(world) == ["review", "judge"]
    assert len(first_comments(second)) == 1
    assert set(standings(world, second).values()) == {"new"}
    assert len(first_comments(pull)) == 1


async def test_a_made_up_past_counts_for_nothing(world: World) -> None:
    """Who can write to Redis, but has no key of ours, cannot pass off a change as reviewed."""
    says(world, {})
    pull = await opened(world, {PRICE: BUG})
    (key,) = [name for name in await world.redis.keys("*") if re.search(rb"past", name)]
    value = await world.redis.get(key)
    assert value is not None
    await world.redis.set(key, value[:-8] + b"AAAAAAAA")
    says(world, DIVISION)
    await pushed(world, {"docs/notes.md": "Prices.\n"})

    assert all_sent(world) == {PRICE, "docs/notes.md"}
    assert conclusion(world, pull) == "failure"


async def test_a_past_of_another_pull_request_counts_for_nothing(world: World) -> None:
    says(world, {})
    pull = await opened(world, {PRICE: BUG})
    world.repo.commit("second", {PRICE: BUG})
    other = world.repo.open_pull_request(head="second", title="The same")
    (key,) = [name for name in await world.redis.keys("*") if re.search(rb"past", name)]
    value = await world.redis.get(key)
    assert value is not None
    await world.redis.set(re.sub(rb":\d+$", b":%d" % other.number, key), value)
    says(world, DIVISION)
    await world.settle()

    assert all_sent(world) == {PRICE}
    assert conclusion(world, other) == "failure"
    assert conclusion(world, pull) == "success"


async def test_a_push_with_one_new_and_one_fixed_finding_needs_nine_calls(world: World) -> None:
    says(world, {**DIVISION, "eval(": {"title": "Runs any text as code", "severity": "P0"}})
    pull = await opened(world, {PRICE: BUG})
    world.github.calls.clear()
    await pushed(world, {PRICE: "def price(items):\n    return eval(items)\n"})

    assert conclusion(world, pull) == "failure"
    calls = [call.operation_id for call in world.github.calls]
    assert calls == [
        "checks/create",
        "pulls/get",
        "checks/update",
        "graphql/ReviewThreads",
        "pulls/create-review",
        "pulls/create-reply-for-review-comment",
        "apps/create-installation-access-token",  # once an hour: to resolve takes another permission
        "graphql/Resolve",
        "issues/update-comment",
        "checks/update",
    ]
