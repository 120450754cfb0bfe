"""Servers that take no tools or only a part of them, and requests that are too long for a model."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.adapters.llm.dialect import Api
from app.domain.errors import ModelContextFull, ModelRejected, ModelUnavailable
from app.domain.model import Feature, Message, Role, StopReason
from tests.adapters.llm.asking import ASKED, CALLS, TURNS, asked, opened
from tests.fakes.model import Answer, FakeModel, Raw, Rejected, ServerError, ToolCall

both = pytest.mark.parametrize("api", ["responses", "chat"])

SAID = (
    "You said: Let me see.\n\n"
    'You called the tool grep with {"q":"x"}. It says:\na.py:1: x\n\n'
    'You called the tool read_file with { "q": "ü" }. It says:\nno such file'
)


@both
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "Unsupported parameter: 'tools' is not supported with this model."),
        (400, "registry.ollama.ai/library/gemma3:4b does not support tools"),
        (400, "deepseek-reasoner does not support Function Calling"),
        (400, "`tool calling` is not supported with this model"),
        (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        (500, "tools param requires --jinja flag"),
        (404, "No endpoints found that support tool use. To learn more about provider routing, visit ..."),
        (422, "[{'type': 'extra_forbidden', 'loc': ['body', 'tools'], 'msg': 'Extra inputs are not permitted'}]"),
    ],
)
async def test_a_server_without_tools_is_asked_in_words(fake: FakeModel, api: Api, status: int, words: str) -> None:
    """It is asked without them from then on, and every answer says so."""
    fake.script(Rejected(status, words))
    async with opened(fake, api) as model:
        first = await model.complete(replace(ASKED, messages=TURNS))
        second = await model.complete(ASKED)
        third = await model.complete(asked())
    assert [one.without for one in (first, second, third)] == [{Feature.TOOLS}, {Feature.TOOLS}, set()]
    assert [seen.tool_names for seen in fake.requests] == [("grep", "read_file"), (), (), ()]
    assert [tuple(message.values()) for message in fake.requests[1].messages] == [
        ("system", "You review."),
        ("user", "Review this."),
        ("user", SAID),
    ]


@both
async def test_in_words_a_conversation_goes_on_after_the_tools(fake: FakeModel, api: Api) -> None:
    fake.refuses = frozenset({"tools"})
    lost = Message(Role.TOOL, "lost", call_id="unknown")
    silent = Message(Role.ASSISTANT, "", CALLS[:1])
    messages = (*TURNS, Message(Role.USER, "Go on."), Message(Role.ASSISTANT, "{}"), silent, lost)
    async with opened(fake, api) as model:
        await model.complete(replace(ASKED, messages=messages))
    assert [tuple(message.values()) for message in fake.requests[1].messages[2:]] == [
        ("user", SAID),
        ("user", "Go on."),
        ("assistant", "{}"),
        ("user", "You called the tool _ with {}. It says:\nlost"),
    ]


@both
@pytest.mark.parametrize(
    ("words", "tools"),
    [
        ("Missing `reasoning_content` field in the assistant message at message index 2.", True),
        ("The `reasoning_content` in the thinking mode must be passed back to the API.", True),
        ("Function call is missing a thought_signature in functionCall parts.", True),
        ("The toolConfig field must be defined when using toolUse and toolResult content blocks.", False),
    ],
)
async def test_a_server_that_does_not_take_earlier_calls_is_told_of_them_in_words(
    fake: FakeModel, api: Api, words: str, *, tools: bool
) -> None:
    """It goes on with its tools."""
    refused = json.dumps([{"error": {"code": 400, "message": words}}])
    fake.script(Raw(refused, 400), Answer("{}"), Raw(refused, 400))
    request = replace(ASKED, messages=TURNS, tools=ASKED.tools if tools else ())
    async with opened(fake, api) as model:
        answer = await model.complete(request)
        with pytest.raises(ModelRejected):
            await model.complete(request)
        await model.complete(replace(ASKED, messages=TURNS))
    assert answer.without - {Feature.SCHEMA_BESIDE_TOOLS} == {Feature.CALLS}
    assert fake.requests[1].messages[-1] == {"role": "user", "content": SAID}
    assert bool(fake.requests[1].tools) is tools
    assert len(fake.requests) == 4
    # Where tools are offered again, calls are told as calls again, unless that was the trouble.
    assert len(fake.requests[3].exchanges) == (0 if tools else 2)


@both
async def test_a_schema_that_would_silence_the_tools_waits_for_the_last_word(fake: FakeModel, api: Api) -> None:
    """vLLM and llama.cpp hold the model to the schema at once; only OpenAI is known to take both."""
    fake.behaviour = lambda seen: Answer("{}") if seen.schema else Answer(tool_calls=(ToolCall("grep", {}),))
    async with opened(fake, api) as model:
        with_tools, last = await model.complete(ASKED), await model.complete(asked())
    assert len(with_tools.calls) == 1
    assert [with_tools.without, last.without] == [{Feature.SCHEMA_BESIDE_TOOLS}, set()]
    assert [seen.schema_name for seen in fake.requests] == [None, "review"]


@both
@pytest.mark.parametrize(
    ("refuses", "without"),
    [
        (frozenset({"strict"}), {Feature.STRICT_TOOLS, Feature.SCHEMA_BESIDE_TOOLS}),
        (frozenset({"response_format", "text.format"}), {Feature.SCHEMA_BESIDE_TOOLS}),
        (frozenset({"tools"}), {Feature.TOOLS}),
        (frozenset({"tools", "response_format", "text.format"}), {Feature.TOOLS, Feature.SCHEMA}),
    ],
)
async def test_a_server_that_takes_a_part_is_asked_for_that_part(
    fake: FakeModel, api: Api, refuses: frozenset[str], without: set[Feature]
) -> None:
    fake.refuses = refuses
    async with opened(fake, api) as model:
        assert (await model.complete(ASKED)).without == without
        learned = len(fake.requests)
        await model.complete(ASKED)
        alone = await model.complete(asked())
    again = fake.requests[learned]
    assert bool(again.tools) is (Feature.TOOLS not in without)
    assert ('"strict": true' in json.dumps(again.tools)) is not bool({Feature.TOOLS, Feature.STRICT_TOOLS} & without)
    # What tools displaced is back where there are none, when the server takes it.
    no_schema = "response_format" in refuses
    assert (fake.requests[-1].schema is None) is no_schema
    assert alone.without == ({Feature.SCHEMA} if no_schema else set())


@both
async def test_what_one_model_does_not_take_another_may(fake: FakeModel, api: Api) -> None:
    fake.script(Rejected(400, "small does not support tools"))
    async with opened(fake, api) as model:
        small = await model.complete(replace(ASKED, model="small"))
        large = await model.complete(ASKED)
    assert [small.without, large.without] == [{Feature.TOOLS}, {Feature.SCHEMA_BESIDE_TOOLS}]


@both
@pytest.mark.parametrize(
    "wrong",
    [
        Rejected(
            400, "Invalid schema for function 'grep': tools are not supported so", code="invalid_function_parameters"
        ),
        Rejected(400, "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."),
        Rejected(400, "Missing reasoning_content in the message with tool_calls"),
        Rejected(404, "The model `gpt-9` does not exist"),
    ],
)
async def test_a_mistake_of_ours_about_tools_is_not_hidden(fake: FakeModel, api: Api, wrong: Rejected) -> None:
    fake.script(wrong)
    async with opened(fake, api) as model:
        with pytest.raises(ModelRejected):
            await model.complete(ASKED)
    assert len(fake.requests) == 1


@both
async def test_a_server_in_trouble_over_a_call_keeps_its_tools(fake: FakeModel, api: Api) -> None:
    fake.script(ServerError(500, "Unexpected error in the parser of tool calls"))
    async with opened(fake, api) as model:
        assert (await model.complete(ASKED)).without == {Feature.SCHEMA_BESIDE_TOOLS}
    assert fake.requests[-1].tool_names == ("grep", "read_file")


@both
async def test_a_request_over_the_context_window_is_told_apart(fake: FakeModel, api: Api) -> None:
    """It is not sent again: only a shorter one can help, which is for the caller to make."""
    fake.context_tokens = 1_000
    async with opened(fake, api) as model:
        with pytest.raises(ModelContextFull, match="context"):
            await model.complete(asked("x" * 5_000))
        assert (await model.complete(asked("x" * 500))).stop is StopReason.COMPLETE
    assert len(fake.requests) == 2


@both
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."),
        (400, "'max_tokens' is too large: 9000. This model's maximum context length is 8192 tokens"),
        (400, "the request exceeds the available context size, try increasing it"),
        (400, "The input (5000 tokens) is longer than the model's context length (4096 tokens)."),
        (400, "The decoder prompt (length 5000) is longer than the maximum model length of 4096."),
        (400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
        (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081"),
        (400, "prompt is too long: 210000 tokens > 200000 maximum"),
        (400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
        (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
        (400, "Your request exceeded model token limit: 8192"),
        (413, "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000"),
        (422, "The context window is full."),
    ],
)
async def test_servers_say_in_many_ways_that_the_context_is_full(
    fake: FakeModel, api: Api, status: int, words: str
) -> None:
    fake.script(Rejected(status, words))
    async with opened(fake, api) as model:
        with pytest.raises(ModelContextFull):
            await model.complete(ASKED)
    assert len(fake.requests) == 1


@both
async def test_a_full_context_may_be_told_inside_of_a_200(fake: FakeModel, api: Api) -> None:
    said = {"error": {"message": "Too long.", "code": "context_length_exceeded"}}
    fake.script(Raw(json.dumps({**said, "status": "failed", "output": []} if api == "responses" else said)))
    async with opened(fake, api) as model:
        with pytest.raises(ModelContextFull):
            await model.complete(ASKED)


@both
@pytest.mark.parametrize("status", [401, 403, 429, 503])
async def test_other_statuses_are_not_about_the_context(fake: FakeModel, api: Api, status: int) -> None:
    fake.behaviour = lambda _seen: Rejected(status, "too many tokens this minute, context length 5")
    async with opened(fake, api) as model:
        with pytest.raises((ModelRejected, ModelUnavailable)) as caught:
            await model.complete(ASKED)
    assert not isinstance(caught.value, ModelContextFull)
