"""`revwright eval`: plays a recorded review back and compares, and shows what was said in it."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.cli.exit_status import EXIT_DIFFERS, EXIT_ERROR, EXIT_PASSED
from app.cli.session_files import read_session
from app.domain.session import Session, in_order
from app.domain.session_diff import Change, State
from app.domain.session_text import call_text, overview
from app.domain.visible import visible
from app.usecases.replaying import Compared
from app.wiring.replaying import Replayed, replay


def evaluate(arguments: argparse.Namespace) -> int:
    """One action; returns the exit status."""
    session = read_session(Path(arguments.file))
    if arguments.action == "show":
        return _show(session, arguments.call)
    replayed = asyncio.run(replay(session, Path(arguments.repo)))
    if arguments.json:
        print(json.dumps(_as_json(replayed), indent=2))
    else:
        for line in _told(replayed):
            print(visible(line))
    return EXIT_PASSED if replayed.identical else EXIT_DIFFERS


def _show(session: Session, label: str | None) -> int:
    if label is None:
        for text in overview(session):
            print(visible(text))
        return EXIT_PASSED
    if label not in session.calls:
        known = "\n".join(f"  {one}" for one in in_order(session.calls)) or "  (none)"
        print(visible(f"revwright: there is no call {label!r}; there are:\n{known}"), file=sys.stderr)
        return EXIT_ERROR
    print(visible(call_text(session.calls[label])))
    return EXIT_PASSED


def _told(replayed: Replayed) -> Iterator[str]:
    """A change that several calls share, as of the system message, is shown once."""
    shown: dict[Change, str] = {}
    for one in replayed.calls:
        yield f"{one.state:8} {one.label}"
        for change in one.changes:
            if change in shown:
                yield f"         {change.part}: as in {shown[change]}"
                continue
            shown[change] = one.label
            yield f"         {change.part}:"
            yield from (f"         {line}" for line in change.diff.split("\n"))
    for one in replayed.commands:
        yield f"{one.state:8} command of {one.label}"
    counts = Counter(one.state for one in replayed.calls)
    yield f"{len(replayed.calls)} calls: " + ", ".join(f"{counts[state]} {state}" for state in State)
    if not replayed.report_diff:
        yield "The report is identical."
        return
    yield "The report differs:"
    yield from replayed.report_diff.split("\n")


def _as_json(replayed: Replayed) -> dict[str, Any]:
    return {
        "identical": replayed.identical,
        "calls": [_compared(one) for one in replayed.calls],
        "commands": [_compared(one) for one in replayed.commands],
        "report": {"identical": not replayed.report_diff, "diff": replayed.report_diff},
    }


def _compared(one: Compared) -> dict[str, Any]:
    changes = [{"part": change.part, "diff": change.diff} for change in one.changes]
    return {"label": one.label, "state": str(one.state), "changes": changes}
