"""Policy files that are named on the command line, and how their problems are told."""

from __future__ import annotations

import sys
from pathlib import Path

from app.adapters.rules.policy_disk import read_policy_file
from app.adapters.rules.policy_file import parse_policy
from app.domain.errors import PolicyInvalid, SettingsInvalid
from app.domain.policy import ParsedPolicy
from app.domain.policy_layers import Layer, Source


def layer_of(file: str, source: Source, *, follow: bool) -> Layer:
    """The file as one layer. Raises PolicyInvalid, or SettingsInvalid when there is no such file to read."""
    return Layer.of(source, policy_of(file, follow=follow))


def policy_of(file: str, *, follow: bool) -> ParsedPolicy:
    """`follow`: whether a symbolic link is read. Raises like `layer_of`."""
    return parse_policy(_bytes(Path(file), follow=follow), file)


def tell_problems(error: PolicyInvalid) -> None:
    """One a line, on standard error."""
    for problem in error.problems:
        print(f"{error.path}:{problem.line}:{problem.column}: {problem.message}", file=sys.stderr)


def _bytes(path: Path, *, follow: bool) -> bytes:
    try:
        return read_policy_file(path, follow=follow)
    except FileNotFoundError:
        raise SettingsInvalid(
            f"there is no {path}: without one the built-in defaults apply; name another file to check it"
        ) from None
    except ValueError as error:
        raise SettingsInvalid(f"{path}: {error}") from None
