"""The pure parts: parameters by dialect, odd answers of odd servers, waiting times, words about failures."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from app.adapters.llm import calls, chat, responses
from app.adapters.llm.dialect import Api, Dialect, choose_api, first_dialect, is_openai
from app.adapters.llm.failures import (
    ErrorDetail,
    Failure,
    Remedy,
    context_is_full,
    error_detail,
    excerpt,
    not_an_answer,
    of_status,
    retry_after,
)
from app.adapters.llm.learning import learned
from app.adapters.llm.retrying import pause
from app.domain.model import Completion, Feature, Message, ModelRequest, Role, StopReason, Usage
from tests.adapters.llm.asking import ASKED, SCHEMA, asked

OPENAI = "https://api.openai.com/v1"
REQUEST = asked(cache_key="repo-1")


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        (None, True),
        (OPENAI, True),
        ("https://eu.api.openai.com/v1/", True),
        ("https://API.OPENAI.COM/v1", True),
        ("https://api.openai.com.evil.example/v1", False),
        ("https://evil.example/api.openai.com/v1", False),
        ("https://notapi.openai.com/v1", False),
        ("https://api.openai.com@evil.example/v1", False),
        ("http://127.0.0.1:11434/v1", False),
    ],
)
def test_openais_own_base_urls(base_url: str | None, *, expected: bool) -> None:
    assert is_openai(base_url) is expected
    assert choose_api("auto", base_url) == ("responses" if expected else "chat")


def test_chat_parameters_follow_the_server() -> None:
    own = chat.parameters(REQUEST, first_dialect("chat", OPENAI))
    other = chat.parameters(REQUEST, first_dialect("chat", "http://127.0.0.1/v1"))
    bare = chat.parameters(REQUEST, Dialect(json_schema=False))
    assert own.keys() - other.keys() == {"max_completion_tokens", "prompt_cache_key"}
    assert other.keys() - own.keys() == {"max_tokens"}
    assert "response_format" in own
    assert "response_format" not in bare


def test_responses_parameters_follow_the_server() -> None:
    sent = responses.parameters(REQUEST, first_dialect("responses", None))
    assert sent.keys() == {"model", "input", "max_output_tokens", "store", "text", "prompt_cache_key"}
    assert "text" not in responses.parameters(REQUEST, Dialect(json_schema=False))
    assert "prompt_cache_key" not in responses.parameters(asked(), Dialect())


def test_all_roles_are_spoken() -> None:
    spoken = (Role.SYSTEM, Role.USER, Role.ASSISTANT)
    turns = tuple(Message(role, role.value) for role in spoken)
    request = ModelRequest("m", turns, SCHEMA, 16, 1.0)
    expected = [{"role": role.value, "content": role.value} for role in spoken]
    assert chat.parameters(request, Dialect())["messages"] == expected
    assert responses.parameters(request, Dialect()).get("input") == expected


USAGE = {"prompt_tokens": 10, "completion_tokens": 5}


@pytest.mark.parametrize(
    ("choice", "usage", "expected"),
    [
        (
            {"message": {"content": "x"}},
            USAGE,
            Completion("x", StopReason.COMPLETE, Usage(10, 0, 5), "gpt-5.4"),
        ),
        (
            {"message": {"content": [{"type": "thinking", "text": "hm"}, {"type": "text", "text": "x"}]}},
            {**USAGE, "prompt_tokens_details": None},
            Completion("x", StopReason.COMPLETE, Usage(10, 0, 5), "gpt-5.4"),
        ),
        (
            {"message": {"content": "x"}},
            {**USAGE, "prompt_cache_hit_tokens": 4},
            Completion("x", StopReason.COMPLETE, Usage(10, 4, 5), "gpt-5.4"),
        ),
        (
            {"message": {"content": "x"}},
            {**USAGE, "prompt_tokens_details": {"cached_tokens": 4000}},
            Completion("x", StopReason.COMPLETE, Usage(10, 10, 5), "gpt-5.4"),
        ),
        (
            {"message": {"content": "x"}},
            {"prompt_tokens": True, "completion_tokens": -5},
            Completion("x", StopReason.COMPLETE, Usage(0, 0, 0, known=False), "gpt-5.4"),
        ),
    ],
)
def test_chat_answers_of_other_servers(choice: object, usage: object, expected: Completion) -> None:
    assert chat.completion({"choices": [choice], "usage": usage}, REQUEST, Dialect(), key="") == expected


@pytest.mark.parametrize("choice", [None, 7, [], {"message": None}, {"message": {"content": 7}}])
def test_chat_answers_with_nothing_in_them(choice: object) -> None:
    outcome = chat.completion({"choices": [choice]}, REQUEST, Dialect(), key="")
    assert isinstance(outcome, Failure)
    assert outcome.remedy is Remedy.RETRY


def test_remarks_on_the_way_are_not_the_answer() -> None:
    def message(text: str, phase: str | None) -> dict[str, object]:
        return {"type": "message", "phase": phase, "content": [{"type": "output_text", "text": text}]}

    output = [
        message("Let me look.", "commentary"),
        None,
        {"type": "reasoning"},
        message("{}", "final_answer"),
    ]
    outcome = responses.completion({"output": output}, REQUEST, Dialect(), key="")
    assert isinstance(outcome, Completion)
    assert outcome.text == "{}"


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        ({"status": "failed", "error": {"code": "server_error"}, "output": []}, Remedy.RETRY),
        ({"status": "failed", "error": {"code": "invalid_prompt"}, "output": []}, Remedy.CHANGE),
        ({"status": "failed", "output": []}, Remedy.RETRY),
        ({"status": "queued", "output": []}, Remedy.RETRY),
        ({"error": {"message": "busy"}}, Remedy.RETRY),
        ({"output": {}}, Remedy.RETRY),
    ],
)
def test_responses_that_are_none(answer: object, remedy: Remedy) -> None:
    outcome = responses.completion(answer, REQUEST, Dialect(), key="")
    assert isinstance(outcome, Failure)
    assert outcome.remedy is remedy


@pytest.mark.parametrize(
    ("status", "detail", "expected"),
    [
        (400, ErrorDetail("response_format is not supported"), Dialect(json_schema=False)),
        (422, ErrorDetail(param="response_format"), Dialect(json_schema=False)),
        (400, ErrorDetail("This response_format type is unavailable now"), Dialect(json_schema=False)),
        (400, ErrorDetail("Invalid schema for response_format 'review'"), None),
        (400, ErrorDetail("bad", code="invalid_json_schema", param="text.format.schema"), None),
        (400, ErrorDetail("Unknown parameter: 'prompt_cache_key'."), Dialect(cache_key=False)),
        (
            400,
            ErrorDetail("Unsupported parameter: 'max_completion_tokens'. Use 'max_tokens' instead."),
            Dialect(limit_name="max_tokens", limit_name_learned=True),
        ),
        (400, ErrorDetail("'max_tokens' or 'max_completion_tokens' is too large: 9000."), None),
        (400, ErrorDetail("model not found"), None),
        (404, ErrorDetail("response_format"), None),
        (500, ErrorDetail("response_format"), None),
    ],
)
def test_what_a_refusal_teaches(status: int, detail: ErrorDetail, expected: Dialect | None) -> None:
    assert learned(Dialect(), status, detail, REQUEST) == expected


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        (400, "json mode cannot be combined with tool/function calling", Dialect(schema_beside_tools=False)),
        (400, "'tools' is incompatible with 'response_format'", Dialect(schema_beside_tools=False)),
        (400, "Cannot use custom grammar constraints with tools.", Dialect(schema_beside_tools=False)),
        (400, "Unsupported parameter: 'tools'", Dialect(tools=False)),
        (422, "tools.0.function.strict: Extra inputs are not permitted", Dialect(strict_tools=False)),
        (400, "response_format is not supported", Dialect(json_schema=False)),
        (500, "Unsupported parameter: 'tools'", None),
        (400, "Invalid schema for function 'strict' in tools: not supported", None),
    ],
)
def test_what_a_refusal_teaches_of_tools(status: int, words: str, expected: Dialect | None) -> None:
    """Only a server that is said to take tools and a schema at once is sent both, and may refuse that."""
    assert learned(Dialect(), status, ErrorDetail(words), ASKED) == expected


def test_a_refusal_of_what_was_not_sent_teaches_nothing() -> None:
    words = ErrorDetail("Unsupported parameter: 'tools'. Missing reasoning_content.")
    assert learned(Dialect(), 400, words, REQUEST) is None
    assert learned(Dialect(tools=False, calls_in_words=True), 400, words, ASKED) is None


@pytest.mark.parametrize(("base_url", "both"), [(None, True), (OPENAI, True), ("http://127.0.0.1/v1", False)])
@pytest.mark.parametrize("api", ["responses", "chat"])
def test_only_openai_gets_a_schema_beside_tools(api: Api, base_url: str | None, *, both: bool) -> None:
    dialect = first_dialect(api, base_url)
    sent = responses.parameters(ASKED, dialect) if api == "responses" else chat.parameters(ASKED, dialect)
    assert ("text" in sent or "response_format" in sent) is both
    assert "tools" in sent
    assert dialect.without(ASKED) == (set() if both else {Feature.SCHEMA_BESIDE_TOOLS})
    assert dialect.without(REQUEST) == set()


def test_arguments_too_deep_to_be_text_are_none() -> None:
    deep: list[object] = []
    for _ in range(50_000):
        deep = [deep]
    (call,) = calls.read([calls.RawCall("a", "grep", deep)], ASKED)
    assert call.arguments == ""


def test_nothing_is_learned_twice() -> None:
    known = Dialect(json_schema=False, cache_key=False, limit_name_learned=True)
    for name in ("response_format", "prompt_cache_key", "max_completion_tokens"):
        assert learned(known, 400, ErrorDetail(f"Unknown parameter: '{name}'"), REQUEST) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e99"}, 86400),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Fri, 02 Jan 2026 00:00:09 GMT"}, 9),
        ({"retry-after": "Fri, 02 Jan 2026 00:00:09 -0000"}, 9),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:00 GMT"}, 0),
        ({"retry-after": "Fri, 02 Jan 99999999999999999999 00:00:09 GMT"}, None),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
    ],
)
def test_waiting_times(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after(headers, now=datetime(2026, 1, 2, tzinfo=UTC)) == expected


@pytest.mark.parametrize(
    ("failure", "retries", "expected"),
    [
        (Failure("x"), 0, 0.375),
        (Failure("x"), 1, 0.75),
        (Failure("x"), 9, 6.0),
        (Failure("x", after_seconds=3), 0, 3),
        (Failure("x", after_seconds=0), 0, 0.375),
        (Failure("x", after_seconds=20.5), 0, None),
        (Failure("x", Remedy.WAIT), 0, None),
        (Failure("x", Remedy.CHANGE), 0, None),
    ],
)
def test_pauses(failure: Failure, retries: int, expected: float | None) -> None:
    assert pause(failure, retries, jitter=0.5) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error": {"message": "m", "code": "c", "param": "p"}}', ErrorDetail("m", "c", "p")),
        (b'{"error": {"message": "m", "code": 400, "param": null}}', ErrorDetail("m")),
        (b'{"error": "m"}', ErrorDetail("m")),
        (b'{"message": "m", "code": "c"}', ErrorDetail("m", "c")),
        (b'{"detail": "m"}', ErrorDetail("m")),
        (b'{"detail": [{"loc": ["body", "x"]}]}', ErrorDetail('[{"loc": ["body", "x"]}]')),
        (b"<html>", ErrorDetail()),
        (b'[{"error": {"message": "m", "code": 400}}]', ErrorDetail("m")),
        (b"[1]", ErrorDetail()),
        (b"[]", ErrorDetail()),
        (b"[" * 100_000, ErrorDetail()),
        (b'{"detail": ' + b"[" * 900 + b"]" * 900 + b"}", ErrorDetail("[" * 900 + "]" * 900)),
        (b"", ErrorDetail()),
    ],
)
def test_error_bodies(body: bytes, expected: ErrorDetail) -> None:
    assert error_detail(body) == expected


def test_excerpts_are_short_and_plain() -> None:
    assert excerpt("one\n\n two\x1b[31m\u202e three", key="") == "one two [31m three"
    assert len(excerpt("x y " * 500, key="")) == 160
    assert excerpt("The model x is unused here", key="unused") == "The model x is [key] here"
    assert excerpt("a placeholder is no secret", key="a") == "a placeholder is no secret"
    assert excerpt("of gsk-other123, **** cdef, x****y, ab...yz, Bearer abc: no", key="") == (
        "of [key] [key] cdef, [key] [key] [key] no"
    )


@pytest.mark.parametrize(
    "text",
    [
        "x" * 200_000,
        "*" * 200_000,
        "<title" * 30_000,
        "a...b" * 40_000,
        "unknown tool " * 20_000,
        "tools extra_forbidde " * 20_000,
        "too large for model " * 20_000,
    ],
)
def test_no_text_takes_long_to_search(text: str) -> None:
    began = time.process_time()
    excerpt(text, key="sk-canary-0123456789abcdef")
    not_an_answer(text.encode(), "text/html", key="sk-canary-0123456789abcdef")
    learned(Dialect(), 400, ErrorDetail(text), ASKED)
    context_is_full(ErrorDetail(text))
    assert time.process_time() - began < 1


def test_statuses_without_words() -> None:
    assert of_status(418, {}, ErrorDetail(), key="") == Failure("The model server answered 418", Remedy.CHANGE)
    assert of_status(503, {"retry-after": "2"}, ErrorDetail(), key="").after_seconds == 2
