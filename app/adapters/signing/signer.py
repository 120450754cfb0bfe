"""Signs receipts: with the key that the operator gave, or else with that of the directory, whichever is current."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from app.adapters.signing.directory import KeyDirectory
from app.adapters.signing.ed25519 import PublicKey, SigningKey
from app.domain.errors import KeyUnavailable
from app.domain.receipt_file import Signature, Verify

_log = logging.getLogger(__name__)


class KeySigner:
    """Implements ports.ReceiptSigner. The key is read anew for each receipt, so that a rotation needs no restart."""

    def __init__(self, directory: KeyDirectory, given: SigningKey | None = None) -> None:
        self._directory = directory
        self._given = given

    async def ready(self) -> None:
        """Makes the key if there is none, so that a process that cannot does not start."""
        if self._given is None:
            await asyncio.to_thread(self._directory.current)

    async def sign(self, message: bytes) -> Signature:
        return await asyncio.to_thread(self._sign, message)

    async def keys(self) -> Mapping[str, Verify]:
        return {key.id: key.verifies for key in await asyncio.to_thread(self.known)}

    def known(self) -> tuple[PublicKey, ...]:
        """Every public key that counts here: the given one first."""
        known = self._directory.known()
        if self._given is None:
            return known
        own = self._given.public
        return (own, *(key for key in known if key.id != own.id))

    def current(self) -> SigningKey | None:
        """The key that would sign, or None when none was made yet."""
        return self._given or self._directory.existing()

    def _sign(self, message: bytes) -> Signature:
        key = self._directory.current() if self._given is None else self._given
        if self._given is not None:
            try:
                self._directory.remember(key.public)
            except KeyUnavailable as error:  # it only serves later checks on this machine
                _log.warning("the public key of REVWRIGHT_RECEIPT_KEY cannot be kept for later: %s", error)
        return key.sign(message)
