"""What kind of file an entry is by its content and its path together: generated, vendored, lock or minified.

A kind lowers how closely a file is read, so a claim that the change itself brings counts for nothing: a mark such as
"generated, do not edit", a place among foreign code or a minified look must be that of the base commit's file too. A
new lock file is one by its name, which a package manager reads as nothing else, and by the shape of its content.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum

HEAD_BYTES = 8_192
"""How much of a file is looked at."""


class ContentKind(StrEnum):
    """The words follow "because it is"; they are fit for people."""

    GENERATED = "generated file by its mark at the base commit"
    VENDORED = "vendored file by its place and licence at the base commit"
    LOCK = "lock file by its content"
    MINIFIED = "minified file by its lines at the base commit"


def kind_of(path: str, *, base: bytes | None, head: bytes | None) -> ContentKind | None:
    """The kind, from the beginnings of the base commit's and of the head's file; None of one: it is not there.

    All sides that are there must agree. None when there is nothing to say: then the file is read like any other.
    """
    sides = tuple(_text(side) for side in (base, head) if side is not None)
    if not sides:
        return None
    if (has_shape := _LOCK_SHAPES.get(_name(path))) and all(map(has_shape, sides)):
        return ContentKind.LOCK
    if base is None:
        return None
    if all(map(_says_generated, sides)):
        return ContentKind.GENERATED
    if _VENDORED_PATH.search(path) and _LICENCE.search(sides[0]):
        return ContentKind.VENDORED
    if _MINIFIABLE.search(path) and all(map(_looks_minified, sides)):
        return ContentKind.MINIFIED
    return None


def worth_reading(path: str, base: bytes | None) -> bool:
    """Whether the head's file can make a difference, once the base commit's is known."""
    return _name(path) in _LOCK_SHAPES or kind_of(path, base=base, head=base) is not None


def is_lock_name(path: str) -> bool:
    """Whether package managers call their lock files so."""
    return _name(path) in _LOCK_SHAPES


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _text(data: bytes) -> str:
    return data[:HEAD_BYTES].decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")


def _has(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.MULTILINE)
    return lambda text: compiled.search(text) is not None


def _json_with(*keys: str) -> Callable[[str], bool]:
    """The beginning of a JSON object with all of these keys."""
    patterns = [_has(rf'^\s{{0,8}}"{re.escape(key)}"\s{{0,4}}:') for key in keys]
    return lambda text: text.lstrip().startswith("{") and all(found(text) for found in patterns)


def _only_lines(pattern: str) -> Callable[[str], bool]:
    """Every whole line fits; the last one may be cut off."""
    compiled = re.compile(pattern)

    def fits(text: str) -> bool:
        whole = text.split("\n")[:-1]
        return bool(whole) and all(compiled.fullmatch(line) for line in whole)

    return fits


_TOML_PACKAGES = _has(r'^\[\[package\]\]\nname = "')

# Not mix.lock: Elixir runs it as code.
_LOCK_SHAPES: Mapping[str, Callable[[str], bool]] = {
    "package-lock.json": _json_with("lockfileVersion"),
    "npm-shrinkwrap.json": _json_with("lockfileVersion"),
    "bun.lock": _json_with("lockfileVersion"),
    "yarn.lock": _has(r"^# yarn lockfile v1$|^__metadata:\n  version: "),
    "pnpm-lock.yaml": _has(r"\A(?:---\n)?lockfileVersion: "),
    "poetry.lock": _TOML_PACKAGES,
    "uv.lock": _TOML_PACKAGES,
    "pdm.lock": _TOML_PACKAGES,
    "Cargo.lock": _TOML_PACKAGES,
    "Pipfile.lock": _json_with("_meta", "hash"),
    "composer.lock": _json_with("_readme", "content-hash"),
    "packages.lock.json": _json_with("version", "dependencies"),
    "flake.lock": _json_with("nodes"),
    "Package.resolved": _json_with("pins"),
    "Gemfile.lock": _has(r"^(?:GEM|GIT|PATH)\n  remote: "),
    "gems.locked": _has(r"^(?:GEM|GIT|PATH)\n  remote: "),
    "Podfile.lock": _has(r"\APODS:\n  - "),
    "pubspec.lock": _has(r"^packages:\n  \w"),
    ".terraform.lock.hcl": _has(r'^provider "[^"]{1,200}" \{$'),
    "go.sum": _only_lines(r"\S{1,300} v\S{1,200} h1:[A-Za-z0-9+/]{43}="),
    "gradle.lockfile": _only_lines(r"#.{0,200}|empty=\S{0,2000}|[^\s:=]+:[^\s:=]+:[^\s:=]+=\S{0,2000}"),
    "buildscript-gradle.lockfile": _only_lines(r"#.{0,200}|empty=\S{0,2000}|[^\s:=]+:[^\s:=]+:[^\s:=]+=\S{0,2000}"),
}

_FIRST_LINES = 40
_LONGEST_MARK = 300
_COMMENT = re.compile(r'\s{0,8}(?://|#|/\*|\*|--|<!--|;|%|"""|\(\*|@generated)')
_GENERATED = re.compile(
    r"@generated\b|<auto-?generated\b|\bcode generated .{0,100}\bdo not (?:edit|modify)\b"
    r"|\b(?:auto(?:matically)?[- ]?)generated\b.{0,100}\bdo not (?:edit|modify|change)\b"
    r"|\bdo not (?:edit|modify)\b.{0,100}\b(?:auto(?:matically)?[- ]?)?generated\b"
    r"|\bgenerated by the protocol buffer compiler\b",
    re.IGNORECASE,
)


def _says_generated(text: str) -> bool:
    """In a comment among the first lines, as in "// Code generated by x. DO NOT EDIT." (https://go.dev/s/generatedcode)."""
    lines = (line[:_LONGEST_MARK] for line in text.split("\n", _FIRST_LINES)[:_FIRST_LINES])
    return any(_COMMENT.match(line) and _GENERATED.search(line) for line in lines)


# A nested directory `vendor` often is about people who sell; Go's has a host's name below it.
_VENDORED_PATH = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|third[_-]?party|3rd[_-]?party|vendor/[^/]+\.[a-z]{2,})/|^vendor/"
)
_LICENCE = re.compile(
    r"\b(?:SPDX-License-Identifier:|Copyright\b.{0,20}\d{4}|Licensed under\b|@license\b)", re.IGNORECASE
)

_MINIFIABLE = re.compile(r"\.(?:js|mjs|cjs|css|json|map)$", re.IGNORECASE)
_LONG_LINE = 500
_PROSE_SPACE = 0.12


def _looks_minified(text: str) -> bool:
    """Most of it stands in long lines with little white space; people write neither."""
    long = "".join(line for line in text.split("\n") if len(line) >= _LONG_LINE)
    spaces = sum(map(str.isspace, long))
    return len(long) * 2 > len(text) and spaces < _PROSE_SPACE * len(long)
