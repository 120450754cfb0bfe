"""`revwright up` and sandboxes: it starts a runner, shows what isolates, and takes it along when it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.main import run
from tests.adapters.sandbox.runner.conftest import fresh_directory
from tests.adapters.sandbox.runner.processes import is_dead, runners
from tests.cli.test_up import ROOT, Up, free_port
from tests.fakes.github import FakeGitHub
from tests.fakes.model import FakeModel
from tests.world import environment


@pytest.fixture
def workspaces() -> Iterator[Path]:
    with fresh_directory() as directory:
        yield directory


@pytest.fixture
def up(github: FakeGitHub, model: FakeModel, tmp_path: Path, workspaces: Path) -> Iterator[Up]:
    repo = github.create_repository("acme/web", installation=github.add_installation("acme"))
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="rw-") as folder, (tmp_path / "up.log").open("wb") as log:
        env = environment(github, Path(folder), model.base_url, REVWRIGHT_SANDBOX="bubblewrap")
        env |= {"PATH": os.environ["PATH"], "REVWRIGHT_WORKSPACES_DIR": str(workspaces)}
        command = [sys.executable, "-m", "app.cli", "up", "--port", str(port)]
        process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log)
        started = Up(process, port, tmp_path / "up.log", repo, github)
        try:
            started.until(started.ready)
            yield started
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def shown(up: Up, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{up.port}{path}", timeout=5) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return "{}"


def modes(up: Up) -> list[str]:
    return [sandbox["mode"] for sandbox in json.loads(shown(up, "/readyz")).get("sandboxes", [])]


def decided(up: Up) -> bool:
    """What a runner said, not that there is none yet."""
    told = json.loads(shown(up, "/readyz")).get("sandboxes", [])
    return bool(told) and "answers yet" not in told[0]["reason"]


def test_what_isolates_is_shown_and_the_runner_s_death_is_mended(up: Up, workspaces: Path) -> None:
    up.until(lambda: decided(up))
    (told,) = json.loads(shown(up, "/readyz"))["sandboxes"]
    assert told["mode"] in {"full", "no-proc", "refused"}
    assert (told["mode"] == "full") == (told["remedy"] == "")
    assert f'revwright_workers{{sandbox="{told["mode"]}"' in shown(up, "/metrics")

    (old,) = runners(workspaces)
    os.kill(old, signal.SIGKILL)
    up.until(lambda: runners(workspaces) not in ([], [old]))


def test_nothing_outlives_it(up: Up, workspaces: Path) -> None:
    up.until(lambda: decided(up))
    (runner,) = runners(workspaces)
    up.process.send_signal(signal.SIGTERM)

    assert up.process.wait(30) == 0
    assert is_dead(runner)
    assert {path.name for path in workspaces.rglob("*")} <= {"kept", "environments"}, "nothing but empty places"
    assert "Traceback" not in up.log.read_text()


def test_not_even_when_it_is_killed(up: Up, workspaces: Path) -> None:
    up.until(lambda: decided(up))
    (runner,) = runners(workspaces)
    up.process.kill()

    up.until(lambda: is_dead(runner))
    assert {path.name for path in workspaces.rglob("*")} <= {"kept", "environments"}, "nothing but empty places"


def test_off_is_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"], {"REVWRIGHT_SANDBOX": "off"}) == 0
    told = {finding["name"]: finding["words"] for finding in json.loads(capsys.readouterr().out)}
    assert told["sandbox"] == "off: nothing of a pull request is executed"
