"""Values that only this deployment's workers can have written: a keyed digest before each, bound to a pull request."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from app.domain.pull_request import PullRequestRef


@dataclass(frozen=True, slots=True)
class Seal:
    """`key` is known to workers only. Who can write to Redis can put back an older value of the same pull request."""

    key: bytes = field(repr=False)

    def put(self, ref: PullRequestRef, value: bytes) -> bytes:
        """The value as it is kept."""
        return self._digest(ref, value) + b" " + value

    def opened(self, ref: PullRequestRef, found: bytes) -> bytes | None:
        """The value; None where it is not ours, or of another pull request."""
        digest, _, value = found.partition(b" ")
        return value if hmac.compare_digest(digest, self._digest(ref, value)) else None

    def _digest(self, ref: PullRequestRef, value: bytes) -> bytes:
        return hmac.new(self.key, str(ref).encode() + b"\x00" + value, hashlib.sha256).hexdigest().encode()
