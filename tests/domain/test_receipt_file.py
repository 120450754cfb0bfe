"""A receipt is valid as it was signed, byte by byte, and in no other form."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from app.adapters.signing.ed25519 import SigningKey
from app.domain.canonical_json import canonical_json
from app.domain.plain_values import plain
from app.domain.receipt_file import MAX_BYTES, Invalid, Problem, Signature, Valid, checked, receipt_file, signed_bytes
from tests.build import HEAD
from tests.receipts import KEY, keys_of, receipt, signed

SAMPLE = signed(receipt())
KNOWN = keys_of(KEY)


def document(**changes: object) -> bytes:
    """The sample's document with other members, spelt canonically."""
    return canonical_json(json.loads(SAMPLE) | changes)


def signature_of(data: bytes) -> dict[str, Any]:
    (one,) = json.loads(data)["signatures"]
    assert isinstance(one, dict)
    return one


def problem(data: bytes) -> tuple[Problem, str]:
    result = checked(data, KNOWN)
    assert isinstance(result, Invalid)
    return result.problem, result.reason


def test_the_whole_file_is_canonical() -> None:
    assert canonical_json(json.loads(SAMPLE)) == SAMPLE


def test_what_was_signed_is_valid_and_says_what_it_said() -> None:
    assert checked(SAMPLE, KNOWN) == Valid(receipt(), KEY.public.id)
    assert checked(SAMPLE, KNOWN, head=HEAD, repository="Acme/Web") == Valid(receipt(), KEY.public.id)


@pytest.mark.parametrize("change", ["low bit", "high bit", "case", "removed", "doubled", "space", "zero"])
def test_one_altered_byte_anywhere_makes_it_invalid(change: str) -> None:
    def altered(at: int) -> bytes:
        before, byte, after = SAMPLE[:at], SAMPLE[at : at + 1], SAMPLE[at + 1 :]
        by = {
            "low bit": bytes([byte[0] ^ 0x01]),
            "high bit": bytes([byte[0] ^ 0x80]),
            "case": bytes([byte[0] ^ 0x20]),
            "removed": b"",
            "doubled": byte * 2,
            "space": byte + b" ",
            "zero": byte + b"0",
        }
        return before + by[change] + after

    valid = [at for at in range(len(SAMPLE)) if isinstance(checked(altered(at), KNOWN), Valid)]

    assert len(SAMPLE) > 1_000
    assert valid == []


@pytest.mark.parametrize("more", [b"\n", b" ", b"\0", SAMPLE, b"\xef\xbb\xbf"])
def test_nothing_stands_before_or_after_it(more: bytes) -> None:
    assert isinstance(checked(SAMPLE + more, KNOWN), Invalid)
    assert isinstance(checked(more + SAMPLE, KNOWN), Invalid)


def test_another_spelling_of_the_same_content_is_altered() -> None:
    spelt = json.dumps(json.loads(SAMPLE), indent=1).encode()

    assert problem(spelt)[0] is Problem.ALTERED
    assert "first at byte 1." in problem(spelt)[1]
    assert "first at byte " in problem(SAMPLE + b"\n")[1]


def test_a_key_that_stands_twice_is_refused_whichever_reader_takes_which() -> None:
    twice = SAMPLE.replace(b'"carried":', b'"carried":0,"carried":', 1)

    assert problem(twice)[1] == "this is no receipt: an object names a field twice"


def test_content_of_another_signature_is_altered() -> None:
    """All is spelt as it should be; only the signature does not fit."""
    other = receipt(carried=41)
    foreign = receipt_file(signed_bytes(other), KEY.sign(signed_bytes(receipt())))

    assert problem(foreign)[0] is Problem.ALTERED
    assert problem(foreign)[1].startswith(f"the signature is not that of the key {KEY.public.id} on this content")


def test_a_signature_of_the_payload_alone_is_none_of_a_receipt() -> None:
    """The tag keeps what the key signs for one purpose from counting for another."""
    untagged = receipt_file(signed_bytes(receipt()), KEY.sign(canonical_json(plain(receipt()))))

    assert problem(untagged)[0] is Problem.ALTERED


def test_an_unknown_key_is_named_with_what_to_do_next() -> None:
    stranger = SigningKey.generate()
    found, reason = problem(signed(receipt(), stranger))

    assert found is Problem.UNKNOWN_KEY
    assert stranger.public.id in reason
    assert f"known: {KEY.public.id}" in reason
    assert "--public-key" in reason
    nobody = checked(SAMPLE, {})
    assert isinstance(nobody, Invalid)
    assert "known: none" in nobody.reason


def test_a_stranger_who_takes_the_id_of_a_known_key_is_found_out() -> None:
    forged = Signature(KEY.public.id, SigningKey.generate().sign(signed_bytes(receipt())).value)

    assert problem(receipt_file(signed_bytes(receipt()), forged))[0] is Problem.ALTERED


def test_a_key_before_a_rotation_still_counts() -> None:
    assert isinstance(checked(SAMPLE, keys_of(SigningKey.generate(), KEY)), Valid)


def test_a_receipt_for_another_head_or_repository_names_both() -> None:
    head = checked(SAMPLE, KNOWN, head="e" * 40)
    repository = checked(SAMPLE, KNOWN, repository="acme/other")

    assert isinstance(head, Invalid)
    assert (head.problem, HEAD in head.reason, "e" * 40 in head.reason) == (Problem.OTHER_HEAD, True, True)
    assert repository == Invalid(Problem.OTHER_REPOSITORY, "it is a receipt for acme/web, and not for acme/other")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Expecting value: line 1 column 1"),
        (b"{", "line 1 column 2"),
        (b"[]", "the file must be an object"),
        (b"{}", "the file lacks payload, signatures"),
        (b"\xff", "byte 0 is not UTF-8"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * (MAX_BYTES + 1), "it has more than 16,777,216 bytes"),
        (document(more=1), "the file has 1 field(s) that were not asked for"),
        (document(payload=[]), "payload is no object"),
        (document(payload={"format": "revwright-receipt/1"}), "payload lacks 'made_at'"),
        (document(payload={"format": "revwright-receipt/2"}), "its format is 'revwright-receipt/2', and this version"),
        (document(payload=json.loads(SAMPLE)["payload"] | {"odd": 1}), "payload has a field that is not known: 'odd'"),
        (document(payload=json.loads(SAMPLE)["payload"] | {"carried": "1"}), "payload.carried is no int"),
        (document(signatures=[]), "signatures must be a list of one"),
        (document(signatures={}), "signatures must be a list of one"),
        (document(signatures=[1]), "signatures[0] must be an object"),
        (document(signatures=[signature_of(SAMPLE) | {"key": "x"}]), "signatures[0].key is not the id of a key"),
        (document(signatures=[signature_of(SAMPLE) | {"key": 1}]), "signatures[0].key is not the id of a key"),
        (document(signatures=[signature_of(SAMPLE) | {"algorithm": "none"}]), "algorithm must be 'Ed25519'"),
        (document(signatures=[signature_of(SAMPLE) | {"signature": "AAAA"}]), "signature is not 64 bytes"),
        (document(signatures=[signature_of(SAMPLE) | {"signature": "é"}]), "signature is not 64 bytes"),
        (document(signatures=[signature_of(SAMPLE) | {"signature": None}]), "signature is not 64 bytes"),
    ],
)
def test_what_is_no_receipt_says_where(data: bytes, words: str) -> None:
    found, reason = problem(data)

    assert found is Problem.MALFORMED
    assert words in reason


def test_a_signature_has_one_spelling() -> None:
    """The last character of 64 bytes in base64 has four bits that say nothing."""
    text = signature_of(SAMPLE)["signature"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]
    assert base64.urlsafe_b64decode(twin + "==") == base64.urlsafe_b64decode(text + "==")

    assert problem(document(signatures=[signature_of(SAMPLE) | {"signature": twin}]))[0] is Problem.MALFORMED
