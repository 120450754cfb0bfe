"""A model in the same process that says what it is told to say, and has a context window if it is given one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from app.domain.errors import ModelContextFull
from app.domain.model import Completion, ModelRequest, Role, StopReason, ToolCall, Usage
from app.usecases.compaction import length

Reply = Completion | Exception | Callable[[ModelRequest], Completion]


def says(text: str, *, stop: StopReason = StopReason.COMPLETE, usage: Usage | None = None) -> Completion:
    return Completion(text, stop, usage or Usage(100, 0, 10), "m")


def calls(*wanted: tuple[str, object], text: str = "") -> Completion:
    """Arguments that are no text are written as JSON."""
    made = (
        ToolCall(f"call_{i}", name, arguments if isinstance(arguments, str) else json.dumps(arguments))
        for i, (name, arguments) in enumerate(wanted)
    )
    return Completion(text, StopReason.COMPLETE, Usage(100, 0, 10), "m", tuple(made))


@dataclass(slots=True)
class ScriptedModel:
    """Implements `ports.Model`. Gives the replies in turn, or the one function's over and over."""

    replies: Iterable[Reply] | Callable[[ModelRequest], Completion]
    window_characters: int | None = None
    seen: list[ModelRequest] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        if not callable(self.replies):
            self.replies = iter(tuple(self.replies))

    async def complete(self, request: ModelRequest) -> Completion:
        if self.window_characters is not None and length(request) > self.window_characters:
            self.refused += 1
            raise ModelContextFull(f"at most {self.window_characters} characters")
        self.seen.append(request)
        reply = self.replies if callable(self.replies) else next(iter(self.replies))
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, Completion) else reply(request)

    def told(self, at: int = -1) -> list[str]:
        """What tools said, in the request `at`."""
        return [message.text for message in self.seen[at].messages if message.role is Role.TOOL]


def well_formed(request: ModelRequest) -> bool:
    """Whether every call is answered right after it, in order, and nothing else is an answer."""
    waiting: list[str] = []
    for message in request.messages:
        if message.role is Role.TOOL:
            if not waiting or waiting.pop(0) != message.call_id:
                return False
        elif waiting:
            return False
        else:
            waiting = [call.id for call in message.calls]
    return not waiting
