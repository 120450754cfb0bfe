"""The key for receipts as an operator gives it."""

from __future__ import annotations

from pathlib import Path

from app.adapters.signing.ed25519 import SigningKey
from app.settings import Secret, Settings
from tests.test_settings import HOME, refusal


def test_a_key_for_receipts_is_checked_and_cannot_be_printed(tmp_path: Path, private_key: str) -> None:
    pem = SigningKey.generate().pem().decode()
    body = pem.split("\n")[1]
    typed = Settings.from_environment(HOME | {"REVWRIGHT_RECEIPT_KEY": pem.strip().replace("\n", "\\n")})

    assert typed.receipt_key == Secret(pem)
    assert body not in repr(typed)
    assert "REVWRIGHT_RECEIPT_KEY: receipts are signed with Ed25519" in refusal(
        HOME | {"REVWRIGHT_RECEIPT_KEY": private_key}
    )
    assert "canary" not in refusal(HOME | {"REVWRIGHT_RECEIPT_KEY": "canary"})
    assert "keep one of the two" in refusal(
        HOME | {"REVWRIGHT_RECEIPT_KEY": pem, "REVWRIGHT_RECEIPT_KEY_FILE": str(tmp_path)}
    )
