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
from app.domain.errors import RunNotFound, TranscriptNotFound
from app.domain.jobs import JobKind
from app.domain.pull_request import RepositoryName
from app.domain.runs import RunRecord, RunState
from app.domain.runs_json import log_json, run_json, runs_json
from app.domain.runs_terminal import log_text, page, subject, table
from app.domain.terminal import Style
from app.domain.transcript_text import transcript_json, transcript_text
from app.domain.visible import visible
from app.ports import Orders, Runs, Transcripts
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
                return await _show(record, services.runs, environ, as_json=arguments.json)
            case "logs":
                if arguments.full:
                    return await _transcript(record, services.transcripts(), environ, as_json=arguments.json)
                return await _logs(record, services.runs, as_json=arguments.json)
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


async def _show(record: RunRecord, kept: Runs, environ: Mapping[str, str], *, as_json: bool) -> int:
    now = datetime.now(UTC)
    if as_json:
        print(json.dumps(run_json(record, now), indent=2))
        return EXIT_PASSED
    print(page(record, _style(environ, piped=100), now))
    if (await kept.logs(record.start.id)).transcript:
        print(f"\n{_named_transcript(record.start.id)}")
    return EXIT_PASSED


async def _logs(record: RunRecord, kept: Runs, *, as_json: bool) -> int:
    run_id = record.start.id
    log = await kept.logs(run_id)
    if as_json:
        print(json.dumps(log_json(run_id, log), indent=2))
        return EXIT_PASSED
    text = log_text(log)
    if text:
        print(text)
    else:
        print(f"run {run_id} has logged nothing", file=sys.stderr)
    if log.transcript:
        print(_named_transcript(run_id))
    return EXIT_PASSED


def _named_transcript(run_id: str) -> str:
    return f"(all that was said and done: revwright runs logs {run_id} --full)"


async def _transcript(record: RunRecord, kept: Transcripts, environ: Mapping[str, str], *, as_json: bool) -> int:
    run_id = record.start.id
    transcript = await kept.read(run_id)
    if transcript is None:
        raise TranscriptNotFound(_no_transcript(record))
    if not transcript.entries:
        raise TranscriptNotFound(
            f"the transcript of run {run_id} cannot be opened: none of it is sealed with the key that is made of "
            "REVWRIGHT_GITHUB_PRIVATE_KEY here; ask with the private key that the workers have"
        )
    if as_json:
        print(json.dumps(transcript_json(run_id, transcript), indent=2))
        return EXIT_PASSED
    for piece in transcript_text(transcript, _style(environ, piped=_PIPE_WIDTH)):
        print(piece)
    return EXIT_PASSED


def _no_transcript(record: RunRecord) -> str:
    run_id = record.start.id
    if record.start.key.kind is not JobKind.FIX:
        return f"run {run_id} has no transcript: it is a {record.start.key.kind}, and only fixes have one"
    return (
        f"the transcript of run {run_id} is gone, or was never begun: the oldest go first where all of them would take "
        "more than REVWRIGHT_TRANSCRIPTS_MB; `revwright runs logs` without --full prints what was logged"
    )


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
