"""What a workspace takes is counted at any depth, past closed doors, and only as far as it matters."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.sandbox.files import usage
from app.adapters.sandbox.files.directories import open_directory
from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.usage import Usage
from tests.adapters.sandbox.files.conftest import open_descriptors
from tests.adapters.sandbox.files.planting import plant_deep

ALL = 1 << 60


def measured(workspace: Workspace) -> Usage:
    return workspace.measure(max_bytes=ALL, max_files=ALL)


def allocated(workspace: Workspace) -> int:
    """By another way: through paths."""
    return sum(path.lstat().st_blocks * 512 for path in workspace.path.rglob("*"))


def test_an_empty_workspace_takes_nothing(workspace: Workspace) -> None:
    assert measured(workspace) == Usage(0, 0)


def test_all_kinds_count_and_holes_do_not(workspace: Workspace) -> None:
    top = workspace.path
    (top / "a/b").mkdir(parents=True)
    (top / "a/b/file").write_bytes(b"x" * 100_000)
    with (top / "sparse").open("wb") as sparse:
        sparse.truncate(1 << 40)
    (top / "link").symlink_to("/usr")
    os.mkfifo(top / "fifo")

    found = measured(workspace)

    assert found == Usage(allocated(workspace), 6)
    assert 100_000 <= found.bytes < 1_000_000


def test_the_bytes_of_a_file_with_several_names_count_once_and_its_names_each(workspace: Workspace) -> None:
    (workspace.path / "file").write_bytes(b"x" * 100_000)
    once = measured(workspace)
    for number in range(10):
        os.link(workspace.path / "file", workspace.path / f"name {number}")

    assert measured(workspace) == replace(once, files=once.files + 10)


def test_the_longest_file_is_told(workspace: Workspace) -> None:
    (workspace.path / "a").mkdir()
    with (workspace.path / "a/sparse").open("wb") as sparse:
        sparse.truncate(5000)
    (workspace.path / "file").write_bytes(b"x" * 3000)

    assert measured(workspace).largest == 5000


def test_depth_hides_nothing_and_needs_few_descriptors(workspace: Workspace) -> None:
    plant_deep(workspace.path, 3000)
    (workspace.path / "d/d/wide").mkdir()
    for number in range(10):
        (workspace.path / f"d/d/wide/{number}").mkdir()
        plant_deep(workspace.path / f"d/d/wide/{number}", 100)
    before = open_descriptors()

    assert measured(workspace).files == 3001 + 1 + 10 * 102
    assert open_descriptors() == before


def test_deep_branches_are_all_visited_on_the_way_back(workspace: Workspace) -> None:
    """Below the depth to which directories are kept open, the way back is `..`."""
    plant_deep(workspace.path, 80)
    deep = workspace.path.joinpath(*["d"] * 75)
    for branch in range(4):
        (deep / f"b{branch}/c/e").mkdir(parents=True)
        (deep / f"b{branch}/c/e/file").touch()

    assert measured(workspace).files == 81 + 4 * 4


def test_a_closed_directory_hides_nothing_and_stays_as_it_was(workspace: Workspace) -> None:
    modes = {"closed": 0o000, "unlisted": 0o300, "unsearchable": 0o600}
    for name in modes:
        (workspace.path / name / "below").mkdir(parents=True)
        (workspace.path / name / "below/file").write_bytes(b"x" * 10_000)
    expected = Usage(allocated(workspace), 9)
    for name, mode in modes.items():
        (workspace.path / name).chmod(mode)

    assert measured(workspace) == expected

    left = {name: stat.S_IMODE((workspace.path / name).stat().st_mode) for name in modes}
    assert left == modes


def test_nor_does_a_closed_workspace(workspace: Workspace) -> None:
    (workspace.path / "file").touch()
    workspace.path.chmod(0o000)

    assert measured(workspace).files == 1

    assert stat.S_IMODE(workspace.path.stat().st_mode) == 0


def test_counting_stops_once_it_is_too_much(workspace: Workspace) -> None:
    for number in range(200):
        (workspace.path / f"{number % 10}").mkdir(exist_ok=True)
        (workspace.path / f"{number % 10}/{number}").write_bytes(b"x" * 4096)
    everything = measured(workspace)
    before = open_descriptors()

    by_files = workspace.measure(max_bytes=ALL, max_files=50)
    by_bytes = workspace.measure(max_bytes=100_000, max_files=ALL)

    assert everything.files == 210
    assert by_files.files == 51
    assert 100_000 < by_bytes.bytes <= 100_000 + 8192
    assert by_bytes.files < 210
    assert open_descriptors() == before


class Moving:
    """Moves a deep directory away, as a command can, when the count comes back up from it."""

    def __init__(self, workspace: Workspace, times: int) -> None:
        self.times = times
        self.attempts = 0
        self._deep = workspace.path.joinpath(*["d"] * 70)
        plant_deep(workspace.path, 70)
        (self._deep / "x/below").mkdir(parents=True)
        for number in range(50):
            (self._deep / f"file{number}").touch()
            workspace.path.joinpath("d", f"sibling{number}").mkdir()
        self._away = workspace.path / "away"

    def come_back(self, real: Callable[..., int]) -> Callable[..., int]:
        def opened(fd: int, name: bytes, **options: int) -> int:
            if name != b".." or self.attempts >= self.times or Path(f"/proc/self/fd/{fd}").readlink().name != "x":
                return real(fd, name, **options)
            self.attempts += 1
            (self._deep / "x").rename(self._away)
            try:
                return real(fd, name, **options)
            finally:
                self._away.rename(self._deep / "x")

        return opened


@pytest.mark.parametrize("times", [1, 4])
def test_a_directory_that_is_moved_away_hides_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    moving = Moving(workspace, times)
    expected, before = measured(workspace), open_descriptors()
    monkeypatch.setattr(f"{usage.__name__}.open_directory", moving.come_back(open_directory))

    assert measured(workspace) == expected
    assert moving.attempts == times
    assert open_descriptors() == before


def test_a_tree_that_is_moved_about_without_end_is_too_much(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving, before = Moving(workspace, 1000), open_descriptors()
    monkeypatch.setattr(f"{usage.__name__}.open_directory", moving.come_back(open_directory))

    assert workspace.measure(max_bytes=ALL, max_files=100_000).files == 100_001
    assert moving.attempts == 5
    assert open_descriptors() == before
