"""Files without a name are found wherever a process can keep them: in a descriptor, a thread of its own, a map."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest

from app.adapters.sandbox.running.deleted import deleted

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason=f"/proc is Linux's, this is {sys.platform}")

MIB = 1 << 20
START = f"""
import ctypes, os, sys, threading
c = ctypes.CDLL(None)
def make(name):
    file = os.open(name, os.O_RDWR | os.O_CREAT)
    os.write(file, b"x" * {MIB})
    return file
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """On a disk, as workspaces are."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as made:
        yield Path(made)


@contextmanager
def program(directory: Path, code: str) -> Iterator[int]:
    """A Python program that has come to its end and waits."""
    with subprocess.Popen(
        [sys.executable, "-I", "-c", f"{START}\n{code}\nprint(flush=True)\nsys.stdin.read()"],
        cwd=directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what pytest gives is a file without a name
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        try:
            yield process.pid
        finally:
            process.kill()


def test_what_has_a_name_is_left_to_the_walk(directory: Path) -> None:
    with program(directory, "make('a'); b = make('b'); os.link('b', 'c'); os.unlink('b')") as pid:
        found = deleted(pid, PurePosixPath(directory))

    assert (found.usage.bytes, found.usage.files, found.complete) == (0, 0, True)


def test_open_files_without_a_name_count_once_each(directory: Path) -> None:
    code = "a = make('a'); b = make('b'); os.unlink('a'); os.unlink('b'); os.dup(a); os.fork() or sys.stdin.read()"
    with program(directory, code) as pid:
        found = deleted(pid, PurePosixPath(directory))

    assert 2 * MIB <= found.usage.bytes < 3 * MIB
    assert (found.usage.files, found.complete) == (2, True)


def test_those_of_another_file_system_do_not_count(directory: Path) -> None:
    with program(directory, "a = make('a'); os.unlink('a')") as pid:
        found = deleted(pid, PurePosixPath("/proc"))

    assert found.usage.files == 0


def test_a_thread_can_have_descriptors_of_its_own(directory: Path) -> None:
    code = """
ready = threading.Event()
def alone():
    assert c.unshare(0x400) == 0, "CLONE_FILES"
    make('a'); os.unlink('a'); ready.set(); threading.Event().wait()
threading.Thread(target=alone, daemon=True).start()
ready.wait()
"""
    with program(directory, code) as pid:
        found = deleted(pid, PurePosixPath(directory))

    assert (found.usage.files, found.complete) == (1, True)
    assert found.usage.bytes >= MIB


def test_of_a_map_nobody_tells_the_size(directory: Path) -> None:
    code = """
a = make('a')
assert c.mmap(None, ctypes.c_size_t(4096), 1, 1, a, ctypes.c_long(0)) != -1
os.unlink('a'); os.close(a)
"""
    with program(directory, code) as pid:
        found = deleted(pid, PurePosixPath(directory))
        elsewhere = deleted(pid, PurePosixPath("/proc"))

    assert (found.usage.files, found.complete, elsewhere.complete) == (0, False, True)


def test_who_holds_too_much_is_not_looked_at_to_the_end(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{deleted.__module__}._MOST_LOOKED_AT", 50)
    with program(directory, "a = make('a'); os.unlink('a'); b = [os.dup(a) for _ in range(100)]") as pid:
        found = deleted(pid, PurePosixPath(directory))

    assert not found.complete
    assert found.usage.files == 1


def test_who_is_gone_holds_nothing(directory: Path) -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()

    assert deleted(process.pid, PurePosixPath(directory)).complete
