"""The files of a bare repository: writing an empty one, seeing whether one is whole, finding that of a clone.

Written by hand instead of by `git init`, which reads templates; the layout is git's documented one.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import GitFailed

_DIRECTORIES = ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info")
_FILES = {
    "HEAD": "ref: refs/heads/unborn\n",
    "config": "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n",
    # Of all attributes these take precedence. `!diff` leaves it to the content whether a file is binary, whatever a
    # .gitattributes in the repository says.
    "info/attributes": "* -text !eol -ident -filter -working-tree-encoding -merge !diff\n",
}
_LONGEST_LINK_FILE = 8192


def write_bare(git_dir: Path) -> None:
    """Make an empty bare repository, or complete one whose small files were lost or changed."""
    for name in _DIRECTORIES:
        (git_dir / name).mkdir(parents=True, exist_ok=True)
    for name, text in _FILES.items():
        path = git_dir / name
        if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
            draft = path.with_name(f"{path.name}.draft")
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)


def sweep(git_dir: Path) -> None:
    """Remove what a killed git left behind; only for the one process that holds the repository's lock."""
    for lock in (
        *git_dir.glob("*.lock"),
        *(git_dir / "refs").rglob("*.lock"),
        *(git_dir / "info").glob("*.lock"),
    ):
        lock.unlink(missing_ok=True)
    objects = git_dir / "objects"
    for pattern in (
        "tmp_*",
        "pack/tmp_*",
        "pack/.tmp-*",
        "pack/*.keep",
        "info/*.lock",
        "info/*/*.lock",
        "??/tmp_*",
    ):
        for left in objects.glob(pattern):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Clone:
    """Where a clone keeps its things: `git_dir` has HEAD, `common_dir` the objects and refs (they differ in a linked
    work tree).
    """

    git_dir: Path
    common_dir: Path


def find_clone(path: Path) -> Clone:
    """The clone that `path` lies in: a work tree, a linked work tree or a bare repository. Runs no git."""
    try:
        return _find_clone(path)
    except PermissionError as error:
        raise GitFailed(f"{error.filename} cannot be read: {error.strerror}") from None


def _find_clone(path: Path) -> Clone:
    start = path.resolve()
    for directory in (start, *start.parents):
        dot_git = directory / ".git"
        candidate = _linked(dot_git) if dot_git.is_file() else dot_git
        for git_dir in (candidate, directory):
            common_dir = _common_dir(git_dir)
            if (git_dir / "HEAD").is_file() and (common_dir / "objects").is_dir():
                return Clone(git_dir=git_dir, common_dir=common_dir)
    raise GitFailed(f"no git repository at {str(path)!r} or above it")


def _linked(dot_git: Path) -> Path:
    """A linked work tree has a file `.git` that says where its git dir is."""
    return dot_git.parent / _one_line(dot_git).removeprefix("gitdir: ")


def _common_dir(git_dir: Path) -> Path:
    link = git_dir / "commondir"
    return git_dir / _one_line(link) if link.is_file() else git_dir


def _one_line(path: Path) -> str:
    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        return file.read(_LONGEST_LINK_FILE).rstrip("\n")
