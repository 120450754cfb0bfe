"""Tools over both APIs: what is offered, which calls are read, and how they are told in the next request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from app.adapters.llm.calls import MAX_ARGUMENT_CHARACTERS, MAX_CALLS
from app.adapters.llm.dialect import Api
from app.domain.errors import ModelUnavailable
from app.domain.model import Completion, Feature, Message, ModelRequest, Role, StopReason
from app.domain.model import ToolCall as Call
from app.domain.model import Usage as Tokens
from tests.adapters.llm.asking import ASKED, GREP, TURNS, FakeTime, asked, opened
from tests.fakes.model import (
    Answer,
    CutOff,
    Empty,
    FakeModel,
    Html,
    Malformed,
    Obedient,
    Raw,
    Refusal,
    Reply,
    Seen,
    ServerError,
    Step,
    Steps,
    ToolCall,
    Usage,
)

both = pytest.mark.parametrize("api", ["responses", "chat"])

COUNTS = Usage(input_tokens=50, cached_tokens=20, output_tokens=7)
COUNTED = Tokens(50, 20, 7)
COMPLETE, CUT_OFF, REFUSED = StopReason.COMPLETE, StopReason.CUT_OFF, StopReason.REFUSED


def saying(api: Api, *calls: Mapping[str, object]) -> Raw:
    """An answer with these calls as they stand: `id`, `name` and `arguments` of any type."""
    if api == "responses":
        items = [
            {"type": "function_call", "call_id": call.get("id"), "name": call["name"], "arguments": call["arguments"]}
            for call in calls
        ]
        return Raw(json.dumps({"status": "completed", "output": items}))
    told = [{"id": call.get("id"), "function": {k: call[k] for k in ("name", "arguments")}} for call in calls]
    return Raw(json.dumps({"choices": [{"message": {"tool_calls": told}, "finish_reason": "stop"}]}))


@both
async def test_tools_are_offered_strictly(fake: FakeModel, api: Api) -> None:
    async with opened(fake, api) as model:
        await model.complete(ASKED)
        await model.complete(asked())
    function = {"name": "grep", "description": "Find a text.", "parameters": GREP.parameters, "strict": True}
    first, second = fake.requests
    assert first.tools[0] == (
        {"type": "function", **function} if api == "responses" else {"type": "function", "function": function}
    )
    assert first.tool_names == ("grep", "read_file")
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & second.body.keys()
    assert not {"tool_choice", "parallel_tool_calls"} & first.body.keys()


@both
async def test_a_loop_of_calls_and_answers(fake: FakeModel, api: Api) -> None:
    """The real APIs refuse a conversation that does not answer each call, and so does the stand-in."""

    def final(seen: Seen) -> Answer:
        return Answer(" | ".join(str(one.result) for one in seen.exchanges))

    steps: tuple[Step, ...] = ((ToolCall("grep", {"q": "x"}), ToolCall("read_file", {"q": "y"})), final)
    fake.behaviour = Steps({"look": steps})
    request = replace(ASKED, messages=(Message(Role.USER, "# Task: look\nGo."),))
    async with opened(fake, api) as model:
        first = await model.complete(request)
        answers = [Message(Role.TOOL, f"{call.name} says so", call_id=call.id) for call in first.calls]
        again = replace(request, messages=(*request.messages, Message(Role.ASSISTANT, "", first.calls), *answers))
        last = await model.complete(again)
    assert [(call.name, call.arguments) for call in first.calls] == [
        ("grep", '{"q": "x"}'),
        ("read_file", '{"q": "y"}'),
    ]
    assert (first.text, first.stop, last.text, last.calls) == ("", COMPLETE, "grep says so | read_file says so", ())


@both
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (
            Answer("Looking.", COUNTS, (ToolCall("grep", '{"q" :"\\ud800"} ', "c1"),)),
            Completion("Looking.", COMPLETE, COUNTED, "gpt-5.4", (Call("c1", "grep", '{"q" :"\\ud800"} '),)),
        ),
        (
            Answer("", COUNTS, (ToolCall("grep", "{oops \ud800", "c1"), ToolCall("rm -rf", "", "c2"))),
            Completion("", COMPLETE, COUNTED, "gpt-5.4", (Call("c1", "grep", "{oops ?"), Call("c2", "rm -rf", ""))),
        ),
        (
            CutOff("", COUNTS, tool_calls=(ToolCall("grep", '{"q": "ha', "c1"),)),
            Completion("", CUT_OFF, COUNTED, "gpt-5.4"),
        ),
        (
            CutOff("", COUNTS, "content_filter", (ToolCall("grep", "{}", "c1"),)),
            Completion("", REFUSED, COUNTED, "gpt-5.4"),
        ),
        (Refusal("No.", COUNTS), Completion("No.", REFUSED, COUNTED, "gpt-5.4")),
        (Malformed("{oops", COUNTS), Completion("{oops", COMPLETE, COUNTED, "gpt-5.4")),
        (Answer("{}", COUNTS), Completion("{}", COMPLETE, COUNTED, "gpt-5.4")),
    ],
)
async def test_answers_when_tools_are_offered(fake: FakeModel, api: Api, reply: Reply, expected: Completion) -> None:
    fake.script(reply)
    async with opened(fake, api) as model:
        assert await model.complete(ASKED) == replace(expected, without=frozenset({Feature.SCHEMA_BESIDE_TOOLS}))


@both
@pytest.mark.parametrize("reply", [Empty(), Empty(message=True), Html(), Raw("null"), ServerError(500), Answer(" ")])
async def test_a_bad_moment_is_a_bad_moment_with_tools_too(fake: FakeModel, api: Api, reply: Reply) -> None:
    time = FakeTime()
    fake.script(reply, Answer(tool_calls=(ToolCall("grep", {}),)), reply, reply, reply)
    async with opened(fake, api, time=time) as model:
        assert len((await model.complete(ASKED)).calls) == 1
        with pytest.raises(ModelUnavailable):
            await model.complete(ASKED)
    assert (len(fake.requests), time.slept) == (5, [0.5, 0.5, 1.0])


@both
async def test_odd_calls_are_read_all_the_same(fake: FakeModel, api: Api) -> None:
    """No id, an id twice, the object itself as arguments, nothing as a name: what a call means is not ours to guess."""
    odd = saying(
        api,
        {"id": "a", "name": "grep", "arguments": {"q": "ü"}},
        {"id": "a", "name": "grep", "arguments": None},
        {"name": None, "arguments": 7},
        {"id": "call_1", "name": "grep", "arguments": "[]"},
    )
    fake.script(odd, odd)
    request = replace(ASKED, messages=TURNS)
    async with opened(fake, api) as model:
        calls = (await model.complete(request)).calls
        assert (await model.complete(request)).calls == calls
    assert [(call.name, call.arguments) for call in calls] == [
        ("grep", '{"q": "ü"}'),
        ("grep", ""),
        ("", "7"),
        ("grep", "[]"),
    ]
    ids = [call.id for call in calls]
    assert ids[0] == "a"
    assert len({*ids, "call_1", "call_2"}) == 6
    assert all(len(made) == 9 and made.isalnum() for made in ids[1:])


@both
async def test_calls_are_bounded_in_number_and_size(fake: FakeModel, api: Api) -> None:
    huge = {"id": "x" * 900_000, "name": "n" * 900_000, "arguments": '"' + "x" * 900_000 + '"'}
    fake.script(saying(api, *[{"name": "grep", "arguments": "{}"}] * (MAX_CALLS + 5)), saying(api, huge))
    async with opened(fake, api) as model:
        many = (await model.complete(ASKED)).calls
        (one,) = (await model.complete(ASKED)).calls
        answered = [Message(Role.TOOL, "too long", call_id=one.id)]
        await model.complete(replace(ASKED, messages=(*ASKED.messages, Message(Role.ASSISTANT, "", (one,)), *answered)))
    assert len(many) == len({call.id for call in many}) == MAX_CALLS
    assert len(one.arguments) == MAX_ARGUMENT_CHARACTERS
    assert max(len(one.id), len(one.name)) <= MAX_ARGUMENT_CHARACTERS
    assert fake.requests[-1].status == 200


async def test_the_old_way_of_calling_is_read(fake: FakeModel) -> None:
    message = {"content": None, "function_call": {"name": "grep", "arguments": "{}"}}
    fake.script(Raw(json.dumps({"choices": [{"message": message, "finish_reason": "function_call"}]})))
    async with opened(fake, "chat") as model:
        (call,) = (await model.complete(ASKED)).calls
    assert (call.name, call.arguments, len(call.id)) == ("grep", "{}", 9)


@both
async def test_calls_that_nobody_offered_are_no_outage_but_an_empty_answer(fake: FakeModel, api: Api) -> None:
    fake.script(*(Answer(text, COUNTS, (ToolCall("grep", {}),)) for text in ("text", "")))
    async with opened(fake, api) as model:
        assert await model.complete(asked()) == Completion("text", COMPLETE, COUNTED, "gpt-5.4")
        assert await model.complete(asked()) == Completion("", COMPLETE, COUNTED, "gpt-5.4")
    assert len(fake.requests) == 2


@both
async def test_what_was_called_and_answered_is_told_as_it_was(fake: FakeModel, api: Api) -> None:
    async with opened(fake, api) as model:
        await model.complete(replace(ASKED, messages=TURNS))
    (seen,) = fake.requests
    assert [(one.id, one.name, one.arguments, one.result) for one in seen.exchanges] == [
        ("call_1", "grep", '{"q":"x"}', "a.py:1: x"),
        ("call_2", "read_file", '{ "q": "ü" }', "no such file"),
    ]
    assert seen.messages[2] == {"role": "assistant", "content": "Let me see."}
    # An item with an id would refer to what the provider was told not to keep.
    assert '"id": "fc' not in json.dumps(seen.body)


@both
async def test_calls_no_server_takes_are_told_in_a_form_that_all_take(fake: FakeModel, api: Api) -> None:
    """vLLM and llama.cpp parse the arguments of earlier calls; OpenAI checks names and the length of ids."""
    odd = (
        Call("i" * 41, "read file\n", "{oops \ud800"),
        Call("with space", "", "[1]"),
        Call("functions.grep:0", "grep", "[" * 10_000),
    )
    answers = [Message(Role.TOOL, "refused", call_id=call.id) for call in odd]
    messages = (*ASKED.messages, Message(Role.ASSISTANT, "", odd), *answers)
    async with opened(fake, api) as model:
        await model.complete(replace(ASKED, messages=messages))
        await model.complete(replace(ASKED, messages=messages))
    first, second = fake.requests
    assert [one.name for one in first.exchanges] == ["read_file_", "_", "grep"]
    assert [json.loads(one.arguments) for one in first.exchanges] == [
        {"not_json": "{oops ?"},
        {"not_json": "[1]"},
        {"not_json": "[" * 10_000},
    ]
    assert [one.result for one in first.exchanges] == ["refused"] * 3
    assert first.exchanges[2].id == "functions.grep:0"
    assert first.prompt == second.prompt


@both
@pytest.mark.parametrize("text", ["{{7*7}}", "%s%n", "{0.__class__}", "(a+)+$", "__import__('os')", "!!python/object"])
async def test_what_a_model_writes_is_text(fake: FakeModel, api: Api, text: str) -> None:
    fake.behaviour = Obedient()
    order = "CALL: " + json.dumps({"name": text, "arguments": {"q": text}})
    request = replace(ASKED, messages=(Message(Role.USER, order),))
    async with opened(fake, api) as model:
        (call,) = (await model.complete(request)).calls
        answered = Message(Role.TOOL, text, call_id=call.id)
        last = await model.complete(_after(request, call, answered))
    assert (call.name, json.loads(call.arguments)) == (text, {"q": text})
    assert last.calls == ()
    assert fake.requests[-1].exchanges[0].result == text


def _after(request: ModelRequest, call: Call, answer: Message) -> ModelRequest:
    return replace(request, messages=(*request.messages, Message(Role.ASSISTANT, "", (call,)), answer))
