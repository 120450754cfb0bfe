"""A worker as a process of its own, with short leases, for tests that kill it: `python -m tests.worker_process`.

`CHAOS_MUTATION` in its environment breaks it on purpose: the tests that kill it must notice. With `STORY_DIES_AT` it
kills itself, see `tests.dying`; with `STORY_RUNNER` it has the sandboxes of the runner at that socket;
`STORY_LEASE_MS` is for who waits for many deaths.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.adapters.git.mirror import GitMirrors
from app.adapters.github.conversation import ConversationWriter
from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.listening import RunnerAt
from app.adapters.store.ledger import LedgerOptions, RedisLedger
from app.adapters.store.outbox import RedisOutbox
from app.adapters.store.redis_url import parse_redis_url
from app.cli.logs import configure
from app.ports import Begun
from app.settings import Settings
from app.usecases.check_runs import CheckRuns
from app.wiring.worker import open_worker_services
from tests.dying import DIES_AT, arm
from workers.back_off import BackOff
from workers.main import run_worker
from workers.options import WorkerOptions

LEASE = "STORY_LEASE_MS"
LEDGER = LedgerOptions(lease_ms=1_500, debounce_ms=200)
MUTATION = "CHAOS_MUTATION"
RUNNER = "STORY_RUNNER"


async def main(environ: Mapping[str, str]) -> None:
    if broken := environ.get(MUTATION):
        MUTATIONS[broken]()
    if station := environ.get(DIES_AT):
        arm(station)
    settings = Settings.from_environment(environ)
    assert settings.redis_url is not None
    redis = parse_redis_url(settings.redis_url.expose())
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    options = WorkerOptions(
        poll_seconds=0.05,
        beat_seconds=0.2,
        ring_seconds=0.25,
        restart_seconds=0.25,
        back_off=BackOff(base_seconds=0.2),
    )
    socket = environ.get(RUNNER)
    sandboxes = RunnerSandboxes(RunnerAt(Path(socket)).connect) if socket else None
    ledger = replace(LEDGER, lease_ms=int(environ.get(LEASE, LEDGER.lease_ms)))
    async with open_worker_services(settings, redis, ledger, sandboxes=sandboxes, pace_ms=50) as services:
        await run_worker(redis, services, options, stop)


def _replace(owner: type, name: str, by: Callable[..., Any]) -> None:
    assert callable(getattr(owner, name)), "a mutation of something that is not there would be no mutation"
    setattr(owner, name, by)


def _begin_always_fresh() -> None:
    async def begin(_self: RedisOutbox, *_write: Any) -> Begun:
        return Begun(None, uncertain=False)

    _replace(RedisOutbox, "begin", begin)


def _finish_dropped() -> None:
    async def finish(_self: RedisOutbox, *_write: Any) -> None:
        """Forgets what was written."""

    _replace(RedisOutbox, "finish", finish)


def _dead_owners_keep_their_rows() -> None:
    def with_endless_leases(self: RedisLedger, *arguments: Any, **more: Any) -> None:
        made(self, *arguments, **more)
        self._options = replace(self._options, lease_ms=10**9)

    made = RedisLedger.__init__
    _replace(RedisLedger, "__init__", with_endless_leases)


def _own_words_not_found() -> None:
    async def find(_self: ConversationWriter, *_marker: Any) -> None:
        """Never finds."""

    _replace(ConversationWriter, "find_review", find)
    _replace(ConversationWriter, "find_comment", find)


def _older_checks_left() -> None:
    async def cancel_others(_self: CheckRuns, *_head: Any) -> None:
        """Leaves them open."""

    _replace(CheckRuns, "cancel_others", cancel_others)


def _newer_heads_unheeded() -> None:
    """A run that starts keeps the generation and the head that it began with."""
    generations: dict[str, Any] = {}
    heads: dict[str, Any] = {}
    following, beat, fetch = RedisLedger.next, RedisLedger.beat, GitMirrors.fetch

    async def taken(self: RedisLedger, *queue: Any, **more: Any) -> Any:
        row = await following(self, *queue, **more)
        if row is not None:
            generations[str(row.key)] = row.generation
        return row

    async def beaten(self: RedisLedger, key: Any, *owner: Any) -> Any:
        pulse = await beat(self, key, *owner)
        return None if pulse is None else replace(pulse, generation=generations.get(str(key), pulse.generation))

    async def fetched(self: GitMirrors, ref: Any, *place: Any, **commits: Any) -> Any:
        heads[str(ref)] = commits["head"]
        return await fetch(self, ref, *place, **commits)

    async def pull_request_head(_self: GitMirrors, ref: Any, *_place: Any, **_token: Any) -> Any:
        return heads[str(ref)]

    _replace(RedisLedger, "next", taken)
    _replace(RedisLedger, "beat", beaten)
    _replace(GitMirrors, "fetch", fetched)
    _replace(GitMirrors, "pull_request_head", pull_request_head)


MUTATIONS: Mapping[str, Callable[[], None]] = {
    "begin-always-fresh": _begin_always_fresh,
    "finish-dropped": _finish_dropped,
    "dead-owners-keep-their-rows": _dead_owners_keep_their_rows,
    "own-words-not-found": _own_words_not_found,
    "older-checks-left": _older_checks_left,
    "newer-heads-unheeded": _newer_heads_unheeded,
}


if __name__ == "__main__":
    configure("text")
    asyncio.run(main(os.environ))
