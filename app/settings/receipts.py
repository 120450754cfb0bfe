"""The key that signs receipts, where the operator gives one."""

from __future__ import annotations

from app.adapters.signing.ed25519 import SigningKey
from app.settings.secret import Secret


def receipt_key(text: str) -> Secret:
    """The PEM text of an Ed25519 private key, whose line ends may be typed as a backslash and an n."""
    pem = text.replace("\\n", "\n").strip() + "\n"
    SigningKey.parse(pem)
    return Secret(pem)
