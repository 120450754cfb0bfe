"""`revwright up` as a process: it reviews, survives the death of its parts, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.github import Delivery, FakeGitHub, Repository
from tests.fakes.model import FakeModel
from tests.world import environment

ROOT = Path(__file__).parent.parent.parent
PATIENCE_SECONDS = 40.0


@dataclass
class Up:
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    repo: Repository
    github: FakeGitHub

    def until(self, what: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not what():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def children(self) -> dict[str, int]:
        """Process ids by what they are: web, worker, or the server."""
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found: dict[str, int] = {}
        for pid in pids:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            name = next((w.decode() for w in words if w in {b"web", b"worker"}), "server")
            found[name] = int(pid)
        return found

    def open_pull_request(self, branch: str) -> str:
        self.repo.commit(branch, {f"{branch}.py": "x = 1\n"})
        return self.repo.open_pull_request(head=branch).head_sha

    def concluded(self, sha: str) -> bool:
        run = self.repo.check_run("revwright/review", sha)
        return run is not None and run.conclusion == "success"


def send(delivery: Delivery, port: int) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/webhooks/github", data=delivery.body, headers=delivery.headers, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def up(github: FakeGitHub, model: FakeModel, tmp_path: Path) -> Iterator[Up]:
    repo = github.create_repository("acme/web", installation=github.add_installation("acme"))
    repo.commit("main", {"README.md": "# web\n"})
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="rw-") as folder, (tmp_path / "up.log").open("wb") as log:
        env = environment(github, Path(folder), model.base_url) | {"PATH": os.environ["PATH"]}
        command = [sys.executable, "-m", "app.cli", "up", "--port", str(port)]
        process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log)
        started = Up(process, port, tmp_path / "up.log", repo, github)
        github.on_delivery = lambda delivery: send(delivery, port)
        try:
            started.until(started.ready)
            yield started
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            github.on_delivery = None


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_reviews_and_ends_cleanly_on_sigterm(up: Up) -> None:
    sha = up.open_pull_request("feature")
    up.until(lambda: up.concluded(sha))
    children = up.children()
    assert set(children) == {"web", "worker", "server"}

    up.process.send_signal(signal.SIGTERM)

    assert up.process.wait(30) == 0
    assert not any(alive(pid) for pid in children.values())
    assert "Traceback" not in up.log.read_text()


def test_ctrl_c_to_the_whole_group_ends_cleanly(up: Up) -> None:
    children = up.children()
    for pid in (up.process.pid, children["web"], children["worker"]):
        with contextlib.suppress(ProcessLookupError):  # `up` may have ended it already
            os.kill(pid, signal.SIGINT)

    assert up.process.wait(30) == 0
    assert not any(alive(pid) for pid in children.values())
    assert "Traceback" not in up.log.read_text()


@pytest.mark.parametrize("part", ["worker", "web", "server"])
def test_a_part_that_dies_is_started_again_and_reviews_go_on(up: Up, part: str) -> None:
    up.until(lambda: set(up.children()) == {"web", "worker", "server"})
    old = up.children()[part]
    os.kill(old, signal.SIGKILL)
    up.until(lambda: up.children().get(part, old) != old and up.ready())
    sha = up.open_pull_request("feature")
    up.github.deliveries.wait()

    up.until(lambda: up.concluded(sha))


def test_nothing_outlives_it_when_it_is_killed(up: Up) -> None:
    up.until(lambda: len(up.children()) == 3)
    children = up.children()
    up.process.kill()
    up.process.wait()

    up.until(lambda: not any(alive(pid) for pid in children.values()))


def test_an_address_in_use_is_told_before_anything_starts(up: Up) -> None:
    env = {**os.environ, "PATH": os.environ["PATH"]}
    env |= environment(up.github, up.log.parent, None)
    second = subprocess.run(
        [sys.executable, "-m", "app.cli", "up", "--port", str(up.port)],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert second.returncode == 2
    assert f"127.0.0.1:{up.port} is already in use; set REVWRIGHT_HOST and REVWRIGHT_PORT" in second.stderr
