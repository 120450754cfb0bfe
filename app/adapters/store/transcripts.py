"""Transcripts of fixes in Redis: packed and sealed entries, of which the oldest go when there is too much."""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.run_fields import stamp
from app.adapters.store.scripts import Scripts, hgetall, translated
from app.adapters.store.seal import Seal
from app.domain.transcript import MOST_BYTES, EntryKind, Gap, Missing, Transcript, TranscriptEntry, joined

_log = logging.getLogger(__name__)

_SCRIPT = "transcript"
_MOST_UNPACKED = 4 * 1024 * 1024
"""Of one entry: each of its characters takes six bytes at most."""


class RedisTranscripts:
    """Implements ports.Transcripts. `key` is known to workers and operators: who can merely write to Redis adds nothing
    to what a model or a tool said. Such a one can take entries away, or repeat them.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        key: bytes,
        most_bytes: int,
        keep_seconds: int = keys.RUN_SECONDS,
        most_run_bytes: int = MOST_BYTES,
    ) -> None:
        """`most_bytes`: of all transcripts as they are kept. `most_run_bytes`: of the texts of one."""
        self._redis = redis
        self._scripts = Scripts(redis)
        self._seal = Seal(key)
        self._most_bytes = most_bytes
        self._keep_seconds = keep_seconds
        self._most_run_bytes = most_run_bytes

    async def append(self, run_id: str, entry: TranscriptEntry) -> None:
        data = _encoded(entry)
        value = self._seal.put(run_id, await asyncio.to_thread(zlib.compress, data))
        names = [keys.run_transcript(run_id), keys.run_transcript_order(run_id)]
        stays = "1" if entry.kind is EntryKind.TOLD else ""
        limits = (self._most_run_bytes, self._most_bytes, self._keep_seconds)
        await self._scripts.call(_SCRIPT, names, [run_id, value, len(data), entry.kind.rank, stays, *limits])

    async def read(self, run_id: str) -> Transcript | None:
        async with translated():
            fields = await hgetall(self._redis, keys.run_transcript(run_id))
        if not fields:
            return None
        return Transcript(await asyncio.to_thread(lambda: joined(self._parts(run_id, fields))))

    def _parts(self, run_id: str, fields: Mapping[bytes, bytes]) -> Iterator[TranscriptEntry | Gap]:
        after = 0
        for number, name in sorted((int(name), name) for name in fields if name.isdigit()):
            if number > after:
                yield Gap(number - after, Missing.ROOM)
            after = number + 1
            value = self._seal.opened(run_id, fields[name])
            yield (None if value is None else _decoded(value)) or Gap(1, Missing.FOREIGN)


def _encoded(entry: TranscriptEntry) -> bytes:
    """Bytes that are no UTF-8 stand in texts as surrogates."""
    fields = [stamp(entry.at), entry.kind, entry.step, entry.note, entry.text]
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _decoded(packed: bytes) -> TranscriptEntry | None:
    """None for what another version wrote. Raises nothing: what is sealed is ours."""
    reader = zlib.decompressobj()
    fields = json.loads(reader.decompress(packed, _MOST_UNPACKED).decode("utf-8", "surrogatepass"))
    match fields:
        case [str(at), str(kind), str(step), str(note), str(text)] if kind in set(EntryKind):
            return TranscriptEntry(datetime.fromisoformat(at).astimezone(UTC), EntryKind(kind), step, text, note)
        case _:
            return None
