"""Collects what is logged during a run and writes it to the record of runs, without ever being in the run's way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from contextvars import ContextVar

from app.domain.errors import LedgerUnavailable
from app.domain.runs import kept
from app.domain.static_checks import redact_secrets
from app.ports import Runs
from app.wiring.cancelling import end

_log = logging.getLogger(__name__)

_FLUSH_SECONDS = 2.0
_ANSWER_SECONDS = 3.0
"""How long the record may take for one write; the end of a run waits for two at most."""
_MAX_LINES = 1_000
_MAX_LINE = 1_000


class _Lines:
    """What a run logged and is not written yet. When it is too much the oldest lines are given up, and counted."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._given_up = 0

    def write(self, text: str) -> None:
        """What a logging handler calls with each formatted record. A secret may span lines: they are parted last."""
        for line in redact_secrets(text).splitlines():
            if line:
                self._waiting.append(kept(line, _MAX_LINE))
        while len(self._waiting) > _MAX_LINES:
            self._waiting.popleft()
            self._given_up += 1

    def flush(self) -> None:
        """Part of what a logging handler asks of a stream; nothing is buffered below us."""

    async def move(self, runs: Runs, run_id: str) -> None:
        """Writes what waits. Lines leave only when they are written: after an error they are there still."""
        batch, given_up = list(self._waiting), self._given_up
        told = [f"({given_up:,} lines are missing here: more came than could be written)"] if given_up else []
        if not batch:
            return
        await runs.log(run_id, [*told, *batch])
        # While we waited, more may have come at the end, and so many that some of the batch were given up.
        overtaken = self._given_up - given_up
        for _ in range(len(batch) - overtaken):
            self._waiting.popleft()
        self._given_up = max(overtaken - len(batch), 0)


_present: ContextVar[_Lines | None] = ContextVar("_present", default=None)
"""Where the present task's log lines belong; tasks and threads that it starts inherit it."""


class _InUtc(logging.Formatter):
    converter = staticmethod(time.gmtime)


@contextlib.asynccontextmanager
async def recording(runs: Runs, run_id: str, *, seconds: float = _FLUSH_SECONDS) -> AsyncIterator[None]:
    """While the body runs, what it and its tasks log goes to the log of the run, every `seconds` and at the end.

    A record of runs that does not answer costs lines and, at the end, six seconds; the body never notices. After a
    write of which nobody knows whether it was applied, lines may stand there twice.
    """
    lines = _Lines()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(_InUtc("%(asctime)sZ %(levelname)-7s %(name)s  %(message)s", "%Y-%m-%d %H:%M:%S"))
    handler.addFilter(lambda _: _present.get() is lines)
    over = asyncio.Event()
    # Started before the lines are the present ones: what it logs is not the run's.
    writer = asyncio.create_task(_write(lines, runs, run_id, seconds, over))
    token = _present.set(lines)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        _present.reset(token)
        over.set()
        try:
            # Not cancelled at once: a write that is cut off could have been applied, and would be made again.
            await asyncio.wait((writer,), timeout=2 * _ANSWER_SECONDS)
        finally:
            await end((writer,))


async def _write(lines: _Lines, runs: Runs, run_id: str, seconds: float, over: asyncio.Event) -> None:
    """Until `over`, and then once more."""
    answered, last = True, False
    while not last:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await over.wait()
        last = over.is_set()
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await lines.move(runs, run_id)
            answered = True
        except (LedgerUnavailable, TimeoutError) as error:
            if answered:
                _log.warning("the log of run %s cannot be written: %s %s", run_id, type(error).__name__, error)
            answered = False
