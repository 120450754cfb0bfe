"""A fix ends between remembering its commit and hearing of the push; and the world is another one when it goes on."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.domain.branches import HeadBranch
from app.domain.commands.asked import Who
from app.domain.errors import GitFailed, GitHubRefused
from app.domain.events import Delivery
from app.domain.fix.memory import FixRound, RoundState
from app.domain.fix.order import FixOrder
from app.domain.jobs import JobKind, RowKey
from app.domain.pull_request import RepositoryName, Sha
from app.domain.pushing import PushOutcome, PushState
from app.domain.row import Note, Wanted
from app.ports import HeadBranches, Place
from app.usecases.fix.attending import Attending
from app.usecases.fix.run import FixRun
from app.usecases.fix.telling import FixVoice
from tests.fakes.github import PullRequest
from tests.stories.fixing import later, open_task, repairer, told, writer
from tests.stories.test_commands_trouble import job_of as command_of
from tests.stories.test_failures import row_key
from tests.stories.test_fix import place as place  # noqa: PLC0414 - the fixture
from tests.stories.test_fix import runner as runner  # noqa: PLC0414 - the fixture
from tests.stories.test_fix import world as world  # noqa: PLC0414 - the fixture
from tests.stories.test_fix_crashes import CHECK, POLICY, RIGHT, SCRIPT, WRONG
from tests.world import World

ASKED = "@revwright fix the price of 150 cents"
Happening = Callable[[], object]


@dataclass
class Pushes:
    """Passes everything on to ports.Repairs; what a push meets is said by `ends`, one for each, and then nothing."""

    real: Any
    ends: list[Callable[[Any], Any]]
    pushed: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def push(self, *arguments: Any, **named: Any) -> PushOutcome:
        async def really() -> PushOutcome:
            outcome: PushOutcome = await self.real.push(*arguments, **named)
            return outcome

        self.pushed += 1
        if not self.ends:
            return await really()
        outcome: PushOutcome = await self.ends.pop(0)(really)
        return outcome


@dataclass
class Branches:
    """Implements ports.HeadBranches; `gone`: GitHub has none any more."""

    real: HeadBranches
    gone: bool = False

    async def read(self, place: Place) -> HeadBranch | None:
        return None if self.gone else await self.real.read(place)


def lost(then: Happening, *, arrives: bool = False) -> Callable[[Any], Any]:
    """Nobody hears how the push ended, and then something happens."""

    async def push(really: Callable[[], Any]) -> PushOutcome:
        if arrives:
            await really()
        then()
        raise GitFailed("the answer was lost", retry=True)

    return push


def meets(outcome: PushOutcome | Exception) -> Callable[[Any], Any]:
    async def push(_really: object) -> PushOutcome:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return push


def nothing() -> None:
    """Nobody does anything."""


def job_of(world: World) -> FixRun:
    job = world.services.jobs[JobKind.FIX]
    assert isinstance(job, FixRun)
    return job


def install(world: World, job: FixRun) -> None:
    world.services = replace(world.services, jobs={**world.services.jobs, JobKind.FIX: job})


def pushing(world: World, *ends: Callable[[Any], Any]) -> Pushes:
    """From now on pushes end so."""
    job = job_of(world)
    pushes = Pushes(job.parts.repairs, list(ends))
    branches = Branches(job.parts.head_branches)
    install(world, replace(job, parts=replace(job.parts, repairs=pushes, head_branches=branches)))
    return pushes


async def opened(world: World) -> PullRequest:
    assert world.model is not None
    world.model.behaviour = repairer(SCRIPT)
    pull = open_task(world, {"check.sh": CHECK, "price.sh": WRONG}, "sh check.sh", {"NOTES.md": "Read me.\n"})
    await world.settle()
    later(world)
    return pull


async def ask(world: World, pull: PullRequest) -> None:
    pull.comment(writer(world), ASKED)
    await world.settle()


async def the_round(world: World, pull: PullRequest) -> FixRound:
    (one,) = (await job_of(world).parts.fixes.recall(row_key(world, pull).ref)).rounds
    return one


async def assert_nothing_pushed(world: World, pull: PullRequest, why: str) -> None:
    said = told(pull)
    assert "**Nothing was pushed.**" in said
    assert why in said
    ended = await the_round(world, pull)
    assert (ended.state, ended.commit) == (RoundState.ENDED, None)
    assert RIGHT.encode() not in world.repo.store.run("show", f"{pull.head_sha}:price.sh")


async def assert_pushed(world: World, pull: PullRequest, commit: str) -> None:
    assert f"{commit}" in told(pull)
    assert "**Fixed in " in told(pull)
    ended = await the_round(world, pull)
    assert (ended.state, ended.commit) == (RoundState.ENDED, commit)


@pytest.mark.parametrize("arrives", [False, True])
async def test_a_push_whose_answer_was_lost_is_looked_for(world: World, *, arrives: bool) -> None:
    pull = await opened(world)
    pushes = pushing(world, lost(nothing, arrives=arrives))
    await ask(world, pull)

    await assert_pushed(world, pull, pull.head_sha)
    assert pushes.pushed == (1 if arrives else 2)
    assert len(world.repo.store.log(f"main..{pull.head_sha}")) == 2


def disabled(world: World) -> None:
    world.repo.commit("main", {".github/revwright.yml": f"{POLICY}  enabled: false\n"})


CHANGES: list[tuple[Callable[[World, PullRequest], object], str]] = [
    (lambda _world, pull: pull.close(), "The pull request is closed."),
    (lambda world, _pull: world.repo.permissions.update(_reads(world)), "may not ask for fixes here any more"),
    (lambda world, _pull: world.repo.protected_branches.add("feature"), "is protected"),
    (lambda world, _pull: disabled(world), "The base of the pull request, or its policy, changed meanwhile."),
    (lambda world, _pull: world.repo.commit("feature", {"price.sh": "echo 1\n"}), "The branch was pushed to meanwhile"),
    (lambda world, _pull: shutil.rmtree(world.settings.data_dir / "mirrors"), "lost before it reached GitHub"),
    (lambda world, _pull: _without_branch(world), "The branch of this pull request, or its repository, is gone."),
]


def _reads(world: World) -> dict[int, str]:
    return {writer(world).id: "read"}


def _without_branch(world: World) -> None:
    branches = job_of(world).parts.head_branches
    assert isinstance(branches, Branches)
    branches.gone = True


@pytest.mark.parametrize(("change", "why"), CHANGES, ids=[why for _, why in CHANGES])
async def test_what_must_hold_before_a_push_must_hold_when_it_is_tried_again(
    world: World, change: Callable[[World, PullRequest], object], why: str
) -> None:
    pull = await opened(world)
    pushing(world, lost(lambda: change(world, pull)))
    await ask(world, pull)

    await assert_nothing_pushed(world, pull, why)


async def test_a_commit_that_arrived_is_told_of_whatever_happened_since(world: World) -> None:
    pull = await opened(world)

    def merged_on() -> None:
        world.repo.commit("feature", {"NOTES.md": "Read me first.\n"})
        pull.close()

    pushes = pushing(world, lost(merged_on, arrives=True))
    await ask(world, pull)

    (_, arrived, *_) = world.repo.store.log(f"main..{pull.head_sha}")
    await assert_pushed(world, pull, arrived)
    assert pushes.pushed == 1


async def test_a_commit_with_another_one_on_top_counts_as_pushed_at_once(world: World) -> None:
    pull = await opened(world)

    async def overtaken(really: Callable[[], Any]) -> PushOutcome:
        await really()
        return PushOutcome(PushState.MOVED, at=Sha(world.repo.commit("feature", {"NOTES.md": "Read me first.\n"})))

    pushing(world, overtaken)
    await ask(world, pull)

    (_, arrived, *_) = world.repo.store.log(f"main..{pull.head_sha}")
    await assert_pushed(world, pull, arrived)


NO_TOKEN = GitHubRefused("no push token: suspended", status=403)
DECLINED = PushOutcome(PushState.REFUSED, None, "hook declined")


@pytest.mark.parametrize("outcome", [NO_TOKEN, DECLINED], ids=["no token", "declined"])
@pytest.mark.parametrize("again", [False, True])
async def test_a_refusal_by_github_is_told(world: World, outcome: Any, *, again: bool) -> None:
    pull = await opened(world)
    pushing(world, *([lost(nothing)] if again else []), meets(outcome))
    await ask(world, pull)

    await assert_nothing_pushed(world, pull, "GitHub did not take the commit:")


@pytest.mark.parametrize("arrives", [False, True])
async def test_what_is_given_up_is_looked_for_and_never_pushed_again(world: World, *, arrives: bool) -> None:
    pull = await opened(world)

    async def broken(really: Callable[[], Any]) -> PushOutcome:
        if arrives:
            await really()
        raise GitFailed("git is broken")

    pushes = pushing(world, broken)
    await ask(world, pull)

    assert pushes.pushed == 1
    if arrives:
        await assert_pushed(world, pull, pull.head_sha)
    else:
        await assert_nothing_pushed(world, pull, "It was given up: git is broken")


async def test_a_report_that_github_did_not_take_is_told_by_the_next_attempt(world: World) -> None:
    pull = await opened(world)

    async def untold(really: Callable[[], Any]) -> PushOutcome:
        outcome: PushOutcome = await really()
        world.github.faults.add(method="PATCH", path=r"/issues/comments/\d+$", status=502, times=4)
        return outcome

    pushes = pushing(world, untold)
    await ask(world, pull)

    await assert_pushed(world, pull, pull.head_sha)
    assert pushes.pushed == 1


@pytest.mark.parametrize("drop", [False, True], ids=["502", "cut"])
async def test_a_token_that_github_does_not_give_is_asked_for_again(world: World, *, drop: bool) -> None:
    pull = await opened(world)

    async def tokenless(really: Callable[[], Any]) -> PushOutcome:
        world.github.faults.add(method="POST", path="/access_tokens$", status=502, times=4, drop=drop)
        outcome: PushOutcome = await really()
        return outcome

    pushing(world, tokenless)
    await ask(world, pull)

    await assert_pushed(world, pull, pull.head_sha)
    assert len(world.repo.store.log(f"main..{pull.head_sha}")) == 2


async def test_a_commit_that_was_forced_away_counts_as_taken_back_without_a_copy_of_it(world: World) -> None:
    pull = await opened(world)
    head = pull.head_sha
    await ask(world, pull)
    assert pull.head_sha != head
    world.repo.force_push("feature", head)
    shutil.rmtree(world.settings.data_dir / "mirrors")
    await world.settle()
    later(world, 20)
    await ask(world, pull)

    (_, second) = [one.body for one in pull.comments if "<!-- revwright:fix:" in one.body]
    assert "was taken back, so I fix nothing here any more" in second
    assert pull.head_sha == head


async def test_a_stop_that_comes_after_the_end_changes_nothing(world: World) -> None:
    pull = await opened(world)
    await ask(world, pull)
    before, ended = told(pull), await the_round(world, pull)
    row = await world.services.ledger.read(replace(row_key(world, pull), kind=JobKind.FIX))
    assert row is not None
    asked = next(one for one in pull.comments if one.body == ASKED)
    order = FixOrder(ended.wish, ended.head, (), Who(writer(world).id, "wanda"), asked.id)
    await Attending(job_of(world).parts, order, row).ended_early("Somebody stopped it.")

    assert told(pull) == before


async def test_who_finds_the_commit_of_another_worker_pushes_none(world: World) -> None:
    pull = await opened(world)
    pushes = pushing(world)
    other = Sha("f" * 40)
    fixes, ref, draft = job_of(world).parts.fixes, row_key(world, pull).ref, pushes.real.commit

    async def commit(*arguments: Any, **named: Any) -> Any:
        (note,) = await job_of(world).parts.notes.of(replace(row_key(world, pull), kind=JobKind.FIX))
        theirs = FixRound(
            note.note.id.removeprefix("fix:"), Sha(pull.head_sha), RoundState.PUSHING, 1, branch="feature", commit=other
        )
        await fixes.keep(ref, (await fixes.recall(ref)).having(theirs))
        return await draft(*arguments, **named)

    pushes.commit = commit  # type: ignore[attr-defined]
    await ask(world, pull)

    assert pushes.pushed == 0
    assert (await the_round(world, pull)).commit == other
    assert "Nothing was pushed" not in told(pull)


async def test_a_command_that_is_heard_again_takes_nothing_back(world: World) -> None:
    """As after a worker that died when it had handed the wish on."""
    pull = await opened(world)
    kept = await noted(world, pull)
    await world.work()
    before, head = told(pull), pull.head_sha
    await job_of(world).parts.outbox.forget(row_key(world, pull).ref, f"answered:{kept.id}")
    await heard_again(world, pull, kept)

    assert (told(pull), pull.head_sha) == (before, head)
    assert _says(pull) == []


@pytest.mark.parametrize(
    ("moves", "said", "why"),
    [(True, ASKED, "Look at it, and ask again."), (False, "@revwright fix all", "There is no such finding open")],
)
async def test_a_comment_that_nobody_went_on_with_is_brought_to_its_end(
    world: World, *, moves: bool, said: str, why: str
) -> None:
    """As after a worker that died right after it: what is in the way by then is said there."""
    pull = await opened(world)
    kept = await noted(world, pull, said)
    parts, place = job_of(world).parts, Place(row_key(world, pull).ref, RepositoryName("acme", "web"))
    voice = FixVoice(parts.conversation, parts.outbox, parts.marker_key, parts.github_url)
    order = FixOrder(kept.id, Sha(pull.head_sha), (), Who(writer(world).id, "wanda"), pull.comments[-1].id, None)
    await voice.of(place, order, "").say("Queued.")
    if moves:
        world.repo.commit("feature", {"NOTES.md": "Read me first.\n"})
        await world.settle()
    else:
        await world.work()

    assert "**Nothing was pushed.**" in told(pull)
    assert why in told(pull)
    assert _says(pull) == []


async def noted(world: World, pull: PullRequest, said: str = ASKED) -> Note:
    """Somebody has asked, and nobody has heard it."""
    pull.comment(writer(world), said)
    await world.deliver_new()
    (kept,) = await command_of(world).parts.notes.of(RowKey(JobKind.COMMAND, row_key(world, pull).ref))
    return kept.note


async def heard_again(world: World, pull: PullRequest, note: Note) -> None:
    row = RowKey(JobKind.COMMAND, row_key(world, pull).ref)
    again = Delivery("again", "issue_comment", hashlib.sha256(b"again").hexdigest())
    wanted = Wanted(RepositoryName("acme", "web"), None, "comment", draft=False)
    await command_of(world).parts.intake.accept(again, row, wanted, note=note)
    await world.work()


def _says(pull: PullRequest) -> list[str]:
    return [one.body for one in pull.comments if "revwright:say:" in one.body]
