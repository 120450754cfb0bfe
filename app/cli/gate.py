"""`revwright gate simulate`: a policy tried on what was merged, by a local clone or by GitHub's pull requests."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from app.cli.exit_status import EXIT_INCOMPLETE, EXIT_PASSED, EXIT_PROBLEMS
from app.cli.policy_files import layer_of, tell_problems
from app.domain.errors import PolicyInvalid, SettingsInvalid
from app.domain.gate.simulation import MAX_MERGES, Simulation
from app.domain.gate.simulation_json import simulation_json
from app.domain.gate.simulation_text import simulation_text
from app.domain.gate.since import since_of
from app.domain.policy_layers import Source
from app.domain.terminal import Style
from app.settings import Settings
from app.wiring.simulation import PastRange, Trial, Tried, simulate_locally

_PIPE_WIDTH = 4_000
"""Piped, nothing is cut or wrapped."""


def gate(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """`simulate` is the only action. 0: it ran. 1: the policy is not valid. 3: GitHub did not let it come to an end."""
    since = _since(arguments.since)
    settings = Settings.from_environment(environ)
    try:
        own = None if arguments.policy is None else layer_of(arguments.policy, Source.REPOSITORY, follow=False)
    except PolicyInvalid as error:
        tell_problems(error)
        return EXIT_PROBLEMS
    trial = Trial(arguments.policy or "", own, settings.policy.deployment)
    tried = _on_github(settings, arguments, since, trial) if arguments.github else _locally(arguments, since, trial)
    if tried.simulation is None:
        print("\n".join(tried.problems), file=sys.stderr)
        return EXIT_PROBLEMS
    return _told(tried.simulation, environ, as_json=arguments.json)


def _locally(arguments: argparse.Namespace, since: datetime, trial: Trial) -> Tried:
    where = PastRange(Path(arguments.repo or "."), arguments.branch or "HEAD", since, arguments.limit or MAX_MERGES)
    return asyncio.run(simulate_locally(where, trial, _progress if sys.stderr.isatty() else _silent))


def _on_github(settings: Settings, arguments: argparse.Namespace, since: datetime, trial: Trial) -> Tried:
    # A local clone needs no GitHub client, which takes a while to load.
    from app.usecases.gate.simulate_pulls import MOST_PULLS  # noqa: PLC0415
    from app.wiring.past_pulls import PastPulls, simulate_on_github  # noqa: PLC0415

    where = PastPulls(arguments.github, arguments.branch, since, arguments.limit or MOST_PULLS)
    progress = _progress if sys.stderr.isatty() else _silent
    return asyncio.run(simulate_on_github(settings.need_github(), where, trial, progress))


def _told(simulation: Simulation, environ: Mapping[str, str], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(simulation_json(simulation), indent=2))
    else:
        print(simulation_text(simulation, _style(environ)))
    if not simulation.left:
        return EXIT_PASSED
    print(f"revwright: {simulation.left:,} pull requests were not looked at: {simulation.stopped}", file=sys.stderr)
    return EXIT_INCOMPLETE


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
