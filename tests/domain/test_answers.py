"""A model's answer is decoded strictly: exactly the asked-for shape, or a reason that the model can act on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.domain.answers import (
    FINDING_SCHEMA,
    MAX_FINDINGS,
    MAX_QUOTES,
    MAX_TEXT,
    REVIEW_SCHEMA,
    AnswerInvalid,
    decode_candidate,
    decode_review,
)
from app.domain.findings import Evidence, Quote
from app.domain.severity import Severity

QUOTE: dict[str, Any] = {"path": "a.py", "line": 3, "text": "    eval(x)"}
FINDING: dict[str, Any] = {
    "rule": "python/eval",
    "path": "a.py",
    "start_line": 3,
    "end_line": 4,
    "severity": "P1",
    "title": "wrong",
    "body": "because",
    "failing_case": "x is read from a request",
    "quotes": [QUOTE],
    "confidence": 1,
    "suggestion": "x = 1",
}


def answer(**changes: object) -> str:
    return json.dumps({"findings": [FINDING | changes], "summary": "s", "diagram": None})


def top(**changes: object) -> str:
    return json.dumps({"findings": [], "summary": "", "diagram": None} | changes)


def quoting(**changes: object) -> str:
    return answer(quotes=[QUOTE, QUOTE | changes])


def test_a_right_answer() -> None:
    decoded = decode_review(answer())

    (candidate,) = decoded.candidates
    assert decoded.walkthrough == "s"
    assert (candidate.rule, candidate.path, candidate.start_line, candidate.end_line) == ("python/eval", "a.py", 3, 4)
    assert (candidate.severity, candidate.evidence, candidate.confidence) == (Severity.P1, Evidence.REASONED, 1.0)
    assert candidate.suggestion == "x = 1"
    assert candidate.failing_case == "x is read from a request"
    assert candidate.quotes == (Quote("a.py", 3, "    eval(x)"),)
    assert decoded.diagram == ""


def test_a_diagram_is_taken_as_it_is() -> None:
    assert decode_review(top(diagram="graph TD; a-->b\ud800")).diagram == "graph TD; a-->b?"


def test_a_quoted_line_may_be_empty_and_quotes_may_be_missing() -> None:
    (candidate,) = decode_review(quoting(text="")).candidates
    (bare,) = decode_review(answer(quotes=[], failing_case="")).candidates

    assert candidate.quotes == (Quote("a.py", 3, "    eval(x)"), Quote("a.py", 3, ""))
    assert (bare.quotes, bare.failing_case) == ((), "")


def test_one_finding_is_decoded_alone() -> None:
    """What a model records while it works has the shape of one entry of its answer."""
    (candidate,) = decode_review(answer()).candidates

    assert decode_candidate(FINDING, "finding") == candidate
    with pytest.raises(AnswerInvalid, match=r"^finding lacks path, title$"):
        decode_candidate({name: value for name, value in FINDING.items() if name not in {"path", "title"}}, "finding")


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
        ('{"findings": []}', "lacks diagram, summary"),
        (top(verdict="pass"), "not asked for"),
        (top(findings={}), "must be an array"),
        (top(summary=1), "answer.summary"),
        (top(diagram=1), "answer.diagram must be a string or null"),
        (top(diagram="x" * (MAX_TEXT + 1)), "answer.diagram is longer than"),
        (top(findings=[1]), "findings[0] must be an object"),
        (top(findings=[FINDING] * (MAX_FINDINGS + 1)), "at most"),
        (top()[:-1] + ', "findings": []}', "names a field twice"),
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
        (answer(failing_case=None), "findings[0].failing_case must be a string"),
        (answer(failing_case="x" * (MAX_TEXT + 1)), "findings[0].failing_case is longer than"),
        (answer(quotes=None), "findings[0].quotes must be an array"),
        (answer(quotes=[QUOTE] * (MAX_QUOTES + 1)), f"an array of at most {MAX_QUOTES} quotes"),
        (answer(quotes=["text"]), "findings[0].quotes[0] must be an object"),
        (answer(quotes=[{"path": "a.py", "text": ""}]), "findings[0].quotes[0] lacks line"),
        (quoting(path=""), "findings[0].quotes[1].path must be a non-empty string"),
        (quoting(line=True), "findings[0].quotes[1].line must be an integer"),
        (quoting(text=None), "findings[0].quotes[1].text must be a string"),
        (quoting(side="left"), "findings[0].quotes[1] has 1 field(s)"),
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
    for wrong in (
        answer(extra=1),
        answer(severity="x"),
        answer(rule=3),
        answer(start_line="3"),
        answer(failing_case=None),
        quoting(line="3"),
        quoting(side="left"),
        top(diagram=3),
    ):
        assert not validator.is_valid(json.loads(wrong))
        with pytest.raises(AnswerInvalid):
            decode_review(wrong)


def test_the_schemas_are_strict_all_the_way_down() -> None:
    """The providers' strict mode refuses a schema with an optional or an open part."""

    def parts(schema: Any) -> list[dict[str, Any]]:
        inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
        return [schema, *(part for one in inner for part in parts(one))]

    for part in parts(REVIEW_SCHEMA.json_schema) + parts(FINDING_SCHEMA):
        if part["type"] == "object":
            assert part["additionalProperties"] is False
            assert sorted(part["required"]) == sorted(part["properties"])
