"""The product as an operator runs it, `revwright up` with its embedded Redis, beside the emulator."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.fakes.model import FakeModel, Reviewer
from tests.foreign import emulator as emulators
from tests.foreign.emulator import APP_ID, Emulator
from tests.foreign.git_side import GitSide
from tests.foreign.relay import Relay, relaying
from tests.foreign.serving import HOST, free_port, wait_until

WEBHOOK_SECRET = "emulated-webhook-secret-0123456789abcdef"
BUG = "len(items)"
"""What the stand-in model finds, and nothing else."""

_MODEL_KEY = "emulated-model-key-0123456789abcdef"
_ROOT = Path(__file__).parents[2]
_START_SECONDS = 60
_STOP_SECONDS = 40
_REVIEW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class PullRequest:
    id: int
    number: int
    head: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """One running `up` and everything around it."""

    emulator: Emulator
    git: GitSide
    relay: Relay
    environ: dict[str, str]
    log: Path

    def open_pull_request(self, branch: str, files: dict[str, str], *, known_to_git: bool = True) -> PullRequest:
        """A pull request of the branch; `known_to_git` says whether the git side has its commit."""
        head = self.emulator.commit(branch, files)
        number = self.emulator.next_number()
        self.git.copy(self.emulator.branch("main"), "refs/heads/main")  # the product asks git where the base is
        if known_to_git:  # before it is opened: the product asks for the ref as soon as the webhook is out
            self.git.copy(head, f"refs/pull/{number}/head")
        opened = self.emulator.open_pull_request(branch)
        assert (opened["number"], opened["head"]["sha"]) == (number, head)
        return PullRequest(opened["id"], number, head)

    def concluded_checks(self, pull: PullRequest, count: int = 1) -> list[dict[str, Any]]:
        """The head's check runs, newest first, once there are so many and all are over."""
        wait_until(
            lambda: [run["status"] for run in self.emulator.checks(pull.head)] == ["completed"] * count,
            seconds=_REVIEW_SECONDS,
            what=lambda: f"{count} concluded; there is {self.emulator.checks(pull.head)}; up said:\n{self.said()}",
        )
        return self.emulator.checks(pull.head)

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")


@contextmanager
def deployed(program: Path, folder: Path, private_key: str) -> Iterator[Deployment]:
    """Emulator, git side, model and product, started in the order in which they need to know each other."""
    model = FakeModel(Reviewer({BUG: {"title": "Division by zero for an empty list"}}), api_key=_MODEL_KEY)
    with ExitStack() as stack:
        stack.enter_context(model.serving())
        relay = stack.enter_context(relaying())
        seeded = emulators.seed(private_key=private_key, webhook_url=relay.url, webhook_secret=WEBHOOK_SECRET)
        emulator = stack.enter_context(emulators.running(program, folder, seeded))
        git = stack.enter_context(GitSide(emulator, folder / "repository.git"))
        key_file = folder / "app.pem"
        key_file.touch(mode=0o600)
        key_file.write_text(private_key, encoding="ascii")
        environ = {
            "PATH": os.environ.get("PATH", os.defpath),
            "REVWRIGHT_GITHUB_APP_ID": str(APP_ID),
            "REVWRIGHT_GITHUB_PRIVATE_KEY_FILE": str(key_file),
            "REVWRIGHT_GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "REVWRIGHT_GITHUB_API_URL": emulator.url,
            "REVWRIGHT_GITHUB_URL": git.url,
            "REVWRIGHT_DATA_DIR": str(folder / "data"),
            "OPENAI_API_KEY": _MODEL_KEY,
            "OPENAI_BASE_URL": model.base_url,
            "REVWRIGHT_MODEL_API": "responses",
        }
        log = folder / "up.log"
        url = stack.enter_context(_up(environ, log))
        relay.target = f"{url}/webhooks/github"
        yield Deployment(emulator, git, relay, environ, log)


@contextmanager
def _up(environ: dict[str, str], log: Path) -> Iterator[str]:
    url = f"http://{HOST}:{(port := free_port())}"
    command = [sys.executable, "-m", "app.cli", "up", "--host", HOST, "--port", str(port)]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=_ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            wait_until(
                lambda: process.poll() is not None or _ready(url),
                seconds=_START_SECONDS,
                what=lambda: f"up is ready; it said:\n{log.read_text(errors='replace')}",
            )
            assert process.poll() is None, log.read_text(errors="replace")
            yield url
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            finally:
                process.kill()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False
