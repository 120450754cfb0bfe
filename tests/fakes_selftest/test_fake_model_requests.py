"""What the stand-in model records of a request, and what it refuses as the real APIs do."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import openai
import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from openai.types.responses.response_create_params import ResponseCreateParamsBase

from tests.fakes.model import (
    FINDINGS_SCHEMA,
    FakeModel,
)
from tests.fakes.model.request_rules import PARAMETERS
from tests.fakes.model.schemas import strict_problem
from tests.fakes_selftest.sdk_reading import Api, ask, real_sdk

both = pytest.mark.parametrize("api", ["responses", "chat"])


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
def test_requests_are_recorded_alike(model: FakeModel, sdk: openai.OpenAI, api: Api) -> None:
    ask(sdk, api, "Look at this.", limit=77)
    (seen,) = model.requests
    assert seen.api == api
    assert seen.messages == [
        {"role": "system", "content": "You review."},
        {"role": "user", "content": "Look at this."},
    ]
    assert (seen.model, seen.max_output_tokens, seen.store) == ("gpt-5.4", 77, False)
    assert (seen.schema_name, seen.schema) == ("review", FINDINGS_SCHEMA)
    assert seen.authorization == "Bearer sk-selftest"
    assert (seen.disconnected, seen.status) == (False, 200)
    assert seen.ended_at is not None
    assert seen.ended_at >= seen.started_at


def test_tool_turns_are_recorded_alike(model: FakeModel, sdk: openai.OpenAI) -> None:
    sdk.responses.create(
        model="gpt-5.4",
        input=[
            {
                "role": "developer",
                "content": [{"type": "input_text", "text": "Be"}, {"type": "input_text", "text": " brief"}],
            },
            {"type": "function_call", "name": "grep", "arguments": "{}", "call_id": "1"},
            {"type": "function_call_output", "call_id": "1", "output": "found"},
        ],
    )
    sdk.chat.completions.create(
        model="gpt-5.4",
        messages=[
            {"role": "system", "content": "Be brief"},
            {
                "role": "assistant",
                "tool_calls": [{"type": "function", "id": "1", "function": {"name": "grep", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "1", "content": "found"},
        ],
    )
    assert (
        model.requests[0].messages
        == model.requests[1].messages
        == [
            {"role": "system", "content": "Be brief"},
            {"role": "assistant", "content": "grep({})"},
            {"role": "tool", "content": "found"},
        ]
    )


@both
def test_a_wrong_key_and_a_refused_parameter_are_errors(model: FakeModel, sdk: openai.OpenAI, api: Api) -> None:
    model.api_key = "sk-other"
    with pytest.raises(openai.AuthenticationError, match="sk-selftest"):
        ask(sdk, api)
    model.api_key = "sk-selftest"
    model.refuses = frozenset({"response_format", "text.format"})
    with pytest.raises(openai.BadRequestError, match=r"response_format|text\.format"):
        ask(sdk, api)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("responses", {"model": "m", "input": "hi", "max_tokens": 5}, "Unknown parameter: 'max_tokens'"),
        ("responses", {"model": "m", "input": "hi", "stream": True}, "does not stream"),
        ("responses", {"model": "m", "input": "hi", "max_output_tokens": 15}, "a value >= 16"),
        ("responses", {"model": "m", "input": "hi", "prompt_cache_key": "k" * 65}, "maximum length 64"),
        ("responses", {"input": "hi"}, "Missing required parameter: 'model'"),
        ("chat/completions", {"model": "m", "messages": []}, "Missing required parameter: 'messages'"),
        ("chat/completions", {"model": "m", "messages": [{"role": "boss"}]}, "Invalid value: 'boss'"),
        ("chat/completions", {"model": "m", "input": "hi"}, "Unknown parameter: 'input'"),
        ("embeddings", {"model": "m"}, "Invalid URL (POST /v1/embeddings)"),
    ],
)
def test_wrong_requests_are_refused(model: FakeModel, path: str, body: dict[str, object], message: str) -> None:
    with httpx2.Client(trust_env=False) as http:
        answer = http.post(f"{model.base_url}/{path}", json=body)
        assert answer.status_code == (404 if path == "embeddings" else 400)
        assert message in answer.json()["error"]["message"]


def test_known_parameters_are_the_sdks() -> None:
    assert PARAMETERS["responses"] - {"stream"} <= set(ResponseCreateParamsBase.__annotations__)
    assert PARAMETERS["chat"] - {"stream"} <= set(CompletionCreateParamsBase.__annotations__)


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (FINDINGS_SCHEMA, None),
        ({"type": "array"}, '"object"'),
        ({"type": "object", "properties": {}, "required": []}, "additionalProperties"),
        (
            {"type": "object", "properties": {"a": {}}, "required": [], "additionalProperties": False},
            "Missing 'a'",
        ),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "array", "items": {"type": "string", "maxLength": 3}}},
                "required": ["a"],
                "additionalProperties": False,
            },
            "In context=('properties', 'a', 'items'), 'maxLength' is not permitted",
        ),
    ],
)
def test_strict_mode_refuses_what_the_real_one_refuses(schema: object, problem: str | None) -> None:
    found = strict_problem(schema)
    assert found is None if problem is None else problem in (found or "")
