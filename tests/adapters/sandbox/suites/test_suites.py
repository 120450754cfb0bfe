"""Test suites of small real projects pass in the sandbox, with the limits that jobs have.

With REVWRIGHT_SANDBOX_ROOT in the environment their tools come from there, else from this machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.adapters.sandbox.runner.privileges import runner_user

pytestmark = pytest.mark.probes

_PROJECTS = Path(__file__).parent / "projects"
_CLONE = Path(__file__).parents[4]
_ROOT = os.environ.get("REVWRIGHT_SANDBOX_ROOT", "/")
_FOLDERS = ("usr/local/bin", "usr/bin")
"""The PATH of the sandbox: what lies elsewhere is not inside."""
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Suite:
    """A project of `projects/`, the command that tests it, and what its output ends with."""

    name: str
    project: str
    command: tuple[str, ...]
    tools: tuple[str, ...]
    packages: str
    """Debian's names for the tools."""


SUITES = (
    Suite("pytest", "pytest", ("pytest", "-q"), ("pytest",), "python3-pytest"),
    Suite("unittest", "unittest", ("python3", "-m", "unittest", "-v"), ("python3",), "python3"),
    Suite("venv", "venv", ("sh", "test.sh"), ("python3",), "python3-venv"),
    Suite("node", "node", ("node", "--test"), ("node",), "nodejs"),
    Suite("npm", "node", ("npm", "test"), ("node", "npm"), "nodejs npm"),
    Suite("go", "go", ("go", "test", "./..."), ("go",), "golang-go"),
    Suite("cargo", "cargo", ("cargo", "test"), ("cargo", "rustc", "cc"), "cargo gcc"),
    Suite("make", "make", ("make", "check"), ("make", "cc"), "make gcc libc6-dev"),
    Suite("git", "git", ("sh", "test.sh"), ("git",), "git"),
    Suite("perl", "perl", ("prove", "-l"), ("prove",), "perl"),
    Suite("shell", "shell", ("bash", "test.sh"), ("bash",), "bash"),
    Suite("java", "java", ("java", "Shelf.java"), ("javac",), "default-jdk-headless"),
)


@pytest.fixture
def workspace() -> Iterator[Path]:
    """Not below pytest's own directory, which the user who runs sandboxes cannot enter."""
    directory = Path(tempfile.mkdtemp(prefix="rw-suite-"))
    directory.chmod(0o711)
    yield directory / "project"
    shutil.rmtree(directory)


@pytest.mark.timeout(_SECONDS + 60)
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_passes(suite: Suite, workspace: Path) -> None:
    lacking = [tool for tool in suite.tools if not is_inside(tool)]
    if lacking:
        pytest.skip(f"no {', '.join(lacking)} under /usr of {_ROOT}: apt-get install {suite.packages}")
    if shutil.which("bwrap", path="/usr/bin:/bin") is None:
        pytest.skip("bubblewrap is not installed: apt-get install bubblewrap")
    fill(workspace, suite.project)

    ended = exec_inside(workspace, *suite.command)

    if ended.returncode == 125 and "nothing is executed on this host" in ended.stderr:
        pytest.skip(ended.stderr)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def is_inside(tool: str) -> bool:
    """A link counts wherever it leads, for inside a root it may lead elsewhere than here."""
    return any(os.path.lexists(Path(_ROOT, folder, tool)) for folder in _FOLDERS)


def fill(workspace: Path, project: str) -> None:
    """A copy that belongs to the user who runs sandboxes."""
    shutil.copytree(_PROJECTS / project, workspace, ignore=shutil.ignore_patterns("__pycache__"))
    if os.geteuid() == 0:
        user = runner_user(None)
        for path in (workspace, *workspace.rglob("*")):
            os.chown(path, user.uid, user.gid)


def exec_inside(workspace: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "app.cli", "sandbox", "exec", "--workspace", workspace, "--", *command),
        cwd=_CLONE,
        env={"PATH": os.environ["PATH"], "REVWRIGHT_SANDBOX_ROOT": _ROOT},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
