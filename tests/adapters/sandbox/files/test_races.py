"""A process that swaps files, links and directories without pause gets nothing from outside read or changed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.sandbox.files.workspace import Workspace
from app.domain.errors import SandboxRefused
from app.domain.patches import FoundKind
from tests.adapters.sandbox.files.conftest import open_descriptors
from tests.adapters.sandbox.files.planting import git_sha, names

CANARY = b"canary-51c7"
ROUNDS = 40
SECONDS = 30

_SWAPPING = """
import itertools, os, sys
top, outside = sys.argv[1:]
os.chdir(top)
os.makedirs("real", exist_ok=True)
open("real/victim", "wb").write(b"inside")
open("file", "wb").write(b"inside")
os.symlink(outside, "link-to-dir")
os.symlink(outside + "/victim", "link-to-file")
os.mkfifo("pipe")
os.mkdir("empty")
made = itertools.count()
def swap(stand_in, name):
    try:
        os.rename(stand_in, name)
    except OSError:  # a directory was made there meanwhile
        os.rename(name, f"made{next(made)}")
    else:
        os.rename(name, stand_in)
print("swapping", flush=True)
while True:
    for stand_in in ("real", "link-to-dir"):
        swap(stand_in, "dir")
    for stand_in in ("file", "link-to-file") * 4 + ("pipe", "empty"):
        swap(stand_in, "victim")
"""


@pytest.fixture
def outside(place: Path) -> Path:
    (place / "outside").mkdir()
    (place / "outside/victim").write_bytes(CANARY)
    return place / "outside"


@pytest.fixture
def swapped(workspace: Workspace, outside: Path) -> Iterator[Workspace]:
    with subprocess.Popen(
        [_python(), "-I", "-S", "-c", _SWAPPING, str(workspace.path), str(outside)], stdout=subprocess.PIPE
    ) as swapper:
        assert swapper.stdout is not None
        assert swapper.stdout.readline() == b"swapping\n"
        yield workspace
        assert swapper.poll() is None
        swapper.kill()


_MOVING = """
import itertools, os, sys
os.chdir(sys.argv[1])
os.mkdir("a"); os.mkdir("b")
fd = os.open("a", os.O_RDONLY)
for level in range(90):
    for name in ("d", "e", "f"):
        os.mkdir(name, dir_fd=fd)
    fd = os.open("d", os.O_RDONLY, dir_fd=fd)
    if level == 70:
        deep = fd
print("moving", flush=True)
top = os.open("b", os.O_RDONLY)
while True:
    os.rename("d", "d", src_dir_fd=deep, dst_dir_fd=top)
    os.rename("d", "d", src_dir_fd=top, dst_dir_fd=deep)
"""


def _python() -> str:
    """The interpreter itself: a virtual environment may be closed to the user that the test runs as."""
    if os.access(os.path.realpath(sys.executable), os.X_OK, effective_ids=True):
        return os.path.realpath(sys.executable)
    if os.access("/usr/bin/python3", os.X_OK):
        return "/usr/bin/python3"
    pytest.skip("there is no Python that the user without rights may run")


def test_a_walk_reads_nothing_from_outside(swapped: Workspace) -> None:
    secret = git_sha(CANARY)
    kinds: set[FoundKind] = set()
    rounds = 0
    end = time.monotonic() + SECONDS
    while (rounds < ROUNDS or len(kinds) < 3) and time.monotonic() < end:
        found = list(swapped.walk())
        assert secret not in {one.sha for one in found}
        kinds |= {one.kind for one in found if one.path == "victim"}
        rounds += 1

    assert rounds >= ROUNDS
    assert len(kinds) >= 3, "the swapper and the walk never met"


def test_reading_gives_the_file_inside_or_a_refusal(swapped: Workspace) -> None:
    answers: set[bytes] = set()
    refusals = 0
    end = time.monotonic() + SECONDS
    while (refusals < ROUNDS or not answers) and time.monotonic() < end:
        for path in ("victim", "dir/victim", "real/victim"):
            try:
                answers.add(swapped.read(path, max_bytes=100))
            except SandboxRefused:
                refusals += 1

    assert refusals >= ROUNDS
    assert answers == {b"inside"}


def test_writing_and_deleting_change_nothing_outside(swapped: Workspace, outside: Path) -> None:
    done = refusals = 0
    end = time.monotonic() + SECONDS
    while (refusals < ROUNDS or done < ROUNDS) and time.monotonic() < end:
        for path in ("dir/new", "dir/victim"):
            try:
                swapped.write(path, b"written")
                swapped.delete(path)
                done += 1
            except SandboxRefused:
                refusals += 1

    assert refusals >= ROUNDS
    assert done >= ROUNDS
    assert names(outside) == [b"victim"]
    assert (outside / "victim").read_bytes() == CANARY


def test_measuring_stays_inside(swapped: Workspace, outside: Path) -> None:
    for number in range(100):
        (outside / f"{number}").touch()

    counts = [swapped.measure(max_bytes=1 << 40, max_files=1 << 30).files for _ in range(ROUNDS * 5)]

    assert max(counts) < 20


def test_measuring_loses_its_way_back_and_ends_all_the_same(workspace: Workspace) -> None:
    """Deep directories are left through `..`, which leads elsewhere when they are moved meanwhile."""
    with subprocess.Popen([_python(), "-I", "-S", "-c", _MOVING, str(workspace.path)], stdout=subprocess.PIPE) as mover:
        assert mover.stdout is not None
        assert mover.stdout.readline() == b"moving\n"
        before = open_descriptors()

        counts = {workspace.measure(max_bytes=1 << 40, max_files=1 << 30).files for _ in range(ROUNDS)}

        assert open_descriptors() == before
        assert mover.poll() is None
        mover.kill()
    assert len(counts) > 1, "the mover and the count never met"
    assert max(counts) <= 2 * (2 + 3 * 90)
