"""The webhook signature: HMAC-SHA256 over the raw body, compared in constant time.

Source: GitHub Docs, "Validating webhook deliveries".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

_PREFIX = b"sha256="


class SignatureCheck:
    """Takes the body piece by piece while it arrives, so that nothing else sees it before it is known to be GitHub's.

    Several secrets may be valid at a time while one is being replaced.
    """

    def __init__(self, secrets: Iterable[bytes]) -> None:
        self._macs = [hmac.new(secret, digestmod=hashlib.sha256) for secret in secrets]

    def update(self, piece: bytes) -> None:
        for mac in self._macs:
            mac.update(piece)

    def holds(self, header: bytes | None) -> bool:
        """Whether `X-Hub-Signature-256` is one of ours. Never raises, whatever bytes the header has."""
        if header is None or not header.startswith(_PREFIX):
            return False
        given = header.removeprefix(_PREFIX)
        # All are compared, so that time does not tell which secret fits.
        matches = [hmac.compare_digest(mac.hexdigest().encode(), given) for mac in self._macs]
        return any(matches)
