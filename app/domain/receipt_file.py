"""The file of a receipt: its payload and one signature, in the one spelling that is accepted; and how it is checked."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from app.domain.canonical_json import canonical_json
from app.domain.plain_values import built, plain
from app.domain.receipt import FORMAT, Receipt
from app.domain.strict_json import loaded, object_with

MAX_BYTES = 16 * 1024 * 1024
ALGORITHM = "Ed25519"
KEY_ID = re.compile(r"[0-9a-f]{16}")

_TAG = f"{FORMAT}\n".encode("ascii")
"""Stands before what is signed, so that no signature of something else is one of a receipt."""
_SIGNATURE_BYTES = 64

Verify = Callable[[bytes, bytes], bool]
"""Whether the first, a signature, is the key's on the second, a message."""


@dataclass(frozen=True, slots=True)
class Signature:
    """`key` is the id of the key: the first 16 hexadecimal digits of the SHA-256 of the raw public key."""

    key: str
    value: bytes


class Problem(StrEnum):
    MALFORMED = "malformed"
    """It is no receipt that this version reads."""
    ALTERED = "altered"
    UNKNOWN_KEY = "unknown_key"
    OTHER_HEAD = "other_head"
    OTHER_REPOSITORY = "other_repository"


@dataclass(frozen=True, slots=True)
class Valid:
    receipt: Receipt
    key: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """`reason` says what, which and what to do next; it may repeat words of the file."""

    problem: Problem
    reason: str


class _Refused(ValueError):
    def __init__(self, problem: Problem, reason: str) -> None:
        super().__init__(reason)
        self.problem = problem


def signed_bytes(receipt: Receipt) -> bytes:
    """What the signature is made over."""
    return _TAG + canonical_json(plain(receipt))


def receipt_file(signed: bytes, signature: Signature) -> bytes:
    """The bytes of the file; there is no line end after them. `signed` is what `signed_bytes` gave."""
    value = base64.urlsafe_b64encode(signature.value).rstrip(b"=").decode("ascii")
    one = {"key": signature.key, "algorithm": ALGORITHM, "signature": value}
    return _document(signed.removeprefix(_TAG), [one])


def _document(payload: bytes, signatures: object) -> bytes:
    """Canonical, without spelling a large payload twice."""
    return b'{"payload":' + payload + b',"signatures":' + canonical_json(signatures) + b"}"


def checked(
    data: bytes, keys: Mapping[str, Verify], *, head: str | None = None, repository: str | None = None
) -> Valid | Invalid:
    """Whether the bytes are exactly what a holder of one of the keys, by id, has signed, and are about this head and
    repository where these are given.
    """
    try:
        receipt, payload, signature = _read(data)
        _demand_signed(payload, signature, keys)
        _demand_subject(receipt, head, repository)
    except _Refused as refused:
        return Invalid(refused.problem, str(refused))
    return Valid(receipt, signature.key)


def _read(data: bytes) -> tuple[Receipt, bytes, Signature]:
    """With the canonical bytes of its payload."""
    if len(data) > MAX_BYTES:
        raise _malformed(f"it has more than {MAX_BYTES:,} bytes")
    try:
        text = data.decode("utf-8")
        document = object_with(loaded(text), "the file", {"payload", "signatures"})
        signature = _signature(document["signatures"])
        receipt = _payload(document["payload"])
        payload = canonical_json(document["payload"])
        canonical = _document(payload, document["signatures"])
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} is not UTF-8") from None
    except RecursionError:
        raise _malformed("it is nested too deeply") from None
    except _Refused:
        raise
    except ValueError as error:
        raise _malformed(str(error)) from None
    if canonical != data:
        at = next((n for n, (a, b) in enumerate(zip(canonical, data, strict=False)) if a != b), len(canonical))
        words = "it says what a receipt says, but is not spelt as one: something was added, removed or reordered"
        raise _Refused(Problem.ALTERED, f"{words}, first at byte {at}. Get the file anew, byte by byte")
    return receipt, payload, signature


def _payload(value: object) -> Receipt:
    if isinstance(value, dict) and (told := value.get("format")) != FORMAT:
        raise _malformed(f"its format is {str(told)[:60]!r}, and this version reads {FORMAT!r}")
    return cast("Receipt", built(Receipt, value, "payload"))


def _signature(value: object) -> Signature:
    if not isinstance(value, list) or len(value) != 1:
        raise _malformed("signatures must be a list of one")
    (item,) = value
    one = object_with(item, "signatures[0]", {"key", "algorithm", "signature"})
    key, algorithm, text = (one[name] for name in ("key", "algorithm", "signature"))
    if not isinstance(key, str) or not KEY_ID.fullmatch(key):
        raise _malformed("signatures[0].key is not the id of a key: 16 hexadecimal digits")
    if algorithm != ALGORITHM:
        raise _malformed(f"signatures[0].algorithm must be {ALGORITHM!r}")
    signature = _decoded(text) if isinstance(text, str) else b""
    if len(signature) != _SIGNATURE_BYTES:
        raise _malformed(f"signatures[0].signature is not {_SIGNATURE_BYTES} bytes as base64url without padding")
    return Signature(key, signature)


def _decoded(text: str) -> bytes:
    """Empty for anything but the one spelling: the last character has bits that say nothing."""
    try:
        value = base64.b64decode(text.encode("ascii") + b"==", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""
    return value if base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii") == text else b""


def _demand_signed(payload: bytes, signature: Signature, keys: Mapping[str, Verify]) -> None:
    verify = keys.get(signature.key)
    if verify is None:
        known = ", ".join(sorted(keys)) or "none"
        raise _Refused(
            Problem.UNKNOWN_KEY,
            f"it says that the key {signature.key} signed it, and that key is not known here (known: {known}). Ask who "
            "runs this Revwright for what `revwright receipt public-key` prints, and name the file with --public-key",
        )
    if not verify(signature.value, _TAG + payload):
        raise _Refused(
            Problem.ALTERED,
            f"the signature is not that of the key {signature.key} on this content: one or the other was altered. Get "
            "the file anew",
        )


def _demand_subject(receipt: Receipt, head: str | None, repository: str | None) -> None:
    if head is not None and receipt.head != head:
        raise _Refused(
            Problem.OTHER_HEAD,
            f"it is a receipt for the head {receipt.head}, and not for {head}. Get the receipt of the review of {head}",
        )
    if repository is not None and receipt.repository.casefold() != repository.casefold():
        raise _Refused(Problem.OTHER_REPOSITORY, f"it is a receipt for {receipt.repository}, and not for {repository}")


def _malformed(what: str) -> _Refused:
    return _Refused(Problem.MALFORMED, f"this is no receipt: {what}")
