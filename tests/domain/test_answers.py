"""A model's answer is decoded strictly: exactly the asked-for shape, or a reason that the model can act on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.domain.answers import MAX_FINDINGS, REVIEW_SCHEMA, AnswerInvalid, decode_review
from app.domain.findings import Evidence
from app.domain.severity import Severity

FINDING: dict[str, Any] = {
    "rule": "python/eval",
    "path": "a.py",
    "start_line": 3,
    "end_line": 4,
    "severity": "P1",
    "title": "wrong",
    "body": "because",
    "confidence": 1,
    "suggestion": "x = 1",
}


def answer(**changes: object) -> str:
    return json.dumps({"findings": [FINDING | changes], "summary": "s"})


def test_a_right_answer() -> None:
    decoded = decode_review(answer())

    (candidate,) = decoded.candidates
    assert decoded.walkthrough == "s"
    assert (candidate.rule, candidate.path, candidate.start_line, candidate.end_line) == ("python/eval", "a.py", 3, 4)
    assert (candidate.severity, candidate.evidence, candidate.confidence) == (Severity.P1, Evidence.REASONED, 1.0)
    assert candidate.suggestion == "x = 1"


def test_null_rule_and_suggestion_and_an_empty_body_are_right() -> None:
    (candidate,) = decode_review(answer(rule=None, suggestion=None, body="")).candidates

    assert (candidate.rule, candidate.suggestion, candidate.body) == ("", None, "")


def test_half_a_surrogate_pair_cannot_reach_what_we_post() -> None:
    """JSON may escape it, UTF-8 cannot hold it."""
    (candidate,) = decode_review(answer(title="a\ud800b", suggestion="\udfff", rule="\ud800")).candidates

    assert (candidate.title, candidate.suggestion, candidate.rule) == ("a?b", "?", "?")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ("Sure! Here it is", "not JSON"),
        ("[" * 100_000, "nested"),
        ("NaN", "not JSON"),
        ("[]", "answer must be an object"),
        ('{"findings": []}', "lacks summary"),
        ('{"findings": [], "summary": "", "verdict": "pass"}', "not asked for"),
        ('{"findings": {}, "summary": ""}', "must be an array"),
        ('{"findings": [], "summary": 1}', "answer.summary"),
        ('{"findings": [1], "summary": ""}', "findings[0] must be an object"),
        (json.dumps({"findings": [FINDING] * (MAX_FINDINGS + 1), "summary": ""}), "at most"),
        ('{"findings": [], "summary": "", "findings": []}', "names a field twice"),
        (answer(severity="critical"), "findings[0].severity"),
        (answer(severity=["P0"]), "findings[0].severity"),
        (answer(suggestion=3), "suggestion"),
        (answer(rule=3), "rule"),
        (answer(path=" "), "non-empty"),
        (answer(title=None), "title"),
        (answer(body=None), "body"),
        (answer(body="x" * 9_000), "longer than"),
        (answer(start_line="3"), "start_line"),
        (answer(end_line=True), "end_line"),
        (answer(confidence="high"), "confidence"),
        (answer(confidence=True), "confidence"),
        (answer(confidence=1.5), "confidence"),
        (answer(confidence=1e999).replace("Infinity", "1e999"), "confidence"),
        (answer(extra=1), "not asked for"),
    ],
)
def test_a_wrong_answer_says_what_is_wrong(text: str, told: str) -> None:
    with pytest.raises(AnswerInvalid) as caught:
        decode_review(text)

    assert told in str(caught.value)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_arbitrary_text_is_decoded_or_refused_never_worse(text: str) -> None:
    try:
        decode_review(text)
    except AnswerInvalid as error:
        assert str(error)  # noqa: PT017


def test_the_schema_and_the_decoder_agree() -> None:
    """Every property is required and nothing else is allowed, as strict mode of the providers wants it."""
    Draft202012Validator.check_schema(dict(REVIEW_SCHEMA.json_schema))
    validator = Draft202012Validator(dict(REVIEW_SCHEMA.json_schema))
    assert validator.is_valid(json.loads(answer()))
    for wrong in (answer(extra=1), answer(severity="x"), answer(rule=3), answer(start_line="3")):
        assert not validator.is_valid(json.loads(wrong))
