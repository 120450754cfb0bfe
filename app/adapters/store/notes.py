"""What deliveries asked of a row, one by one, in Redis: the accept script writes them, the row's job ends them."""

from __future__ import annotations

from datetime import UTC, datetime

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import hgetall, translated
from app.domain.jobs import RowKey
from app.domain.pull_request import Sha
from app.domain.row import KeptNote, Note


class RedisNotes:
    """Implements ports.Notes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def of(self, row: RowKey) -> tuple[KeptNote, ...]:
        async with translated():
            fields = await hgetall(self._redis, keys.notes(str(row)))
        kept = (_note(id_.decode(), text.decode()) for id_, text in fields.items())
        return tuple(sorted(kept, key=lambda note: (note.taken_at, note.note.id)))

    async def done(self, row: RowKey, note: Note) -> None:
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(keys.notes(str(row)), note.id)
            await pipe.execute()


def _note(id_: str, kept: str) -> KeptNote:
    head, taken_at, rest = kept.split("\n", 2)
    text, _, head_at = rest.rpartition("\n")
    if head_at and not (head_at.isascii() and head_at.isdigit()):  # an older version wrote it, which kept no such time
        text, head_at = rest, ""
    return KeptNote(
        Note(id_, text),
        Sha(head) if head else None,
        _at(taken_at),
        _at(head_at) if head_at else None,
    )


def _at(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC)
