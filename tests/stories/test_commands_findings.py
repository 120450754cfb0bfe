"""`dismiss`, `reopen`, and conversations that people settle: by a writer they count, and the check follows."""

from __future__ import annotations

import pytest

from tests.fakes.github import FakeGitHub, PullRequest
from tests.stories.pushes import (
    PRICE,
    answers,
    asked,
    conclusion,
    first_comments,
    machine,
    person,
    resolvers,
    says,
)
from tests.stories.saying import answered, replies, reply, reviewed_bug, said, signs, writer
from tests.stories.test_failures import row_key
from tests.world import World


def finding(world: World, pull: PullRequest) -> str:
    """The id of the one finding that is open."""
    (one,) = machine(world, pull)["findings"]
    return str(one["id"])


def listening(github: FakeGitHub) -> None:
    """The App hears of conversations that are settled."""
    github.app.events.append("pull_request_review_thread")


async def test_a_dismissal_by_id_is_kept_with_name_and_reason_and_the_check_follows(
    github: FakeGitHub, world: World
) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    id_ = finding(world, pull)
    says(world, {})

    comment = await said(world, pull, ann, f"@revwright dismiss {id_.lower()} lists are never empty here")

    assert signs(comment) == ["eyes", "rocket"]
    assert f"`{id_}` (Division by zero for an empty list) is dismissed. The check is decided anew." in reply(pull)
    assert conclusion(world, pull) == "success"
    assert asked(world) == [], "nothing changed, so no model is asked"
    assert resolvers(pull) == ["revwright[bot]"]
    check = max(world.checks(pull.head_sha), key=lambda run: run.id)
    assert "by ann: lists are never empty here" in (check.text or "")


async def test_what_was_dismissed_stays_so_at_the_next_push_and_comes_back_with_reopen(
    github: FakeGitHub, world: World
) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    id_ = finding(world, pull)
    await said(world, pull, ann, f"@revwright dismiss {id_} no")
    world.repo.commit("feature", {"app/other.py": "x = 1\n"})
    await world.settle()
    assert conclusion(world, pull) == "success"

    assert signs(await said(world, pull, ann, f"@revwright dismiss {id_} again")) == ["eyes", "rocket"]
    assert "is dismissed already" in replies(pull)[1]
    assert signs(await said(world, pull, ann, f"@revwright reopen {id_}")) == ["eyes", "rocket"]

    assert f"`{id_}` (Division by zero for an empty list) is open again" in replies(pull)[2]
    assert conclusion(world, pull) == "failure"
    assert resolvers(pull) == [None]
    assert signs(await said(world, pull, ann, f"@revwright reopen {id_}")) == ["eyes", "rocket"]
    assert "is open already" in replies(pull)[3]


async def test_in_the_thread_of_a_finding_the_reason_will_do(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    (first,) = first_comments(pull)

    comment = await answered(world, pull, ann, first, "@revwright dismiss it is meant")
    assert (signs(comment), conclusion(world, pull)) == (["eyes", "rocket"], "success")
    await answered(world, pull, ann, first, "@revwright reopen")

    assert conclusion(world, pull) == "failure"
    assert replies(pull) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("dismiss", "Name a finding"),
        ("dismiss F000000000 because", "Name a finding"),
        ("reopen", "Name a finding"),
        ("dismiss {id}", "Say why"),
    ],
)
async def test_a_dismissal_needs_a_finding_and_a_reason(
    github: FakeGitHub, world: World, words: str, told: str
) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)

    comment = await said(world, pull, ann, f"@revwright {words.format(id=finding(world, pull))}")

    assert signs(comment) == ["eyes", "confused"]
    assert told in reply(pull)
    assert "F000000000" not in reply(pull)
    assert conclusion(world, pull) == "failure"


async def test_before_a_review_and_after_a_fix_there_is_nothing_to_dismiss(github: FakeGitHub, world: World) -> None:
    ann = writer(github, world)
    world.repo.commit("other", {"x.py": "x = 1\n"})
    bare = world.repo.open_pull_request(head="other")
    await said(world, bare, ann, "@revwright dismiss F1 no")
    assert "Name a finding" in reply(bare)

    pull = await reviewed_bug(world)
    id_ = finding(world, pull)
    world.repo.commit("feature", {PRICE: "def price(items):\n    return mean(items)\n"})
    await world.settle()
    await said(world, pull, ann, f"@revwright dismiss {id_} no")
    assert "The finding is fixed" in reply(pull)


async def test_while_paused_a_dismissal_is_kept_and_counts_after_resume(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    id_ = finding(world, pull)
    await said(world, pull, ann, "@revwright pause")

    await said(world, pull, ann, f"@revwright dismiss {id_} no")
    assert "It counts from the next review on" in replies(pull)[1]
    assert conclusion(world, pull) == "failure"
    await said(world, pull, ann, "@revwright reopen " + id_)
    await said(world, pull, ann, f"@revwright dismiss {id_} no")
    await said(world, pull, ann, "@revwright resume")
    await said(world, pull, ann, "@revwright review")

    assert conclusion(world, pull) == "success"


async def test_who_resolves_and_may_dismisses_at_once(github: FakeGitHub, world: World) -> None:
    listening(github)
    pull, ann = await reviewed_bug(world), writer(github, world)
    says(world, {})
    (first,) = first_comments(pull)

    pull.resolve_thread(first, by=ann)
    await world.settle()
    assert conclusion(world, pull) == "success"
    check = max(world.checks(pull.head_sha), key=lambda run: run.id)
    assert "by ann: resolved its conversation" in (check.text or "")
    assert asked(world) == []

    pull.reopen_thread(first, by=ann)
    await world.settle()
    assert conclusion(world, pull) == "failure"


@pytest.mark.parametrize("role", ["read", "triage", None])
async def test_who_resolves_and_may_not_finds_it_open_again_with_one_line(
    github: FakeGitHub, world: World, role: str | None
) -> None:
    listening(github)
    pull, stranger = await reviewed_bug(world), person(github, world.repo, "stranger", role)
    (first,) = first_comments(pull)
    checks = len(world.checks(pull.head_sha))

    for _ in range(2):
        pull.resolve_thread(first, by=stranger)
        await world.settle()

    assert resolvers(pull) == [None]
    assert [line.startswith("Still there on") for line in answers(pull)] == [True]
    assert (conclusion(world, pull), len(world.checks(pull.head_sha))) == ("failure", checks)


POLICY = ".github/revwright.yml"
STRICT = "version: 1\ncommands: {dismiss: maintain, reopen: maintain}\n"


async def test_resolving_asks_for_what_the_policy_asks_of_the_command(github: FakeGitHub, world: World) -> None:
    world.repo.commit("main", {POLICY: STRICT})
    listening(github)
    pull, ann, max_ = await reviewed_bug(world), writer(github, world), person(github, world.repo, "max", "maintain")
    (first,) = first_comments(pull)

    pull.resolve_thread(first, by=ann)
    await world.settle()
    assert (conclusion(world, pull), resolvers(pull)) == ("failure", [None])
    pull.resolve_thread(first, by=max_)
    await world.settle()
    assert conclusion(world, pull) == "success"
    pull.reopen_thread(first, by=ann)
    await world.settle()
    assert conclusion(world, pull) == "success"


async def test_a_review_that_finds_a_conversation_resolved_asks_for_the_same(github: FakeGitHub, world: World) -> None:
    """No event told of it: the App does not hear of conversations here."""
    world.repo.commit("main", {POLICY: STRICT})
    pull, ann = await reviewed_bug(world), writer(github, world)
    (first,) = first_comments(pull)
    pull.resolve_thread(first, by=ann)

    world.repo.commit("feature", {"app/other.py": "x = 1\n"})
    await world.settle()
    assert conclusion(world, pull) == "failure"


async def test_resolving_settles_nothing_while_the_policy_is_invalid(github: FakeGitHub, world: World) -> None:
    listening(github)
    pull, ann = await reviewed_bug(world), writer(github, world)
    (first,) = first_comments(pull)
    world.repo.commit("main", {POLICY: "version: 1\ncommands: {dismiss: maintain, typo: 1}\n"})
    pull.base_sha = world.repo.head("main")

    pull.resolve_thread(first, by=ann)
    await world.settle()
    assert conclusion(world, pull) == "failure"


async def test_who_may_not_reopens_no_finding_and_settles_no_conversation_of_others(
    github: FakeGitHub, world: World
) -> None:
    listening(github)
    pull, ann, stranger = await reviewed_bug(world), writer(github, world), person(github, world.repo, "zoe", "read")
    (first,) = first_comments(pull)
    pull.review(ann, comments=[{"path": PRICE, "line": 1, "body": "Hm."}])
    theirs = next(one for one in pull.review_comments if one.user is ann)
    pull.resolve_thread(theirs, by=ann)
    await world.settle()
    assert conclusion(world, pull) == "failure"

    pull.resolve_thread(first, by=ann)
    await world.settle()
    pull.reopen_thread(first, by=stranger)
    await world.settle()
    assert conclusion(world, pull) == "success"


async def test_a_conversation_that_somebody_else_settled_since_is_theirs(github: FakeGitHub, world: World) -> None:
    listening(github)
    pull, ann, stranger = await reviewed_bug(world), writer(github, world), person(github, world.repo, "zoe", "read")
    (first,) = first_comments(pull)
    pull.resolve_thread(first, by=ann)
    pull.resolve_thread(first, by=stranger)
    await world.settle()

    assert resolvers(pull) == [None]
    assert conclusion(world, pull) == "failure"


async def test_of_a_closed_pull_request_and_of_too_many_nothing_comes(github: FakeGitHub, world: World) -> None:
    listening(github)
    pull, ann = await reviewed_bug(world), writer(github, world)
    (first,) = first_comments(pull)
    for _ in range(20):
        pull.comment(ann, "@revwright stop")
    await world.settle()
    pull.resolve_thread(first, by=ann)
    await world.settle()
    assert conclusion(world, pull) == "failure", "one of too many"
    pull.close()
    pull.reopen_thread(first, by=ann)
    await world.settle()
    row = await world.services.ledger.read(row_key(world, pull))
    assert row is not None
    assert row.generation == row.done


async def test_a_dismissal_while_a_review_runs_is_not_lost(github: FakeGitHub, world: World) -> None:
    """The review that runs is superseded, and the next one takes the word in."""
    pull, ann = await reviewed_bug(world), writer(github, world)
    id_ = finding(world, pull)
    world.repo.commit("feature", {"app/other.py": "x = 1\n"})
    pull.comment(ann, f"@revwright dismiss {id_} no")
    await world.settle()

    assert conclusion(world, pull) == "success"


async def test_on_a_draft_a_dismissal_is_kept_until_it_is_ready(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    id_ = finding(world, pull)
    pull.convert_to_draft()
    await world.settle()

    await said(world, pull, ann, f"@revwright dismiss {id_} no")
    assert "It counts from the next review on" in reply(pull)
    pull.mark_ready()
    await world.settle()

    assert conclusion(world, pull) == "success"
