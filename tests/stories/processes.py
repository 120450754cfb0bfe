"""A deployment of real processes around stand-ins: the stories kill them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app.adapters.store.embedded import EmbeddedServer
from app.domain.messages.check import REVIEW_CHECK
from tests.chaos.processes import Child, Zygote
from tests.fakes.github import FakeGitHub, PullRequest, Repository
from tests.fakes.model import FakeModel
from tests.stories.test_first_review import BUG

PATIENCE_SECONDS = 45.0


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
    zygote: Zygote
    workers: list[Child] = field(default_factory=list)

    def start_worker(self, *command: str, **environ: str) -> None:
        """One with short leases, unless another module's command is given."""
        program = [sys.executable, "-m", *command] if command else []
        started = self.zygote.start(
            "program" if command else "worker", *program, environ=self.env | environ, log=self.log
        )
        self.workers.append(started)

    def kill_worker(self) -> None:
        self.workers.pop().kill()

    async def kill_server(self) -> None:
        os.kill(self.server.pid, signal.SIGKILL)
        await self.server.wait()
        await self.server.restart()

    async def open_pull_request(self) -> PullRequest:
        self.repo.commit("feature", {"app/price.py": BUG})
        pull = self.repo.open_pull_request(head="feature")
        await self.deliver("opened")
        return pull

    async def deliver(self, action: str) -> None:
        """The newest delivery of this action, as GitHub sends it."""
        delivery = self.github.deliveries.of("pull_request", action)[-1]
        answer = await self.web.post("/webhooks/github", content=delivery.body, headers=delivery.headers)
        assert answer.json()["result"] == "queued"

    async def until(self, what: Callable[[], bool]) -> None:
        """Waits; on time-out shows what the workers said."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not what():
            died = any(worker.poll() is not None for worker in self.workers)
            patient = not died and time.monotonic() < deadline
            assert patient, f"it did not happen; the workers said:\n{self.log.read_text()}"
            await asyncio.sleep(0.02)

    def conclusions(self) -> list[str | None]:
        """Of the review's checks."""
        return [run.conclusion for run in self.repo.check_runs.values() if run.name == REVIEW_CHECK]

    async def assert_reviewed_once(self, pull: PullRequest) -> None:
        await self.until(lambda: self.conclusions() == ["failure"])
        assert (len(pull.reviews), len(pull.review_comments), len(pull.comments)) == (1, 1, 1)
        assert self.github.violations == []
        assert self.github.unprocessable == []
