"""Answers to questions: the shape is strict, and only lines that stand in the code count as quoted."""

from __future__ import annotations

import json

import pytest

from app.domain.asking import MAX_QUOTES, Told, decode_told, standing
from app.domain.findings import Quote
from app.domain.strict_json import AnswerInvalid

LINE = {"path": "a.py", "line": 2, "text": "x = 1"}


def test_an_answer_with_its_quotes() -> None:
    said = decode_told(json.dumps({"answer": "Because.", "quotes": [LINE, LINE | {"text": ""}]}))

    assert said == Told("Because.", (Quote("a.py", 2, "x = 1"), Quote("a.py", 2, "")))
    assert len(decode_told(json.dumps({"answer": "x", "quotes": [LINE] * 50})).quotes) == MAX_QUOTES


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{}",
        '{"answer":"x"}',
        '{"answer":"","quotes":[]}',
        '{"answer":"x","quotes":{}}',
        '{"answer":"x","quotes":[1]}',
        '{"answer":"x","quotes":[{"path":"a","line":"1","text":"x"}]}',
    ],
)
def test_an_answer_of_another_shape_is_refused(said: str) -> None:
    with pytest.raises(AnswerInvalid):
        decode_told(said)


def test_a_quote_counts_where_it_stands() -> None:
    files = {"a.py": "def f():\n    x = 1\n    y = '\u202e'\n"}
    quotes = [
        Quote("a.py", 2, "x = 1"),
        Quote("a.py", 2, "    x = 1  "),
        Quote("a.py", 1, "x = 1"),
        Quote("a.py", 9, "x = 1"),
        Quote("a.py", 0, "x = 1"),
        Quote("a.py", 2, " "),
        Quote("b.py", 2, "x = 1"),
        Quote("a.py", 3, "y = '<U+202E>'"),
    ]

    assert standing(quotes, files) == (quotes[0], quotes[7])
