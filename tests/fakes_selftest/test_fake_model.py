"""The stand-in model against the real SDK: its objects validate, its failures are the SDK's errors."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import httpx2
import openai
import pytest

from tests.fakes.model import (
    Answer,
    CutOff,
    Drip,
    Empty,
    Failed,
    FakeModel,
    Hang,
    Html,
    Malformed,
    NoUsage,
    RateLimited,
    Raw,
    Redirect,
    Refusal,
    Rejected,
    Reply,
    ServerError,
    Slow,
    ToolCall,
    Usage,
)
from tests.fakes.model.schemas import blank
from tests.fakes_selftest.sdk_reading import Api, Reading, ask, real_sdk

both = pytest.mark.parametrize("api", ["responses", "chat"])
counts = Usage(input_tokens=50, cached_tokens=20, output_tokens=7)


@pytest.fixture(scope="module")
def server() -> Iterator[FakeModel]:
    model = FakeModel()
    with model.serving():
        yield model


@pytest.fixture(scope="module")
def sdk(server: FakeModel) -> Iterator[openai.OpenAI]:
    with real_sdk(server) as client:
        yield client


@pytest.fixture
def model(server: FakeModel) -> FakeModel:
    server.reset()
    return server


@both
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Answer({"a": 1}, usage=counts), Reading('{"a": 1}', None, "completed", (50, 20, 7))),
        (Answer("plain", usage=counts), Reading("plain", None, "completed", (50, 20, 7))),
        (NoUsage(Answer("x")), Reading("x", None, "completed", None)),
        (Refusal("No.", usage=counts), Reading("", "No.", "completed", (50, 20, 7))),
        (CutOff('{"fi', usage=counts), Reading('{"fi', None, "max_output_tokens", (50, 20, 7))),
        (CutOff("", usage=counts), Reading("", None, "max_output_tokens", (50, 20, 7))),
        (CutOff("x", counts, "content_filter"), Reading("x", None, "content_filter", (50, 20, 7))),
        (Malformed("{oops", usage=counts), Reading("{oops", None, "completed", (50, 20, 7))),
        (Empty(usage=counts), Reading("", None, "completed", (50, 20, 7))),
        (Empty(message=True, usage=counts), Reading("", None, "completed", (50, 20, 7))),
        (
            Answer(tool_calls=(ToolCall("grep", {"q": "x"}),), usage=counts),
            Reading("", None, "completed", (50, 20, 7), (("grep", '{"q": "x"}'),)),
        ),
        (Slow(0.01, Answer("late", usage=counts)), Reading("late", None, "completed", (50, 20, 7))),
        (Drip(0.05, Answer("slowly", usage=counts)), Reading("slowly", None, "completed", (50, 20, 7))),
    ],
)
def test_every_answer_is_a_valid_api_object(
    model: FakeModel, sdk: openai.OpenAI, api: Api, reply: Reply, expected: Reading
) -> None:
    model.script(reply)
    assert ask(sdk, api) == expected


@both
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (RateLimited(1.5), (429, "rate_limit_exceeded")),
        (ServerError(503), (503, None)),
        (Rejected(404, "no such model", code="model_not_found", param="model"), (404, "model_not_found")),
        (Redirect("http://127.0.0.1:9/v1/responses"), (307, None)),
        (Html(502), (502, None)),
    ],
)
def test_every_failure_is_the_sdks_own_error(
    model: FakeModel, sdk: openai.OpenAI, api: Api, reply: Reply, expected: tuple[int, str | None]
) -> None:
    model.script(reply)
    with pytest.raises(openai.APIStatusError) as caught:
        ask(sdk, api)
    assert (caught.value.status_code, caught.value.code) == expected
    assert model.requests[0].status == expected[0]
    if isinstance(reply, RateLimited):
        assert caught.value.response.headers["retry-after"] == "1.5"
    if isinstance(reply, Redirect):
        assert caught.value.response.headers["location"] == reply.url


@both
def test_pages_and_raw_bytes_arrive_as_they_are(model: FakeModel, api: Api) -> None:
    model.script(Html(), Raw("null"), Raw(b"\xff\xfe", 200, "text/plain"))
    path = "/responses" if api == "responses" else "/chat/completions"
    body: dict[str, object] = {
        "model": "m",
        "input" if api == "responses" else "messages": [{"role": "user"}],
    }
    with httpx2.Client(trust_env=False) as http:
        page, null, raw = (http.post(model.base_url + path, json=body) for _ in range(3))
    assert (page.headers["content-type"].partition(";")[0], page.text[:9]) == ("text/html", "<!doctype")
    assert (null.json(), raw.content) == (None, b"\xff\xfe")


def test_a_failed_response_is_a_200_with_an_error_inside(model: FakeModel, sdk: openai.OpenAI) -> None:
    model.script(Failed())
    answer = sdk.responses.create(model="gpt-5.4", input="hi")
    assert (answer.status, answer.error and answer.error.code) == ("failed", "server_error")


@both
def test_usage_is_counted_and_a_repeated_prefix_is_cached(model: FakeModel, sdk: openai.OpenAI, api: Api) -> None:
    model.script(Answer("a" * 40), Answer("b" * 41), Answer("c"))
    first = ask(sdk, api, "x" * 8000 + "first")
    again = ask(sdk, api, "x" * 8000 + "second")
    other = ask(sdk, api, "y" * 8000)
    prompts = [seen.prompt for seen in model.requests]
    shared = len(prompts[0].removesuffix("first")) // 4
    assert first.tokens == (-(-len(prompts[0]) // 4), 0, 10)
    assert again.tokens == (-(-len(prompts[1]) // 4), shared - shared % 128, 11)
    assert other.tokens is not None
    assert other.tokens[1] == 0


@both
def test_an_answer_over_the_asked_limit_is_cut_off(model: FakeModel, sdk: openai.OpenAI, api: Api) -> None:
    model.script(Answer("z" * 100))
    reading = ask(sdk, api, limit=20)
    assert (reading.text, reading.ended) == ("z" * 80, "max_output_tokens")
    assert reading.tokens is not None
    assert reading.tokens[2] == 20


def test_the_default_answer_is_the_emptiest_that_fits(model: FakeModel, sdk: openai.OpenAI) -> None:
    assert json.loads(ask(sdk, "chat").text) == {"findings": [], "summary": "", "diagram": None}
    schema = {
        "$defs": {"Kind": {"enum": ["x", "y"]}},
        "type": "object",
        "properties": {
            "kind": {"$ref": "#/$defs/Kind"},
            "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "sure": {"type": "boolean"},
            "rows": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 3}},
        },
    }
    assert blank(schema) == {"kind": "x", "maybe": None, "sure": False, "rows": [3]}


def test_models_are_listed(sdk: openai.OpenAI) -> None:
    assert [one.id for one in sdk.models.list()] == ["gpt-5.4", "gpt-5.4-mini"]


@both
@pytest.mark.parametrize("reply", [Hang(), Slow(30, Answer("late")), Drip(30, Answer("x" * 1000))])
async def test_a_client_that_leaves_is_noticed_at_once(model: FakeModel, api: Api, reply: Reply) -> None:
    model.script(reply)
    body: dict[str, object] = {"model": "m"}
    body["input" if api == "responses" else "messages"] = [{"role": "user", "content": "hi"}]
    path = "/responses" if api == "responses" else "/chat/completions"
    async with httpx2.AsyncClient(trust_env=False) as http:
        task = asyncio.create_task(http.post(model.base_url + path, json=body, timeout=20))
        await asyncio.sleep(0.05)
        task.cancel()
        left = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        while not model.requests[0].disconnected:
            assert time.monotonic() < left + 1
            await asyncio.sleep(0.005)
    assert model.requests[0].ended_at is not None
    assert model.requests[0].ended_at - left < 1


def test_it_stops_though_replies_hang_and_starts_again() -> None:
    model = FakeModel(lambda _seen: Hang())
    for _ in range(2):
        with model.serving() as base_url, httpx2.Client(trust_env=False) as http:
            body = {"model": "m", "input": "hi"}
            with pytest.raises(httpx2.TimeoutException):
                http.post(f"{base_url}/responses", json=body, timeout=0.05)
