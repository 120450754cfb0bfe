"""A model that does what a test tells it to, and a clock that stands still until it is moved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.model import AnswerSchema, Completion, Message, ModelRequest, Role, StopReason, Usage

SCHEMA = AnswerSchema("review", {"type": "object"})


def request(
    model: str = "main", text: str = "x" * 3_482, *, output: int = 1_000, seconds: float = 300.0
) -> ModelRequest:
    """With the schema, 3,500 bytes: a thousand tokens."""
    return ModelRequest(model, (Message(Role.USER, text),), SCHEMA, output, seconds, label=f"about {model}")


def answer(usage: Usage = Usage(1_000, 0, 100), *, model: str = "as-the-server-says") -> Completion:  # noqa: B008
    return Completion("{}", StopReason.COMPLETE, usage, model)


async def until_stuck() -> None:
    """Lets all tasks run to where something must wake them."""
    for _ in range(100):
        await asyncio.sleep(0)


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


Outcome = Completion | BaseException | Callable[[], Completion]


@dataclass
class ScriptedModel:
    """Implements ports.Model: gives what is set for a model's name, one after the other, the last for ever."""

    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    asked: list[ModelRequest] = field(default_factory=list)
    gate: asyncio.Event | None = None
    """Answers come when it is set."""

    @property
    def names(self) -> list[str]:
        return [request.model for request in self.asked]

    async def complete(self, request: ModelRequest) -> Completion:
        self.asked.append(request)
        if self.gate is not None:
            await self.gate.wait()
        outcomes = self.outcomes.get(request.model, [answer()])
        outcome = outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome() if callable(outcome) else outcome
