"""Reading blobs out of an object database: by path, by beginning, by size."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.adapters.git.process import Git
from app.domain.entries import Kind
from app.domain.errors import GitFailed
from app.domain.objects import Blob
from app.domain.pull_request import Sha

_PATHS_PER_COMMAND = 500
_BYTES_PER_COMMAND = 100_000
_LONGEST_HEADER = 100


@dataclass(frozen=True, slots=True)
class _Listed:
    kind: Kind
    sha: str
    size: int


async def read_blobs(git: Git, commit: Sha, paths: Sequence[str], *, max_bytes: int) -> dict[str, Blob]:
    """Those of the paths that are files or links, each with at most `max_bytes` of its bytes."""
    listed = await _listed(git, commit, paths)
    contents = await _contents(git, {file.sha: file.size for file in listed.values() if file.size <= max_bytes})
    for file in listed.values():
        if file.sha not in contents:
            contents[file.sha] = await read_beginning(git, file.sha, max_bytes)
    return {
        path: Blob(contents[file.sha], file.size, truncated=file.size > max_bytes, kind=file.kind)
        for path, file in listed.items()
    }


async def read_beginning(git: Git, sha: str, length: int) -> bytes:
    """At most the first bytes of a blob; git is stopped as soon as they are here."""
    kept = bytearray()

    def keep(chunk: bytes) -> bool:
        kept.extend(chunk)
        return len(kept) < length

    await git.feed(keep, "cat-file", "blob", sha)
    return bytes(kept[:length])


async def read_sizes(git: Git, shas: Collection[str]) -> dict[str, int]:
    """The size of every one of these blobs."""
    if not shas:
        return {}
    command = ("cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer")
    printed = (await git.output(*command, stdin=_lines(shas))).decode("ascii", "replace")
    sizes = dict(line.split(" ", 1) for line in printed.splitlines())
    for sha in shas:
        if not sizes.get(sha, "").isdecimal():
            raise lacking(git, sha)
    return {sha: int(sizes[sha]) for sha in shas}


def lacking(git: Git, sha: str) -> GitFailed:
    """The error for an object that a tree names and that is not here."""
    return git.damaged(f"{git.label} lacks the object {sha} that its own trees name: is it a partial clone?")


async def _listed(git: Git, commit: Sha, paths: Sequence[str]) -> dict[str, _Listed]:
    listed = {}
    for group in _groups([encoded for path in paths if (encoded := encoded_path(path)) is not None]):
        asked = set(group)
        printed = await git.output("ls-tree", "-z", "-l", "--full-tree", commit, "--", *group)
        for line in printed.split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            mode, kind, sha, size = about.decode("ascii").split()
            if kind == "blob" and path in asked:
                if not size.isdecimal():  # git prints BAD for an object that is not there
                    raise lacking(git, sha)
                name = path.decode("utf-8", "surrogateescape")
                listed[name] = _Listed(Kind.of_mode(mode), sha, int(size))
    return listed


async def _contents(git: Git, sizes: Mapping[str, int]) -> dict[str, bytes]:
    if not sizes:
        return {}
    room = sum(sizes.values()) + _LONGEST_HEADER * len(sizes)
    batch = replace(git, limits=replace(git.limits, output_bytes=room))
    printed = await batch.output("cat-file", "--batch", "--buffer", stdin=_lines(sizes))
    contents = {}
    position = 0
    for sha, size in sizes.items():
        start = printed.find(b"\n", position) + 1
        if printed[position:start] != f"{sha} blob {size}\n".encode("ascii"):
            raise lacking(git, sha)
        contents[sha] = printed[start : start + size]
        position = start + size + 1
    return contents


def _lines(shas: Collection[str]) -> bytes:
    return "".join(f"{sha}\n" for sha in shas).encode("ascii")


def encoded_path(path: str) -> bytes | None:
    """The path as git has it; None for what no tree can hold, such as `..`, which git would otherwise interpret."""
    if "\0" in path or any(part in {"", ".", ".."} for part in path.split("/")):
        return None
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def _groups(paths: list[bytes]) -> Iterator[list[bytes]]:
    """The paths in groups that fit on one command line."""
    group: list[bytes] = []
    room = _BYTES_PER_COMMAND
    for path in paths:
        if group and (len(group) == _PATHS_PER_COMMAND or len(path) > room):
            yield group
            group, room = [], _BYTES_PER_COMMAND
        group.append(path)
        room -= len(path) + 1
    if group:
        yield group
