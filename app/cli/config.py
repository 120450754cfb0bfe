"""`revwright config check`: is this policy file, or this environment, all right?"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from app.adapters.rules.policy_file import parse_policy
from app.domain.errors import PolicyInvalid, SettingsInvalid
from app.domain.policy import without_effect
from app.settings import Settings


def check(file: str, environ: Mapping[str, str] | None) -> int:
    """0: all right. 1: problems, one a line, on standard error."""
    return _check_policy(file) if environ is None else _check_settings(environ)


def _check_policy(file: str) -> int:
    try:
        data = Path(file).read_bytes()
    except FileNotFoundError:
        raise SettingsInvalid(
            f"there is no {file}: without one the built-in defaults apply; name another file to check it"
        ) from None
    except OSError as error:
        raise SettingsInvalid(f"cannot read {file}: {error.strerror}") from None
    try:
        policy = parse_policy(data, file)
    except PolicyInvalid as error:
        for problem in error.problems:
            print(f"{file}:{problem.line}:{problem.column}: {problem.message}", file=sys.stderr)
        return 1
    for key in without_effect(policy):
        print(f"{file}: note: {key} has no effect in this version", file=sys.stderr)
    print(f"{file}: valid")
    return 0


def _check_settings(environ: Mapping[str, str]) -> int:
    settings = Settings.from_environment(environ)
    settings.need_github()
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print("settings: valid")
    return 0
