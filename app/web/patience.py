"""An HTTP connection that does not wait for ever: uvicorn has no time-out for a request head, a proxy may not stand
before it, and connections that say nothing would use up the limit on them.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientProtocol(H11Protocol):
    """Ends a connection that keeps this process waiting: for a whole request head, or for its answers to be read.

    While a request is being answered nothing is timed here: its body has a time-out of its own.
    """

    wait_seconds: ClassVar[float] = 10.0

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._look()

    def handle_events(self) -> None:
        super().handle_events()
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Starts or stops the clock. One that runs goes on, so that a byte now and then does not buy more time."""
        # uvicorn's type hides that there is no cycle before the first request.
        answering = self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]
        if answering and not self.flow.write_paused:
            self._disarm()
        elif self._timer is None:
            # Aborted, not closed: closing would wait for what was written to be read.
            self._timer = self.loop.call_later(self.wait_seconds, self.transport.abort)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
