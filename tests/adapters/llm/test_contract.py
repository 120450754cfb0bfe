"""The model port's contract, kept alike over the Responses and the Chat Completions API."""

from __future__ import annotations

import asyncio
import time

import pytest

from app.adapters.llm.dialect import Api
from app.domain.errors import ModelRejected, ModelUnavailable
from app.domain.model import Completion, Feature, StopReason
from app.domain.model import Usage as Tokens
from tests.adapters.llm.asking import KEY, FakeTime, asked, opened, until
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
    Refusal,
    Rejected,
    Reply,
    ServerError,
    Slow,
    Usage,
)

pytestmark = pytest.mark.parametrize("api", ["responses", "chat"])

COUNTS = Usage(input_tokens=50, cached_tokens=20, output_tokens=7)
COUNTED = Tokens(50, 20, 7)
UNREPORTED = Tokens(0, 0, 0, known=False)
COMPLETE, CUT_OFF, REFUSED = StopReason.COMPLETE, StopReason.CUT_OFF, StopReason.REFUSED


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Answer({"a": "ö"}, usage=COUNTS), Completion('{"a": "ö"}', COMPLETE, COUNTED, "gpt-5.4")),
        (Refusal("No.", usage=COUNTS), Completion("No.", REFUSED, COUNTED, "gpt-5.4")),
        (CutOff('{"fi', usage=COUNTS), Completion('{"fi', CUT_OFF, COUNTED, "gpt-5.4")),
        (CutOff("", usage=COUNTS), Completion("", CUT_OFF, COUNTED, "gpt-5.4")),
        (CutOff("un", COUNTS, "content_filter"), Completion("un", REFUSED, COUNTED, "gpt-5.4")),
        (Malformed("{oops", usage=COUNTS), Completion("{oops", COMPLETE, COUNTED, "gpt-5.4")),
        (NoUsage(Answer("x")), Completion("x", COMPLETE, UNREPORTED, "gpt-5.4")),
        (NoUsage(CutOff("x")), Completion("x", CUT_OFF, UNREPORTED, "gpt-5.4")),
        (Slow(0.02, Answer("late", COUNTS)), Completion("late", COMPLETE, COUNTED, "gpt-5.4")),
        (Answer("\ud800", COUNTS), Completion("?", COMPLETE, COUNTED, "gpt-5.4")),
    ],
)
async def test_answers(fake: FakeModel, api: Api, reply: Reply, expected: Completion) -> None:
    fake.script(reply)
    async with opened(fake, api) as model:
        assert await model.complete(asked()) == expected
    assert len(fake.requests) == 1


async def test_what_is_asked(fake: FakeModel, api: Api) -> None:
    async with opened(fake, api) as model:
        await model.complete(asked("Ünïcödé \ud800", cache_key="repo-1"))
    (seen,) = fake.requests
    assert seen.api == api
    assert seen.messages == [
        {"role": "system", "content": "You review."},
        {"role": "user", "content": "Ünïcödé ?"},
    ]
    assert (seen.model, seen.max_output_tokens, seen.schema_name) == ("gpt-5.4", 1000, "review")
    assert seen.schema == asked().schema.json_schema
    assert seen.authorization == f"Bearer {KEY}"
    # Nothing is kept by a provider; the cache key goes only where it is known to be understood.
    assert (seen.store, seen.cache_key) == ((False, "repo-1") if api == "responses" else (None, None))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Empty(), "answer is empty"),
        (Empty(message=True), "answer is empty"),
        (Answer(" \n"), "answer is empty"),
        (Html(), "an HTML page titled 'Sign in' instead of an API object"),
        (Html(503), "answered 503"),
        (Raw("null"), "not an object of the"),
        (Raw('"text"'), "not an object of the"),
        (Raw("[" * 100_000), "not JSON"),
        (Raw(b"\xff\xfe\x00"), "not JSON"),
        (Raw(""), "not JSON"),
        (Raw('{"ok": true}'), "not an object of the"),
        (Failed(message="try again"), "an error instead of an answer: try again"),
        (ServerError(500, "boom"), "answered 500: boom"),
        (ServerError(503), "answered 503"),
        (RateLimited(0), "answered 429: Rate limit reached"),
        (Rejected(408), "answered 408"),
    ],
)
async def test_a_bad_moment_is_tried_again(fake: FakeModel, api: Api, reply: Reply, words: str) -> None:
    """Once more helps; when it never helps, the call ends as unavailable."""
    time = FakeTime()
    fake.script(reply, Answer("fine"), reply, reply, reply)
    async with opened(fake, api, time=time) as model:
        assert (await model.complete(asked())).text == "fine"
        assert (len(fake.requests), time.slept) == (2, [0.5])
        with pytest.raises(ModelUnavailable, match=words):
            await model.complete(asked())
    assert (len(fake.requests), time.slept) == (5, [0.5, 0.5, 1.0])


async def test_usage_of_unusable_answers_counts(fake: FakeModel, api: Api) -> None:
    empty = Empty(message=True, usage=COUNTS)
    fake.script(empty, Answer("x", usage=COUNTS), empty, empty, empty, ServerError(), NoUsage(Answer("x")))
    async with opened(fake, api) as model:
        assert (await model.complete(asked())).usage == COUNTED + COUNTED
        with pytest.raises(ModelUnavailable) as caught:
            await model.complete(asked())
        assert caught.value.usage == COUNTED + COUNTED + COUNTED
        assert (await model.complete(asked())).usage == UNREPORTED


async def test_the_server_says_how_long_to_wait(fake: FakeModel, api: Api) -> None:
    """A short wait is waited for; a long one is handed to whoever schedules jobs."""
    time = FakeTime()
    fake.script(RateLimited(3), RateLimited("2.5"), Answer("x"), RateLimited(30), RateLimited(6))
    async with opened(fake, api, time=time) as model:
        assert (await model.complete(asked(seconds=10))).text == "x"
        assert time.slept == [3, 2.5]
        with pytest.raises(ModelUnavailable) as too_long:
            await model.complete(asked(seconds=60))
        with pytest.raises(ModelUnavailable) as beyond_the_budget:
            await model.complete(asked(seconds=5))
    assert too_long.value.retry_after_seconds == 30
    assert beyond_the_budget.value.retry_after_seconds == 6
    assert time.slept == [3, 2.5]


async def test_an_empty_account_is_not_tried_again(fake: FakeModel, api: Api) -> None:
    fake.script(RateLimited(code="insufficient_quota", message="You exceeded your quota."))
    async with opened(fake, api) as model:
        with pytest.raises(ModelUnavailable, match="exceeded your quota"):
            await model.complete(asked())
    assert len(fake.requests) == 1


@pytest.mark.parametrize("reply", [Hang(), Drip(30, Answer("x" * 2000)), Slow(30, Answer("late"))])
async def test_time_is_bounded_whatever_the_server_does(fake: FakeModel, api: Api, reply: Reply) -> None:
    fake.script(reply)
    async with opened(fake, api) as model:
        began = time.monotonic()
        with pytest.raises(ModelUnavailable) as caught:
            await model.complete(asked(seconds=0.2))
        assert 0.15 < time.monotonic() - began < 2
    # It may have been billed: nobody told us.
    assert caught.value.usage == UNREPORTED
    await until(lambda: fake.requests[0].disconnected)


async def test_cancelling_closes_the_connection(fake: FakeModel, api: Api) -> None:
    fake.script(Hang())
    async with opened(fake, api) as model:
        task = asyncio.create_task(model.complete(asked(seconds=30)))
        await until(lambda: bool(fake.requests))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: fake.requests[0].disconnected)
        fake.script(Answer("again"))
        assert (await model.complete(asked())).text == "again"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "answered 400: no good"),
        (401, "answered 401 .check the API key"),
        (403, "answered 403 .check what the API key may use"),
        (404, "answered 404: no good .check the model's name and the base URL"),
        (413, "too large"),
        (422, "answered 422: no good"),
    ],
)
async def test_a_refused_request_is_not_tried_again(fake: FakeModel, api: Api, status: int, words: str) -> None:
    fake.script(Rejected(status, "no good"))
    async with opened(fake, api) as model:
        with pytest.raises(ModelRejected, match=words):
            await model.complete(asked())
    assert len(fake.requests) == 1


async def test_a_server_without_json_schema_is_asked_without_it(fake: FakeModel, api: Api) -> None:
    """The first refusal is learned for the life of the client."""
    fake.refuses = frozenset({"response_format", "text.format"})
    async with opened(fake, api) as model:
        answer = await model.complete(asked())
        assert answer.text == '{"findings": [], "summary": "", "diagram": null}'
        assert answer.without == {Feature.SCHEMA}
        await model.complete(asked())
    assert [seen.schema_name for seen in fake.requests] == ["review", None, None]


async def test_a_wrong_schema_is_our_mistake(fake: FakeModel, api: Api) -> None:
    fake.script(Rejected(400, "Invalid schema for response_format 'review': In context=()", param="response_format"))
    async with opened(fake, api) as model:
        with pytest.raises(ModelRejected, match="Invalid schema"):
            await model.complete(asked())
    assert len(fake.requests) == 1


async def test_calls_at_the_same_time(fake: FakeModel, api: Api) -> None:
    fake.behaviour = lambda seen: Slow(0.2, Answer(seen.user_text))
    async with opened(fake, api) as model:
        began = time.monotonic()
        answers = await asyncio.gather(*(model.complete(asked(str(number))) for number in range(8)))
        assert time.monotonic() - began < 1.2
    assert [answer.text for answer in answers] == [str(number) for number in range(8)]
