"""A task that is longer than the model's context window goes on: older steps become notes, findings stay."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from app.domain.answers import AnswerInvalid
from app.domain.errors import ModelContextFull, ModelUnavailable
from app.domain.model import (
    AnswerSchema,
    Completion,
    Message,
    ModelRequest,
    Role,
    StopReason,
    ToolCall,
    ToolSpec,
    Usage,
)
from app.usecases.agent import AgentLimits, Finished, Task, Unfinished, Why, work
from app.usecases.compaction import (
    MAX_NOTES,
    NOTES_SCHEMA,
    History,
    Window,
    compact,
    decode_notes,
    length,
    size,
)
from app.usecases.review.notebook import Notebook
from tests.fakes.scripted_model import ScriptedModel, calls, says, well_formed
from tests.usecases.asking import OPENING, SCHEMA, TEXTS, decode

FILES = 30
FILE_CHARACTERS = 3_000
WINDOW_TOKENS = 4_000
WINDOW_CHARACTERS = 14_000


class Shelf:
    """A tool that shows one of many files, each of a third of what a window holds."""

    repeatable: ClassVar[bool] = False
    spec: ClassVar[ToolSpec] = ToolSpec(
        "show",
        "Shows a file.",
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["path"],
            "properties": {"path": {"type": "string"}},
        },
    )

    async def call(self, arguments: Mapping[str, object]) -> str:
        path = str(arguments["path"])
        return f"{path}\n" + f"the text of {path}\n" * (FILE_CHARACTERS // 20)


def finding(path: str) -> dict[str, object]:
    return {
        "rule": None,
        "path": path,
        "start_line": 3,
        "end_line": 4,
        "severity": "P1",
        "title": f"{path} forgets the last line",
        "body": "It stops one early.",
        "failing_case": "a file of one line",
        "quotes": [],
        "confidence": 0.9,
        "suggestion": None,
    }


def diligent(request: ModelRequest) -> Completion:
    """Reads every file and records a finding for each. It remembers nothing: all it knows is in the request."""
    text = "\n".join(m.text for m in request.messages)
    if request.schema == NOTES_SCHEMA:
        read = sorted(set(re.findall(r"the text of (f\d\d)|read (f\d\d)", text)))
        return answering(request, says(json.dumps({"notes": " ".join(f"read {a or b}" for a, b in read)})))
    made = [call.arguments for m in request.messages for call in m.calls if call.name == "record_finding"]
    recorded = set(re.findall(r"P1 (f\d\d):3-4", text)) | {json.loads(one)["path"] for one in made}
    for number in range(FILES):
        path = f"f{number:02}"
        if path in recorded:
            continue
        if f"the text of {path}" in text:
            return answering(request, calls(("record_finding", finding(path)), text=f"{path} is wrong."))
        return answering(request, calls(("show", {"path": path})))
    return answering(request, says(json.dumps({"value": len(recorded)})))


def answering(request: ModelRequest, completion: Completion) -> Completion:
    """With usage as a provider would count it, at 3.5 characters a token."""
    return replace(completion, usage=Usage(int(length(request) / 3.5), 0, 20))


def task_with(notebook: Notebook) -> Task[int]:
    return Task("core", "m", OPENING, SCHEMA, decode, (Shelf(), notebook), kept=notebook.kept)


@pytest.mark.parametrize("context_tokens", [WINDOW_TOKENS, 128_000], ids=["window known", "window unknown"])
async def test_a_task_of_five_windows_ends_with_all_its_findings(context_tokens: int) -> None:
    notebook = Notebook()
    model = ScriptedModel(diligent, window_characters=WINDOW_CHARACTERS)
    limits = AgentLimits(steps=3 * FILES, context_tokens=context_tokens, output_tokens=500)

    ended = await work(model, task_with(notebook), limits, TEXTS)

    assert isinstance(ended, Finished)
    assert ended.value == FILES
    assert [c.path for c in notebook.candidates] == [f"f{n:02}" for n in range(FILES)]
    assert FILES * FILE_CHARACTERS > 5 * WINDOW_CHARACTERS
    assert all(request.messages[:2] == OPENING for request in model.seen)
    assert all(well_formed(request) for request in model.seen)
    assert (model.refused == 0) == (context_tokens == WINDOW_TOKENS)
    summaries = [request for request in model.seen if request.schema == NOTES_SCHEMA]
    assert 5 <= len(summaries) <= FILES
    assert all(request.tools == () and request.label.startswith("core, summary") for request in summaries)
    labels = [request.label for request in model.seen]
    assert len(set(labels)) == len(labels)  # so that a recording can tell calls apart


@pytest.mark.parametrize(
    "notes",
    [
        says("no JSON"),
        says('{"notes": 1}'),
        says('{"notes": "half', stop=StopReason.CUT_OFF),
        says("I will not", stop=StopReason.REFUSED),
    ],
)
async def test_a_model_that_gives_no_notes_has_a_list_of_its_calls_instead(notes: Completion) -> None:
    notebook = Notebook()

    def without_notes(request: ModelRequest) -> Completion:
        return notes if request.schema == NOTES_SCHEMA else diligent(request)

    model = ScriptedModel(without_notes, window_characters=WINDOW_CHARACTERS)
    limits = AgentLimits(steps=3 * FILES, context_tokens=WINDOW_TOKENS, output_tokens=500)

    ended = await work(model, task_with(notebook), limits, TEXTS)

    assert isinstance(ended, Finished)
    assert len(notebook.candidates) == FILES
    assert any('called show {"path": "f00"}' in m.text for m in model.seen[-1].messages)


@pytest.mark.parametrize("taken", [9_000, 0], ids=["when it is short", "never"])
async def test_a_summary_that_is_too_long_itself_is_tried_with_less(taken: int) -> None:
    notebook = Notebook()
    asked: list[bool] = []

    def strict(request: ModelRequest) -> Completion:
        if request.schema == NOTES_SCHEMA:
            asked.append(length(request) <= taken)
            if not asked[-1]:
                raise ModelContextFull("too long")
        return diligent(request)

    model = ScriptedModel(strict, window_characters=WINDOW_CHARACTERS)
    limits = AgentLimits(steps=4 * FILES, context_tokens=WINDOW_TOKENS, output_tokens=500)

    ended = await work(model, task_with(notebook), limits, TEXTS)

    assert isinstance(ended, Finished)
    assert len(notebook.candidates) == FILES
    assert asked[:2] == [False, taken > 0]


async def test_what_was_taken_out_can_be_asked_for_again() -> None:
    paths = ("f00", "f01", "f02", "f03", "f04", "f00")
    script = [calls(("show", {"path": path})) for path in paths]
    notes = says('{"notes": "f00 to f03 were read"}')
    replies = iter([*script, says('{"value": 1}')])
    model = ScriptedModel(
        lambda request: answering(request, notes if request.schema == NOTES_SCHEMA else next(replies)),
        window_characters=WINDOW_CHARACTERS,
    )
    limits = AgentLimits(context_tokens=WINDOW_TOKENS, output_tokens=500)

    ended = await work(model, task_with(Notebook()), limits, TEXTS)

    assert isinstance(ended, Finished)
    assert "the text of f00" in model.told()[-1]


async def test_an_outage_while_summing_up_is_an_outage() -> None:
    def down(request: ModelRequest) -> Completion:
        if request.schema == NOTES_SCHEMA:
            raise ModelUnavailable("503")
        return diligent(request)

    model = ScriptedModel(down, window_characters=WINDOW_CHARACTERS)
    limits = AgentLimits(context_tokens=WINDOW_TOKENS, output_tokens=500)

    ended = await work(model, task_with(Notebook()), limits, TEXTS)

    assert ended == Unfinished(Why.OUTAGE, "the model did not answer: 503")


async def test_one_observation_that_does_not_fit_is_cut() -> None:
    model = ScriptedModel(
        [calls(("show", {"path": "f00"})), says('{"value": 1}')],
        window_characters=length_of_opening() + 1_500,
    )

    ended = await work(model, task_with(Notebook()), AgentLimits(), TEXTS)

    (told,) = model.told()
    assert ended == Finished(1, 2)
    assert "characters left out" in told
    assert (told[:8], told[-3:]) == ("<<<DATA-", ">>>")
    assert model.refused > 0


def length_of_opening() -> int:
    model = task_with(Notebook())
    request = ModelRequest("m", OPENING, SCHEMA, 1, 1.0, tools=tuple(tool.spec for tool in model.tools))
    return length(request)


async def test_what_cannot_be_made_shorter_is_said() -> None:
    model = ScriptedModel(
        [calls(("show", {"path": "f00"})), says('{"value": 1}')],
        window_characters=length_of_opening() + 50,
    )

    ended = await work(model, task_with(Notebook()), AgentLimits(), TEXTS)

    assert isinstance(ended, Unfinished)
    assert ended.why is Why.CONTEXT
    assert len(model.seen) == 1


@pytest.mark.parametrize("total_tokens", range(5_000, 60_000, 5_000))
async def test_summing_up_counts_too(total_tokens: int) -> None:
    model = ScriptedModel(diligent, window_characters=WINDOW_CHARACTERS)
    limits = AgentLimits(steps=3 * FILES, context_tokens=WINDOW_TOKENS, output_tokens=500, total_tokens=total_tokens)

    ended = await work(model, task_with(Notebook()), limits, TEXTS)

    spent = sum(int(length(request) / 3.5) + 20 for request in model.seen)
    assert isinstance(ended, Finished) or ended.why in {Why.LIMIT, Why.UNUSABLE}
    assert spent <= total_tokens + 20


LONG = "x" * 1_000


def turn(number: int, *, text: str = LONG) -> tuple[Message, ...]:
    call = ToolCall(f"c{number}", "show", json.dumps({"path": f"f{number:02}"}))
    return (Message(Role.ASSISTANT, "", calls=(call,)), Message(Role.TOOL, f"{text}{number}", call_id=call.id))


class Summaries:
    """Takes transcripts, and gives the notes it was made with."""

    def __init__(self, notes: str) -> None:
        self.notes = notes
        self.seen: list[tuple[str, int]] = []

    async def __call__(self, transcript: str, most: int) -> str:
        self.seen.append((transcript, most))
        return self.notes


async def test_the_latest_turns_stay_word_for_word_and_the_rest_becomes_notes() -> None:
    history = History(OPENING, tuple(turn(n) for n in range(10)), notes="read f99", kept="old")
    summaries = Summaries("read f00 to f07")

    shorter = await compact(history, room=8_000, kept="1. P1 a.py:1-1 Wrong", summarise=summaries)

    assert shorter.turns == history.turns[-len(shorter.turns) :]
    assert 1 <= len(shorter.turns) < 10
    told = [m.text for m in shorter.messages[len(OPENING) : len(OPENING) + 2]]
    assert "\nread f00 to f07\n" in told[0]
    assert "\n1. P1 a.py:1-1 Wrong\n" in told[1]
    assert size(shorter.messages) < 8_000
    ((transcript, most),) = summaries.seen
    assert transcript.startswith('=== your earlier notes\nread f99\n=== you called show {"path": "f00"}\n=== tool\n')
    assert 0 < most <= MAX_NOTES


async def test_notes_are_cut_when_they_are_longer_than_asked_for() -> None:
    history = History(OPENING, tuple(turn(n) for n in range(10)))

    shorter = await compact(history, room=8_000, kept="", summarise=Summaries("n" * 100_000))

    assert size(shorter.messages) < 8_000


async def test_one_turn_is_never_summed_up_but_cut() -> None:
    summaries = Summaries("never asked for")
    history = History(OPENING, (turn(0, text="a" * 10_000),))

    shorter = await compact(history, room=2_000, kept="kept", summarise=summaries)

    assert summaries.seen == []
    assert (shorter.notes, shorter.kept) == ("", "")
    assert shorter.turns[0][0] == history.turns[0][0]
    assert size(shorter.messages) < 2_000


async def test_earlier_notes_stay_when_no_new_ones_can_be_made() -> None:
    history = History(OPENING, tuple(turn(n) for n in range(4)), notes="f77 was clean")

    shorter = await compact(history, room=1_000, kept="", summarise=Summaries(""))

    assert shorter.notes.startswith("f77 was clean\n(No notes could be made of these steps.)\ncalled show ")


def request_of(text: str) -> ModelRequest:
    schema = AnswerSchema("s", {})
    return ModelRequest("m", (Message(Role.USER, text),), schema, 1, 1.0)


def test_the_estimate_follows_what_the_provider_counts() -> None:
    window = Window(context_tokens=1_000, output_tokens=100)
    before = window.room
    request = request_of("x" * 2_000)

    window.learn(request, Usage(1_000, 0, 0))

    assert before == int(900 * 0.95 * 3.5)
    assert window.room == pytest.approx(900 * 0.95 * length(request) / 1_000, abs=1)
    assert window.tokens(length(request)) == pytest.approx(1_000, abs=1)


@pytest.mark.parametrize("usage", [Usage(0, 0, 0), Usage(1_000, 0, 0, known=False)])
def test_what_is_not_reported_is_not_learned(usage: Usage) -> None:
    window = Window(context_tokens=1_000, output_tokens=100)
    before = window.room

    window.learn(request_of("x" * 2_000), usage)

    assert window.room == before


@pytest.mark.parametrize(("tokens", "per_token"), [(1, 8.0), (10**9, 1.0)])
def test_an_absurd_count_moves_the_estimate_only_so_far(tokens: int, per_token: float) -> None:
    window = Window(context_tokens=1_000, output_tokens=100)

    window.learn(request_of("x" * 2_000), Usage(tokens, 0, 0))

    assert window.room == int(900 * 0.95 * per_token)


def test_a_window_that_the_answer_would_fill_is_shared() -> None:
    assert Window(context_tokens=1_000, output_tokens=5_000).room == int(500 * 0.95 * 3.5)


def test_a_refusal_makes_the_room_smaller_but_not_than_what_was_taken() -> None:
    window = Window(context_tokens=100_000, output_tokens=100)
    short, middle, refused = (request_of("x" * number) for number in (1_000, 1_900, 2_000))

    window.refuse(refused)
    after_refusal = window.room
    window.learn(middle, Usage(600, 0, 0))
    after_acceptance = window.room
    window.refuse(short)

    assert after_refusal == int(length(refused) * 0.6)
    assert after_acceptance == length(middle)
    assert window.room == int(length(short) * 0.6)


def test_notes_are_read_strictly() -> None:
    assert decode_notes('{"notes": "read a"}') == "read a"
    for wrong in ("", "[]", "{}", '{"notes": 1}', '{"notes": "a", "more": 1}'):
        with pytest.raises(AnswerInvalid):
            decode_notes(wrong)
