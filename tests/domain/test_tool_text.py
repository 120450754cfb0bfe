"""What tools say is bounded and marked, and what they are asked with is read strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.shapes import ArgumentsInvalid, Schema, check, decode_arguments
from app.domain.static_checks import redact_secrets
from app.domain.tool_text import cut_middle, marked

ANY: Schema = {"type": "object"}


@given(st.text(max_size=300), st.integers(1, 200))
def test_a_cut_keeps_both_ends_and_says_how_much_is_missing(text: str, most: int) -> None:
    cut = cut_middle(text, most)

    if len(text) <= most:
        assert cut == text
    else:
        assert cut.startswith(text[: most // 2])
        assert cut.endswith(text[len(text) - most // 2 :])
        assert f"[... {len(text) - most:,} characters left out ...]" in cut


@given(st.text(max_size=100))
def test_marks_stand_around_the_text_and_not_in_it(text: str) -> None:
    first, rest = marked(text).split("\n", 1)

    assert rest == f"{text}\n{first[3:]}>>>"
    assert first[3:] not in text


def test_a_secret_of_many_lines_leaves_as_many() -> None:
    body = "\n".join(["MIIEpAIBAAKCAQEA7c3Qh1kYp0Zr2sT9vW4xLm8NbQaJd6FgHu5IoPeRtYzXcVb"] * 3)
    text = f"first\n-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\nlast"

    redacted = redact_secrets(text, keep_lines=True)

    assert redacted.split("\n") == ["first", *["[secret: private key]"] * 5, "last"]
    assert redact_secrets(text) == "first\n[secret: private key]\nlast"


@pytest.mark.parametrize(
    ("value", "schema", "said"),
    [
        ("a", {"type": "integer"}, "x must be of the type integer"),
        (True, {"type": "integer"}, "x must be of the type integer"),
        (1.0, {"type": "integer"}, "x must be of the type integer"),
        (True, {"type": "number"}, "x must be of the type number"),
        (float("inf"), {"type": "number"}, "x must be of the type number"),
        (1, {"type": "boolean"}, "x must be of the type boolean"),
        (0, {"type": ["string", "null"]}, "x must be of the type string or null"),
        ("P9", {"type": "string", "enum": ["P0", "P1"]}, "x must be one of P0, P1"),
        ([1, "a"], {"type": "array", "items": {"type": "integer"}}, "x[1] must be of the type integer"),
        ({}, {"type": "object", "required": ["a", "b"]}, "x lacks a, b"),
        ({"a": 1}, {"properties": {"a": {"type": "null"}}}, "x.a must be of the type null"),
        ({"b\u202e": 1}, {"additionalProperties": False}, "x has the field 'b\\u202e'; the fields are: none at all"),
        ("\ud800", {}, "x has half of a surrogate pair"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(value: object, schema: Schema, said: str) -> None:
    with pytest.raises(ArgumentsInvalid) as wrong:
        check(value, schema, "x")

    assert str(wrong.value).startswith(said)


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (1, {"type": "integer"}),
        (1, {"type": "number"}),
        (0.5, {"type": "number"}),
        (None, {"type": ["string", "null"]}),
        (False, {"type": "boolean"}),
        ([1, 2], {"type": "array", "items": {"type": "integer"}}),
        (["a", 1], {"type": "array"}),
        ({"a": 1, "more": 2}, {"type": "object", "properties": {"a": {"type": "integer"}}}),
        ("anything", {}),
    ],
)
def test_what_fits_is_taken(value: object, schema: Schema) -> None:
    check(value, schema, "x")


@pytest.mark.parametrize("schema", [{"properties": []}, {"required": {"a": 1}}, {"type": 3}])
def test_a_schema_that_is_none_is_our_mistake(schema: Schema) -> None:
    with pytest.raises(ValueError, match="a schema has ") as wrong:
        check({}, schema, "x")

    assert not isinstance(wrong.value, ArgumentsInvalid)


def reading(text: str) -> str:
    """What is said of a text, or its type."""
    try:
        return type(decode_arguments(text, ANY)).__name__
    except ArgumentsInvalid as wrong:
        return str(wrong)


@given(st.text(max_size=60))
def test_any_text_is_an_object_or_refused(text: str) -> None:
    assert reading(text) == "dict" or reading(text).startswith("the arguments")
