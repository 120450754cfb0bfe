"""Where a manifest says that dependencies come from, held against what it said: versions may change, sources not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from app.domain.globs import fold

_REQUIREMENTS = re.compile(r"(?:.*[-_.])?requirements?(?:[-_.].*)?\.(?:txt|in)")
_TABLES = {
    "package.json": ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"),
    "pyproject.toml": (
        *("project.dependencies", "project.optional-dependencies", "dependency-groups", "tool.poetry.dependencies"),
        *("tool.poetry.dev-dependencies", "tool.poetry.group", "tool.pdm.dev-dependencies"),
    ),
    "cargo.toml": ("dependencies", "dev-dependencies", "build-dependencies", "target", "workspace"),
}
_SOURCE_KEYS = frozenset(
    {"git", "url", "path", "file", "registry", "registry-index", "source", "package", "branch", "rev", "tag", "develop"}
)
_ELSEWHERE = re.compile(r"[@/]|[a-z]:", re.IGNORECASE)
"""In a requirement, what is more than a name and versions."""
_MAX_DEPTH = 8


def is_requirements(path: str) -> bool:
    """Whether pip reads such a file, by the customs of its users."""
    *above, name = fold(path).split("/")
    listed = bool(above) and above[-1] == "requirements" and name.endswith((".txt", ".in"))
    return listed or _REQUIREMENTS.fullmatch(name) is not None


def changed_requirements(before: str | None, after: str) -> str | None:
    """What else than names and versions a file of requirements would change, in words that follow the path.

    The format: https://pip.pypa.io/en/stable/reference/requirements-file-format/
    """
    old, new = _joined(before or ""), _joined(after)
    if any("--hash" in line for line in old) and old != new:
        return "pins dependencies by their hashes, which only people change"
    if [line for line in old if _ELSEWHERE.search(_plain(line))] != [
        line for line in new if _ELSEWHERE.search(_plain(line))
    ] or [line for line in old if line.startswith("-")] != [line for line in new if line.startswith("-")]:
        return "would change where dependencies come from, of which only people decide"
    return None


def sources(name: str, manifest: object) -> tuple[str, ...]:
    """What the manifest of this folded name says of where dependencies come from, sorted."""
    found = (one for table in _TABLES.get(name, ()) for one in _walked(table, _at(manifest, table), 0))
    return tuple(sorted(found))


def _joined(text: str) -> list[str]:
    lines = (re.sub(r"(?:^|\s)#.*", "", line).strip() for line in re.sub(r"\\\r?\n", " ", text).splitlines())
    return [line for line in lines if line]


def _plain(line: str) -> str:
    """Without its markers, which may compare with paths and say nothing of the source."""
    return line if "@" in line else line.partition(";")[0]


def _walked(key: str, value: object, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        yield f"{key} is nested too deeply: {value!r}"
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if name in _SOURCE_KEYS:
                yield f"{key}.{name} = {inner!r}"
            yield from _walked(f"{key}.{name}", inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _walked(key, inner, depth + 1)
    elif isinstance(value, str) and _ELSEWHERE.search(_plain(value)):
        yield f"{key} = {value}"


def _at(value: object, key: str) -> object:
    """What stands under a dotted key; None where there is nothing."""
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
