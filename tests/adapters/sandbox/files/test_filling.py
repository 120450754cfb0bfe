"""A fresh workspace is filled with what a commit has, and with nothing that leads out of it."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from pathlib import Path

import pytest

from app.adapters.sandbox.files.links import stays_inside
from app.adapters.sandbox.files.workspace import Workspace
from app.domain.errors import SandboxRefused
from app.domain.patches import Chunk, TreeEntry
from tests.adapters.sandbox.files.conftest import open_descriptors
from tests.adapters.sandbox.files.planting import ODD_NAMES, chunks, entry, files, names, no_file_over

LINK = "120000"


def fill(workspace: Workspace, *pieces: list[Chunk]) -> None:
    with workspace.filling() as filling:
        for chunk in (chunk for some in pieces for chunk in some):
            filling.take(chunk)


def test_files_have_their_content_and_the_modes_that_git_knows(workspace: Workspace) -> None:
    before = os.umask(0o077)
    try:
        fill(
            workspace,
            chunks("a.txt", b"one ", b"two ", b"three"),
            chunks("bin/run", b"#!/bin/sh\n", mode="100755"),
            chunks("deep/er/empty", b""),
            chunks("odd mode", b"git takes this for a file", mode="100664"),
        )
    finally:
        os.umask(before)

    top = workspace.path
    assert (top / "a.txt").read_bytes() == b"one two three"
    assert (top / "deep/er/empty").read_bytes() == b""
    modes = {name: stat.S_IMODE((top / name).stat().st_mode) for name in ("a.txt", "bin/run", "deep", "deep/er", "bin")}
    assert modes == {"a.txt": 0o644, "bin/run": 0o755, "deep": 0o755, "deep/er": 0o755, "bin": 0o755}
    assert stat.S_IMODE((top / "odd mode").stat().st_mode) == 0o644
    assert stat.S_IMODE(top.stat().st_mode) == 0o755


def test_names_may_be_odd_and_in_any_order(workspace: Workspace) -> None:
    paths = [f"{'dir-' + str(n % 3)}/{name.decode('utf-8', 'surrogateescape')}" for n, name in enumerate(ODD_NAMES)]

    fill(workspace, files(paths))

    assert names(workspace.path) == [b"dir-0", b"dir-1", b"dir-2"]
    assert {os.fsencode(p.name) for p in workspace.path.glob("*/*")} == set(ODD_NAMES)


@pytest.mark.parametrize(
    ("path", "target", "inside"),
    [
        ("link", b"file", True),
        ("link", b"./dir//file", True),
        ("link", b"link", True),
        ("link", b"not there", True),
        ("link", b"..a/b..", True),
        ("a/link", b"../file", True),
        ("a/b/link", b"../../c/d", True),
        ("a/b/link", b".././../c", True),
        ("a/link", b"..", True),
        ("link", b"caf\xe9", True),
        ("link", b"x" * 4095, True),
        ("link", b"x" * 4096, False),
        ("link", b"", False),
        ("link", b"nul\0", False),
        ("link", b"/etc/passwd", False),
        ("link", b"//etc", False),
        ("link", b"..", False),
        ("link", b"../outside", False),
        ("a/link", b"../../outside", False),
        ("a/link", b"./../../outside", False),
        ("a/b/link", b"c/../d", False),  # `c` may be another link, whose parent is elsewhere
        ("a/b/link", b"../b/..", False),
        ("link", b".git/config", False),
        ("link", b"sub/.GIT", False),
        ("link", b"git~1/hooks", False),
        ("link", ".g\u200cit".encode(), False),
    ],
)
def test_a_link_is_made_only_when_it_stays_inside(workspace: Workspace, path: str, target: bytes, inside: bool) -> None:
    assert stays_inside(path, target) is inside

    fill(workspace, chunks(path, target, mode=LINK))

    made = workspace.path / path
    if inside:
        assert os.fsencode(made.readlink()) == os.fsencode(Path(os.fsdecode(target)))
    else:
        assert stat.S_ISREG(made.lstat().st_mode)
        assert stat.S_IMODE(made.lstat().st_mode) == 0o644
        assert made.read_bytes() == target


def test_links_that_stay_inside_do_so_through_one_another(workspace: Workspace) -> None:
    """Every link that the rule lets through is resolved by the system, from where it stands."""
    targets = [b"..", b"../..", b"p", b"p/q", b"q", b"l0", b"l1/q", b"../l0", b"../../p/l1", b"../p/l2/..", b"l0/.."]
    fill(workspace, files(["p/q/r/file"]))
    links = []
    with workspace.filling() as filling:
        for where in ("", "p/", "p/q/", "p/q/r/"):
            for number, target in enumerate(targets):
                path = f"{where}l{number}"
                filling.take(chunks(path, target, mode=LINK)[0])
                links.append(workspace.path / path)

    real = [link.readlink() for link in links if link.is_symlink()]
    ends = [Path(os.path.realpath(link)) for link in links]

    assert len(real) > len(targets)
    assert all(end.is_relative_to(os.path.realpath(workspace.path)) for end in ends)


def test_a_links_target_may_come_in_pieces(workspace: Workspace) -> None:
    fill(
        workspace,
        chunks("link", b"fi", b"le", mode=LINK),
        chunks("long", *[b"y" * 3000] * 3, mode=LINK),
        chunks("z", b"z"),
    )

    assert (workspace.path / "link").readlink() == Path("file")
    assert (workspace.path / "long").read_bytes() == b"y" * 9000
    assert (workspace.path / "z").read_bytes() == b"z"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/cron.d/x",
        "../x",
        "a/../../x",
        "a/./x",
        "a//x",
        "a/",
        "nul\0",
        ".git/hooks/pre-push",
        ".GIT/config",
        "a/.git/config",
        "git~1/config",
        ".git./config",
        "a\ud800",
        "d/" * 100 + "x",
        "x" * 256,
    ],
)
def test_a_path_that_is_not_below_the_top_is_refused(workspace: Workspace, path: str) -> None:
    with pytest.raises(SandboxRefused, match=r"\Acannot put '.*': .+\Z"):
        fill(workspace, files([path]))

    assert names(workspace.path) == []
    assert names(workspace.path.parent) == [workspace.path.name.encode()]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (chunks("a", b"../../outside", mode=LINK), files(["a/b"])),
        (chunks("a", b"other", mode=LINK), files(["a/b"])),
        (files(["a"]), files(["a/b"])),
        (files(["a/b"]), files(["a"])),
        (files(["a"]), files(["a"])),
        (files(["a"]), chunks("a", b"b", mode=LINK)),
        (chunks("a", b"b", mode=LINK), files(["a"])),
    ],
)
def test_nothing_is_written_through_or_over_what_is_there(
    workspace: Workspace, first: list[Chunk], then: list[Chunk]
) -> None:
    fill(workspace, files(["other/file"]), first)

    with pytest.raises(SandboxRefused, match="cannot put"):
        fill(workspace, then)

    assert [p.name for p in (workspace.path / "other").iterdir()] == ["file"]


def test_a_submodule_has_nothing_to_put(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="a submodule has no content"):
        fill(workspace, [Chunk(entry("vendor", "160000"), b"", last=True)])


def test_a_disk_that_takes_no_more_is_a_refusal(workspace: Workspace) -> None:
    with no_file_over(1000), pytest.raises(SandboxRefused, match=r"\Acannot put 'large': file too large\Z"):
        fill(workspace, chunks("small", b"x"), chunks("large", b"x" * 800, b"x" * 800))


def test_leaving_in_the_middle_of_a_file_closes_it(workspace: Workspace) -> None:
    before = open_descriptors()

    with workspace.filling() as filling:
        filling.take(Chunk(entry("a/b/c", size=9), b"half", last=False))
        assert open_descriptors() > before

    assert open_descriptors() == before


def test_twenty_thousand_files_take_few_descriptors_and_little_time() -> None:
    """In memory, because a disk's own pace is not ours."""
    paths = sorted(f"src/p{n % 50}/q{n % 400}/f{n}.py" for n in range(20_000))
    pieces = [Chunk(TreeEntry(path, "100644", "0" * 40, 4), b"x=1\n", last=True) for path in paths]
    with tempfile.TemporaryDirectory(dir="/dev/shm") as top, Workspace.at(Path(top)) as workspace:
        before = open_descriptors()
        started = time.monotonic()
        with workspace.filling() as filling:
            for piece in pieces:
                filling.take(piece)
        seconds = time.monotonic() - started

        assert open_descriptors() == before
        assert seconds < 10
        assert workspace.measure(max_bytes=1 << 40, max_files=1 << 30).files == 20_000 + 1 + 50 + 400
