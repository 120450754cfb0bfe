"""Files of recorded reviews: there and back, and every line that fits nowhere is named."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from app.domain.comparable import comparable
from app.domain.errors import SessionInvalid
from app.domain.model import Message, ModelCall, Role, StopReason, Usage
from app.domain.report import Bill
from app.domain.report_json import report_json
from app.domain.session import Question, RecordedCall, Said, Session, Told, in_order
from app.domain.session_file import lines, read
from tests import reports
from tests.usecases.test_recording import HEADER

TEXT = {"name": "t", "value": {"role": "user", "text": "hi"}}
FORM = {"name": "f", "told": {"name": "notes", "text": "{}"}}
SAID = {"text": "", "stop": "complete", "usage": {"input_tokens": 1, "cached_input_tokens": 0, "output_tokens": 1}}
CALL: dict[str, Any] = {
    "label": "light 1/1, step 1",
    "model": "m",
    "messages": ["t"],
    "tools": [],
    "schema": "f",
    "max_output_tokens": 5,
    "said": SAID | {"model": "m"},
}
COMMAND = {"label": "a", "commit": "c", "argv": ["sh"], "trouble": {"gone": True, "words": "w"}}


def session() -> Session:
    question = Question("m", (Message(Role.USER, "hi"),), (), Told("notes", "{}"), 5)
    made = Session(HEADER, report={})
    for step in (10, 2):
        made.add(RecordedCall(f"light 1/1, step {step}", question, Said("", StopReason.COMPLETE, Usage(1, 0, 1), "m")))
    return made


def test_a_session_survives_the_way_there_and_back_and_calls_stand_in_order() -> None:
    made = session()
    text = list(lines(made))

    assert read(text) == made
    assert list(lines(read(text))) == text
    assert [json.loads(line)["call"]["label"][-2:] for line in text if '"call":' in line[:9]] == [" 2", "10"]
    assert sum('"hi"' in line for line in text) == 1
    assert len(list(lines(Session(HEADER)))) == 1  # without a report, and nothing reads it
    assert in_order(["x", "judge 1", "light 1/1"]) == ["light 1/1", "judge 1", "x"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([7], "it must be an object with one of text, call, command, isolation, not_opened, report"),
        ([{"call": CALL, "text": TEXT}], "it must be an object with one of"),
        ([{"more": 1}], "it must be an object with one of"),
        ([{"text": []}], "text is no object"),
        ([{"call": CALL}], "it names a text that did not come before it: 't'"),
        ([{"text": TEXT}, {"text": FORM}, {"call": CALL | {"schema": "t"}}], "'t' is not the kind of text"),
        ([{"text": TEXT}, {"text": FORM}, {"call": CALL | {"messages": ["f"]}}], "'f' is not the kind of text"),
        ([{"text": TEXT}, {"text": FORM}, {"call": CALL | {"said": None}}], "it must have exactly one outcome"),
        (
            [{"text": TEXT}, {"text": FORM}, {"call": CALL | {"failure": {"kind": "budget", "words": ""}}}],
            "it must have exactly one outcome",
        ),
        ([{"text": TEXT}, {"text": FORM}, {"call": CALL}, {"call": CALL}], "there are two calls 'light 1/1, step 1'"),
        ([{"text": TEXT}, {"text": FORM}, {"call": CALL | {"said": SAID | {"model": 3}}}], "call.said.model is no str"),
        ([{"command": COMMAND | {"argv": "sh"}}], "command.argv is no list"),
        ([{"isolation": {"found": {"mode": "half", "reason": ""}}}], "isolation.found.mode is no Mode"),
        ([{"not_opened": {"commit": "c"}}], "not_opened lacks 'trouble'"),
        ([{"report": []}], "report is no object"),
        ([{"report": {}}, {"report": {}}], "nothing may follow the report"),
        ([{"report": {"x": float("nan")}}], "not a number: NaN"),
    ],
)
def test_a_line_that_fits_nowhere_is_named(rows: list[object], words: str) -> None:
    (header, *_) = lines(session())
    with pytest.raises(SessionInvalid) as raised:
        read([header, *(json.dumps(row) for row in rows)])

    assert str(raised.value).startswith(f"line {len(rows) + 1} is no line of a recorded review: ")
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ([], "the file is empty"),
        (["{}"], "line 1 is no line of a recorded review: the first line must be the header"),
        (['{"revwright_session": "\\u001b9"}'], "its format is '\\x1b9', and this version reads 1"),
        (['{"revwright_session": 1}'], "header is no object"),
        (["[" * 100_000], "line 1 is nested too deep"),
        (list(lines(session()))[:-1], "the file ends before the report: it was cut"),
        ([next(lines(session()))[:40]], "line 1 is no line"),
    ],
)
def test_a_file_that_is_none_or_is_cut_gives_one_clear_error(text: list[str], words: str) -> None:
    with pytest.raises(SessionInvalid) as raised:
        read(text)
    assert words in str(raised.value)


def test_reports_of_the_same_review_are_the_same_however_long_calls_took() -> None:
    one = ModelCall("light 1/1, step 1", "m", Usage(3, 1, 2), 0.1, 1.5)
    other = ModelCall("light 1/1, step 2", "n", Usage(3, 1, 2), 0.2, 2.5)
    bill = Bill(0.3, 1.0, "one cap")
    first = replace(reports.passed(), calls=(one, other), bill=bill)
    second = replace(first, calls=(replace(other, seconds=9.0), one), bill=replace(bill, refused="another cap"))

    assert report_json(comparable(first, refused="x")) == report_json(comparable(second, refused="x"))
    assert comparable(replace(first, bill=None), refused="x").bill is None
