"""What an operator says of the policies of all repositories: a ceiling, and the branches that need no floor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import PolicyInvalid
from app.domain.globs import Glob
from app.domain.policy_layers import Layer, Source
from app.settings.environment import Environment

POLICY_FILE = "REVWRIGHT_POLICY_FILE"

_PATTERN = re.compile(r"(?:\{[^{}]*\}|[^,])+")  # commas inside of braces belong to the pattern


@dataclass(frozen=True, slots=True)
class PolicySettings:
    deployment: Layer | None
    """The ceiling for every repository, or None without one."""
    branches: tuple[str, ...]
    """Globs. For pull requests to these branches the default branch's policy is no floor."""


def read_policy(env: Environment) -> PolicySettings:
    """What is wrong becomes problems of `env`, each mistake in the file one of its own."""
    path = env.read(POLICY_FILE, Path)
    return PolicySettings(
        deployment=None if path is None else _layer(env, path),
        branches=env.read("REVWRIGHT_POLICY_BRANCHES", branches) or (),
    )


def branches(text: str) -> tuple[str, ...]:
    """Patterns of branch names, separated by commas."""
    patterns = tuple(part.strip() for part in _PATTERN.findall(text) if part.strip())
    for pattern in patterns:
        try:
            Glob.parse(pattern)
        except ValueError as error:
            raise ValueError(f"{pattern!r}: {error}") from None
    return patterns


def _layer(env: Environment, path: Path) -> Layer | None:
    # Most processes have no such file, and need no parser.
    from app.adapters.rules.policy_disk import read_policy_file  # noqa: PLC0415
    from app.adapters.rules.policy_file import parse_policy  # noqa: PLC0415

    try:
        return Layer.of(Source.DEPLOYMENT, parse_policy(read_policy_file(path, follow=True), str(path)))
    except FileNotFoundError:
        env.problems.append(f"{POLICY_FILE}: there is no file {str(path)!r}")
    except ValueError as error:
        env.problems.append(f"{POLICY_FILE}: {str(path)!r} is no policy file: {error}")
    except PolicyInvalid as error:
        env.problems += [f"{POLICY_FILE}: {path}:{p.line}:{p.column}: {p.message}" for p in error.problems]
    return None
