"""Which paths may leave a sandbox or enter a tree, which of them collide, and which only people may change."""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.domain.globs import fold, loosest, matches_folded
from app.domain.tiers import ALWAYS_CORE
from app.domain.visible import hidden_characters

MAX_COMPONENT_BYTES = 255
MAX_PATH_BYTES = 4_096
MAX_DEPTH = 100
"""Parts between slashes."""

_RUN_ELSEWHERE = (
    *("**/.circleci/**", "**/.gitlab-ci.yml", "**/.gitlab/**", "**/Jenkinsfile", "**/azure-pipelines.yml"),
    *("**/bitbucket-pipelines.yml", "**/.travis.yml", "**/.drone.yml", "**/.buildkite/**", "**/.teamcity/**"),
    *("**/.claude/**", "**/.mcp.json", "**/.cursor/**", "**/.cursorrules", "**/.windsurfrules", "**/.windsurf/**"),
    *("**/.vscode/**", "**/.idea/**", "**/.devcontainer/**", "**/.devcontainer.json"),
    *("**/.husky/**", "**/.pre-commit-config.yaml", "**/lefthook.yml", "**/.envrc", "**/.npmrc", "**/.yarnrc*"),
)
"""What other systems of continuous integration, agents, editors and package managers run or obey unasked: beside
secrets, or on people's own machines."""

PROTECTED = (*ALWAYS_CORE, ".github/**", "**/.lfsconfig", *_RUN_ELSEWHERE)
"""What is always core, and all else that steers GitHub, git, or what runs elsewhere."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNDECODABLE = re.compile("[\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_ONLY_DOTS = re.compile(r"[. ]*")
_SHORT_DOT_GIT = re.compile(r"git~[0-9]+")
_SHORT_NAME = re.compile(r"([^.~]{1,6})~[0-9]+(?:\.[^.]{0,3})?")
_HASHED = re.compile(r"[0-9a-f]{1,4}")


def problem_with(path: str) -> str | None:
    """Why a path may not leave a sandbox or enter a tree, in words that follow "the path"; None when it may.

    What git itself refuses in a tree is refused on every system (https://git-scm.com/docs/git-config, core.protectHFS
    and core.protectNTFS), and so is what a reader could not tell from another path.
    """
    return _problem_with_whole(path) or next(filter(None, map(_problem_with_part, path.split("/"))), None)


def _problem_with_whole(path: str) -> str | None:
    if path == "":
        return "is empty"
    if _UNDECODABLE.search(path):
        return "is not UTF-8"
    if path.startswith("/") or _DRIVE.match(path):
        return "is absolute"
    if "\\" in path:
        return "has a backslash"
    if len(path.encode()) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes"
    if path.count("/") >= MAX_DEPTH:
        return f"has more than {MAX_DEPTH} parts"
    return None


def _problem_with_part(part: str) -> str | None:
    if part == "":
        return "has an empty part between slashes"
    if _ONLY_DOTS.fullmatch(part):
        return f"has the part `{part}`"
    if is_dot_git(part):
        return "has a part that is `.git` on some file system"
    if len(part.encode()) > MAX_COMPONENT_BYTES:
        return f"has a part longer than {MAX_COMPONENT_BYTES} bytes"
    if _CONTROL.search(part):
        return "has a control character"
    if hidden := hidden_characters(part):
        return f"has a hidden character, {hidden[0].code_point}"
    return None


def is_dot_git(part: str) -> bool:
    """Whether some file system takes one part of a path for `.git`: by case, by an NTFS short name or stream, by
    dots and spaces at the end, or by characters that HFS+ ignores.
    """
    name = loosest(part)
    return name == ".git" or _SHORT_DOT_GIT.fullmatch(name) is not None


def is_protected(path: str) -> str | None:
    """Why only people may change a path, in words that follow "the path"; None for any other path.

    Compared as the most lenient file system would, so that no other spelling of the same file slips past.
    """
    for pattern in PROTECTED:
        if matches_folded(pattern, path):
            return f"is protected ({pattern})"
    for part in loosest(path).split("/"):
        if long := _long_name(part):
            return f"is protected ({part} may be the short name of {long})"
    return None


def collisions(paths: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Groups of paths that cannot stand side by side on every file system, sorted.

    Two paths collide when they are equal after normalising and folding case, or when one of them is then a directory
    of the other.
    """
    by_name: dict[str, set[str]] = {}
    for path in paths:
        by_name.setdefault(fold(path), set()).add(path)
    groups = {name: set(same) for name, same in by_name.items() if len(same) > 1}
    for name, same in by_name.items():
        end = name.find("/")
        while end != -1:
            above = name[:end]
            if above in by_name:
                groups.setdefault(above, set(by_name[above])).update(same)
            end = name.find("/", end + 1)
    return tuple(sorted(tuple(sorted(group)) for group in groups.values()))


def _long_name(part: str) -> str | None:
    """The protected name that Windows may abbreviate so, as in `GITATT~1` and `GI7D29~1`.

    The form is described at https://learn.microsoft.com/windows/win32/fileio/naming-a-file, "Short vs. Long Names".
    """
    short = _SHORT_NAME.fullmatch(part)
    if short is None:
        return None
    stem = short[1]
    for name in _protected_names():
        plain = name.replace(".", "")
        if plain.startswith(stem) or (stem[:2] == plain[:2] and _HASHED.fullmatch(stem[2:])):
            return name
    return None


def _protected_names() -> tuple[str, ...]:
    parts = (part for pattern in PROTECTED for part in pattern.split("/"))
    return tuple(dict.fromkeys(fold(part) for part in parts if "*" not in part))
