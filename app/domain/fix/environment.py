"""Which prepared environment a base commit needs, as a key: the same key, the same environment."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Iterable, Mapping, Sequence

_FORMAT = 2
_NAMES = frozenset(
    {
        # what packages are wanted
        *("package.json", "deno.json", "deno.jsonc", "pyproject.toml", "setup.py", "setup.cfg", "pipfile"),
        *("environment.yml", "environment.yaml", "cargo.toml", "go.mod", "go.work", "gemfile", "composer.json"),
        *(
            "pom.xml",
            "build.gradle",
            "build.gradle.kts",
            "settings.gradle",
            "settings.gradle.kts",
            "libs.versions.toml",
        ),
        *("build.sbt", "mix.exs", "rebar.config", "package.swift", "pubspec.yaml", "stack.yaml", "cabal.project"),
        *("conanfile.txt", "conanfile.py", "vcpkg.json", "dune-project", "project.clj", "deps.edn", "cpanfile"),
        *("directory.packages.props", "directory.build.props", "paket.dependencies", "flake.nix"),
        # which versions of them
        *("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", "bun.lockb", "go.sum"),
        *("go.work.sum", "gradle.lockfile", "package.resolved", "packages.lock.json", "gradle-wrapper.properties"),
        *("conda-lock.yml", "cpanfile.snapshot", "rebar.lock", "verification-metadata.xml"),
        # how the tools are set up
        *(".npmrc", ".yarnrc", ".yarnrc.yml", ".tool-versions", "mise.toml", ".nvmrc", ".node-version"),
        *(".python-version", ".ruby-version", "rust-toolchain", "rust-toolchain.toml", "global.json", "nuget.config"),
    }
)
_SUFFIXES = (".lock", ".gemspec", ".csproj", ".fsproj", ".vbproj", ".cabal", ".podspec", ".opam")
_WORD = re.compile(r"[^\s'\"`;|&<>()=,:]+")
_REQUIREMENTS = ("requirements", "constraints")


def lock_paths(paths: Iterable[str], setup: Sequence[str] = ()) -> tuple[str, ...]:
    """Those of a commit's paths that are lock files or manifests of a package manager, or that the commands of `setup`
    name, sorted. Names are compared without regard to case: one file too many only makes an environment anew.
    """
    named = {word.removeprefix("./") for command in setup for word in _WORD.findall(command.lower())}
    return tuple(sorted(path for path in set(paths) if _steers(path) or _is_named(path.lower(), named)))


def environment_key(setup: Sequence[str], locks: Mapping[str, str], root: str, *, repository: str, branch: str) -> str:
    """SHA-256 in hexadecimal over all that an environment is found by.

    `setup` has the commands in their order, `locks` the blob id of each of `lock_paths` in the base commit, and `root`
    names the tool chain that the commands run with. `repository` is in it because setup runs with all files of its
    base commit: what it makes may hold any of them, and must be used in no other repository, however alike the locks.
    The base `branch` is in it for the same reason: whoever may write to some branch decides what setup makes there.
    """
    material = {
        "format": _FORMAT,
        "repository": repository,
        "branch": branch,
        "setup": list(setup),
        "locks": sorted(locks.items()),
        "root": root,
    }
    return hashlib.sha256(json.dumps(material, sort_keys=True).encode("ascii")).hexdigest()


def _is_named(path: str, named: Container[str]) -> bool:
    return path in named or path.rpartition("/")[2] in named


def _steers(path: str) -> bool:
    folder, _, name = path.lower().rpartition("/")
    if name in _NAMES or name.endswith(_SUFFIXES):
        return True
    if not name.endswith((".txt", ".in")):
        return False
    return name.startswith(_REQUIREMENTS) or folder.rpartition("/")[2] in _REQUIREMENTS
