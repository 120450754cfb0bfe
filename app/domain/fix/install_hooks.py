"""What a manifest says is to be run when its project is installed, built or committed to, held against what it said."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping

from app.domain.globs import fold
from app.domain.strict_json import loaded

_NODE = (
    *("scripts", "gypfile", "husky", "simple-git-hooks", "pre-commit", "lint-staged", "gitHooks", "config"),
    *("workspaces", "pnpm", "packageManager", "trustedDependencies", "publishConfig", "bin", "devEngines"),
)
_PHP = ("scripts", "repositories", "config", "bin", "extra")
_DENO = ("tasks", "importMap")
_PYTHON = (
    *("build-system", "tool.hatch.build", "tool.pdm.build", "tool.pdm.source", "tool.poetry.build"),
    *("tool.poetry.source", "tool.uv.index", "tool.uv.sources", "tool.setuptools.cmdclass", "tool.cibuildwheel"),
    *("project.scripts", "project.entry-points", "tool.poetry.scripts", "tool.poetry.plugins"),
)


def _json(data: bytes) -> object:
    return loaded(data.decode("utf-8-sig"))


def _toml(data: bytes) -> object:
    return tomllib.loads(data.decode())


_MANIFESTS: Mapping[str, tuple[Callable[[bytes], object], tuple[str, ...]]] = {
    "package.json": (_json, _NODE),
    "composer.json": (_json, _PHP),
    "deno.json": (_json, _DENO),
    "pyproject.toml": (_toml, _PYTHON),
}


def changed_hooks(path: str, before: bytes | None, after: bytes | None) -> str | None:
    """What of a manifest is changed that only people change, in words that follow the path; None for all other files.

    A manifest that is new must not have any of it. One that cannot be read any more is refused: package managers may
    read it otherwise than we would.
    """
    manifest = _MANIFESTS.get(fold(path.rpartition("/")[2]))
    if manifest is None or after is None:
        return None
    read, keys = manifest
    try:
        new = read(after)
    except (ValueError, RecursionError):
        return "would be a manifest that cannot be read"
    try:
        old = {} if before is None else read(before)
    except (ValueError, RecursionError):
        old = {}
    changed = [key for key in keys if _at(old, key) != _at(new, key)]
    return f"would change {changed[0]!r}, of which only people decide what is run" if changed else None


def _at(value: object, key: str) -> object:
    """What stands under a dotted key; None where there is nothing."""
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
