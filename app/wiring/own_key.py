"""Keys that are made of the App's private key, one for each purpose."""

from __future__ import annotations

import hashlib


def own_key(private_key_pem: str, purpose: str) -> bytes:
    """A key for one purpose that only this App can have; the private key itself is not used for it."""
    return hashlib.sha256(f"revwright {purpose}\x00{private_key_pem}".encode()).digest()
