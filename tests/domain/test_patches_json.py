"""What leaves a sandbox, as JSON and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.domain.patches import Collected, Edit, Patch, Refusal
from app.domain.patches_json import collected_json, parse_collected
from app.domain.pull_request import Sha

BASE = Sha("1" * 40)
COLLECTED = Collected(
    Patch(
        BASE,
        (
            Edit("a.py", b"caf\xc3\xa9\n", executable=True),
            Edit("b", b"\xff\0"),
            Edit("empty", b""),
            Edit("gone", None),
        ),
    ),
    ("build/\udce9.o",),
    (Refusal("../x", "is above"),),
)


def test_there_and_back() -> None:
    text = json.dumps(collected_json(COLLECTED))
    assert text.isascii()
    assert parse_collected(json.loads(text)) == COLLECTED


def test_how_it_looks() -> None:
    assert collected_json(COLLECTED) == {
        "base": BASE,
        "edits": [
            {"path": "a.py", "content": "caf\u00e9\n", "encoding": "utf-8", "executable": True},
            {"path": "b", "content": "/wA=", "encoding": "base64", "executable": False},
            {"path": "empty", "content": "", "encoding": "utf-8", "executable": False},
            {"path": "gone", "content": None, "encoding": "utf-8", "executable": False},
        ],
        "extras": ["build/\udce9.o"],
        "refused": [{"path": "../x", "reason": "is above"}],
    }


def with_edit(**changes: object) -> dict[str, Any]:
    edit = {"path": "a", "content": "", "encoding": "utf-8", "executable": False}
    return {"base": BASE, "edits": [edit | changes], "extras": [], "refused": []}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "an object with exactly the fields base, edits, extras, refused"),
        ({}, "an object with exactly the fields"),
        (collected_json(COLLECTED) | {"more": 1}, "an object with exactly the fields"),
        (collected_json(COLLECTED) | {"base": 1}, "the field base has a value of another type: int"),
        (collected_json(COLLECTED) | {"edits": {}}, "the field edits has a value of another type: dict"),
        (collected_json(COLLECTED) | {"extras": [1]}, "a path is text, not int"),
        (collected_json(COLLECTED) | {"refused": [{}]}, "an object with exactly the fields path, reason"),
        (with_edit(mode="120000"), "an object with exactly the fields path, content, encoding, executable"),
        (with_edit(executable=1), "the field executable has a value of another type: int"),
        (with_edit(content=b""), "the field content has a value of another type: bytes"),
        (with_edit(encoding="latin1"), "the encoding of an edit is utf-8 or base64, not 'latin1'"),
        (with_edit(encoding="latin1", content=None), "the encoding of an edit is utf-8 or base64"),
        (with_edit(content="\ud800"), "the content of 'a' is not utf-8"),
        (with_edit(content="a b=", encoding="base64"), "the content of 'a' is not base64"),
        (with_edit(content="\u00e9", encoding="base64"), "the content of 'a' is not base64"),
    ],
)
def test_what_is_malformed(data: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_collected(data)
