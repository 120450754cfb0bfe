"""Single files are read, written and taken away, and nothing else, whatever stands at the path."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from app.adapters.sandbox.files.access import open_regular
from app.adapters.sandbox.files.workspace import Workspace
from app.domain.errors import SandboxRefused
from tests.adapters.sandbox.files.conftest import open_descriptors
from tests.adapters.sandbox.files.planting import names, no_file_over, plant_socket

CANARY = "canary-9f2d"


@pytest.fixture
def top(workspace: Workspace) -> Path:
    """A workspace with a bit of everything, and a secret beside it."""
    top = workspace.path
    (top.parent / "secret").write_text(CANARY)
    (top / "dir/below").mkdir(parents=True)
    (top / "dir/file").write_bytes(b"0123456789")
    (top / "outside").symlink_to("../secret")
    (top / "absolute").symlink_to(top.parent / "secret")
    (top / "environment").symlink_to("/proc/self/environ")
    (top / "up").symlink_to("..")
    (top / "to-dir").symlink_to("dir")
    (top / "loop").symlink_to("loop")
    (top / "dangling").symlink_to("nowhere")
    os.mkfifo(top / "fifo")
    plant_socket(top / "socket")
    os.link(top / "dir/file", top / "second name")
    return top


_BAD_PATHS = {
    "": "the path is empty",
    "/proc/self/environ": "the path is absolute; name it from the top of the workspace",
    "/etc/passwd": "the path is absolute; name it from the top of the workspace",
    "../secret": "the path has the part '..'",
    "../../../../etc/passwd": "the path has the part '..'",
    "dir/../../secret": "the path has the part '..'",
    "./dir/file": "the path has the part '.'",
    "dir//file": "the path has the part ''",
    "dir/": "the path has the part ''",
    ".git/config": "the path has a part that is `.git` on some file system",
    "dir/.GIT/config": "the path has a part that is `.git` on some file system",
    "git~1/hooks/x": "the path has a part that is `.git` on some file system",
    "nul\0": "the path has a NUL",
    "lone\ud800": "the path is not text",
    "a/" * 100 + "a": "the path has more than 100 parts",
    "x" * 256: "a part of the path is too long",
    "to-dir/file": "a symbolic link stands where the path needs a directory",
    "up/secret": "a symbolic link stands where the path needs a directory",
    "dir/file/below": "a file stands where the path needs a directory",
    "fifo/below": "a FIFO stands where the path needs a directory",
    "dir": "it is a directory",
    "fifo": "it is a FIFO",
    "socket": "it is a socket",
}
_LINKS = ("outside", "absolute", "environment", "up", "loop", "dangling")


def _call(workspace: Workspace, verb: str, path: str) -> object:
    calls: dict[str, Callable[[], object]] = {
        "read": lambda: workspace.read(path, max_bytes=100),
        "write": lambda: workspace.write(path, b"new"),
        "delete": lambda: workspace.delete(path),
    }
    return calls[verb]()


@pytest.mark.parametrize("verb", ["read", "write", "delete"])
@pytest.mark.parametrize("path", _BAD_PATHS)
def test_what_is_not_a_file_below_the_top_is_refused_in_one_line(
    workspace: Workspace, top: Path, verb: str, path: str
) -> None:
    before = _everything(top.parent)

    with pytest.raises(SandboxRefused) as refused:
        _call(workspace, verb, path)

    assert str(refused.value).startswith(f"cannot {verb} ")
    assert str(refused.value).endswith(f": {_BAD_PATHS[path]}")
    assert "\n" not in str(refused.value)
    assert _everything(top.parent) == before


@pytest.mark.parametrize("verb", ["read", "write"])
@pytest.mark.parametrize("path", _LINKS)
def test_a_link_is_neither_read_nor_written_through(workspace: Workspace, top: Path, verb: str, path: str) -> None:
    before = _everything(top.parent)

    with pytest.raises(SandboxRefused, match="it is a symbolic link") as refused:
        _call(workspace, verb, path)

    assert CANARY not in str(refused.value)
    assert _everything(top.parent) == before


@pytest.mark.parametrize("path", _LINKS)
def test_a_link_is_taken_away_and_not_what_it_leads_to(workspace: Workspace, top: Path, path: str) -> None:
    workspace.delete(path)

    assert not (top / path).is_symlink()
    assert (top.parent / "secret").read_text() == CANARY


@pytest.mark.parametrize("verb", ["read", "delete"])
@pytest.mark.parametrize("path", ["missing", "missing/below", "dir/missing"])
def test_what_is_missing_is_said_to_be(workspace: Workspace, top: Path, verb: str, path: str) -> None:
    with pytest.raises(SandboxRefused, match=r"\Acannot (read|delete) '.*missing.*': there is no such file\Z"):
        _call(workspace, verb, path)


@pytest.mark.parametrize(
    ("name", "answer"),
    [(b"fifo", None), (b"dir", None), (b"outside", "ELOOP"), (b"loop", "ELOOP"), (b"socket", "ENXIO")],
)
def test_opening_itself_tells_what_is_no_file(top: Path, name: bytes, answer: str | None) -> None:
    """Looking first is not enough: what stands there may be swapped between the look and the opening."""
    directory = os.open(top, os.O_RDONLY)
    before = open_descriptors()
    try:
        if answer is None:
            assert open_regular(directory, name, os.fstat(directory).st_dev) is None
        else:
            with pytest.raises(OSError) as refused:  # noqa: PT011 - the number says which
                open_regular(directory, name, os.fstat(directory).st_dev)
            assert errno.errorcode[refused.value.errno or 0] == answer
        assert open_descriptors() == before
    finally:
        os.close(directory)


def test_names_in_reasons_are_shown_without_what_terminals_obey(workspace: Workspace) -> None:
    with pytest.raises(SandboxRefused) as refused:
        workspace.read("a\x1b[31m\n\u202e", max_bytes=1)

    assert str(refused.value).isprintable()


@pytest.mark.parametrize(("most", "content"), [(0, b""), (4, b"0123"), (10, b"0123456789"), (1 << 30, b"0123456789")])
def test_reading_gives_the_first_bytes(workspace: Workspace, top: Path, most: int, content: bytes) -> None:
    assert workspace.read("dir/file", max_bytes=most) == content


def test_a_large_file_is_read_in_pieces_up_to_the_limit(workspace: Workspace) -> None:
    with (workspace.path / "large").open("wb") as large:
        large.truncate(1 << 40)

    assert workspace.read("large", max_bytes=3_000_000) == bytes(3_000_000)


def test_a_write_makes_directories_and_sets_the_mode(workspace: Workspace) -> None:
    workspace.write("new/deep/run", b"#!/bin/sh\n", executable=True)
    workspace.write("new/data", b"")

    made = workspace.path / "new/deep/run"
    assert made.read_bytes() == b"#!/bin/sh\n"
    assert stat.S_IMODE(made.stat().st_mode) == 0o755
    assert stat.S_IMODE((workspace.path / "new/data").stat().st_mode) == 0o644
    assert names(workspace.path / "new/deep") == [b"run"]


def test_a_write_leaves_other_names_and_readers_of_the_old_file_alone(workspace: Workspace, top: Path) -> None:
    with (top / "dir/file").open("rb") as reader:
        workspace.write("dir/file", b"replaced")

        assert reader.read() == b"0123456789"
    assert (top / "second name").read_bytes() == b"0123456789"
    assert (top / "dir/file").read_bytes() == b"replaced"


def test_a_failed_write_leaves_nothing_behind(workspace: Workspace, top: Path) -> None:
    with pytest.raises(SandboxRefused):
        workspace.write("dir/" + "n" * 256, b"content")

    assert names(top / "dir") == [b"below", b"file"]


def test_a_write_that_the_disk_does_not_take_leaves_the_old_file(workspace: Workspace, top: Path) -> None:
    with no_file_over(1000), pytest.raises(SandboxRefused, match=r"\Acannot write 'dir/file': file too large\Z"):
        workspace.write("dir/file", b"x" * 1001)

    assert (top / "dir/file").read_bytes() == b"0123456789"
    assert names(top / "dir") == [b"below", b"file"]


@pytest.mark.parametrize("verb", ["read", "write", "delete"])
def test_a_directory_that_is_closed_to_us_is_a_refusal(workspace: Workspace, top: Path, verb: str) -> None:
    if os.geteuid() == 0:
        pytest.skip("modes keep nothing from root")
    (top / "dir").chmod(0)
    try:
        with pytest.raises(SandboxRefused, match="permission denied"):
            _call(workspace, verb, "dir/file")
    finally:
        (top / "dir").chmod(0o755)


def test_undecodable_names_are_names_too(workspace: Workspace) -> None:
    path = "caf\udce9/x\udcff"

    workspace.write(path, b"content")

    assert names(workspace.path) == [b"caf\xe9"]
    assert workspace.read(path, max_bytes=100) == b"content"
    workspace.delete(path)
    assert names(workspace.path / os.fsdecode(b"caf\xe9")) == []


def _everything(top: Path) -> dict[str, tuple[int, int, bytes]]:
    """Names, modes, and the content of files."""
    found = {}
    for path in sorted(top.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found[str(path.relative_to(top))] = (status.st_mode, status.st_ino, content)
    return found
