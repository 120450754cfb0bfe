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
from app.cli.exit_status import EXIT_BLOCKED, EXIT_ERROR, EXIT_INCOMPLETE, EXIT_PASSED
from app.cli.session_files import new_session_file
from app.domain.markdown import report_markdown
from app.domain.report import Report
from app.domain.report_json import report_json
from app.domain.sarif import report_sarif
from app.domain.terminal import Style, render
from app.domain.verdict import Blocked, Passed
from app.settings import Settings
from app.wiring.local import Looked, Range, review_locally


def review(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    settings = Settings.from_environment(environ)
    where = Range(Path(arguments.repo), arguments.base, arguments.head)
    if arguments.record is None:
        looked = asyncio.run(review_locally(settings, where, static=arguments.static))
    elif arguments.static or settings.model is None:
        why = "with --static no model is asked" if arguments.static else "no model is configured"
        print(f"revwright: {why}, so there is nothing to record", file=sys.stderr)
        return EXIT_ERROR
    else:
        with new_session_file(Path(arguments.record)) as write:
            looked = asyncio.run(review_locally(settings, where, static=False, record=True))
            if looked.session is not None:
                write(looked.session)
    _tell(looked, arguments, environ)
    return _status(looked.report, static=arguments.static)


def _tell(looked: Looked, arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    report, rules = looked.report, looked.rules
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


def _status(report: Report, *, static: bool) -> int:
    """Asked for static rules alone, their silence is a pass; otherwise only a whole review is."""
    match report.verdict:
        case Passed():
            return EXIT_PASSED
        case Blocked():
            return EXIT_BLOCKED
        case _:
            return EXIT_PASSED if static and not report.models else EXIT_INCOMPLETE
