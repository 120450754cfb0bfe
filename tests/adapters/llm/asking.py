"""A request to ask with, and a clock that lets retries wait without waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from app.adapters.llm.client import open_model
from app.adapters.llm.dialect import Api
from app.adapters.llm.retrying import Pacing
from app.domain.model import AnswerSchema, Message, ModelRequest, Role, ToolCall, ToolSpec
from app.ports import Model
from tests.fakes.model import FINDINGS_SCHEMA, FakeModel

KEY = "sk-canary-0123456789abcdef"
SCHEMA = AnswerSchema("review", FINDINGS_SCHEMA)


def asked(text: str = "Review this.", *, seconds: float = 5.0, cache_key: str = "") -> ModelRequest:
    """A request with a system and a user message."""
    return ModelRequest(
        model="gpt-5.4",
        messages=(Message(Role.SYSTEM, "You review."), Message(Role.USER, text)),
        schema=SCHEMA,
        max_output_tokens=1000,
        timeout_seconds=seconds,
        cache_key=cache_key,
    )


GREP = ToolSpec(
    "grep",
    "Find a text.",
    {"type": "object", "additionalProperties": False, "required": ["q"], "properties": {"q": {"type": "string"}}},
)
READ = replace(GREP, name="read_file", description="Read a file.")
ASKED = replace(asked(), tools=(GREP, READ))
CALLS = (ToolCall("call_1", "grep", '{"q":"x"}'), ToolCall("call_2", "read_file", '{ "q": "ü" }'))
TURNS = (
    *ASKED.messages,
    Message(Role.ASSISTANT, "Let me see.", CALLS),
    Message(Role.TOOL, "a.py:1: x", call_id="call_1"),
    Message(Role.TOOL, "no such file", call_id="call_2"),
)


@dataclass(slots=True)
class FakeTime:
    """Time that passes only by sleeping."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def pacing(self, *, jitter: float = 1.0) -> Pacing:
        """With jitter 1 the pauses are the longest of their kind: 0.5, 1, 2, ... seconds."""
        return Pacing(sleep=self.sleep, clock=lambda: self.now, jitter=lambda: jitter)


def opened(
    fake: FakeModel, api: Api, *, key: str = KEY, max_retries: int = 2, time: FakeTime | None = None
) -> AbstractAsyncContextManager[Model]:
    """The adapter in front of the stand-in, its pauses skipped."""
    return open_model(
        api=api,
        base_url=fake.base_url,
        api_key=key,
        max_retries=max_retries,
        pacing=(time or FakeTime()).pacing(),
    )


async def until(happened: Callable[[], bool]) -> None:
    """Wait, a second at most, for what the server does in its own thread."""
    for _ in range(200):
        if happened():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError("it did not happen within a second")
