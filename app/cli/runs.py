"""`revwright runs`: what ran and what it came to, and what a person may ask of it."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from app.cli.exit_status import EXIT_NOTHING, EXIT_PASSED
from app.domain.errors import RunNotFound
from app.domain.pull_request import RepositoryName
from app.domain.runs import RunRecord, RunState
from app.domain.runs_json import run_json, runs_json
from app.domain.runs_terminal import log_text, page, subject, table
from app.domain.terminal import Style
from app.domain.visible import visible
from app.ports import Orders, Runs
from app.settings import Settings
from app.wiring.runs import RunsServices, open_runs_services

OpenServices = Callable[[Settings], AbstractAsyncContextManager[RunsServices]]

_ORDERS = {
    "retry": ("will be tried again", "there is nothing to try again"),
    "stop": ("is stopped", "there is nothing to stop"),
    "pause": ("is paused", "there is nothing to pause"),
    "resume": ("goes on", "it is not paused"),
}
"""What is said when the order changed something, and when it did not."""

_ID = re.compile(r"[0-9a-f]{4,16}")
_PULL_REQUEST = re.compile(r"([^/\s#]+/[^/\s#]+)#([1-9][0-9]{0,9})")
_SHOWN = 5
_PIPE_WIDTH = 4_000
"""Piped, a run takes one line and is not cut."""


def runs(
    arguments: argparse.Namespace, environ: Mapping[str, str], *, open_services: OpenServices = open_runs_services
) -> int:
    """0: done. 1: an order that changed nothing. Everything else that goes wrong is an error."""
    settings = Settings.from_environment(environ)
    return asyncio.run(_run(arguments, settings, environ, open_services))


async def _run(
    arguments: argparse.Namespace, settings: Settings, environ: Mapping[str, str], open_services: OpenServices
) -> int:
    async with open_services(settings) as services:
        if arguments.action == "list":
            return await _list(arguments, services.runs, environ)
        record = await named_run(services.runs, arguments.run)
        match arguments.action:
            case "show":
                return _show(record, environ, as_json=arguments.json)
            case "logs":
                return await _logs(record, services.runs)
            case action:
                return await _order(action, record, services.orders)


async def _list(arguments: argparse.Namespace, kept: Runs, environ: Mapping[str, str]) -> int:
    state = RunState(arguments.state) if arguments.state else None
    found = await kept.recent(arguments.limit, state=state)
    now = datetime.now(UTC)
    if arguments.json:
        print(json.dumps(runs_json(found, now), indent=2))
    elif found:
        print(table(found, _style(environ, piped=_PIPE_WIDTH), now))
    else:
        print(f"no run is {state}" if state else "no runs are kept", file=sys.stderr)
    return EXIT_PASSED


def _show(record: RunRecord, environ: Mapping[str, str], *, as_json: bool) -> int:
    now = datetime.now(UTC)
    print(json.dumps(run_json(record, now), indent=2) if as_json else page(record, _style(environ, piped=100), now))
    return EXIT_PASSED


async def _logs(record: RunRecord, kept: Runs) -> int:
    text = log_text(await kept.logs(record.start.id))
    if text:
        print(text)
    else:
        print(f"run {record.start.id} has logged nothing", file=sys.stderr)
    return EXIT_PASSED


async def _order(action: str, record: RunRecord, orders: Orders) -> int:
    calls = {"retry": orders.retry, "stop": orders.stop, "pause": orders.pause, "resume": orders.resume}
    changed, unchanged = _ORDERS[action]
    if await calls[action](record.start.key):
        print(f"{subject(record)} {changed}")
        return EXIT_PASSED
    print(f"{subject(record)}: {unchanged}", file=sys.stderr)
    return EXIT_NOTHING


async def named_run(kept: Runs, text: str) -> RunRecord:
    """The run that a person means. Raises RunNotFound with what there is."""
    if found := _PULL_REQUEST.fullmatch(text):
        newest = await kept.newest(RepositoryName.parse(found[1]), int(found[2]))
        ids = [newest] if newest else []
    elif _ID.fullmatch(text.lower()):
        ids = list(await kept.ids(text.lower()))
    else:
        raise RunNotFound(f"{text!r} names no run; write its id, 4 digits of it or more, or OWNER/REPOSITORY#NUMBER")
    if len(ids) > 1:
        records = [await kept.read(id_) for id_ in ids[:_SHOWN]]
        raise RunNotFound(f"{len(ids)} runs begin with {text}; write more of it: {_told(records)}")
    record = await kept.read(ids[0]) if ids else None
    if record is None:
        newest_runs = await kept.recent(_SHOWN)
        there_is = f"the newest are: {_told(newest_runs)}" if newest_runs else "no runs are kept at all"
        raise RunNotFound(f"no kept run is {visible(text)}; {there_is}")
    return record


def _told(records: Sequence[RunRecord | None]) -> str:
    return ", ".join(f"{r.start.id} ({subject(r)}, {r.state})" for r in records if r is not None)


def _style(environ: Mapping[str, str], *, piped: int) -> Style:
    if not sys.stdout.isatty():
        return Style(colour=False, width=piped)
    return Style(colour=not environ.get("NO_COLOR"), width=shutil.get_terminal_size((80, 24)).columns)
