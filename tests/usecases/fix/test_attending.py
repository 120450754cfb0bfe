"""One wish from its note to its report, where no story comes by: each end, and every way out on the way there."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.domain.errors import GitHubRefused, ModelUnavailable, PatchRefused, SandboxUnavailable
from app.domain.fix.ci import FailedCheck
from app.domain.fix.memory import FixMemory, FixRound, RoundState
from app.domain.fix.plan import Plan, PlanStep, StepState
from app.domain.patches import Refusal
from app.domain.sandbox import Limit
from app.domain.threads import Permission
from app.ports import Comment
from tests.build import HEAD
from tests.fakes.scripted_model import ScriptedModel, calls, says
from tests.usecases.fix.doubles import DRAFT, NEXT, Files
from tests.usecases.fix.stand import ORDER, PATCH, PUSHING, TEST_PATCH, Stand, answered, free, passes, patches
from tests.usecases.review.scene import NOW

REFUSED = (Refusal("shop.py", "is core"),)


def red_until_fixed(_line: str, files: Files) -> int:
    return 0 if files["shop.py"] == b"total = 3\n" else 1


def red(_line: str, _files: Files) -> int:
    return 1


def worse(_line: str, files: Files) -> int:
    return 1 if files["shop.py"] == b"total = 3\n" else 0


def with_model(*replies: object) -> ScriptedModel:
    return ScriptedModel(replies)  # type: ignore[arg-type]


async def test_a_verified_commit_is_pushed_and_told_of_once() -> None:
    stand = Stand()

    assert await stand.attend() == "delivered"
    assert stand.git.pushed == [DRAFT]
    assert "pushed to `topic`" in stand.told
    (kept,) = stand.memory.fixes.rounds
    assert (kept.state, kept.commit, kept.paths, kept.report) == (RoundState.ENDED, DRAFT, ("shop.py",), "")
    assert await stand.attend() == "answered before"
    assert stand.git.pushed == [DRAFT]


def closed(stand: Stand) -> None:
    stand.github.pull = replace(stand.github.pull, open=False)


def moved(stand: Stand) -> None:
    stand.github.pull = replace(stand.github.pull, head_sha=NEXT)


def branch(**changes: object) -> Callable[[Stand], None]:
    def change(stand: Stand) -> None:
        assert stand.github.branch is not None
        stand.github.branch = replace(stand.github.branch, **changes)  # type: ignore[arg-type]

    return change


def of(**changes: object) -> Callable[[Stand], None]:
    """A stand with other values: `github_branch=None` is `stand.github.branch`."""

    def change(stand: Stand) -> None:
        for name, value in changes.items():
            where, _, attribute = name.partition("_")
            setattr(getattr(stand, where), attribute, value)

    return change


def tried(stand: Stand) -> None:
    stand.memory.fixes = FixMemory(tuple(FixRound(str(n), HEAD, RoundState.ENDED, 9) for n in range(3)))


UNREADY: dict[str, tuple[Callable[[Stand], None], str]] = {
    "closed": (closed, "is closed"),
    "another head": (moved, "The branch is at `eeeeeeeeeeee` now"),
    "no permission": (of(github_permission=Permission.READ), "ann may not ask for fixes"),
    "tried often": (tried, "3 fixes were tried"),
    "no branch": (of(github_branch=None), "is gone"),
    "conflict": (of(git_clean=False), "is in conflict with `main`"),
    "protected": (branch(protected=True), "is protected"),
    "the default branch": (branch(default=True), "is protected"),
    "nothing open": (of(memory_past=None), "There is no such finding open any more"),
}


@pytest.mark.parametrize(("change", "told"), UNREADY.values(), ids=UNREADY.keys())
async def test_nothing_begins_where_something_stands_in_the_way(change: Callable[[Stand], None], told: str) -> None:
    stand = Stand()
    change(stand)
    tries = stand.memory.fixes.attempts

    assert told in await stand.attend()
    assert "**Nothing was pushed.**" in stand.told
    assert stand.model.seen == []
    assert (stand.git.pushed, stand.boxes.opened, stand.memory.fixes.attempts) == ([], 0, tries)


@pytest.mark.parametrize(
    ("stand", "told"),
    [
        (Stand(policy="version: 9\n"), "policy of the base branch is invalid"),
        (Stand(policy="version: 1\nfix: {enabled: false}\n"), "does not let fixes be made"),
        (Stand(policy="version: 1\n"), "nothing to verify a fix with"),
        (Stand(executes=False), "has no sandbox"),
    ],
    ids=["invalid", "off", "no checks", "no sandbox"],
)
async def test_what_the_policy_and_the_deployment_do_not_allow(stand: Stand, told: str) -> None:
    assert told in await stand.attend()
    assert stand.memory.fixes.attempts == 0


async def test_checks_are_found_where_the_policy_names_none() -> None:
    stand = Stand(policy="version: 1\n")
    for commit in stand.commits.values():
        commit["Makefile"] = b"test:\n\ttrue\n"

    assert await stand.attend() == "delivered"
    assert "Makefile" in stand.told


async def test_without_a_model_nothing_is_fixed() -> None:
    stand = Stand()
    parts = stand.parts()
    parts = replace(parts, engine=replace(parts.engine, choice=None))

    assert "No model" in await stand.attending(parts=parts).attend(free, stand.heard)


SETUP = "version: 1\nfix:\n  setup: [prepare]\n  verify: [check]\n"


def limited(_line: str, _files: Files) -> Limit:
    return Limit.TIME


def no_setup(line: str, _files: Files) -> int:
    return 1 if line == "prepare" else 0


@pytest.mark.parametrize(
    ("stand", "told"),
    [
        (Stand(check=limited), "cannot be run here"),
        (Stand(check=no_setup, policy=SETUP), "a command of `fix.setup`, failed"),
        (Stand(check=red, model=with_model(patches(), answered(), answered(), answered())), "still fail"),
        (Stand(check=worse, model=with_model(patches(), answered(), answered(), answered())), "are worse than"),
        (
            Stand(model=with_model(answered(not_fixed=[{"what": "F012345678", "how": "right"}]))),
            "changed nothing",
        ),
        (Stand(model=with_model(says("no"), says("no"), says("no"), says("no"))), "did not come to an end"),
        (Stand(model=with_model(*[ModelUnavailable("503")] * 9)), "did not come to an end"),
    ],
    ids=["a limit", "setup", "still red", "worse", "nothing", "no answer", "no model"],
)
async def test_what_does_not_become_a_commit(stand: Stand, told: str) -> None:
    assert told in await stand.attend()
    assert stand.git.pushed == []
    assert "**Nothing was pushed.**" in stand.told


async def test_a_patch_that_may_not_be_is_handed_back_and_refused_in_the_end() -> None:
    stand = Stand(model=with_model(patches(), answered(), answered(), answered()))
    stand.git.refuses = PatchRefused(REFUSED)

    assert "not one that may become a commit" in await stand.attend()
    assert "- `shop.py` is core" in stand.told
    assert "shop.py: is core" in stand.model.seen[-1].messages[-1].text
    (kept,) = stand.memory.fixes.rounds
    assert (kept.state, kept.commit) == (RoundState.ENDED, None)


async def test_a_sandbox_that_is_away_before_a_model_was_asked_is_waited_for() -> None:
    stand = Stand()
    stand.boxes.broken = SandboxUnavailable("the runner is gone")

    with pytest.raises(SandboxUnavailable):
        await stand.attend()
    assert stand.memory.fixes.attempts == 0


async def test_a_sandbox_that_goes_away_after_a_model_was_asked_ends_it() -> None:
    stand = Stand(model=with_model(patches(), patches(TEST_PATCH), answered()))

    def breaks(_line: str, files: Files) -> int:
        if files["shop.py"] == b"total = 3\n":
            stand.boxes.broken = SandboxUnavailable("the runner is gone")
        return 0

    stand.boxes.check = breaks
    assert "The sandbox could not be used: the runner is gone" in await stand.attend()
    assert stand.memory.fixes.attempts == 1


async def test_checks_that_failed_before_are_the_test() -> None:
    stand = Stand(check=red_until_fixed)

    assert await stand.attend() == "delivered"
    assert "Checks that failed before the fix pass with it." in stand.told


def red_with_the_test_alone(_line: str, files: Files) -> int:
    return 1 if "test_shop.py" in files and files["shop.py"] != b"total = 3\n" else 0


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (red_with_the_test_alone, "without the fix, the checks end badly and do not say why."),
        (passes, "also passes without the fix"),
    ],
)
async def test_a_new_test_runs_on_the_code_without_the_fix(check: Callable[[str, Files], int], told: str) -> None:
    stand = Stand(check=check, model=with_model(patches(), patches(TEST_PATCH), answered()))

    assert await stand.attend() == "delivered"
    assert told in stand.told


def at_run(number: int) -> Callable[[str, Files], int]:
    """`setup` fails from the run of this number on, counted from 1."""
    runs = itertools.count(1)
    return lambda line, _files: int(line == "prepare" and next(runs) >= number)


@pytest.mark.parametrize("number", [2, 3])
async def test_a_setup_that_fails_later_is_told_of_too(number: int) -> None:
    replies = (patches(), answered(), answered(), answered())
    stand = Stand(policy=SETUP, check=at_run(number), model=with_model(*replies))

    assert "a command of `fix.setup`, failed" in await stand.attend()
    assert "prepare says 1" in stand.told


async def test_a_test_whose_setup_fails_without_the_fix_shows_nothing() -> None:
    stand = Stand(policy=SETUP, check=at_run(4), model=with_model(patches(), patches(TEST_PATCH), answered()))

    assert await stand.attend() == "delivered"
    assert "could not be run on the code without the fix" in stand.told


async def test_what_the_sandbox_may_not_hand_out_is_no_patch() -> None:
    stand = Stand(model=with_model(patches(), answered(), answered(), answered()))
    stand.boxes.refused = REFUSED

    assert "not one that may become a commit" in await stand.attend()


async def test_what_git_says_of_a_commit_is_guarded_as_well() -> None:
    secret = PATCH.replace("= 3", "= 'ghp_" + "A1b2C3d4E5" * 3 + "f6G7h8'")
    stand = Stand(model=with_model(patches(secret), answered(), answered(), answered()))

    assert "not one that may become a commit" in await stand.attend()
    assert "`shop.py` has in line 1" in stand.told


async def test_a_plan_is_told_as_it_stands() -> None:
    steps = {"steps": [{"text": "Look", "state": "doing"}]}
    stand = Stand(model=with_model(calls(("plan", steps)), patches(), answered()))
    attending = stand.attending()
    telling = attending._telling()
    await telling.planned(Plan((PlanStep("Look", StepState.DOING),)))

    assert "- [ ] **Look**" in stand.told
    assert await attending.attend(free, stand.heard) == "delivered"


async def test_deleted_files_are_deleted_where_the_checks_run() -> None:
    patch = "*** Begin Patch\n*** Delete File: more.py\n*** End Patch\n"
    stand = Stand(model=with_model(patches(patch), answered()))

    assert await stand.attend() == "delivered"
    assert "| `more.py` | +0 | -1 |" in stand.told


WORDS = replace(ORDER, findings=(), words=True)
SAID = Comment(7, 7, 9, "ann", True, False, NOW, False, "@revwright fix the total is wrong")


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        (SAID, "delivered"),
        (None, "edited or deleted"),
        (replace(SAID, edited=True), "edited or deleted"),
        (replace(SAID, author_id=8), "edited or deleted"),
        (replace(SAID, body="> quoted"), "edited or deleted"),
        (replace(SAID, body="@revwright help"), "edited or deleted"),
    ],
    ids=["there", "gone", "edited", "of another", "no paragraph", "another command"],
)
async def test_words_are_read_again_where_they_were_said(comment: Comment | None, told: str) -> None:
    stand = Stand()
    stand.github.comment_there = comment

    assert told in await stand.attend(WORDS)
    if comment is SAID:
        assert "=== asked for in words\nthe total is wrong\n" in stand.model.seen[0].messages[1].text


async def test_who_took_a_commit_back_is_asked_before_the_next_one() -> None:
    stand = Stand()
    stand.git.inside = {DRAFT}
    stand.commits[DRAFT] = dict(stand.commits[HEAD])
    stand.memory.fixes = FixMemory((replace(PUSHING, wish="6", state=RoundState.ENDED),))

    assert "was taken back" in await stand.attend()
    assert stand.memory.fixes.off
    again = replace(ORDER, wish="8", again=True)
    assert "which ann does not have here" in await stand.attend(again)
    assert stand.memory.fixes.off
    stand.github.permission = Permission.MAINTAIN
    assert await stand.attend(replace(again, wish="9")) == "delivered"
    assert not stand.memory.fixes.off


async def test_a_commit_that_is_not_in_the_head_any_more_was_taken_back() -> None:
    stand = Stand()
    stand.memory.fixes = FixMemory((replace(PUSHING, wish="6", state=RoundState.ENDED),))

    assert "was taken back" in await stand.attend()


async def test_a_pull_request_of_ours_that_nobody_merged_is_not_taken_back() -> None:
    stand = Stand()
    stand.memory.fixes = FixMemory((replace(PUSHING, wish="6", state=RoundState.ENDED, onto="topic"),))

    assert await stand.attend() == "delivered"


async def test_the_next_wish_goes_on_with_what_was_refused() -> None:
    stand = Stand(check=red, model=with_model(patches(), answered(), answered(), answered(), answered()))
    assert "still fail" in await stand.attend()

    stand.boxes.check = red_until_fixed
    assert await stand.attend(replace(ORDER, wish="8")) == "delivered"
    told = stand.model.seen[-1].messages[1].text
    assert "=== files that an earlier try has changed already\nshop.py\n" in told


CHECK = FailedCheck("unit", "ci", "failure", "1 failed", "", (), "total is 2", "")


async def test_what_ci_says_is_told_to_the_model() -> None:
    for checks, told in (((CHECK,), True), ((FailedCheck.unread("logs", "403"),), False)):
        stand = Stand()
        stand.ci.checks = checks
        assert await stand.attend() == "delivered"
        said = stand.model.seen[0].messages[1].text
        assert ("=== what CI says of this head\n" in said) is told
        assert ("total is 2" in said) is told


async def test_progress_that_github_does_not_take_is_no_error() -> None:
    stand = Stand()
    attending = stand.attending()
    stand.github.refuses = GitHubRefused("locked", status=403)

    await attending._telling().line("it begins")
    assert stand.github.said == []


async def test_what_a_model_said_before_a_crash_is_not_paid_again() -> None:
    stand = Stand()
    assert await stand.attend() == "delivered"
    asked, used = len(stand.model.seen), list(stand.heard.uses)
    stand.memory.fixes = FixMemory()

    assert await stand.attend() == "delivered"
    assert (len(stand.model.seen), stand.heard.uses) == (asked, used)
