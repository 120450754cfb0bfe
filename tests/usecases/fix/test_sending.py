"""Where a commit goes: made by GitHub, on a branch of its own with a pull request, and found again after a crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.domain.errors import GitHubRefused, GitHubUnavailable, SandboxUnavailable, WriteUncertain
from app.domain.fix.memory import FixMemory, FixRound, RoundState
from app.domain.pull_request import Sha
from app.domain.pushing import PushOutcome, PushState
from app.ports import Place
from app.usecases.fix.opening import own_branch
from app.usecases.job import OwnershipLost
from tests.build import HEAD, REF, REPOSITORY
from tests.fakes.scripted_model import ScriptedModel
from tests.usecases.fix.doubles import DRAFT, NEXT, SIGNED
from tests.usecases.fix.stand import ORDER, PUSHING, Stand, answered, free, patches

STACKED = "version: 1\nfix:\n  deliver: pull_request\n  verify: [check]\n"
OWN = "revwright/fix-7-7"
SIGNING = replace(PUSHING, by_github=True, tree=Sha("1" * 40), message="Title\n\nBody")
TAKEN = PushOutcome(PushState.MOVED)


def signing(policy: str = "version: 1\nfix:\n  verify: [check]\n") -> Stand:
    return Stand(github_commits=True, policy=policy)


async def test_github_makes_the_commit_where_it_is_to_sign_it() -> None:
    stand = signing()

    assert await stand.attend() == "delivered"
    (kept,) = stand.memory.fixes.rounds
    assert (kept.commit, stand.signed.files, stand.git.pushed) == (SIGNED, {"shop.py": b"total = 3\n"}, [])
    assert "another content" not in stand.told


async def test_a_new_branch_that_github_does_not_see_yet_is_tried_again() -> None:
    stand = signing(STACKED)
    stand.signed.refuses = GitHubRefused("stale", status=409)

    with pytest.raises(GitHubUnavailable, match="is not where it was made"):
        await stand.attend()
    assert stand.memory.fixes.rounds[0].state is RoundState.PUSHING


async def test_a_new_branch_that_stays_without_its_commit_is_told_of() -> None:
    stand = signing(STACKED)
    stand.signed.refuses = GitHubRefused("forbidden", status=403)

    assert f"the new branch {OWN} was made before" in (await stand.attend()).replace("`", "")


async def test_a_file_that_is_deleted_is_deleted_by_github() -> None:
    patch = "*** Begin Patch\n*** Delete File: more.py\n*** End Patch\n"
    stand = Stand(github_commits=True, model=ScriptedModel([patches(patch), answered()]))

    assert await stand.attend() == "delivered"
    assert stand.signed.files == {"more.py": None}


async def test_a_commit_of_github_with_another_content_is_told_of() -> None:
    stand = signing()
    stand.signed.holds = Sha("9" * 40)

    assert await stand.attend() == "delivered"
    assert "another content than the patch that was verified" in stand.told


@pytest.mark.parametrize(
    ("status", "told"), [(409, "was pushed to meanwhile"), (422, "GitHub did not take the commit")]
)
async def test_a_commit_that_github_does_not_make_is_told_of(status: int, told: str) -> None:
    stand = signing()
    stand.signed.refuses = GitHubRefused("no", status=status)

    assert told in await stand.attend()
    assert stand.memory.fixes.rounds[0].commit is None


async def test_a_commit_that_github_did_not_confirm_is_looked_for() -> None:
    stand = signing()
    stand.signed.refuses = WriteUncertain("502")
    assert await stand.attend() == "delivered"
    assert stand.memory.fixes.rounds[0].commit == SIGNED

    stand = signing()
    stand.signed.refuses, stand.signed.arrives = WriteUncertain("502"), False
    with pytest.raises(WriteUncertain):
        await stand.attend()
    assert stand.memory.fixes.rounds[0].state is RoundState.PUSHING


async def test_a_fix_may_get_a_pull_request_of_its_own() -> None:
    for stand in (Stand(policy=STACKED), signing(STACKED)):
        assert await stand.attend() == "delivered"
        assert stand.git.made == [OWN]
        assert stand.proposals.opened == {OWN: "topic"}
        assert "in pull request [`#70`]" in stand.told


async def test_a_branch_without_a_pull_request_is_told_of() -> None:
    stand = Stand(policy=STACKED)
    stand.proposals.refuses = GitHubRefused("no", status=422)

    assert await stand.attend() == "delivered"
    assert f"on the branch `{OWN}`.** GitHub let no pull request be opened" in stand.told


@pytest.mark.parametrize("stand", [Stand(policy=STACKED), signing(STACKED)])
async def test_a_branch_that_is_there_is_left_alone(stand: Stand) -> None:
    stand.git.outcomes.append(TAKEN)

    assert f"There is a branch `{OWN}` already" in await stand.attend()
    assert stand.proposals.opened == {}


async def test_nobody_opens_a_pull_request_in_a_fork() -> None:
    stand = Stand(policy=STACKED)
    assert stand.github.branch is not None
    stand.github.branch = replace(stand.github.branch, fork=True)

    assert await stand.attend() == "delivered"
    assert "in the repository of a fork none is opened" in stand.told
    assert (stand.git.pushed, stand.proposals.opened) == ([], {})


async def test_a_branch_of_a_fork_is_told_of_with_its_owner() -> None:
    stand = Stand()
    assert stand.github.branch is not None
    stand.github.branch = replace(stand.github.branch, fork=True)

    assert await stand.attend() == "delivered"
    assert f"pushed to `{stand.github.branch.repository.owner}:topic`" in stand.told


def test_a_branch_of_ours_is_named_by_the_comment_or_the_run() -> None:
    assert own_branch(ORDER, Place(REF, REPOSITORY), "0a") == OWN
    assert own_branch(replace(ORDER, thread=3), Place(REF, REPOSITORY), "0a") == "revwright/fix-7-r7"
    assert own_branch(replace(ORDER, comment=0), Place(REF, REPOSITORY), "0a") == "revwright/fix-7-0a"


async def test_a_patch_that_a_comment_cannot_carry_is_not_offered() -> None:
    long = f"*** Begin Patch\n*** Add File: long.py\n+x = '{'x' * 31_000}'\n*** End Patch\n"
    suggest = "version: 1\nfix:\n  deliver: suggest\n  verify: [check]\n"
    stand = Stand(policy=suggest, model=ScriptedModel([patches(long), answered()]))

    assert "a comment cannot carry it" in await stand.attend()


async def test_a_branch_whose_name_git_may_not_have_is_not_pushed_to() -> None:
    stand = Stand()
    assert stand.github.branch is not None
    stand.github.branch = replace(stand.github.branch, name="-topic")

    assert "The name of the branch `-topic` begins like an option" in await stand.attend()
    assert stand.boxes.opened == 0


async def test_without_a_token_nothing_is_sent() -> None:
    stand = Stand()
    stand.git.outcomes.append(GitHubRefused("no installation", status=404))

    assert "GitHub did not take the commit" in await stand.attend()
    assert stand.memory.fixes.rounds[0].commit is None


async def test_who_finds_the_commit_of_another_worker_leaves_it_alone() -> None:
    stand = Stand()
    stand.git.outcomes.append(TAKEN)

    async def another_worker() -> None:
        stand.git.before_push = None
        stand.memory.fixes = FixMemory((replace(PUSHING, commit=NEXT),))

    stand.git.before_push = another_worker

    with pytest.raises(OwnershipLost, match="another worker made eeee"):
        await stand.attend()
    assert stand.git.pushed == []


async def test_a_workspace_that_cannot_be_deleted_ages() -> None:
    stand = Stand()

    async def the_runner_dies() -> None:
        stand.boxes.broken = SandboxUnavailable("the runner is gone")

    stand.git.before_push = the_runner_dies

    assert await stand.attend() == "delivered"
    assert len(stand.boxes.kept) == 1


@pytest.mark.parametrize(("inside", "pushed"), [({DRAFT}, True), (set(), False)])
async def test_what_somebody_pushed_onto_is_delivered(inside: set[Sha], pushed: bool) -> None:
    stand = Stand()
    stand.git.outcomes += [PushOutcome(PushState.MOVED, at=NEXT)] * 2
    stand.git.inside = inside

    assert (await stand.attend() == "delivered") is pushed
    assert (stand.memory.fixes.rounds[0].commit == DRAFT) is pushed


def without_branch(stand: Stand) -> None:
    stand.github.branch = None


def without_sandbox(stand: Stand) -> None:
    stand.executes = False
    stand.commits[DRAFT] = stand.commits[HEAD] | {"shop.py": b"total = 3\n"}


def made(stand: Stand) -> None:
    stand.signed.made = SIGNED


def uncertain(stand: Stand) -> None:
    stand.proposals.opened[OWN] = "topic"


RESUMED: dict[str, tuple[FixRound, Callable[[Stand], None], str, Sha]] = {
    "made": (SIGNING, made, "pushed to `topic`", SIGNED),
    "not made": (SIGNING, without_sandbox, "pushed to `topic`", SIGNED),
    "pushed": (replace(PUSHING, branch=OWN, onto="topic"), uncertain, "in pull request [`#70`]", DRAFT),
    "stacked": (replace(SIGNING, branch=OWN, onto="topic"), made, "in pull request [`#70`]", SIGNED),
}


@pytest.mark.parametrize(("known", "change", "told", "commit"), RESUMED.values(), ids=RESUMED.keys())
async def test_after_a_crash_it_arrives_where_it_was_going(
    known: FixRound, change: Callable[[Stand], None], told: str, commit: Sha
) -> None:
    stand = Stand()
    stand.memory.fixes = FixMemory((known,))
    change(stand)

    assert await stand.attend() == "delivered before, and told of now"
    assert told in stand.told
    assert (stand.memory.fixes.rounds[0].commit, stand.model.seen) == (commit, [])


@pytest.mark.parametrize(("change", "told"), [(made, "pushed to `topic`"), (lambda _stand: None, "Somebody stopped")])
async def test_a_commit_on_a_branch_that_is_gone_is_told_of(change: Callable[[Stand], None], told: str) -> None:
    stand = Stand()
    stand.memory.fixes = FixMemory((SIGNING,))
    without_branch(stand)
    change(stand)

    await stand.attending().ended_early("Somebody stopped it.")
    assert told in stand.told


async def test_after_a_crash_a_branch_that_is_taken_is_left_alone() -> None:
    stand = Stand()
    stand.memory.fixes = FixMemory((replace(PUSHING, branch=OWN, onto="topic"),))
    stand.git.outcomes.append(TAKEN)

    assert f"There is a branch `{OWN}` already" in await stand.attend()


async def test_what_was_refused_before_a_crash_is_told_of() -> None:
    stand = Stand()
    refused = replace(PUSHING, state=RoundState.PUSHED, commit=None, report="Nothing was pushed.")
    stand.memory.fixes = FixMemory((refused,))

    assert await stand.attending().attend(free, stand.heard) == "delivered before, and told of now"
    assert "Nothing was pushed." in stand.told
