"""A worker dies anywhere on the way to a fix: there is one commit and one comment that tells of it, whoever goes on."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.listening import RunnerAt
from app.adapters.store.fixes import RedisFixes
from app.adapters.store.notes import RedisNotes
from app.domain.fix.memory import FixMemory, RoundState
from app.domain.jobs import JobKind, RowKey
from app.domain.pull_request import PullRequestRef
from app.settings import Settings
from app.wiring.own_key import own_key
from app.wiring.redis import open_redis
from tests.adapters.sandbox.isolation import launching
from tests.adapters.sandbox.runner.conftest import Place, answering, fresh_directory, give_to_runner
from tests.adapters.sandbox.runner.standalone import Standalone
from tests.dying import Station
from tests.fakes.github import PullRequest
from tests.fakes.github.faults import When
from tests.fakes.github.records import Token
from tests.fakes.model import Hang, Reviewer
from tests.repairs.tasks import Call
from tests.stories.fixing import repairer
from tests.stories.processes import Deployment
from tests.stories.saying import OURS
from tests.worker_process import LEASE, RUNNER

CHECK = 'test "$(sh price.sh 150)" = 2\n'
WRONG = "echo $(( $1 / 100 ))\n"
RIGHT = "echo $(( ($1 + 50) / 100 ))\n"
POLICY = "version: 1\nfix:\n  verify: ['sh check.sh']\n"
PATCH = f"*** Begin Patch\n*** Update File: price.sh\n@@\n-{WRONG}+{RIGHT}*** End Patch\n"
SCRIPT: tuple[Call, ...] = (("apply_patch", {"patch": PATCH}),)
CALLS = len(SCRIPT) + 1
FINAL = re.compile(r"\*\*Fixed in .*\b([0-9a-f]{40})\b")

FIXES = "app.adapters.store.fixes:RedisFixes"
NOTES = "app.adapters.store.notes:RedisNotes"
OUTBOX = "app.adapters.store.outbox:RedisOutbox"
LEDGER = "app.adapters.store.ledger:RedisLedger"
COMMENTS = "app.adapters.github.conversation:ConversationWriter"
MODEL = "app.adapters.llm.client:_OpenAIModel"
GIT = "app.adapters.git.repairs:GitRepairs"
TOKENS = "app.wiring.repairs:TokenRepairs"
CHECKER = "app.usecases.fix.checking:Checker"
PATCHING = "app.usecases.tools.apply_patch:ApplyPatchTool"

# Of two stations with nothing lasting between them, as after an effect and before the next one, there is one.
STATIONS = (
    Station("before", f"{FIXES}.recall"),  # the command was taken, and nothing was said
    Station("before", f"{COMMENTS}.comment", "revwright:fix:"),
    Station("after", f"{COMMENTS}.comment", "revwright:fix:"),
    Station("after", f"{LEDGER}.accept", "fix:"),
    Station("before", f"{CHECKER}.run"),
    Station("after", f"{CHECKER}._ran"),
    Station("before", f"{MODEL}.complete", "fix, try"),
    Station("after", f"{MODEL}.complete", "fix, try"),
    Station("after", f"{PATCHING}.call"),
    Station("before", f"{GIT}.commit"),
    Station("after", f"{GIT}.commit"),
    Station("before", f"{FIXES}.keep", "RoundState.PUSHING"),
    Station("after", f"{FIXES}.keep", "RoundState.PUSHING"),
    Station("before", f"{GIT}.push"),
    Station("after", f"{GIT}.push"),
    Station("after", f"{TOKENS}.push"),
    Station("after", f"{FIXES}.keep", "RoundState.PUSHED"),
    Station("after", f"{COMMENTS}.edit", "**Fixed in "),
    Station("after", f"{FIXES}.keep", "RoundState.ENDED"),
    Station("after", f"{NOTES}.done", "fix:"),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A pull request with a bug, somebody who asks for its repair, and workers with sandboxes."""

    deployment: Deployment
    place: Place
    pull: PullRequest
    head: str
    """When it was asked."""

    def start(self, **environ: str) -> None:
        self.deployment.start_worker(**{RUNNER: str(self.place.directory.parent / "s"), LEASE: "800"}, **environ)

    async def ask(self, said: str = "@revwright fix the price of 150 cents") -> None:
        deployment, repo = self.deployment, self.deployment.repo
        person = deployment.github.users.get("wanda") or deployment.github.add_user("wanda")
        repo.permissions[person.id] = "write"
        self.pull.comment(person, said)
        delivery = deployment.github.deliveries.of("issue_comment", "created")[-1]
        answer = await deployment.web.post("/webhooks/github", content=delivery.body, headers=delivery.headers)
        assert answer.json()["result"] == "queued"

    async def dead(self) -> None:
        """Waits until the one worker has ended itself."""
        (worker,) = self.deployment.workers
        self.deployment.workers.clear()
        await self.deployment.until(lambda: worker.poll() is not None)
        assert worker.status == -9

    @property
    def ref(self) -> PullRequestRef:
        repo = self.deployment.repo
        assert repo.installation is not None
        return PullRequestRef(repo.installation.id, repo.id, self.pull.number)

    async def memory(self) -> tuple[FixMemory, bool]:
        """What is remembered of fixes, and whether the wish is still on the row."""
        settings = Settings.from_environment(self.deployment.env)
        async with open_redis(self.deployment.server.settings) as redis:
            key = own_key(settings.need_github().private_key.expose(), "fixes")
            memory = await RedisFixes(redis, key=key).recall(self.ref)
            left = await RedisNotes(redis).of(RowKey(JobKind.FIX, self.ref))
        return memory, bool(left)

    def told(self) -> list[str]:
        return [one.body for one in self.pull.comments if one.user.login == OURS and "revwright:fix:" in one.body]

    def ours(self) -> list[str]:
        """The commits on the branch since it was asked, newest first."""
        return self.deployment.repo.store.log(f"{self.head}..{self.pull.head_sha}")

    def lent(self) -> list[bool]:
        """Of each token that could push: whether it was taken back."""
        tokens = self.deployment.github.tokens.values()
        return [token.revoked for token in tokens if _can_only_push(token)]

    def calls(self) -> int:
        return sum(seen.task == "fix" for seen in self.deployment.model.requests)

    async def until_told(self, what: Callable[[str], bool]) -> str:
        """Waits for the end of the wish: its comment, which fits, and nothing that is left to do."""
        await self.deployment.until(lambda: any(what(body) for body in self.told()))
        for _ in range(200):
            if not (await self.memory())[1]:
                break
            await asyncio.sleep(0.1)
        (told,) = self.told()
        assert what(told)
        return told

    async def assert_fixed_once(self) -> None:
        told = await self.until_told(lambda body: FINAL.search(body) is not None)
        (commit,) = self.ours()
        assert self.pull.head_sha == commit
        assert FINAL.findall(told) == [commit]
        memory, _ = await self.memory()
        (one,) = memory.rounds
        assert (one.state, one.commit) == (RoundState.ENDED, commit)
        assert CALLS <= self.calls() <= 2 * CALLS
        assert self.deployment.github.violations == []
        assert [said for said in self.pull.comments if said.user.login == OURS and "revwright:say:" in said.body] == []


def _can_only_push(token: Token) -> bool:
    return token.permissions.get("contents") == "write" and "pull_requests" not in token.permissions


@pytest.fixture(scope="module")
def runner() -> Iterator[Standalone]:
    """With room for the sandboxes of a worker that hangs."""
    launching.bubblewrap()
    with fresh_directory() as directory:
        give_to_runner(directory.parent)
        runner = Standalone(directory, REVWRIGHT_SANDBOXES_AT_ONCE="4")
        try:
            yield runner
        finally:
            runner.end()


@pytest.fixture
async def place(runner: Standalone) -> AsyncIterator[Place]:
    """Its sandboxes; a killed worker's are taken away when its runner has noticed, and nothing stays."""
    sandboxes = RunnerSandboxes(RunnerAt(runner.socket).connect)
    await answering(sandboxes)
    place = Place(sandboxes, runner.directory)
    yield place
    for _ in range(100):
        if not place.workspaces():
            break
        await asyncio.sleep(0.1)
    assert place.workspaces() == []


@pytest.fixture
def stage(deployment: Deployment, place: Place) -> Stage:
    deployment.model.behaviour = repairer(SCRIPT, review=Reviewer({}))
    deployment.repo.commit("main", {".github/revwright.yml": POLICY, "check.sh": CHECK, "price.sh": WRONG})
    deployment.repo.commit("feature", {"NOTES.md": "Read me.\n"})
    pull = deployment.repo.open_pull_request(head="feature", title="Something else")
    deployment.github.clock = lambda: datetime.now(UTC) + timedelta(seconds=5)
    return Stage(deployment, place, pull, pull.head_sha)


@pytest.mark.parametrize("station", STATIONS, ids=str)
async def test_whoever_goes_on_after_a_kill_makes_one_commit_and_tells_of_it(stage: Stage, station: Station) -> None:
    stage.start(**station.told())
    await stage.deployment.deliver("opened")
    await stage.ask()
    await stage.dead()
    stage.start()

    await stage.assert_fixed_once()
    held = station.where.startswith(GIT) and station.where.endswith("push")  # it died with a token in its hands
    assert stage.lent().count(False) == held


async def test_a_git_that_outlives_its_worker_pushes_what_the_next_one_tells_of(stage: Stage) -> None:
    hang = stage.deployment.github.faults.add(method="POST", path="/git-receive-pack$", status=None, delay=4)
    stage.start()
    await stage.deployment.deliver("opened")
    await stage.ask()
    await stage.deployment.until(lambda: hang.hits == 1)
    stage.deployment.kill_worker()
    stage.start()

    await stage.assert_fixed_once()
    assert stage.lent().count(False) == 1


async def test_what_arrived_is_told_of_although_somebody_has_pushed_on_top_of_it(stage: Stage) -> None:
    stage.start(**Station("after", f"{GIT}.push").told())
    await stage.deployment.deliver("opened")
    await stage.ask()
    await stage.dead()
    arrived = stage.pull.head_sha
    stage.deployment.repo.commit("feature", {"NOTES.md": "Read me first.\n"})
    stage.start()

    told = await stage.until_told(lambda body: FINAL.search(body) is not None)
    assert FINAL.findall(told) == [arrived]
    assert stage.ours()[1:] == [arrived]
    (one,) = (await stage.memory())[0].rounds
    assert (one.state, one.commit) == (RoundState.ENDED, arrived)


async def test_a_commit_that_was_lost_with_the_mirror_is_not_made_twice(stage: Stage) -> None:
    stage.start(**Station("before", f"{TOKENS}.push").told())
    await stage.deployment.deliver("opened")
    await stage.ask()
    await stage.dead()
    shutil.rmtree(Path(stage.deployment.env["REVWRIGHT_DATA_DIR"]) / "mirrors")
    stage.start()

    told = await stage.until_told(lambda body: "**Nothing was pushed.**" in body)
    assert "lost before it reached GitHub" in told
    assert stage.ours() == []
    (one,) = (await stage.memory())[0].rounds
    assert (one.state, one.commit) == (RoundState.ENDED, None)
    assert stage.calls() == CALLS


async def test_a_worker_that_is_told_to_end_hands_its_fix_over(stage: Stage) -> None:
    behaviour = stage.deployment.model.behaviour
    stage.deployment.model.behaviour = lambda seen: Hang() if seen.task == "fix" else behaviour(seen)
    stage.start()
    await stage.deployment.deliver("opened")
    await stage.ask()
    await stage.deployment.until(lambda: stage.calls() == 1)
    stage.deployment.model.behaviour = behaviour
    assert stage.deployment.workers.pop().terminate() == 0
    stage.start()

    await stage.assert_fixed_once()
    assert all(stage.lent())


async def test_a_worker_that_wakes_up_after_another_one_took_over_writes_nothing(stage: Stage) -> None:
    behaviour = stage.deployment.model.behaviour
    stage.deployment.model.behaviour = lambda seen: Hang() if seen.task == "fix" else behaviour(seen)
    stage.start()
    await stage.deployment.deliver("opened")
    await stage.ask()
    await stage.deployment.until(lambda: stage.calls() == 1)
    stage.deployment.model.behaviour = behaviour
    (asleep,) = stage.deployment.workers
    asleep.signal(signal.SIGSTOP)
    stage.start()
    await stage.assert_fixed_once()
    asleep.signal(signal.SIGCONT)
    await stage.deployment.until(lambda: "taken over by another worker" in stage.deployment.log.read_text())

    await stage.assert_fixed_once()
    assert all(stage.lent())


async def test_a_fix_outlives_the_death_of_redis(stage: Stage) -> None:
    behaviour = stage.deployment.model.behaviour
    stage.deployment.model.behaviour = lambda seen: Hang() if seen.task == "fix" else behaviour(seen)
    stage.start()
    await stage.deployment.deliver("opened")
    await stage.ask()
    await stage.deployment.until(lambda: stage.calls() == 1)
    stage.deployment.model.behaviour = behaviour
    await stage.deployment.kill_server()

    await stage.assert_fixed_once()
    assert all(stage.lent())


@pytest.mark.parametrize(
    ("method", "path", "times", "when"),
    [
        ("PATCH", r"/issues/comments/\d+$", 6, "before"),
        ("PATCH", r"/issues/comments/\d+$", 6, "after"),
        ("POST", "/git-receive-pack$", 1, "before"),
        ("POST", "/git-receive-pack$", 1, "after"),
        ("DELETE", "/installation/token$", 1, "after"),
    ],
)
@pytest.mark.parametrize("drop", [False, True], ids=["502", "cut"])
async def test_what_github_does_not_take_or_answer_is_said_and_pushed_once_all_the_same(
    stage: Stage, method: str, path: str, times: int, when: When, *, drop: bool
) -> None:
    fault = stage.deployment.github.faults.add(method=method, path=path, times=times, status=502, when=when, drop=drop)
    stage.start()
    await stage.deployment.deliver("opened")
    await stage.ask()

    await stage.assert_fixed_once()
    assert fault.hits >= 1
    stage.deployment.github.faults.clear()
    assert all(stage.lent())
