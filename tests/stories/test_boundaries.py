"""SIGKILL of the worker or of the embedded server between any two stations loses nothing and says nothing twice.

Real processes: the worker is killed while GitHub or the model holds its answer back, or the server under it is.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from app.adapters.store.embedded import EmbeddedServer, open_embedded_server
from app.settings import Settings
from app.web.main import create_app
from app.wiring.web import open_web_services
from tests.fakes.github import FakeGitHub, PullRequest, Repository
from tests.fakes.github.faults import Fault
from tests.fakes.model import FakeModel, Reviewer, Seen, Slow
from tests.fakes.model.replies import Reply
from tests.stories.test_first_review import BUG, DIVISION
from tests.world import environment

ROOT = Path(__file__).parent.parent.parent
PATIENCE_SECONDS = 45.0
HOLD_SECONDS = 4.0


@dataclass
class Deployment:
    """Stand-ins, an embedded server with its append-only file, the web app, and worker processes."""

    github: FakeGitHub
    model: FakeModel
    server: EmbeddedServer
    repo: Repository
    web: httpx.AsyncClient
    env: dict[str, str]
    log: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> None:
        with self.log.open("ab") as output:
            self.workers.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.worker_process"], env=self.env, cwd=ROOT, stderr=output, stdout=output
                )
            )

    def kill_worker(self) -> None:
        worker = self.workers.pop()
        worker.kill()
        worker.wait()

    async def kill_server(self) -> None:
        os.kill(self.server.pid, signal.SIGKILL)
        await self.server.wait()
        await self.server.restart()

    async def open_pull_request(self) -> PullRequest:
        self.repo.commit("feature", {"app/price.py": BUG})
        pull = self.repo.open_pull_request(head="feature")
        delivery = self.github.deliveries.of("pull_request", "opened")[-1]
        answer = await self.web.post("/webhooks/github", content=delivery.body, headers=delivery.headers)
        assert answer.json()["result"] == "queued"
        return pull

    async def until(self, what: Callable[[], bool]) -> None:
        """Waits; on time-out shows what the workers said."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not what():
            died = any(worker.poll() is not None for worker in self.workers)
            patient = not died and time.monotonic() < deadline
            assert patient, f"it did not happen; the workers said:\n{self.log.read_text()}"
            await asyncio.sleep(0.02)

    async def assert_reviewed_once(self, pull: PullRequest) -> None:
        await self.until(lambda: [r.conclusion for r in self.repo.check_runs.values()] == ["failure"])
        assert (len(pull.reviews), len(pull.review_comments), len(pull.comments)) == (1, 1, 1)
        assert self.github.violations == []


@pytest.fixture
async def deployment(github: FakeGitHub, model: FakeModel, tmp_path: Path) -> AsyncIterator[Deployment]:
    model.behaviour = Reviewer(DIVISION)
    repo = github.create_repository("acme/web", installation=github.add_installation("acme"))
    repo.commit("main", {"README.md": "# web\n"})
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rw-")))
        server = await stack.enter_async_context(open_embedded_server(folder))
        product = environment(github, folder, model.base_url, REVWRIGHT_REDIS_URL=server.url)
        settings = Settings.from_environment(product)
        app = create_app(lambda: open_web_services(settings, server.settings))
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app)
        web = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://web.test"))
        env = {"PATH": os.environ["PATH"], **product}
        deployed = Deployment(github, model, server, repo, web, env, tmp_path / "workers.log")
        yield deployed
        for worker in deployed.workers:
            worker.terminate()
            worker.wait(20)


@contextmanager
def held(deployment: Deployment, station: str) -> Iterator[Callable[[], bool]]:
    """Holds the worker at a station; gives a function that says whether it is there."""
    faults = deployment.github.faults
    match station.split(" "):
        case ["model"]:
            behaviour, arrived = deployment.model.behaviour, list[Seen]()

            def hold_first(seen: Seen) -> Reply:
                arrived.append(seen)
                return Slow(HOLD_SECONDS, behaviour(seen)) if len(arrived) == 1 else behaviour(seen)

            deployment.model.behaviour = hold_first
            yield lambda: bool(arrived)
        case ["before", method, path]:
            fault = faults.add(method=method, path=path, delay=HOLD_SECONDS, drop=True, status=None)
            yield lambda: fault.hits > 0
        case ["after", method, path]:
            fault = faults.add(method=method, path=path, delay=HOLD_SECONDS, drop=True, status=None, when="after")
            yield lambda: fault.hits > 0 and _applied(deployment.repo, fault)
        case _:
            raise AssertionError(station)


def _applied(repo: Repository, fault: Fault) -> bool:
    """Whether the held write has had its effect."""
    written = {
        "check-runs$": repo.check_runs,
        "reviews$": repo.reviews,
        "comments$": repo.issue_comments,
        "check-runs/": any(run.status != "queued" for run in repo.check_runs.values()),
    }
    return bool(written[fault.path.pattern])


STATIONS = [
    "before POST check-runs$",
    "after POST check-runs$",
    "before POST access_tokens",
    "before GET pulls/",
    "after PATCH check-runs/",
    "model",
    "before POST reviews$",
    "after POST reviews$",
    "after POST comments$",
]


@pytest.mark.parametrize("station", STATIONS)
async def test_the_worker_is_killed_at_a_station(deployment: Deployment, station: str) -> None:
    with held(deployment, station) as there:
        deployment.start_worker()
        pull = await deployment.open_pull_request()
        await deployment.until(there)
        deployment.kill_worker()
        deployment.start_worker()
        await deployment.assert_reviewed_once(pull)


@pytest.mark.parametrize("station", ["before POST check-runs$", "model", "after POST reviews$", "after POST comments$"])
async def test_the_embedded_server_is_killed_at_a_station(deployment: Deployment, station: str) -> None:
    with held(deployment, station) as there:
        deployment.start_worker()
        pull = await deployment.open_pull_request()
        await deployment.until(there)
        await deployment.kill_server()
        await deployment.assert_reviewed_once(pull)


async def test_the_server_is_killed_before_any_worker_comes(deployment: Deployment) -> None:
    pull = await deployment.open_pull_request()
    await deployment.kill_server()
    deployment.start_worker()

    await deployment.assert_reviewed_once(pull)


async def test_the_worker_is_killed_after_the_conclusion_and_the_next_one_has_nothing_to_say(
    deployment: Deployment,
) -> None:
    deployment.start_worker()
    pull = await deployment.open_pull_request()
    await deployment.assert_reviewed_once(pull)
    deployment.kill_worker()
    deployment.start_worker()
    await asyncio.sleep(2)

    await deployment.assert_reviewed_once(pull)


async def test_a_stopped_worker_hands_its_review_over_at_once(deployment: Deployment) -> None:
    with held(deployment, "model") as there:
        deployment.start_worker()
        pull = await deployment.open_pull_request()
        await deployment.until(there)
        worker = deployment.workers.pop()
        worker.terminate()
        assert worker.wait(10) == 0
        deployment.start_worker()
        await deployment.assert_reviewed_once(pull)


async def test_a_delivery_while_the_server_is_away_is_503_and_taken_when_it_comes_again(
    deployment: Deployment,
) -> None:
    deployment.repo.commit("feature", {"app/price.py": BUG})
    pull = deployment.repo.open_pull_request(head="feature")
    delivery = deployment.github.deliveries.of("pull_request", "opened")[-1]
    os.kill(deployment.server.pid, signal.SIGKILL)
    await deployment.server.wait()

    refused = await deployment.web.post("/webhooks/github", content=delivery.body, headers=delivery.headers)
    await deployment.server.restart()
    taken = await deployment.web.post("/webhooks/github", content=delivery.body, headers=delivery.headers)

    assert (refused.status_code, taken.status_code) == (503, 202)
    deployment.start_worker()
    await deployment.assert_reviewed_once(pull)
