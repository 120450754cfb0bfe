"""An HTTP connection that neither waits nor listens for ever: uvicorn has no time-out for a request head and, with
httptools, no bound on its size; a proxy may not stand before it, and silent connections would use up their limit.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PatientProtocol(HttpToolsProtocol):
    """Ends a connection that keeps this process waiting: for a whole request head, or for its answers to be read.

    While a request is being answered nothing is timed here: its body has a time-out of its own. Whatever the parser
    keeps of a request besides its body (the line, headers, trailers, and the piece it has not understood yet) is
    bounded.
    """

    wait_seconds: ClassVar[float] = 10.0
    max_head_bytes: ClassVar[int] = 64 * 1024

    _timer: asyncio.TimerHandle | None = None
    _head_bytes: int = 0
    _unparsed_bytes: int = 0
    """Since the parser last told us of anything: it may be in the middle of a header without end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        self._unparsed_bytes += len(data)
        super().data_received(data)
        if max(self._head_bytes, self._unparsed_bytes) > self.max_head_bytes and not self.transport.is_closing():
            self.send_400_response("The request head is too large.")
        self._look()

    def on_message_begin(self) -> None:
        self._head_bytes = self._unparsed_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(name, value)
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_bytes = self._unparsed_bytes = 0
        super().on_message_complete()

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

    def _count(self, *kept: bytes) -> None:
        self._head_bytes += sum(len(piece) for piece in kept)
        self._unparsed_bytes = 0

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
