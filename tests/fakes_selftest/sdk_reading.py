"""The real SDK in front of the stand-in model, and what it says in one shape for both APIs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import httpx2
import openai
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from tests.fakes.model import (
    FINDINGS_SCHEMA,
    FakeModel,
)

Api = Literal["responses", "chat"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the SDK's objects say, in one shape for both APIs."""

    text: str
    refusal: str | None
    ended: str
    tokens: tuple[int, int, int] | None
    calls: tuple[tuple[str, str], ...] = ()


@contextmanager
def real_sdk(server: FakeModel) -> Iterator[openai.OpenAI]:
    """The SDK with nothing from the environment and every reply validated strictly."""
    with (
        httpx2.Client(trust_env=False, follow_redirects=False, timeout=5) as http,
        openai.OpenAI(
            api_key="sk-selftest",
            base_url=server.base_url,
            max_retries=0,
            http_client=http,
            _strict_response_validation=True,
        ) as client,
    ):
        yield client


def ask(client: openai.OpenAI, api: Api, text: str = "Review.", *, limit: int = 1000) -> Reading:
    """Ask with the findings schema and read the SDK's validated object."""
    if api == "responses":
        answer = client.responses.create(
            model="gpt-5.4",
            instructions="You review.",
            input=[{"role": "user", "content": text}],
            max_output_tokens=limit,
            store=False,
            text={
                "format": {
                    "type": "json_schema",
                    "name": "review",
                    "schema": dict(FINDINGS_SCHEMA),
                    "strict": True,
                }
            },
        )
        return read_response(answer)
    completion = client.chat.completions.create(
        model="gpt-5.4",
        messages=[{"role": "system", "content": "You review."}, {"role": "user", "content": text}],
        max_completion_tokens=limit,
        store=False,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "review", "schema": dict(FINDINGS_SCHEMA), "strict": True},
        },
    )
    return read_completion(completion)


def read_response(answer: Response) -> Reading:
    parts = [part for item in answer.output if item.type == "message" for part in item.content]
    refusals = [part.refusal for part in parts if part.type == "refusal"]
    usage = answer.usage
    return Reading(
        text=answer.output_text,
        refusal=refusals[0] if refusals else None,
        ended=(answer.incomplete_details and answer.incomplete_details.reason) or str(answer.status),
        tokens=None
        if usage is None
        else (usage.input_tokens, usage.input_tokens_details.cached_tokens, usage.output_tokens),
        calls=tuple((item.name, item.arguments) for item in answer.output if item.type == "function_call"),
    )


def read_completion(completion: ChatCompletion) -> Reading:
    usage = completion.usage
    details = usage and usage.prompt_tokens_details
    tokens = usage and details and (usage.prompt_tokens, details.cached_tokens or 0, usage.completion_tokens)
    if not completion.choices:
        return Reading("", None, "completed", tokens or None)
    choice = completion.choices[0]
    ends = {"stop": "completed", "tool_calls": "completed", "length": "max_output_tokens"}
    calls = choice.message.tool_calls or []
    return Reading(
        text=choice.message.content or "",
        refusal=choice.message.refusal,
        ended=ends.get(choice.finish_reason, choice.finish_reason),
        tokens=tokens or None,
        calls=tuple((one.function.name, one.function.arguments) for one in calls if one.type == "function"),
    )
