"""Keys in PEM form: read strictly, named by their public part, and never printed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed448
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from app.adapters.signing.ed25519 import MAKE, SigningKey, public_keys

OTHER = ed448.Ed448PrivateKey.generate()
OTHER_PEM = OTHER.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
OTHER_PUBLIC = OTHER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def locked() -> str:
    key = load_pem_private_key(SigningKey.generate().pem(), password=None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()


def test_a_signature_is_checked_by_the_public_key_alone() -> None:
    key = SigningKey.generate()
    signature = key.sign(b"message")
    (public,) = public_keys(key.public.pem)

    assert signature.key == public.id == key.public.id
    assert public.verifies(signature.value, b"message")
    assert not public.verifies(signature.value, b"another")
    assert not SigningKey.generate().public.verifies(signature.value, b"message")
    assert not public.verifies(b"", b"message")


def test_the_id_is_the_beginning_of_the_digest_of_the_raw_public_key() -> None:
    key = SigningKey.generate()
    der = load_pem_private_key(key.pem(), password=None).public_key()
    raw = der.public_bytes(Encoding.Raw, PublicFormat.Raw)

    assert key.public.id == hashlib.sha256(raw).hexdigest()[:16]


def test_a_private_key_cannot_be_printed() -> None:
    key = SigningKey.generate()

    assert repr(key) == str(key) == "SigningKey()"
    assert key.pem().split(b"\n")[1].decode() not in f"{key!r} {key.public!r}"


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("canary", "this is not a private key in PEM form"),
        (SigningKey.generate().public.pem, "this is not a private key in PEM form"),
        (OTHER_PEM, "a key of another kind"),
        (locked(), "locked with a passphrase"),
    ],
)
def test_what_is_no_private_key_for_receipts_is_refused_with_how_to_make_one(pem: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        SigningKey.parse(pem)

    assert MAKE in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no public key"),
        (SigningKey.generate().pem().decode(), "there is no public key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "damaged"),
        (OTHER_PUBLIC, "of another kind"),
    ],
)
def test_what_is_no_public_key_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        public_keys(text)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the program openssl is not installed")
def test_the_key_that_the_documentation_tells_to_make_is_taken(tmp_path: Path) -> None:
    made = subprocess.run([*MAKE.split(), "-out", str(tmp_path / "key")], capture_output=True, check=False, timeout=60)

    assert made.returncode == 0, made.stderr
    assert SigningKey.parse((tmp_path / "key").read_text()).public.id
