"""What a manifest says is to be run when its project is installed, built or committed to, held against what it said."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping

from app.domain.fix.dependency_sources import changed_requirements, is_requirements, sources
from app.domain.globs import fold
from app.domain.strict_json import loaded

_NODE = (
    *("scripts", "gypfile", "husky", "simple-git-hooks", "pre-commit", "lint-staged", "gitHooks", "config"),
    *("workspaces", "pnpm", "packageManager", "trustedDependencies", "publishConfig", "bin", "devEngines"),
    *("overrides", "resolutions"),
)
_RUST = ("package.build", "package.links", "patch", "replace", "registries", "registry", "source", "cargo-features")
_PHP = ("scripts", "repositories", "config", "bin", "extra")
_DENO = ("tasks", "importMap")
_PYTHON = (
    *("build-system", "tool.hatch.build", "tool.pdm.build", "tool.pdm.source", "tool.poetry.build"),
    *("tool.poetry.source", "tool.uv", "tool.pixi", "tool.setuptools.cmdclass", "tool.cibuildwheel"),
    *("project.scripts", "project.gui-scripts", "project.entry-points", "tool.poetry.scripts", "tool.poetry.plugins"),
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
    "cargo.toml": (_toml, _RUST),
}


def changed_hooks(path: str, before: bytes | None, after: bytes | None) -> str | None:
    """What of a manifest is changed that only people change, in words that follow the path; None for all other files.

    A manifest that is new must not have any of it, and one that was there may not be deleted. One that cannot be read
    any more is refused: package managers may read it otherwise than we would.
    """
    name = fold(path.rpartition("/")[2])
    manifest = _MANIFESTS.get(name)
    if manifest is None and not is_requirements(path):
        return None
    if after is None:
        return "would be deleted, and says what is installed: only people decide of that"
    if manifest is None:
        return changed_requirements(None if before is None else before.decode("utf-8", "replace"), after.decode())
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
    if changed:
        return f"would change {changed[0]!r}, of which only people decide what is run"
    if sources(name, old) != sources(name, new):
        return "would change where dependencies come from, of which only people decide"
    return None


def _at(value: object, key: str) -> object:
    """What stands under a dotted key; None where there is nothing."""
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
