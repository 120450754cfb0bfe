"""Everything that a command may leave can be removed, in bounded memory, without following anything out."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from app.adapters.sandbox.files.removal import remove_tree
from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.files.workspaces import Claim
from tests.adapters.sandbox.files.conftest import open_descriptors
from tests.adapters.sandbox.files.planting import ODD_NAMES, names, plant_deep, plant_socket


def plant_all(top: Path) -> None:
    plant_deep(top, 3000)
    for name in ODD_NAMES:
        (top / "odd" / os.fsdecode(name) / os.fsdecode(name)).mkdir(parents=True)
        (top / "odd" / os.fsdecode(name) / "file").touch()
    os.mkfifo(top / "fifo")
    plant_socket(top / "socket")
    for mode in (0o000, 0o100, 0o200, 0o300, 0o400, 0o500, 0o600):
        closed = top / f"closed-{mode:o}/below/deeper"
        closed.mkdir(parents=True)
        (closed / "file").touch(0o000)
        for directory in (closed, closed.parent, closed.parent.parent):
            directory.chmod(mode)
    for taken in ("current", "0", "1", "gone-0", "left-0"):  # names that removing uses, too
        (top / taken / "current/0").mkdir(parents=True)
        (top / taken / "2").touch()


def test_a_hostile_workspace_is_removed_and_what_its_links_lead_to_is_not(claim: Claim, place: Path) -> None:
    (place / "outside").mkdir()
    (place / "outside/file").write_text("mine")
    workspace = claim.create()
    plant_all(workspace.path)
    (workspace.path / "to-dir").symlink_to(place / "outside")
    (workspace.path / "to-file").symlink_to(place / "outside/file")
    (workspace.path / "up").symlink_to("../..")
    os.link(place / "outside/file", workspace.path / "second name")
    before = open_descriptors()

    assert workspace.remove() is None

    assert names(claim.path) == []
    assert (place / "outside/file").read_text() == "mine"
    assert open_descriptors() == before - 2


@pytest.mark.parametrize("mode", [0o000, 0o300, 0o500])
def test_a_workspace_whose_own_directory_is_closed_is_removed(claim: Claim, mode: int) -> None:
    workspace = claim.create()
    workspace.write("a/b", b"x")
    workspace.path.chmod(mode)

    assert workspace.remove() is None
    assert names(claim.path) == []


def test_many_files_and_directories_in_one_are_removed(claim: Claim) -> None:
    workspace = claim.create()
    for number in range(1200):
        (workspace.path / f"file {number}").touch()
        (workspace.path / f"directory {number}").mkdir()

    assert workspace.remove() is None
    assert names(claim.path) == []


def test_files_that_come_in_meanwhile_are_removed_too(claim: Claim) -> None:
    workspace = claim.create()
    (workspace.path / "busy").mkdir()
    directory = os.open(workspace.path / "busy", os.O_RDONLY)
    writing = 'i=0; while [ $i -lt 20000 ]; do : > "/proc/self/fd/$0/f$i" || exit 0; i=$((i+1)); done'
    with subprocess.Popen(
        ["sh", "-c", writing, str(directory)], pass_fds=[directory], stderr=subprocess.DEVNULL
    ) as writer:
        while not any((workspace.path / "busy").iterdir()):
            assert writer.poll() is None
        left = workspace.remove()
        writer.kill()
    os.close(directory)

    assert left is None
    assert names(claim.path) == []


def test_a_tree_that_is_not_there_is_an_error(place: Path) -> None:
    fd = os.open(place, os.O_RDONLY)
    try:
        with pytest.raises(FileNotFoundError):
            remove_tree(fd, b"missing")
    finally:
        os.close(fd)

    assert names(place) == []


@pytest.mark.parametrize("fixed", ["dir/below/file", "dir/below"])
def test_what_cannot_be_removed_is_told_and_the_rest_is_removed(claim: Claim, workspace: Workspace, fixed: str) -> None:
    for name in ("dir/below/file", "dir/below/other", "dir/second", "rest/file"):
        workspace.write(name, b"x")
    if shutil.which("chattr") is None or _chattr("+i", workspace.path / fixed) != 0:
        pytest.skip("making a file immutable needs chattr, CAP_LINUX_IMMUTABLE and a file system that can")

    left = workspace.remove()

    (gone,) = claim.path.iterdir()
    still = sorted(str(path.relative_to(gone)) for path in gone.rglob("*"))
    for path in gone.rglob("*"):
        _chattr("-i", path)
    assert left is not None
    assert left.startswith("1 director")
    assert "Operation not permitted" in left
    assert [path.rpartition("/")[2] for path in still if path.endswith(("file", "other", "second"))] == (
        ["file"] if fixed.endswith("file") else ["file", "other"]
    )


def _chattr(change: str, path: Path) -> int:
    return subprocess.run(["chattr", change, str(path)], check=False, capture_output=True).returncode
