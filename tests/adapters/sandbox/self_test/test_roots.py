"""A tool-chain root that sandboxes cannot use is told by what it lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.sandbox.self_test.roots import NEEDED, trouble_with

_CLONE = Path(__file__).parents[4]


@pytest.fixture
def root() -> Iterator[Path]:
    """Not below pytest's own directory, which the user who runs sandboxes cannot enter."""
    directory = Path(tempfile.mkdtemp(prefix="rw-root-"))
    directory.chmod(0o755)
    yield directory
    directory.chmod(0o755)
    shutil.rmtree(directory)


def merged(root: Path) -> Path:
    """Links that lead to nowhere on this host, as absolute ones inside a root do."""
    (root / "usr/bin").mkdir(parents=True)
    for name in NEEDED:
        (root / "usr/bin" / name).symlink_to("/usr/lib/no-such/busybox")
    (root / "bin").symlink_to("usr/bin")
    return root


def reason(root: Path) -> str:
    trouble = trouble_with(root)
    assert trouble is not None
    return trouble.reason


def test_a_root_with_merged_usr_is_not_objected_to(root: Path) -> None:
    assert trouble_with(merged(root)) is None


def test_this_host_is_not_objected_to() -> None:
    if not Path("/usr/bin/sh").exists():
        pytest.skip("this host has no merged /usr: use a distribution that has, as Debian 12")
    assert trouble_with(Path("/")) is None


def test_what_is_not_there(root: Path) -> None:
    (root / "file").touch()

    assert reason(root / "no") == f"the tool-chain root '{root}/no' does not exist"
    assert reason(root / "file/below") == f"the tool-chain root '{root}/file/below' does not exist"
    assert reason(root / "file") == f"the tool-chain root '{root}/file' is not a directory"


def test_an_empty_directory(root: Path) -> None:
    assert reason(root) == f"the tool-chain root '{root}' has no /usr, so it is no root file system"


def test_programs_outside_usr(root: Path) -> None:
    (root / "usr/bin").mkdir(parents=True)
    (root / "bin").mkdir()
    (root / "bin/sh").touch()

    assert "without merged /usr" in reason(root)


def test_programs_that_are_missing(root: Path) -> None:
    (merged(root) / "usr/bin/cat").unlink()

    assert reason(root) == f"the tool-chain root '{root}' has no cat in /usr/bin"


def test_a_directory_that_is_closed(root: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root can enter every directory; see the test of the runner's user")
    merged(root).chmod(0o000)

    assert f"user {os.geteuid()}, as whom sandboxes run, cannot use" in reason(root)


def test_doctor_tells_what_is_the_matter(root: Path) -> None:
    if shutil.which("bwrap", path="/usr/bin:/bin") is None:
        pytest.skip("bubblewrap is not installed: apt-get install bubblewrap")

    here = doctor(Path("/"))
    if "FAIL  sandbox" in here:
        pytest.skip(here)

    empty = doctor(root)
    broken = doctor(merged(root))
    root.chmod(0o000)
    closed = doctor(root)

    assert "has no /usr, so it is no root file system" in empty
    assert "the programs of the tool-chain root do not work (bubblewrap said: bwrap: execvp" in broken
    assert "cannot use the tool-chain root" in closed
    assert "Permission denied" in closed


def doctor(root: Path) -> str:
    """As root it looks as the user who runs sandboxes, so what is closed to that one is closed."""
    told = subprocess.run(
        (sys.executable, "-m", "app.cli", "doctor"),
        cwd=_CLONE,
        env={"PATH": os.environ["PATH"], "REVWRIGHT_SANDBOX_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert told.returncode in {0, 1}, told.stderr
    return told.stdout
