"""`revwright review`: the engine on a local range of commits, told in the terminal or in a format for other tools."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from app import VERSION
from app.adapters.git.local import open_local
from app.adapters.rules.policy_file import parse_policy
from app.cli.exit_status import EXIT_BLOCKED, EXIT_INCOMPLETE, EXIT_PASSED
from app.domain.errors import GitFailed
from app.domain.markdown import report_markdown
from app.domain.report import Report
from app.domain.report_json import report_json
from app.domain.rules import Rule
from app.domain.sarif import report_sarif
from app.domain.terminal import Style, render
from app.domain.verdict import Blocked, Passed
from app.settings import Settings
from app.usecases.review.engine import Engine
from app.usecases.review.gather import gather
from app.wiring.engine import open_engine


def review(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    settings = Settings.from_environment(environ)
    report, rules = asyncio.run(_examine(arguments, settings))
    match arguments.format:
        case "json":
            print(json.dumps(report_json(report), indent=2))
        case "sarif":
            print(json.dumps(report_sarif(report, rules, version=VERSION), indent=2))
        case "markdown":
            print(report_markdown(report, rules), end="")
        case _:
            colour = sys.stdout.isatty() and not arguments.no_color and not environ.get("NO_COLOR")
            width = shutil.get_terminal_size((100, 24)).columns
            print(render(report, Style(colour=colour, width=min(width, 120))))
    return _status(report, static=arguments.static)


async def _examine(arguments: argparse.Namespace, settings: Settings) -> tuple[Report, Mapping[str, Rule]]:
    repository = await open_local(Path(arguments.repo))
    base = await repository.resolve(arguments.base)
    head = await repository.resolve(arguments.head)
    snapshot = await gather(repository, parse_policy, base=base, head=head, title="", body="")
    if snapshot.merge_base == head:
        raise GitFailed(
            f"{arguments.head!r} has no commit that {arguments.base!r} does not have, so there is nothing to review; "
            "changes that are not committed are not looked at"
        )
    async with open_engine(settings) as engine:
        chosen = (
            Engine(engine.rules, engine.templates, None, "only static rules were asked for")
            if arguments.static
            else engine
        )
        report = await chosen.examine(snapshot, cache_key="revwright-local")
        return report, {rule.id: rule for rule in engine.rules}


def _status(report: Report, *, static: bool) -> int:
    """Asked for static rules alone, their silence is a pass; otherwise only a whole review is."""
    match report.verdict:
        case Passed():
            return EXIT_PASSED
        case Blocked():
            return EXIT_BLOCKED
        case _:
            return EXIT_PASSED if static and not report.models else EXIT_INCOMPLETE
