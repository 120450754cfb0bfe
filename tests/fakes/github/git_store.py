"""A bare git repository, driven by plumbing commands that no user or system configuration can change."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

ZERO_SHA: Final = "0" * 40
EPOCH: Final = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())

_OBJECT: Final = re.compile(r"\^?[0-9a-f]{40}")
_ANSWERS: Final[dict[tuple[tuple[str, ...], bytes], bytes]] = {}

_CONFIG: Final = {
    "http.receivepack": "true",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowReachableSHA1InWant": "true",
    # GitHub alone writes the refs of pull requests.
    "receive.hideRefs": "refs/pull",
    "receive.autogc": "false",
    "receive.denyDeleteCurrent": "ignore",
    "gc.auto": "0",
    # A power cut does not matter here, and syncing is most of a commit's time.
    "core.fsync": "none",
}


class GitFailed(Exception):
    """A git command that did not succeed."""

    def __init__(self, arguments: tuple[str, ...], stderr: bytes) -> None:
        """Keep what git said."""
        super().__init__(f"git {' '.join(arguments)}: {stderr.decode(errors='replace').strip()}")


@cache
def git_environment() -> dict[str, str]:
    """An environment in which git reads nothing but the repository."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit object says."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: tuple[str, str, str]
    committer: tuple[str, str, str]
    message: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a tree."""

    mode: str
    type: str
    sha: str
    size: int | None
    path: str


@dataclass(frozen=True, slots=True)
class GitStore:
    """One bare repository."""

    git_dir: Path

    @classmethod
    def create(cls, git_dir: Path, *, default_branch: str) -> GitStore:
        """Make an empty bare repository that speaks git over HTTP as GitHub does."""
        # What git init does, without a process: every test makes a repository.
        for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
            (git_dir / folder).mkdir(parents=True)
        (git_dir / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n", encoding="utf-8")
        lines = ["[core]", "\trepositoryformatversion = 0", "\tfilemode = true", "\tbare = true"]
        for name, value in _CONFIG.items():
            section, key = name.split(".")
            lines += [f"[{section}]", f"\t{key} = {value}"]
        (git_dir / "config").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return cls(git_dir)

    def run(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        """The output of a git command; raises if it fails."""
        # Not a shell, and git is what the stand-in serves.
        process = subprocess.run(
            ["git", "--git-dir", str(self.git_dir), *arguments],
            input=stdin,
            capture_output=True,
            env={**git_environment(), **(environment or {})},
            check=False,
        )
        if process.returncode != 0:
            raise GitFailed(arguments, process.stderr)
        return process.stdout

    def told(self, *arguments: str, ids: Iterable[str], stdin: bytes = b"") -> bytes:
        """The output of a command that reads nothing but objects, those with these ids and what they lead to.

        It is the same wherever they are, and most tests begin with the same commits: a process asks git once.
        """
        revisions = tuple(ids)
        if not all(map(_OBJECT.fullmatch, revisions)):
            return self.run(*arguments, stdin=stdin)
        key = (arguments, stdin)
        if key not in _ANSWERS:
            _ANSWERS[key] = self.run(*arguments, stdin=stdin)
        return _ANSWERS[key]

    def text(self, *arguments: str) -> str:
        """The output of a git command as one stripped text."""
        return self.run(*arguments).decode(errors="surrogateescape").strip()

    def succeeds(self, *arguments: str) -> bool:
        """Whether a git command that answers yes or no says yes."""
        try:
            self.run(*arguments)
        except GitFailed:
            return False
        return True

    def resolve(self, name: str, *, kind: str = "commit") -> str | None:
        """The object id that a name means, if there is such an object."""
        try:
            return self.text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{{kind}}}")
        except GitFailed:
            return None

    def at_path(self, commit: str, path: str) -> str | None:
        """The id of what is at a path in a commit; the whole tree for the empty path."""
        try:
            return self.text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}:{path}")
        except GitFailed:
            return None

    def refs(self, prefix: str) -> dict[str, str]:
        """Every ref under a prefix with its object id."""
        place = self.git_dir / prefix
        if place.is_dir() and not (self.git_dir / "packed-refs").exists():
            # Read from disk, without a process, as long as each ref has a file: every push is noticed this way.
            files = sorted(path for path in place.rglob("*") if path.is_file())
            return {path.relative_to(self.git_dir).as_posix(): path.read_text().strip() for path in files}
        lines = self.text("for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def branches(self) -> dict[str, str]:
        """Every branch with its commit."""
        prefix = "refs/heads/"
        return {ref.removeprefix(prefix): sha for ref, sha in self.refs(prefix).items()}

    def set_ref(self, ref: str, sha: str) -> None:
        """Let a ref point to an object."""
        self.run("update-ref", ref, sha)

    def delete_ref(self, ref: str) -> None:
        """Remove a ref."""
        self.run("update-ref", "-d", ref)

    def fetch(self, source: Path, *refspecs: str) -> None:
        """Copy refs and their objects from another repository or bundle."""
        self.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(source), *refspecs)

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, if the histories meet."""
        try:
            return self.told("merge-base", one, other, ids=(one, other)).decode().strip()
        except GitFailed:
            return None

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether one commit is in the history of another."""
        return self.succeeds("merge-base", "--is-ancestor", older, newer)

    def log(self, *revisions: str, limit: int | None = None, path: str | None = None) -> list[str]:
        """The commits of a range, newest first."""
        arguments = ["rev-list", "--topo-order", *([f"--max-count={limit}"] if limit else []), *revisions]
        told = self.told(*arguments, *(["--", path] if path else []), ids=revisions)
        return told.decode(errors="surrogateescape").split()

    def commits(self, shas: list[str]) -> Iterator[Commit]:
        """What these commits say, in order, read by one process."""
        if not shas:
            return
        form = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x00%x01%x00"
        stdin = "\n".join(shas).encode()
        output = self.told("log", "--no-walk=unsorted", "--stdin", f"--format={form}", ids=shas, stdin=stdin)
        for record in output.decode(errors="replace").split("\x00\x01\x00")[:-1]:
            sha, tree, parents, *people, message = record.lstrip("\n").split("\x00")[:10]
            author = (people[0], people[1], _utc(people[2]))
            yield Commit(
                sha,
                tree,
                tuple(parents.split()),
                author,
                (people[3], people[4], _utc(people[5])),
                message.rstrip("\n"),
            )

    def tree(self, treeish: str, *, recursive: bool = False) -> list[TreeEntry]:
        """The entries of a tree."""
        options = ["-r", "-t"] if recursive else []
        output = self.run("ls-tree", "-z", "--long", *options, "--end-of-options", treeish)
        entries = []
        for line in output.decode(errors="replace").split("\x00")[:-1]:
            description, path = line.split("\t", 1)
            mode, kind, sha, size = description.split()
            entries.append(TreeEntry(mode, kind, sha, None if size == "-" else int(size), path))
        return entries

    def blob(self, sha: str) -> bytes:
        """The bytes of a blob."""
        return self.run("cat-file", "blob", sha)

    def merge_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of a merge, or nothing if it conflicts."""
        try:
            return self.text("merge-tree", "--write-tree", ours, theirs).splitlines()[0]
        except GitFailed:
            return None

    def commit_tree(self, tree: str, parents: list[str], *, message: str, person: str, date: int) -> str:
        """Write a commit object for a tree that exists."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {person} {date} +0000", f"committer {person} {date} +0000", "", message]
        text = "\n".join(lines) + "\n"
        return self.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode()).decode().strip()


def _utc(date: str) -> str:
    return datetime.fromisoformat(date).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
