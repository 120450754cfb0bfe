"""A proposal for a proof is decoded strictly: one command, few new files, an output that is foretold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.domain.proof_answers import MAX_FILES, PROOF_SCHEMA, NoProof, ProofPlan, decode_proof
from app.domain.strict_json import AnswerInvalid


def answer(**changes: object) -> str:
    plain = {
        "command": "python -m pytest -q tests/test_proof.py",
        "files": [{"path": "tests/test_proof.py", "text": "def test(): assert pages(3, 2) == 2\n"}],
        "expected": " assert 1 == 2 ",
        "why_not": "",
    }
    return json.dumps(plain | changes)


def test_a_plan() -> None:
    assert decode_proof(answer()) == ProofPlan(
        "python -m pytest -q tests/test_proof.py",
        (("tests/test_proof.py", "def test(): assert pages(3, 2) == 2\n"),),
        "assert 1 == 2",
    )


def test_none() -> None:
    told = answer(command=None, files=[], expected="", why_not="It needs a network.")

    assert decode_proof(told) == NoProof("It needs a network.")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("[]", "answer must be an object"),
        (answer(more=1), "not asked for"),
        (answer(command=""), "answer.command must be a non-empty string"),
        (answer(command="a\nb"), "one line"),
        (answer(command="a\0b"), "one line"),
        (answer(command="x" * 2_001), "longer than 2000"),
        (answer(command=None), "without a command"),
        (answer(command=None, files=[]), "without a command"),
        (answer(command=None, files=[], expected=""), "answer.why_not must be a non-empty string"),
        (answer(why_not=None), "answer.why_not must be a string"),
        (answer(expected="short"), "at least 8 characters"),
        (answer(expected=" " * 20), "non-empty"),
        (answer(expected="a line\nand another"), "one line"),
        (answer(expected="a line\rand another"), "one line"),
        (answer(expected="x" * 401), "longer than 400"),
        (answer(files={}), "an array of at most 5"),
        (answer(files=[{"path": f"{n}", "text": ""} for n in range(MAX_FILES + 1)]), "an array of at most 5"),
        (answer(files=["a"]), "files[0] must be an object"),
        (answer(files=[{"path": "a"}]), "lacks text"),
        (answer(files=[{"path": "../a", "text": ""}]), "files[0].path has the part `..`"),
        (answer(files=[{"path": "/etc/passwd", "text": ""}]), "is absolute"),
        (answer(files=[{"path": ".git/hooks/x", "text": ""}]), "`.git`"),
        (answer(files=[{"path": ".github/workflows/x.yml", "text": ""}]), "is protected"),
        (answer(files=[{"path": "a/AGENTS.md", "text": ""}]), "is protected"),
        (answer(files=[{"path": "a", "text": "x" * 20_001}]), "longer than 20000"),
        (answer(files=[{"path": "a", "text": ""}] * 2), "side by side"),
        (answer(files=[{"path": "a", "text": ""}, {"path": "A", "text": ""}]), "side by side"),
        (answer(files=[{"path": "a", "text": ""}, {"path": "a/b", "text": ""}]), "side by side"),
    ],
)
def test_a_wrong_answer_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(AnswerInvalid) as raised:
        decode_proof(text)
    assert reason in str(raised.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_whatever_is_decoded_fits_the_schema(value: object) -> None:
    text = answer(files=value)
    try:
        decode_proof(text)
    except AnswerInvalid:
        return
    Draft202012Validator(dict(PROOF_SCHEMA.json_schema)).validate(json.loads(text))


def test_the_schema_takes_what_the_decoder_takes() -> None:
    validator = Draft202012Validator(dict(PROOF_SCHEMA.json_schema))

    validator.validate(json.loads(answer()))
    validator.validate(json.loads(answer(command=None, files=[], expected="", why_not="no")))
