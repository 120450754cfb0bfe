"""Bare repositories that benchmarks read: invented, written by `git fast-import` once, and kept in bench/.cache."""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.adapters.git.objects import GitRepository
from app.adapters.git.process import Git
from app.adapters.git.tree import GitTree
from app.domain.pull_request import Sha
from scripts.bench import invented
from scripts.bench.processes import ROOT

FILES, COMMITS, PULLS = 5_000, 10_000, 40
OF_PULL = 12
"""Files that a pull request changes."""
NAME = "acme/web.git"

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}
"""Of every git that is no part of the product."""

_CACHE = ROOT / "bench" / ".cache"
_EDITION = 1
"""Goes up with every change of what is written, so that nobody measures an old one."""
_OF_COMMIT = 3
_BEGAN = 1_700_000_000
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Invented:
    """A bare repository that only reads."""

    git_dir: Path

    def commit(self, name: str) -> Sha:
        return Sha(self.git("rev-parse", "--verify", f"{name}^{{commit}}").decode().strip())

    def tree(self) -> GitTree:
        """The files of `main`, as the product reads them."""
        return GitRepository(Git(self.git_dir, NAME)).tree(self.commit("main"))

    def git(self, *arguments: str) -> bytes:
        return subprocess.run(
            ("git", "--git-dir", str(self.git_dir), *arguments), env=ENVIRONMENT, capture_output=True, check=True
        ).stdout


def of_files(count: int) -> Invented:
    """One commit, `main`, with so many files."""
    return _made(f"files-{count}-{_EDITION}/{NAME}", lambda: _one_commit(count))


def with_history() -> Invented:
    """`main` with its history, and a pull request at each `refs/pull/N/head`, one commit on top of main."""
    return _made(f"history-{_EDITION}/{NAME}", _history)


def _made(name: str, stream: Callable[[], Iterable[bytes]]) -> Invented:
    git_dir = _CACHE / name
    if git_dir.is_dir():
        return Invented(git_dir)
    print(f"==> making {git_dir}", flush=True)
    git_dir.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=git_dir.parent))
    try:
        made = Invented(draft)
        made.git("init", "--quiet", "--bare")
        _imported(draft, stream())
        # As a server has it: packed, with bitmaps, and ready to give any commit.
        made.git("repack", "-adq", "--window=5", "--write-bitmap-index")
        made.git("pack-refs", "--all")
        made.git("symbolic-ref", "HEAD", "refs/heads/main")
        made.git("config", "uploadpack.allowAnySHA1InWant", "true")
        made.git("config", "uploadpack.allowFilter", "true")
        draft.rename(git_dir)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Invented(git_dir)


def _imported(git_dir: Path, stream: Iterable[bytes]) -> None:
    command = ("git", "--git-dir", str(git_dir), "fast-import", "--quiet", "--done")
    with subprocess.Popen(command, env=ENVIRONMENT, stdin=subprocess.PIPE) as importing:
        assert importing.stdin is not None
        for part in stream:
            importing.stdin.write(part)
        importing.stdin.write(b"done\n")
        importing.stdin.close()
        if importing.wait():
            raise RuntimeError("git fast-import did not take the invented repository")


def _one_commit(count: int) -> Iterator[bytes]:
    yield _commit("refs/heads/main", 0)
    for number in range(count):
        yield _inline(number, b"".join(invented.lines(number)))


def _history() -> Iterator[bytes]:
    """Versions of one file follow one another, as fast-import makes deltas of what it has seen just before."""
    chance = random.Random(_EDITION)  # noqa: S311 - the same in every run is what is wanted
    touched = [_some_files(chance, _OF_COMMIT) for _ in range(COMMITS - 1)]
    versions: dict[int, int] = defaultdict(int)
    for numbers in touched:
        for number in numbers:
            versions[number] += 1
    marks, mark, now = {}, 0, {}
    for number in range(FILES):
        text = invented.lines(number)
        for version in range(versions[number] + 1):
            mark += 1
            marks[number, version] = mark
            yield b"blob\nmark :%d\n%s" % (mark, _data(b"".join(text)))
            now[number] = text
            text = invented.edited(text, chance)
    yield _commit("refs/heads/main", 0)
    for number in range(FILES):
        yield _marked(number, marks[number, 0])
    at: dict[int, int] = defaultdict(int)
    for count, numbers in enumerate(touched, 1):
        yield _commit("refs/heads/main", count)
        for number in numbers:
            at[number] += 1
            yield _marked(number, marks[number, at[number]])
    for pull in range(1, PULLS + 1):
        yield _commit(f"refs/pull/{pull}/head", COMMITS + pull, parent="refs/heads/main")
        for number in _some_files(chance, OF_PULL):
            yield _inline(number, b"".join(invented.edited(now[number], chance)))


def _some_files(chance: random.Random, how_many: int) -> list[int]:
    """Some files change often and most seldom."""
    found: set[int] = set()
    while len(found) < how_many:
        found.add(int(FILES * chance.random() ** 2))
    return sorted(found)


def _commit(ref: str, count: int, *, parent: str | None = None) -> bytes:
    text = (
        f"commit {ref}\ncommitter Somebody <somebody@example.org> {_BEGAN + count * _MINUTE} +0000\n"
    ).encode() + _data(b"Change number %d\n" % count)
    return text + (b"" if parent is None else f"from {parent}\n".encode())


def _marked(number: int, mark: int) -> bytes:
    return f"M 100644 :{mark} {invented.path(number)}\n".encode()


def _inline(number: int, content: bytes) -> bytes:
    return f"M 100644 inline {invented.path(number)}\n".encode() + _data(content)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
