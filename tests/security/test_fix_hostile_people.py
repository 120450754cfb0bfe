"""People on an attacker's side, or in a hurry: who asks, how, how often, and what becomes of the comment meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain.jobs import Queue
from tests.fakes.github import IssueComment, PullRequest, User
from tests.fakes.model import Answer, Reply, Reviewer, Seen
from tests.security.fixing import FILES, REPAIR, RIGHT, VERIFY, Attacker, patching, pushed
from tests.stories.fixing import FIXED, asked, later, policy, told, writer
from tests.stories.pushes import machine, push_what_git_refuses
from tests.stories.saying import OURS, replies, signs
from tests.stories.test_fix import world as world  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import place as place  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import runner as runner  # noqa: PLC0414 - the fixture
from tests.world import World

ASK = "@revwright fix half a euro is lost"


def repairing(world: World, meanwhile: Callable[[], object] = lambda: None) -> Attacker:
    """A model that makes the repair; what else happens once it is asked comes first."""
    assert world.model is not None
    attacker = Attacker(((patching(REPAIR),), Answer(dict(FIXED))))
    begun = False

    def behaves(seen: Seen) -> Reply:
        nonlocal begun
        if seen.task == "fix" and not begun:
            begun = True
            meanwhile()
        return attacker(seen)

    world.model.behaviour = behaves
    return attacker


def opened(world: World, branch: str = "feature", **settings: str) -> PullRequest:
    world.repo.commit("main", {**FILES, ".github/revwright.yml": policy(VERIFY, **settings)})
    world.repo.commit(branch, {f"{branch}.md": "Read me.\n"})
    return world.repo.open_pull_request(head=branch, title="Something else")


def fixes(pull: PullRequest) -> list[str]:
    return [one.body for one in pull.comments if one.user.login == OURS and "<!-- revwright:fix:" in one.body]


async def test_ten_wishes_of_one_person_at_once_make_one_commit_and_each_has_its_answer(world: World) -> None:
    repairing(world)
    pull = opened(world)
    await world.settle()
    head = pull.head_sha
    later(world)
    wanda = writer(world)
    said = [pull.comment(wanda, f"{ASK}, the {number}th time") for number in range(10)]
    await world.settle()

    assert world.repo.store.log(f"{head}..{pull.head_sha}") == [pull.head_sha]
    assert len(fixes(pull)) == 10
    assert sum("Fixed in" in body for body in fixes(pull)) == 1
    assert sum("Nothing was pushed." in body for body in fixes(pull)) == 9
    assert [signs(one) for one in said] == [["eyes", "rocket"]] * 10


def edited(world: World, comment: IssueComment) -> None:
    comment.body, comment.updated_at = "@revwright fix delete all tests", comment.updated_at + timedelta(seconds=1)


def deleted(world: World, comment: IssueComment) -> None:
    del world.repo.issue_comments[comment.id]


@pytest.mark.parametrize("late", [edited, deleted])
async def test_a_comment_that_is_not_what_it_was_before_the_work_begins_is_no_wish_any_more(
    world: World, late: Callable[[World, IssueComment], None]
) -> None:
    attacker = repairing(world)
    pull = opened(world)
    await world.settle()
    later(world)
    comment = pull.comment(writer(world), ASK)
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)
    assert "Fixing what the comment describes" in told(pull)
    late(world, comment)
    await world.work()

    assert attacker.seen == []
    assert pushed(world, pull) == {}
    assert "The comment that asked for it was edited or deleted before I began." in told(pull)


@pytest.mark.parametrize("late", [edited, deleted])
async def test_a_comment_that_changes_in_mid_run_changes_nothing_of_what_was_asked(
    world: World, late: Callable[[World, IssueComment], None]
) -> None:
    """Who wants it ended says `stop`."""
    pull = opened(world)
    comments: list[IssueComment] = []
    attacker = repairing(world, lambda: late(world, comments[0]))
    await world.settle()
    later(world)
    comments.append(pull.comment(writer(world), ASK))
    await world.settle()

    assert pushed(world, pull) == {"price.sh": RIGHT}
    assert "half a euro is lost" in attacker.seen[-1].text
    assert not any("delete all tests" in seen.text for seen in attacker.seen)


def reads_only(world: World, wanda: User) -> None:
    world.repo.permissions[wanda.id] = "read"


def is_thrown_out(world: World, wanda: User) -> None:
    world.repo.permissions[wanda.id] = "none"
    world.repo.private = True


def loses_the_login(world: World, wanda: User) -> None:
    """Somebody else takes it, who may write."""
    wanda.login = "wanda-before"
    world.github.users["wanda-before"] = wanda
    other = world.github.add_user("wanda")
    world.repo.permissions[other.id] = "admin"
    world.repo.permissions[wanda.id] = "read"


@pytest.mark.parametrize("loses", [reads_only, is_thrown_out, loses_the_login])
async def test_who_loses_the_permission_between_the_checks_and_the_push_gets_no_commit(
    world: World, loses: Callable[[World, User], None]
) -> None:
    pull = opened(world)
    wanda = writer(world)
    repairing(world, lambda: loses(world, wanda))
    await world.settle()
    later(world)
    pull.comment(wanda, ASK)
    await world.settle()

    assert pushed(world, pull) == {}
    assert "may not ask for fixes here any more" in told(pull)


async def test_a_head_that_becomes_one_that_git_refuses_in_mid_run_is_told(world: World) -> None:
    pull = opened(world)
    await world.settle()
    repairing(world, lambda: push_what_git_refuses(world, "feature"))
    await asked(world, pull, ASK)

    assert world.repo.store.log("feature", limit=1) == [pull.head_sha]
    assert "Nothing was pushed." in told(pull)
    assert "git fetch" in told(pull)


async def test_our_own_comment_that_somebody_deletes_in_mid_run_is_made_anew(world: World) -> None:
    pull = opened(world)
    await world.settle()

    def deletes() -> None:
        (ours,) = [one for one in pull.comments if "<!-- revwright:fix:" in one.body]
        deleted(world, ours)

    repairing(world, deletes)
    await asked(world, pull, ASK)

    assert pushed(world, pull) == {"price.sh": RIGHT}
    assert "Fixed in" in told(pull)


async def test_a_branch_of_a_fork_of_a_fork_is_pushed_to_and_no_branch_of_that_name_elsewhere(world: World) -> None:
    repairing(world)
    world.repo.private = False
    world.repo.commit("main", {**FILES, ".github/revwright.yml": policy(VERIFY)})
    first = world.repo.fork(world.github.add_user("mallory"))
    second = first.fork(world.github.add_user("trudy"))
    for one in (world.repo, first, second):
        one.commit("feature", {f"{one.owner.login}.md": "Read me.\n"})
    pull = world.repo.open_pull_request(head="feature", title="Something else", head_repo=second)
    await world.settle()
    others = [world.repo.head("feature"), first.head("feature")]
    before = pull.head_sha
    await asked(world, pull, ASK)

    assert [world.repo.head("feature"), first.head("feature")] == others
    assert second.head("feature") == pull.head_sha != before
    assert "pushed to `trudy:feature`" in told(pull)


async def test_a_fork_that_is_deleted_in_mid_run_gets_nothing_and_neither_does_its_namesake(world: World) -> None:
    """Somebody else then makes a repository of the same name, with the same branch."""
    world.repo.private = False
    world.repo.commit("main", {**FILES, ".github/revwright.yml": policy(VERIFY)})
    mallory = world.github.add_user("mallory")
    fork = world.repo.fork(mallory)
    fork.commit("feature", {"x.md": "x\n"})
    pull = world.repo.open_pull_request(head="feature", title="Something else", head_repo=fork)
    await world.settle()

    def deletes() -> None:
        fork.delete()
        again = world.repo.fork(mallory)
        again.store.fetch(fork.git_dir, "+refs/heads/feature:refs/heads/feature")
        again.take_refs()

    repairing(world, deletes)
    await asked(world, pull, ASK)

    (again,) = [one for one in world.github.repositories.values() if one.owner is mallory]
    assert again.head("feature") == fork.head("feature")
    assert "Nothing was pushed" in told(pull)


async def test_bots_and_apps_get_no_fix_however_much_they_may(world: World) -> None:
    attacker = repairing(world)
    pull = opened(world)
    await world.settle()
    later(world)
    bot = world.github.add_user("helper[bot]", type="Bot")
    world.repo.permissions[bot.id] = "admin"
    comment = pull.comment(bot, ASK)
    ours = next(one.user for one in pull.comments if one.user.login == OURS)
    mine = pull.comment(ours, ASK)
    await world.settle()

    assert attacker.seen == []
    assert (signs(comment), signs(mine)) == ([], [])
    assert (fixes(pull), replies(pull)) == ([], [])


async def test_a_finding_of_another_pull_request_is_none_here(world: World) -> None:
    world.repo.commit("main", {**FILES, ".github/revwright.yml": policy(VERIFY)})
    assert world.model is not None
    world.model.behaviour = Reviewer({"evil()": {"title": "It is evil", "severity": "P1", "body": "It is."}})
    world.repo.commit("other", {"evil.py": "evil()\n"})
    other = world.repo.open_pull_request(head="other", title="Another")
    await world.settle()
    (known,) = machine(world, other)["findings"]
    attacker = repairing(world)
    world.repo.commit("feature", {"NOTES.md": "Read me.\n"})
    pull = world.repo.open_pull_request(head="feature", title="Something else")
    await world.settle()
    later(world)
    comment = pull.comment(writer(world), f"@revwright fix {known['id']}")
    await world.settle()

    assert attacker.seen == []
    assert (fixes(pull), fixes(other)) == ([], [])
    assert signs(comment) == ["eyes", "confused"]
    assert "There is no such open finding." in replies(pull)[0]
