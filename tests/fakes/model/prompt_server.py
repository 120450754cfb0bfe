"""The server of the stand-in model: uvicorn, which ends at once."""

from __future__ import annotations

import asyncio
import socket

import uvicorn


class PromptServer(uvicorn.Server):
    """Ends as soon as it is told to: uvicorn itself looks every tenth of a second, and then waits for another one."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in self.servers:
            listening.close()
        for one in sockets or ():
            one.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # Uvicorn's protocol announces the end of a connection to nobody.
        while (self.server_state.connections or self.server_state.tasks) and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
