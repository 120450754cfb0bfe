"""`revwright gate simulate`: a policy tried on the merges of a local clone."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from app.cli.exit_status import EXIT_PASSED, EXIT_PROBLEMS
from app.cli.policy_files import layer_of, tell_problems
from app.domain.errors import PolicyInvalid, SettingsInvalid
from app.domain.gate.simulation_json import simulation_json
from app.domain.gate.simulation_text import simulation_text
from app.domain.gate.since import since_of
from app.domain.policy_layers import Source
from app.domain.terminal import Style
from app.settings import Settings
from app.wiring.simulation import PastRange, Trial, simulate_locally

_PIPE_WIDTH = 4_000
"""Piped, nothing is cut or wrapped."""


def gate(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """`simulate` is the only action. 0: it ran. 1: the policy is not valid."""
    where = PastRange(Path(arguments.repo), arguments.branch, _since(arguments.since))
    deployment = Settings.from_environment(environ).policy.deployment
    try:
        own = None if arguments.policy is None else layer_of(arguments.policy, Source.REPOSITORY, follow=False)
    except PolicyInvalid as error:
        tell_problems(error)
        return EXIT_PROBLEMS
    trial = Trial(arguments.policy or "", own, deployment)
    tried = asyncio.run(simulate_locally(where, trial, _progress if sys.stderr.isatty() else _silent))
    if tried.simulation is None:
        print("\n".join(tried.problems), file=sys.stderr)
        return EXIT_PROBLEMS
    if arguments.json:
        print(json.dumps(simulation_json(tried.simulation), indent=2))
    else:
        print(simulation_text(tried.simulation, _style(environ)))
    return EXIT_PASSED


def _since(text: str) -> datetime:
    try:
        return since_of(text, datetime.now(UTC))
    except ValueError as error:
        raise SettingsInvalid(f"--since: {error}") from None


def _progress(done: int, merges: int) -> None:
    """One line that is written over, and gone at the end."""
    print("\r\x1b[K" + (f"{done:,} of {merges:,} merges" if done < merges else ""), end="", file=sys.stderr, flush=True)


def _silent(done: int, merges: int) -> None:
    """No terminal, no progress."""


def _style(environ: Mapping[str, str]) -> Style:
    if not sys.stdout.isatty():
        return Style(colour=False, width=_PIPE_WIDTH)
    return Style(colour=not environ.get("NO_COLOR"), width=shutil.get_terminal_size((100, 24)).columns)
