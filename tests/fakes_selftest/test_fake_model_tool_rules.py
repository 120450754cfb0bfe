"""What the stand-in model refuses about tools, as the real APIs do."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.fakes.model import FakeModel

STRICT = {"type": "object", "additionalProperties": False, "required": [], "properties": {}}
FUNCTION: dict[str, object] = {"name": "grep", "description": "Find.", "parameters": STRICT, "strict": True}
CALL: dict[str, object] = {"id": "c1", "type": "function", "function": {"name": "grep", "arguments": "{}"}}
USER: dict[str, object] = {"role": "user", "content": "hi"}


@pytest.fixture(scope="module")
def model() -> Iterator[FakeModel]:
    fake = FakeModel()
    with fake.serving():
        yield fake


def posted(model: FakeModel, path: str, body: dict[str, object]) -> tuple[int, str]:
    with httpx2.Client(trust_env=False) as http:
        answer = http.post(f"{model.base_url}/{path}", json={"model": "m", **body})
    return answer.status_code, (answer.json().get("error") or {}).get("message", "")


def chat_tool(**changes: object) -> dict[str, object]:
    return {"type": "function", "function": FUNCTION | changes}


def said(**changes: object) -> dict[str, object]:
    """An assistant's turn with one call, something of the function changed."""
    function = {"name": "grep", "arguments": "{}"} | {k: v for k, v in changes.items() if k != "id"}
    return {"role": "assistant", "tool_calls": [CALL | {"id": changes.get("id", "c1"), "function": function}]}


def told(id_: str = "c1", **changes: object) -> dict[str, object]:
    return {"role": "tool", "tool_call_id": id_, "content": "found"} | changes


@pytest.mark.parametrize(
    ("tools", "problem"),
    [
        ([chat_tool()], ""),
        ([chat_tool(parameters={"type": "object"}, strict=False)], ""),
        ([], "to 128 tools"),
        ([chat_tool()] * 129, "to 128 tools"),
        ("grep", "to 128 tools"),
        ([chat_tool()] * 2, "names of tools must be unique"),
        ([{"type": "magic", "function": FUNCTION}], "Supported values are: 'function'"),
        ([{"type": "function", **FUNCTION}], "Unknown parameter: 'tools[0].description'"),
        ([chat_tool(label="x")], "Unknown parameter: 'tools[0].function.label'"),
        ([{"type": "function", "function": {}}], "Missing required parameter: 'tools[0].function.name'"),
        ([chat_tool(name="read file")], "'tools[0].function.name': string does not match pattern"),
        ([chat_tool(description="d" * 1025)], "'tools[0].function.description': string too long"),
        ([chat_tool(parameters={"type": "object"})], "Invalid schema for function 'grep': In context=()"),
        ([chat_tool(parameters=None)], "Invalid schema for function 'grep'"),
    ],
)
def test_how_tools_are_offered(model: FakeModel, tools: object, problem: str) -> None:
    status, words = posted(model, "chat/completions", {"messages": [USER], "tools": tools})
    assert (status, problem in words) == (400 if problem else 200, True)
    if isinstance(tools, list) and tools and "function" in tools[0]:
        flat = [{"type": tool["type"], **tool["function"]} for tool in tools]
        status, words = posted(model, "responses", {"input": "hi", "tools": flat})
        assert (status, problem.replace(".function.", ".") in words) == (400 if problem else 200, True)


def test_responses_tools_are_flat(model: FakeModel) -> None:
    assert posted(model, "responses", {"input": "hi", "tools": []})[0] == 200
    status, words = posted(model, "responses", {"input": "hi", "tools": [chat_tool()]})
    assert (status, "Unknown parameter: 'tools[0].function'" in words) == (400, True)


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([USER, said(), told(), USER], ""),
        ([USER, said(), told()], ""),
        ([USER, said()], "did not have response messages: c1"),
        ([USER, said(), USER], "did not have response messages: c1"),
        ([USER, told()], "must be a response to a preceeding message"),
        ([USER, said(), told(), told()], "must be a response to a preceeding message"),
        ([USER, said(), told("c2")], "must be a response to a preceeding message"),
        (
            [USER, {"role": "assistant", "tool_calls": [CALL, CALL | {"id": "c2"}]}, told("c2"), told("c1")],
            "in the order of their calls",
        ),
        ([USER, said(), told(content=None)], "expected a string, got null"),
        ([USER, {"role": "assistant", "content": None}], "expected a string, got null"),
        ([USER, said(arguments={}), told()], "arguments': expected a string"),
        ([USER, said(name="read file"), told()], "does not match pattern"),
        ([USER, said(id="c" * 41), told("c" * 41)], "maximum length 40"),
        ([USER, said(id=""), told("")], "Missing required parameter: 'messages[1].tool_calls[0].id'"),
    ],
)
def test_each_call_is_answered_once_before_the_next_turn(
    model: FakeModel, messages: list[dict[str, object]], problem: str
) -> None:
    status, words = posted(model, "chat/completions", {"messages": messages})
    assert (status, problem in words) == (400 if problem else 200, True)


def item(kind: str, **fields: object) -> dict[str, object]:
    named = {"name": "grep", "arguments": "{}"} if kind == "function_call" else {"output": "found"}
    return {"type": kind, "call_id": "c1", **named, **fields}


@pytest.mark.parametrize(
    ("items", "status", "problem"),
    [
        ([USER, item("function_call"), item("function_call_output"), USER], 200, ""),
        ([USER, item("function_call")], 400, "No tool output found for function call c1"),
        ([USER, item("function_call"), USER], 400, "No tool output found for function call c1"),
        ([USER, item("function_call_output")], 400, "No tool call found for function call output with call_id c1"),
        (
            [USER, item("function_call"), item("function_call_output"), item("function_call_output")],
            400,
            "No tool call found for function call output with call_id c1",
        ),
        (
            [
                item("function_call"),
                item("function_call", call_id="c2"),
                item("function_call_output", call_id="c2"),
                item("function_call_output"),
            ],
            400,
            "in the order of their calls",
        ),
        ([item("function_call", call_id="c" * 65), item("function_call_output")], 400, "maximum length 64"),
        ([item("magic")], 400, "Invalid value: 'magic'"),
        ([item("function_call", id="fc_1"), item("function_call_output")], 404, "Item with id 'fc_1' not found"),
    ],
)
def test_each_item_is_answered_once_before_the_next_turn(
    model: FakeModel, items: list[dict[str, object]], status: int, problem: str
) -> None:
    got, words = posted(model, "responses", {"input": items, "store": False})
    assert (got, problem in words) == (status, True)


@pytest.mark.parametrize(
    ("refuses", "status", "words"),
    [
        ("tools", 400, "Unsupported parameter: 'tools' is not supported with this model."),
        ("strict", 422, "body.tools.0.function.strict: Extra inputs are not permitted"),
    ],
)
def test_servers_that_take_a_part(refuses: str, status: int, words: str) -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": STRICT, "strict": True}}
    with FakeModel(refuses=frozenset({refuses})).serving() as base_url, httpx2.Client(trust_env=False) as http:
        body = {"model": "m", "messages": [USER], "tools": [chat_tool()], "response_format": schema}
        refused = http.post(f"{base_url}/chat/completions", json=body)
        taken = http.post(f"{base_url}/chat/completions", json={"model": "m", "messages": [USER]})
    assert (refused.status_code, refused.json()["error"]["message"], taken.status_code) == (status, words, 200)
