"""`revwright sandbox exec` says what is wrong with a workspace, and ends as what it runs in does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import pytest

from app.adapters.sandbox.runner.privileges import runner_user
from tests.cli.test_sandbox_exec import heard

_CLONE = Path(__file__).parents[2]
_SECONDS = 60


@pytest.fixture(scope="module")
def directories() -> Iterator[Path]:
    """Not below pytest's own directory, which the user who runs sandboxes cannot enter."""
    above = Path(tempfile.mkdtemp(prefix="rw-exec-"))
    above.chmod(0o711)
    here = run(made(above / "trial"), "true")
    if "nothing is executed on this host" in here.stderr:
        pytest.skip(here.stderr)
    yield above
    shutil.rmtree(above)


@pytest.fixture
def workspace(directories: Path) -> Iterator[Path]:
    """Of the user who runs sandboxes."""
    above = Path(tempfile.mkdtemp(dir=directories))
    above.chmod(0o711)
    yield made(above / "work space")
    above.chmod(0o711)


def made(directory: Path) -> Path:
    directory.mkdir()
    if os.geteuid() == 0:
        user = runner_user(None)
        os.chown(directory, user.uid, user.gid)
    return directory


def line(directory: Path | str, *command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "app.cli", "sandbox", "exec", "--workspace", str(directory), "--", *command)


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(_CLONE)}


def run(directory: Path | str, *command: str, cwd: Path = _CLONE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line(directory, *command),
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )


@pytest.mark.parametrize(
    ("directory", "words"),
    [
        ("", "--workspace is empty"),
        ("/no/such", "cannot be used: No such file or directory"),
        ("/etc/passwd", "is not a directory"),
        ("/", "is a directory of the system"),
        ("/usr/share", "overlaps with '/usr', which must stay read-only"),
    ],
)
def test_a_workspace_that_is_none(workspace: Path, directory: str, words: str) -> None:
    ended = run(directory, "true")

    assert ended.returncode == 125
    assert words in ended.stderr
    assert "chown" not in ended.stderr, "nobody is told to give away a directory of the system"


def test_a_link_that_leads_to_itself(workspace: Path) -> None:
    link = workspace.parent / "loop"
    link.symlink_to(link)

    assert "is a link that leads to itself" in run(link, "true").stderr


def test_a_workspace_of_somebody_else(workspace: Path) -> None:
    workspace.chmod(0o000)

    told = run(workspace, "true")
    workspace.chmod(0o700)

    assert told.returncode == 125
    assert f"cannot read and write '{workspace}'" in told.stderr


def test_a_workspace_that_the_user_cannot_reach(workspace: Path) -> None:
    workspace.parent.chmod(0o600)

    told = run(workspace, "true")

    assert told.returncode == 125
    assert "cannot enter" in told.stderr or "Permission denied" in told.stderr


def test_a_relative_workspace_is_meant_from_here(workspace: Path) -> None:
    """Also when root starts it, who leaves the current directory before the command starts."""
    ended = run("work space", "touch", "made", cwd=workspace.parent)

    assert ended.returncode == 0, ended.stderr
    assert (workspace / "made").exists()


def test_a_reader_that_has_seen_enough(workspace: Path) -> None:
    with subprocess.Popen(line(workspace, "yes"), cwd=_CLONE, env=environment(), stdout=PIPE, stderr=PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"y\n"
        process.stdout.close()
        status = process.wait(_SECONDS)
        assert process.stderr.read() == b""

    assert status == 128 + signal.SIGPIPE


def test_a_full_disk(workspace: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            line(workspace, "echo", "x"), cwd=_CLONE, env=environment(), stdout=full, stderr=PIPE, check=False
        )

    assert ended.returncode == 125
    assert b"what the command prints cannot be written: No space left on device" in ended.stderr


def test_a_closed_standard_output(workspace: Path) -> None:
    quiet = subprocess.run(
        ("sh", "-c", 'exec "$@" >&-', "sh", *line(workspace, "sh", "-c", "echo x; exit 3")),
        cwd=_CLONE,
        env=environment(),
        stderr=PIPE,
        check=False,
    )

    assert (quiet.returncode, quiet.stderr) == (3, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_command_too(workspace: Path, number: signal.Signals) -> None:
    command = ("sh", "-c", "echo begun; exec sleep 50")
    with heard(number):
        process = subprocess.Popen(line(workspace, *command), cwd=_CLONE, env=environment(), stdout=PIPE, stderr=PIPE)
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(number)
        status = process.wait(_SECONDS)
        assert process.stderr.read() == b""

    assert status == 128 + number
