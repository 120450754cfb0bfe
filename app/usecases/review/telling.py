"""Tells in the check how far a long review is, now and then: each time costs a call."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from app.domain.errors import GitHubError
from app.domain.messages import check as words
from app.domain.progress import Progress
from app.domain.pull_request import Sha
from app.ports import Place
from app.usecases.check_runs import CheckRuns
from app.usecases.metered import MeteredModel

_log = logging.getLogger(__name__)

APART_SECONDS = 20.0
"""A review that takes less tells nothing."""


@dataclass(slots=True)
class Telling:
    """One review's progress line."""

    check_runs: CheckRuns
    place: Place
    head: Sha
    meter: MeteredModel
    clock: Callable[[], float] = time.monotonic
    _next: float = field(init=False)
    _line: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def __post_init__(self) -> None:
        self._next = self.clock() + APART_SECONDS

    async def hear(self, progress: Progress) -> None:
        """What GitHub does not take is not worth an error: the next line or the result says more."""
        if self.clock() < self._next or self._line.locked():
            return
        async with self._line:
            usd = sum(call.usd or 0.0 for call in self.meter.calls) if self.meter.prices else None
            try:
                await self.check_runs.start(self.place, self.head, words.running(replace(progress, usd=usd)))
            except GitHubError as error:
                _log.info("%s: the progress was not told: %s", self.place.ref, error)
            self._next = self.clock() + APART_SECONDS
