"""A workspace is measured at the start, when it may be over a limit, and every now and then; never twice at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from app.adapters.sandbox.running.workspace import WorkspaceWatch
from app.adapters.sandbox.usage import Gauge, Usage
from app.domain.sandbox import CommandLimits, Limit

MIB = 1 << 20
LIMITS = CommandLimits(disk_bytes=8 * MIB, files=10)


class Scene:
    """A workspace that is watched in a thread until a limit is told or enough is enough."""

    def __init__(self, directory: Path, measure: Callable[[], Usage]) -> None:
        self.told: list[Limit] = []
        self.stop = threading.Event()
        watch = WorkspaceWatch(PurePosixPath(directory), LIMITS, Gauge(measure))
        self.thread = threading.Thread(target=watch.until, args=(self.stop, self.told.append))
        self.thread.start()

    def end(self) -> list[Limit]:
        self.stop.set()
        self.thread.join(30)
        assert not self.thread.is_alive()
        return self.told


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        (Usage(8 * MIB + 1, 1), [Limit.DISK]),
        (Usage(1, 11), [Limit.FILES]),
        (Usage(8 * MIB + 1, 11), [Limit.DISK]),
    ],
)
def test_what_is_over_a_limit_is_told_once(tmp_path: Path, usage: Usage, told: list[Limit]) -> None:
    scene = Scene(tmp_path, lambda: usage)
    scene.thread.join(30)

    assert scene.end() == told


def test_what_is_within_its_limits_is_let_be(tmp_path: Path) -> None:
    measured = threading.Event()

    def measure() -> Usage:
        measured.set()
        return Usage(8 * MIB, 10)

    scene = Scene(tmp_path, measure)
    assert measured.wait(30)

    assert scene.end() == []


def test_growth_is_measured_soon(tmp_path: Path) -> None:
    """By a limit that is smaller than what else happens on the machine's disk at the same time."""
    first, more = threading.Event(), threading.Event()

    def measure() -> Usage:
        (more if first.is_set() else first).set()
        return Usage(0, 0)

    scene = Scene(tmp_path, measure)
    assert first.wait(30)
    (tmp_path / "file").write_bytes(b"x" * 16 * MIB)
    assert more.wait(30)

    assert scene.end() == []


def test_measurements_take_at_most_a_part_of_the_time(tmp_path: Path) -> None:
    running, most, count = 0, 0, 0

    def slow() -> Usage:
        nonlocal running, most, count
        running += 1
        most, count = max(most, running), count + 1
        time.sleep(0.1)
        running -= 1
        return Usage(8 * MIB, 10)  # so that all that anyone writes here may be too much

    begin = time.monotonic()
    scene = Scene(tmp_path, slow)
    for number in range(20):
        (tmp_path / f"{number}").write_bytes(b"x" * MIB)
        time.sleep(0.05)
    scene.end()
    seconds = time.monotonic() - begin

    assert most == 1
    # Each is followed by a pause that is as long, but for the last one, after the end.
    assert 2 <= count <= seconds / 0.2 + 2


class Ending(threading.Event):
    """The end of a command that writes a file in its last moment."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def wait(self, timeout: float | None = None) -> bool:
        self._file.write_bytes(b"x" * 16 * MIB)
        return True


def test_what_was_written_last_is_measured_after_the_end(tmp_path: Path) -> None:
    file, told = tmp_path / "file", list[Limit]()

    def measure() -> Usage:
        return Usage(file.stat().st_size if file.exists() else 0, 1)

    WorkspaceWatch(PurePosixPath(tmp_path), LIMITS, Gauge(measure)).until(Ending(file), told.append)

    assert told == [Limit.DISK]


def test_what_is_known_from_the_last_command_is_not_measured_again(tmp_path: Path) -> None:
    count = 0

    def measure() -> Usage:
        nonlocal count
        count += 1
        return Usage(0, 0)

    gauge, stop = Gauge(measure), threading.Event()
    gauge.take(PurePosixPath(tmp_path))
    stop.set()
    WorkspaceWatch(PurePosixPath(tmp_path), CommandLimits(disk_bytes=1 << 40, files=1 << 30), gauge).until(stop, print)

    assert count == 1
