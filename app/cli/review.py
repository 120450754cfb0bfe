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
from app.cli.exit_status import EXIT_BLOCKED, EXIT_INCOMPLETE, EXIT_PASSED
from app.domain.markdown import report_markdown
from app.domain.report import Report
from app.domain.report_json import report_json
from app.domain.sarif import report_sarif
from app.domain.terminal import Style, render
from app.domain.verdict import Blocked, Passed
from app.settings import Settings
from app.wiring.local import Range, review_locally


def review(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    settings = Settings.from_environment(environ)
    where = Range(Path(arguments.repo), arguments.base, arguments.head)
    report, rules = asyncio.run(review_locally(settings, where, static=arguments.static))
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


def _status(report: Report, *, static: bool) -> int:
    """Asked for static rules alone, their silence is a pass; otherwise only a whole review is."""
    match report.verdict:
        case Passed():
            return EXIT_PASSED
        case Blocked():
            return EXIT_BLOCKED
        case _:
            return EXIT_PASSED if static and not report.models else EXIT_INCOMPLETE
