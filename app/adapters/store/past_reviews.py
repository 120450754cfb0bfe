"""What the last review of each pull request came to, in Redis: one signed value, since a verdict rests on it."""

from __future__ import annotations

import logging
import zlib
from itertools import chain

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import translated
from app.adapters.store.seal import Seal
from app.domain.memory import PastReview
from app.domain.past_reviews_json import decode, encode, lessened
from app.domain.pull_request import PullRequestRef

_log = logging.getLogger(__name__)

MAX_BYTES = 1024 * 1024
"""Of one value as it is kept."""
_MAX_PLAIN_BYTES = 16 * 1024 * 1024
_COMPRESS_FROM = 4 * 1024
_PLAIN, _COMPRESSED = b"p", b"z"


class RedisPastReviews:
    """Implements ports.PastReviews. `key` is known to workers only: who can merely write to Redis makes up no past. An
    older value of the same pull request can be put back by such a one; what that dismisses was dismissed once.
    """

    def __init__(
        self, redis: Redis, *, key: bytes, keep_seconds: int = keys.OUTBOX_SECONDS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._redis = redis
        self._seal = Seal(key)
        self._keep_seconds = keep_seconds
        self._max_bytes = max_bytes

    async def recall(self, ref: PullRequestRef) -> PastReview | None:
        async with translated():
            found: bytes | None = await self._redis.get(keys.past_review(str(ref)))
        if found is None:
            return None
        value = self._seal.opened(str(ref), found)
        if value is None:
            _log.warning(
                "what is kept of the last review of %s is not ours; it is reviewed as if for the first time", ref
            )
            return None
        try:
            return decode(_unpacked(value))
        except ValueError as error:
            _log.warning("what is kept of the last review of %s cannot be read: %s", ref, error)
            return None

    async def keep(self, ref: PullRequestRef, past: PastReview) -> None:
        """What does not fit goes without its oldest closed findings, then without its coverage; see `lessened`. When
        even that is too large, the review before it stays.
        """
        value = self._fitting(ref, past)
        if value is None:
            _log.error("the review of %s is too large to be kept; the next one is compared with an earlier one", ref)
            return
        async with translated():
            await self._redis.set(keys.past_review(str(ref)), self._seal.put(str(ref), value), ex=self._keep_seconds)

    def _fitting(self, ref: PullRequestRef, past: PastReview) -> bytes | None:
        for smaller in chain((past,), lessened(past)):
            value = _packed(encode(smaller))
            if value is not None and len(value) <= self._max_bytes:
                if smaller is not past:
                    left_out = len(past.findings) - len(smaller.findings), len(past.entries) - len(smaller.entries)
                    _log.warning("of the review of %s, %d closed findings and %d entries are not kept", ref, *left_out)
                return value
        return None


def _packed(data: bytes) -> bytes | None:
    """None for what could not be unpacked again."""
    if len(data) > _MAX_PLAIN_BYTES:
        return None
    return _PLAIN + data if len(data) < _COMPRESS_FROM else _COMPRESSED + zlib.compress(data)


def _unpacked(value: bytes) -> bytes:
    if value[:1] == _PLAIN:
        return value[1:]
    reader = zlib.decompressobj()
    try:
        data = reader.decompress(value[1:], _MAX_PLAIN_BYTES)
    except zlib.error as error:
        raise ValueError(f"not compressed by us: {error}") from None
    if value[:1] != _COMPRESSED or not reader.eof:
        raise ValueError("packed in a way that we do not know, or larger than we keep")
    return data
