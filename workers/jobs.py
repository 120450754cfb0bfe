"""The coroutines that arq calls, one for each kind of bell."""

from __future__ import annotations

from typing import Any

from app.domain.jobs import Queue, RowKey
from workers.announcing import Announcements
from workers.attempts import Attempts

Context = dict[str, Any]
"""arq's context; ours holds `announcements` and `attempts`."""


async def announce(ctx: Context, row: str) -> None:
    announcements: Announcements = ctx["announcements"]
    await announcements.answer(RowKey.parse(row))


async def work(ctx: Context, queue: str) -> None:
    attempts: Attempts = ctx["attempts"]
    await attempts.answer(Queue(queue))
