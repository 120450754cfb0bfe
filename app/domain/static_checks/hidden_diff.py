"""Finds attributes that hide a file's changes from people who read the pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.diff import FileDiff
from app.domain.globs import fold
from app.domain.severity import Severity
from app.domain.static_checks.hit import StaticHit
from app.domain.tiers import MEDIA_EXTENSIONS

RULE_ID = "security/hidden-diff"

_LINE = re.compile(r'[ \t]*(?P<pattern>"(?:[^"\\]|\\.)*"|[^\s"#]\S*)[ \t]+(?P<attributes>.+)')
_ON = frozenset({"linguist-generated", "linguist-vendored"})
_NO_TEXT = frozenset({"-diff", "binary"})

# Formats without readable lines: to call them binary hides nothing.
_BINARY_EXTENSIONS = MEDIA_EXTENSIONS | frozenset(
    {
        "7z",
        "a",
        "bin",
        "bz2",
        "class",
        "db",
        "dll",
        "dylib",
        "exe",
        "gz",
        "jar",
        "lib",
        "o",
        "pdf",
        "pyc",
        "rar",
    }
    | {"so", "sqlite", "tar", "tgz", "wasm", "xz", "zip", "zst"}
)


def check(path: str, diff: FileDiff) -> Iterator[StaticHit]:
    """A hit for each added line that hides text. `*.png binary` does not: a picture has no lines to read."""
    if fold(path.rpartition("/")[2]) != ".gitattributes":
        return
    for line in diff.added_lines():
        names = _hiding(line.text)
        if names and line.new_number is not None:
            yield StaticHit(
                line=line.new_number,
                rule_id=RULE_ID,
                path=path,
                severity=Severity.P1,
                title="Attribute hides changes from reviewers",
                body=f"This line sets {' and '.join(f'`{name}`' for name in names)}, so the web view folds "
                "away or leaves out the changes of the files it names, here and in every later pull request. "
                "Name only files that nobody reads, as narrowly as possible.",
            )


def _hiding(text: str) -> list[str]:
    """The attributes of the line that hide changes, in our own spelling."""
    match = _LINE.fullmatch(text.rstrip("\r"))
    if match is None:
        return []
    names = []
    for attribute in match["attributes"].split():
        name, _, value = attribute.partition("=")
        if name in _ON and value in {"", "true"}:
            names.append(name)
        elif attribute in _NO_TEXT and not _names_binary_files(match["pattern"]):
            names.append(attribute)
    return names


def _names_binary_files(pattern: str) -> bool:
    extension = pattern.rstrip('"').rpartition(".")[2]
    return fold(extension) in _BINARY_EXTENSIONS
