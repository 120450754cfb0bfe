"""What people settle and say: dismissals by those who may, other reviewers' conversations, the author's own."""

from __future__ import annotations

from tests.fakes.github import PullRequest, User
from tests.fakes.github.installations import change_permissions
from tests.fakes.model import reject
from tests.stories.pushes import (
    BUG,
    DIVISION,
    FIXED,
    PRICE,
    answers,
    asked,
    conclusion,
    first_comments,
    machine,
    opened,
    person,
    pushed,
    resolvers,
    says,
    standings,
)
from tests.world import World

AROUND = BUG.replace("def price(items):\n", "def price(items):\n    items = list(items)\n")
NOTES = {"docs/notes.md": "Prices are means.\n"}


def says_on_the_bug(pull: PullRequest, who: User, words: str = "This fails for no items.") -> None:
    pull.review(who, body="", comments=[{"path": PRICE, "line": 2, "side": "RIGHT", "body": words}])


async def test_what_a_writer_resolves_is_dismissed_and_the_name_is_told(world: World) -> None:
    alice = person(world.github, world.repo, "alice", "write")
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    pull.resolve_thread(first_comments(pull)[0], by=alice)
    await pushed(world, NOTES)

    assert machine(world, pull)["findings"] == []
    assert conclusion(world, pull) == "success"
    assert "Dismissed: 1" in world.summary(pull)
    assert "by alice" in world.summary(pull)


async def test_a_dismissed_finding_stays_dismissed_where_its_file_changes_elsewhere(world: World) -> None:
    alice = person(world.github, world.repo, "alice", "maintain")
    rest = "\n\ndef name(item):\n    return item.name\n\n\ndef day(item):\n    return item.day\n"
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG + rest})
    pull.resolve_thread(first_comments(pull)[0], by=alice)
    says(world, DIVISION)
    await pushed(world, {PRICE: BUG + rest + "\n\ndef sold(item):\n    return item.sold\n"})

    assert asked(world) == ["review"]
    assert conclusion(world, pull) == "success"
    assert resolvers(pull) == ["alice"]
    assert answers(pull) == []
    assert "Dismissed: 1" in world.summary(pull)


async def test_a_dismissed_finding_comes_back_with_its_code(world: World) -> None:
    alice = person(world.github, world.repo, "alice", "write")
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    (before,) = standings(world, pull)
    pull.resolve_thread(first_comments(pull)[0], by=alice)
    await pushed(world, NOTES)
    await pushed(world, {PRICE: AROUND})

    assert list(standings(world, pull)) == [before]
    assert conclusion(world, pull) == "failure"
    assert resolvers(pull) == [None]
    assert len(answers(pull)) == 1
    assert "Dismissed" not in world.summary(pull)


async def test_a_dismissed_finding_that_is_said_again_and_not_proven_stays_dismissed(world: World) -> None:
    alice = person(world.github, world.repo, "alice", "write")
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    pull.resolve_thread(first_comments(pull)[0], by=alice)
    await pushed(world, NOTES)
    says(world, DIVISION, judge=reject)
    await pushed(world, {PRICE: AROUND})

    assert asked(world) == ["review", "judge"]
    assert conclusion(world, pull) == "success"
    assert "Dismissed: 1" in world.summary(pull)
    assert "by alice" in world.summary(pull)
    assert (resolvers(pull), answers(pull)) == (["alice"], [])


async def test_one_who_may_not_write_dismisses_nothing(world: World) -> None:
    mallory = person(world.github, world.repo, "mallory", "triage")
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG}, user=mallory)
    pull.resolve_thread(first_comments(pull)[0], by=mallory)
    await pushed(world, NOTES)

    assert conclusion(world, pull) == "failure"
    assert list(standings(world, pull).values()) == ["still there"]
    assert resolvers(pull) == [None]
    (answer,) = answers(pull)
    assert answer.startswith("Still there on")
    pull.resolve_thread(first_comments(pull)[0], by=mallory)
    await pushed(world, {"docs/notes.md": "Prices are means of all.\n"})
    assert resolvers(pull) == [None]
    assert len(answers(pull)) == 1


async def test_one_who_may_not_write_any_more_dismisses_nothing(world: World) -> None:
    alice = person(world.github, world.repo, "alice", "write")
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    pull.resolve_thread(first_comments(pull)[0], by=alice)
    world.repo.permissions[alice.id] = "read"
    await pushed(world, NOTES)

    assert conclusion(world, pull) == "failure"
    assert resolvers(pull) == [None]


async def test_what_another_reviewer_has_said_there_is_not_said_again_but_counts(world: World) -> None:
    bob = person(world.github, world.repo, "bob", "read")
    says(world, DIVISION)
    world.repo.commit("feature", {PRICE: BUG})
    pull = world.repo.open_pull_request(head="feature", title="Add it")
    says_on_the_bug(pull, bob)
    await world.settle()

    assert first_comments(pull) == []
    assert conclusion(world, pull) == "failure"
    assert "Also seen: 1" in world.summary(pull)
    assert "already raised by bob" in world.summary(pull)
    await pushed(world, NOTES)
    assert first_comments(pull) == []
    assert "already raised by bob" in world.summary(pull)
    await pushed(world, {PRICE: "import math\n\n" + BUG})
    assert conclusion(world, pull) == "failure"


async def test_another_bot_counts_as_another_reviewer(world: World) -> None:
    bot = world.github.add_user("lint-robot[bot]", type="Bot")
    says(world, DIVISION)
    world.repo.commit("feature", {PRICE: BUG})
    pull = world.repo.open_pull_request(head="feature", title="Add it")
    says_on_the_bug(pull, bot)
    await world.settle()

    assert len(pull.review_comments) == 1
    assert conclusion(world, pull) == "failure"
    assert "already raised by lint-robot" in world.summary(pull)


async def test_what_the_author_says_there_silences_nothing(world: World) -> None:
    mallory = person(world.github, world.repo, "mallory")
    says(world, DIVISION)
    world.repo.commit("feature", {PRICE: BUG})
    pull = world.repo.open_pull_request(head="feature", title="Add it", user=mallory)
    says_on_the_bug(pull, mallory, "This is on purpose.")
    await world.settle()

    assert len(first_comments(pull)) == 1
    assert conclusion(world, pull) == "failure"


async def test_a_conversation_that_somebody_opens_again_after_a_fix_is_left_to_people(world: World) -> None:
    alice = person(world.github, world.repo, "alice", "write")
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    await pushed(world, {PRICE: FIXED})
    assert resolvers(pull) == ["revwright[bot]"]
    pull.reopen_thread(first_comments(pull)[0])
    pull.reply(alice, first_comments(pull)[0], "And what of no items?")
    await pushed(world, NOTES)

    assert resolvers(pull) == [None]
    assert len(answers(pull)) == 1


async def test_where_resolving_is_not_allowed_the_answer_has_to_do(world: World) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    installation = world.repo.installation
    assert installation is not None
    change_permissions(world.github, installation, {**installation.permissions, "contents": "read"})
    await pushed(world, {PRICE: FIXED})

    assert conclusion(world, pull) == "success"
    assert len(answers(pull)) == 1
    assert resolvers(pull) == [None]
    world.github.calls.clear()
    await pushed(world, NOTES)
    assert len(answers(pull)) == 1
    assert sum(call.path.endswith("/graphql") for call in world.github.calls) == 1  # it is not tried again and again
    world.github.unprocessable.clear()  # the tokens that it refused


async def test_nobody_else_can_pass_for_us(world: World) -> None:
    """A comment with our marker, copied by somebody else, is not ours: resolving it settles nothing."""
    alice = person(world.github, world.repo, "alice", "write")
    mallory = person(world.github, world.repo, "mallory")
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG}, user=mallory)
    says_on_the_bug(pull, mallory, first_comments(pull)[0].body)
    copy = next(one for one in pull.review_comments if one.user is mallory)
    pull.resolve_thread(copy, by=alice)
    await pushed(world, {PRICE: FIXED})

    assert [thread.comments[0].id for thread in pull.threads if thread.resolved_by is alice] == [copy.id]
    assert resolvers(pull) == ["revwright[bot]", "alice"]
    assert len(answers(pull)) == 1
    await pushed(world, {PRICE: BUG})
    assert resolvers(pull) == [None, "alice"]
