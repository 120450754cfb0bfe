"""The coroutines that arq calls, one for each kind of bell. A bell is only a row's name."""

from __future__ import annotations

from typing import Any

from app.domain.jobs import RowKey
from workers.attempts import Announcements, ReviewAttempts

Context = dict[str, Any]
"""arq's context; ours holds `announcements` and `attempts`."""


async def announce(ctx: Context, row: str) -> None:
    announcements: Announcements = ctx["announcements"]
    await announcements.answer(RowKey.parse(row))


async def review(ctx: Context, row: str) -> None:
    attempts: ReviewAttempts = ctx["attempts"]
    await attempts.answer(RowKey.parse(row))
