"""Ed25519 keys (RFC 8032) in PEM form: reading, naming, signing and checking."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from app.domain.receipt_file import Signature

MAKE = "openssl genpkey -algorithm ed25519"

_ID_DIGITS = 16
_PUBLIC_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """`id` is the first 16 hexadecimal digits of the SHA-256 of the raw 32 bytes."""

    id: str
    pem: str
    _key: Ed25519PublicKey = field(repr=False, compare=False)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature is this key's on the message."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Cannot be printed: only `pem()` gives the private part."""

    _key: Ed25519PrivateKey = field(repr=False, compare=False)

    @staticmethod
    def generate() -> SigningKey:
        return SigningKey(Ed25519PrivateKey.generate())

    @staticmethod
    def parse(pem: str) -> SigningKey:
        """Raises ValueError with words for the operator, which do not repeat the text."""
        remedy = f"make one with `{MAKE}` and use the whole file, from -----BEGIN to -----END"
        try:
            key = load_pem_private_key(pem.encode("utf-8", "replace"), password=None)
        except TypeError:
            raise ValueError(f"the key is locked with a passphrase; {remedy}") from None
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError(f"this is not a private key in PEM form; {remedy}") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"receipts are signed with Ed25519, and this is a key of another kind; {remedy}")
        return SigningKey(key)

    @property
    def public(self) -> PublicKey:
        return _public(self._key.public_key())

    def pem(self) -> bytes:
        """The private key itself, as PKCS8, for the file that keeps it."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, message: bytes) -> Signature:
        return Signature(self.public.id, self._key.sign(message))


def public_keys(text: str) -> tuple[PublicKey, ...]:
    """Every public key in a text of PEM blocks. Raises ValueError when there is none, or one of another kind."""
    blocks = _PUBLIC_PEM.findall(text)
    if not blocks:
        raise ValueError("there is no public key in PEM form; it begins with -----BEGIN PUBLIC KEY-----")
    return tuple(_parsed(block) for block in blocks)


def _parsed(block: str) -> PublicKey:
    try:
        key = load_pem_public_key(block.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("a public key in it is damaged; get the file anew") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("receipts are signed with Ed25519, and a key in it is of another kind")
    return _public(key)


def _public(key: Ed25519PublicKey) -> PublicKey:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    return PublicKey(hashlib.sha256(raw).hexdigest()[:_ID_DIGITS], pem, key)
