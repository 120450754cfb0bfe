"""`revwright sandbox`: its commands, each imported when it is asked for."""

from __future__ import annotations

import argparse
from collections.abc import Mapping


def sandbox(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """One of them."""
    match arguments.action:
        case "exec":
            from app.cli.sandbox_exec import sandbox_exec  # noqa: PLC0415

            return sandbox_exec(arguments, environ)
        case action:
            raise AssertionError(action)
