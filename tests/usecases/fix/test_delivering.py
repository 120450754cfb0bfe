"""A patch on its way out: everything is looked at again before the push, and after a crash it is looked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.domain.errors import GitHubRefused, PatchRefused
from app.domain.fix.memory import FixMemory, FixRound, RoundState
from app.domain.patches import Refusal
from app.domain.pushing import PushOutcome, PushRefusal, PushState
from app.domain.threads import Permission
from app.domain.transcript import EntryKind
from tests.build import BASE
from tests.usecases.fix.doubles import AGAIN, DRAFT, NEXT, Files
from tests.usecases.fix.stand import PUSHING, Stand

REFUSED = (Refusal("shop.py", "is core"),)


POLICY = ".github/revwright.yml"
SETUP = "version: 1\nfix:\n  setup: [prepare]\n  verify: [check]\n"
SUGGEST = "version: 1\nfix:\n  deliver: suggest\n  verify: [check]\n"


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


def no_setup(line: str, _files: Files) -> int:
    return 1 if line == "prepare" else 0


ENDS: dict[str, tuple[PushOutcome, str]] = {
    "refused": (PushOutcome(PushState.REFUSED, PushRefusal.WORKFLOW, "no"), "GitHub did not take the commit"),
}


@pytest.mark.parametrize(("outcome", "told"), ENDS.values(), ids=ENDS.keys())
async def test_a_push_that_is_refused_is_told_of(outcome: PushOutcome, told: str) -> None:
    stand = Stand()
    stand.git.outcomes.append(outcome)

    assert told in await stand.attend()
    (kept,) = stand.memory.fixes.rounds
    assert (kept.state, kept.commit) == (RoundState.ENDED, None)


async def test_a_branch_that_moved_at_the_push_gets_the_patch_on_its_new_head() -> None:
    stand = Stand()
    stand.git.outcomes.append(PushOutcome(PushState.MOVED))

    async def another_push() -> None:
        moved(stand)

    stand.git.before_push = another_push

    assert await stand.attend() == "delivered"
    assert stand.git.pushed == [AGAIN]
    assert [(entry.kind, entry.step) for entry in stand.transcript[-4:-1]] == [
        (EntryKind.PATCH, f"on the new head {NEXT}"),
        (EntryKind.CHECK, "on the new head"),
        (EntryKind.CHECK, "on the new head, with the patch"),
    ]


async def test_a_branch_that_never_rests_is_left_alone() -> None:
    stand = Stand()
    stand.git.outcomes += [PushOutcome(PushState.MOVED)] * 2

    assert "was pushed to meanwhile" in await stand.attend()


def moves_and(change: Callable[[Stand], None]) -> Callable[[Stand], None]:
    def both(stand: Stand) -> None:
        moved(stand)
        change(stand)

    return both


def core(stand: Stand) -> None:
    stand.git.refuses = PatchRefused(REFUSED)


def secret(stand: Stand) -> None:
    stand.commits[DRAFT]["shop.py"] = b'key = "ghp_' + b"A1b2C3d4E5" * 3 + b'f6G7h8"\n'


def red_now(stand: Stand) -> None:
    stand.boxes.check = lambda line, files: int(line == "check" and files["shop.py"] == b"total = 3\n")


def no_setup_now(stand: Stand) -> None:
    stand.boxes.check = no_setup


MEANWHILE: dict[str, tuple[Callable[[Stand], None], str]] = {
    "closed": (closed, "is closed"),
    "no permission": (of(github_permission=Permission.TRIAGE), "may not ask"),
    "a default branch": (branch(default=True), "is protected, or is the default"),
    "a base": (branch(base_of=12), "is the base of pull request `#12`"),
    "another branch": (branch(name="renamed"), "is gone"),
    "no branch": (of(github_branch=None), "is gone"),
    "another base": (lambda s: setattr(s.github, "pull", replace(s.github.pull, base_ref="x")), "base of the pull"),
    "another policy": (lambda s: s.commits.__getitem__(s.github.pull.base_sha).clear(), "or its policy, changed"),
    "does not fit": (moves_and(of(git_fits=False)), "does not fit"),
    "may not be": (moves_and(core), "does not fit"),
    "a secret there": (moves_and(secret), "does not fit"),
    "red there": (moves_and(red_now), "does not fit"),
    "no setup there": (moves_and(no_setup_now), "does not fit"),
}


@pytest.mark.parametrize(("change", "told"), MEANWHILE.values(), ids=MEANWHILE.keys())
async def test_everything_is_looked_at_again_before_the_push(change: Callable[[Stand], None], told: str) -> None:
    stand = Stand(policy=SETUP)
    stand.git.outcomes.append(PushOutcome(PushState.MOVED))

    async def meanwhile() -> None:
        stand.git.before_push = None
        change(stand)

    stand.git.before_push = meanwhile

    assert told in await stand.attend()
    assert stand.git.pushed == []


@pytest.mark.parametrize(
    ("change", "policy", "told"),
    [
        (branch(may_modify=False, fork=True), SETUP, "does not let maintainers edit"),
        (
            branch(),
            "version: 1\nfix:\n  deliver: suggest\n  verify: [check]\n",
            "**Here is a patch; nothing was pushed.**",
        ),
    ],
)
async def test_a_patch_is_offered_and_nothing_is_pushed(
    change: Callable[[Stand], None], policy: str, told: str
) -> None:
    stand = Stand(policy=policy)
    change(stand)

    assert await stand.attend() == "delivered"
    assert told in stand.told
    assert "```diff" in stand.told
    (kept,) = stand.memory.fixes.rounds
    assert (stand.git.pushed, kept.state, kept.commit) == ([], RoundState.ENDED, None)


CRASHED: dict[str, tuple[FixRound, Callable[[Stand], None], str]] = {
    "pushed again": (PUSHING, branch(), "Fixed!"),
    "there": (PUSHING, branch(at=DRAFT), "Fixed!"),
    "pushed": (replace(PUSHING, state=RoundState.PUSHED), branch(), "Fixed!"),
    "elsewhere": (PUSHING, of(git_outcomes=[PushOutcome(PushState.MOVED)]), "was pushed to meanwhile"),
    "refused": (PUSHING, of(git_outcomes=[ENDS["refused"][0]]), "GitHub did not take the commit"),
    "no token": (PUSHING, of(git_outcomes=[GitHubRefused("gone", status=404)]), "GitHub did not take the commit"),
    "no branch": (PUSHING, of(github_branch=None), "is gone"),
    "another branch": (PUSHING, branch(name="other"), "is gone"),
    "protected": (PUSHING, branch(protected=True), "is protected"),
    "another base": (replace(PUSHING, base_ref="release"), branch(), "or its policy, changed"),
    "another policy": (
        PUSHING,
        lambda s: s.commits.__getitem__(BASE).update({POLICY: SETUP.encode()}),
        "or its policy, changed",
    ),
    "closed": (PUSHING, closed, "is closed"),
    "off": (PUSHING, lambda s: s.commits.__getitem__(BASE).update({POLICY: b"version: 9\n"}), "or its policy, changed"),
    "no permission": (PUSHING, of(github_permission=Permission.READ), "may not ask"),
    "lost": (PUSHING, of(git_known=False), "lost before it reached GitHub"),
}


@pytest.mark.parametrize(("known", "change", "told"), CRASHED.values(), ids=CRASHED.keys())
async def test_after_a_crash_the_commit_is_looked_for_and_told_of(
    known: FixRound, change: Callable[[Stand], None], told: str
) -> None:
    stand = Stand()
    stand.memory.fixes = FixMemory((known,))
    change(stand)

    await stand.attend()

    assert told in stand.told
    assert stand.model.seen == []
    assert (stand.memory.fixes.rounds[0].commit is None) == (told != "Fixed!")


@pytest.mark.parametrize(
    ("known", "change", "told"),
    [
        (PUSHING, branch(), "Somebody stopped it."),
        (PUSHING, branch(at=DRAFT), "Fixed!"),
        (replace(PUSHING, state=RoundState.PUSHED), branch(), "Fixed!"),
    ],
)
async def test_who_is_stopped_pushes_nothing_and_tells_of_what_is_there(
    known: FixRound, change: Callable[[Stand], None], told: str
) -> None:
    stand = Stand()
    stand.memory.fixes = FixMemory((known,))
    change(stand)

    await stand.attending().ended_early("Somebody stopped it.")

    assert told in stand.told
    assert (stand.git.pushed, stand.model.seen) == ([], [])
