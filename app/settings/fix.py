"""How commits of fixes are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from app.settings.environment import Environment
from app.settings.values import one_of

FixCommits = Literal["git", "api"]
"""By git, unsigned; or by GitHub itself, which signs them."""

_HOW: Callable[[str], FixCommits] = one_of("git", "api")


def read_fix_commits(env: Environment) -> FixCommits:
    return env.read("REVWRIGHT_FIX_COMMITS", _HOW) or "git"
