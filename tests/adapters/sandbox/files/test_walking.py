"""A walk tells all that stands in a workspace, hashed as git would, and reads nothing else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from app.adapters.git.environment import git_environment
from app.adapters.sandbox.files.walking import WalkLimits
from app.adapters.sandbox.files.workspace import Workspace
from app.domain.errors import SandboxRefused
from app.domain.patches import FoundFile, FoundKind
from tests.adapters.sandbox.files.conftest import open_descriptors
from tests.adapters.sandbox.files.planting import ODD_NAMES, git_sha, plant_deep, plant_socket


def walked(workspace: Workspace, limits: WalkLimits | None = None) -> dict[str, FoundFile]:
    found = list(workspace.walk(limits))
    by_path = {one.path: one for one in found}
    assert len(by_path) == len(found)
    return by_path


def other(path: str) -> FoundFile:
    return FoundFile(path, FoundKind.OTHER, 0, None)


def test_every_kind_of_thing(workspace: Workspace) -> None:
    top = workspace.path
    (top / "a/b").mkdir(parents=True)
    (top / "a/b/file").write_bytes(b"content\n")
    (top / "run").write_bytes(b"#!/bin/sh\n")
    (top / "run").chmod(0o700)
    (top / "empty").touch()
    (top / "by group only").touch(0o654)
    (top / "no directory").mkdir()
    (top / "link").symlink_to("../../etc/passwd")
    (top / "to-dir").symlink_to("a")
    os.mkfifo(top / "a/fifo")
    plant_socket(top / "a/socket")

    assert walked(workspace) == {
        "a/b/file": FoundFile("a/b/file", FoundKind.FILE, 8, git_sha(b"content\n")),
        "run": FoundFile("run", FoundKind.EXECUTABLE, 10, git_sha(b"#!/bin/sh\n")),
        "empty": FoundFile("empty", FoundKind.FILE, 0, git_sha(b"")),
        "by group only": FoundFile("by group only", FoundKind.FILE, 0, git_sha(b"")),
        "link": FoundFile("link", FoundKind.SYMLINK, 16, git_sha(b"../../etc/passwd")),
        "to-dir": FoundFile("to-dir", FoundKind.SYMLINK, 1, git_sha(b"a")),
        "a/fifo": other("a/fifo"),
        "a/socket": other("a/socket"),
    }


def test_hashes_are_those_of_git(workspace: Workspace) -> None:
    contents = [b"", b"\0", b"one\r\ntwo", bytes(range(256)) * 5000, b"x" * ((1 << 20) + 1), b"y" * (3 << 20)]
    for number, content in enumerate(contents):
        (workspace.path / f"{number}").write_bytes(content)
    names = "\n".join(str(workspace.path / f"{number}") for number in range(len(contents)))
    hashing = ["git", "hash-object", "--no-filters", "--stdin-paths"]
    asked = subprocess.run(hashing, input=names, capture_output=True, text=True, check=True, env=git_environment())

    found = walked(workspace)

    assert [found[f"{number}"].sha for number in range(len(contents))] == asked.stdout.split()


def test_odd_names_are_told_as_they_are(workspace: Workspace) -> None:
    for name in ODD_NAMES:
        (workspace.path / os.fsdecode(name)).mkdir()
        (workspace.path / os.fsdecode(name) / os.fsdecode(name)).touch()

    expected = {b"%b/%b" % (name, name) for name in ODD_NAMES}
    assert {path.encode("utf-8", "surrogateescape") for path in walked(workspace)} == expected


def test_the_git_directory_at_the_top_is_passed_over_and_no_other_is(workspace: Workspace) -> None:
    for directory in (".git", "vendor/.git", ".GIT", "git~1"):
        (workspace.path / directory).mkdir(parents=True)
        (workspace.path / directory / "config").write_bytes(b"[core]\n")
    (workspace.path / "pointer").mkdir()
    (workspace.path / "pointer/.git").write_bytes(b"gitdir: elsewhere\n")

    assert set(walked(workspace)) == {"vendor/.git", ".GIT/config", "git~1/config", "pointer/.git"}
    assert walked(workspace)["vendor/.git"] == other("vendor/.git")


@pytest.mark.parametrize("kind", ["file", "link"])
def test_at_the_top_only_a_directory_is_passed_over(workspace: Workspace, kind: str) -> None:
    if kind == "file":
        (workspace.path / ".git").write_bytes(b"gitdir: elsewhere\n")
    else:
        (workspace.path / ".git").symlink_to("elsewhere")

    assert set(walked(workspace)) == {".git"}


def test_what_is_closed_to_us_is_told_and_not_read(workspace: Workspace) -> None:
    if os.geteuid() == 0:
        pytest.skip("modes keep nothing from root")
    for name in ("closed", "unlisted", "unsearchable"):
        (workspace.path / name).mkdir()
        (workspace.path / name / "file").touch()
    (workspace.path / "unreadable").touch(0o200)
    for name, mode in (("closed", 0), ("unlisted", 0o300), ("unsearchable", 0o600)):
        (workspace.path / name).chmod(mode)

    assert walked(workspace) == {
        path: other(path) for path in ("closed", "unlisted", "unsearchable/file", "unreadable")
    }


@pytest.mark.skipif(not Path("/dev/shm").is_mount(), reason="/dev/shm is no file system of its own here")
def test_other_file_systems_and_devices_are_told_and_not_entered() -> None:
    with Workspace.at(Path("/dev")) as devices:
        found = {one.path: one for one in devices.walk(WalkLimits(depth=2))}

        assert found["shm"] == other("shm")
        assert not any(path.startswith("shm/") for path in found)
        assert found["null"] == other("null")
        with pytest.raises(SandboxRefused, match="it is on another file system"):
            devices.read("shm/file", max_bytes=1)
        with pytest.raises(SandboxRefused, match="it is a device"):
            devices.read("zero", max_bytes=1)


def test_a_workspace_that_is_closed_to_us_is_refused(workspace: Workspace) -> None:
    if os.geteuid() == 0:
        pytest.skip("modes keep nothing from root")
    workspace.path.chmod(0)

    with pytest.raises(SandboxRefused, match="the workspace cannot be read: permission denied"):
        walked(workspace)


def test_a_tree_that_is_too_deep_ends_where_it_gets_too_deep(workspace: Workspace) -> None:
    plant_deep(workspace.path, 3000)
    (workspace.path / "d/d/file").touch()

    found = walked(workspace, WalkLimits(depth=4))

    assert found == {
        "d/d/file": FoundFile("d/d/file", FoundKind.FILE, 0, git_sha(b"")),
        "d/d/d/d": other("d/d/d/d"),
    }
    assert set(walked(workspace)) == {"d/d/file", "/".join("d" * 100)}


def test_a_path_that_is_too_long_ends_where_it_gets_too_long(workspace: Workspace) -> None:
    plant_deep(workspace.path, 30, "n" * 255)

    (path,) = walked(workspace)

    assert path == "/".join(["n" * 255] * 17)


def test_a_file_over_the_limit_is_told_without_being_read(workspace: Workspace) -> None:
    with (workspace.path / "terabyte").open("wb") as file:
        file.truncate(1 << 40)
    (workspace.path / "at the limit").write_bytes(b"12345")
    (workspace.path / "over").write_bytes(b"123456")

    assert walked(workspace, WalkLimits(file_bytes=5)) == {
        "terabyte": FoundFile("terabyte", FoundKind.FILE, 1 << 40, None),
        "at the limit": FoundFile("at the limit", FoundKind.FILE, 5, git_sha(b"12345")),
        "over": FoundFile("over", FoundKind.FILE, 6, None),
    }


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (WalkLimits(entries=5), "more than 5 files and directories"),
        (WalkLimits(path_bytes=10), "the paths in the workspace are longer than 10 bytes"),
        (WalkLimits(content_bytes=15), "more than 15 bytes in all"),
    ],
)
def test_a_workspace_over_a_limit_is_refused(workspace: Workspace, limits: WalkLimits, words: str) -> None:
    (workspace.path / "dir").mkdir()
    for number in range(5):
        (workspace.path / f"dir/{number}").write_bytes(b"four")
    before = open_descriptors()

    with pytest.raises(SandboxRefused, match=words):
        walked(workspace, limits)

    assert open_descriptors() == before


def test_leaving_a_walk_early_closes_what_it_holds(workspace: Workspace) -> None:
    plant_deep(workspace.path, 50)
    for number in range(3):
        (workspace.path / f"d/d/d/{number}").touch()
    before = open_descriptors()
    walk = workspace.walk()

    next(walk)
    held = open_descriptors() - before
    walk.close()

    assert 0 < held <= 52
    assert open_descriptors() == before


def test_a_file_that_changes_its_size_under_the_reader_has_no_hash(workspace: Workspace, place: Path) -> None:
    """As files of /proc do all the time: they say that they are empty, and have content."""
    with Workspace.at(Path("/proc/sys/kernel")) as proc:
        found = {one.path: one for one in proc.walk(WalkLimits(depth=1)) if one.path == "ostype"}

    assert found == {"ostype": FoundFile("ostype", FoundKind.FILE, 0, None)}
