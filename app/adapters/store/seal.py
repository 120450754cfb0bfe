"""Values that only this deployment's workers can have written: a keyed digest before each, bound to its place."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Seal:
    """`key` is known to workers only. Who can write to Redis can put back an older value of the same place.

    `place` says what the value is of, such as a pull request; it has parts that NUL tells apart, if it has several.
    """

    key: bytes = field(repr=False)

    def put(self, place: str, value: bytes) -> bytes:
        """The value as it is kept."""
        return self._digest(place, value) + b" " + value

    def opened(self, place: str, found: bytes) -> bytes | None:
        """The value; None where it is not ours, or of another place."""
        digest, _, value = found.partition(b" ")
        return value if hmac.compare_digest(digest, self._digest(place, value)) else None

    def _digest(self, place: str, value: bytes) -> bytes:
        return hmac.new(self.key, place.encode() + b"\x00" + value, hashlib.sha256).hexdigest().encode()
