"""Keeps a conversation within a model's context window: estimates its length, and sums up its older turns.

The opening stays word for word, and so does what the task says is to be kept, and the latest observations. A call and
its answer are never parted: a turn goes as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from app.domain.answers import AnswerInvalid
from app.domain.model import AnswerSchema, Message, ModelRequest, Role, Usage
from app.domain.shapes import ArgumentsInvalid, decode_arguments
from app.domain.shown import shown
from app.domain.tool_text import cut_middle, marked

CHARACTERS_PER_TOKEN = 3.5
MAX_NOTES = 8_000
"""Characters of one summary."""

_LEAST_NOTES = 400
_LEAST_RESULT = 300
_PER_MESSAGE = 16
"""Characters that a message costs beside its text."""
_MARGIN = 0.95
_AFTER_REFUSAL = 0.6
"""Of the length that the model refused, what is tried next."""
_GOAL = 0.7
"""Of the room, what a shortened history may take, so that the next steps fit too."""

NOTES_SCHEMA = AnswerSchema(
    name="notes",
    json_schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["notes"],
        "properties": {"notes": {"type": "string"}},
    },
)

Summarise = Callable[[str, int], Awaitable[str]]
"""A transcript and the most characters that the notes may have -> the notes; empty when there are none to be had."""


@dataclass(frozen=True, slots=True)
class History:
    """What was said, in order. A turn is what the model said, with the answers to its calls or to itself."""

    opening: tuple[Message, ...]
    turns: tuple[tuple[Message, ...], ...] = ()
    notes: str = ""
    """The model's own, of turns that are gone."""
    kept: str = ""
    """What the task keeps word for word; told since turns are gone."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """All of it, as it is sent."""
        told = [Message(Role.USER, text) for text in self._told()]
        return (*self.opening, *told, *(message for turn in self.turns for message in turn))

    def then(self, *turn: Message) -> History:
        """With one more turn."""
        return replace(self, turns=(*self.turns, turn))

    def _told(self) -> list[str]:
        told = []
        if self.notes:
            told.append(f"Earlier steps were taken out to save room. Your notes of them:\n{marked(shown(self.notes))}")
        if self.kept:
            told.append(f"What you recorded so far, and what is kept:\n{marked(shown(self.kept))}")
        return told


class Window:
    """How much fits into a request, in characters: from an estimate that each reported usage and each refusal mends."""

    def __init__(self, *, context_tokens: int, output_tokens: int) -> None:
        self._tokens = max(context_tokens - output_tokens, context_tokens // 2) * _MARGIN
        self._per_token = CHARACTERS_PER_TOKEN
        self._refused = float("inf")
        self._accepted = 0

    @property
    def room(self) -> int:
        """Characters of a whole request."""
        return int(min(self._tokens * self._per_token, max(self._refused, self._accepted)))

    def tokens(self, characters: int) -> int:
        """About how many tokens that is."""
        return int(characters / self._per_token) + 1

    def learn(self, request: ModelRequest, usage: Usage) -> None:
        """A request was taken. What the provider counted is taken over, between 1 and 8 characters a token."""
        self._accepted = max(self._accepted, length(request))
        if usage.known and usage.input_tokens > 0:
            self._per_token = min(8.0, max(1.0, length(request) / usage.input_tokens))

    def refuse(self, request: ModelRequest) -> None:
        """The model's window is smaller than the settings say: less is tried, but no less than what it has taken."""
        self._refused = min(self._refused, length(request) * _AFTER_REFUSAL)
        self._accepted = self._accepted if self._accepted < length(request) else 0


def length(request: ModelRequest) -> int:
    """Characters of all that a request carries."""
    specs = sum(len(s.name) + len(s.description) + len(json.dumps(dict(s.parameters))) for s in request.tools)
    return size(request.messages) + specs + len(json.dumps(dict(request.schema.json_schema)))


def size(messages: Sequence[Message]) -> int:
    """Characters of messages with their calls."""
    return sum(
        len(m.text) + _PER_MESSAGE + sum(len(c.name) + len(c.arguments) + _PER_MESSAGE for c in m.calls)
        for m in messages
    )


async def compact(history: History, *, room: int, kept: str, summarise: Summarise) -> History:
    """The history in about `room` characters, if it can be; what it cannot do without stays, however long."""
    goal = int(room * _GOAL)
    fixed = size(history.opening) + len(kept)
    most_notes = max(_LEAST_NOTES, min(MAX_NOTES, (goal - fixed) // 4))
    older, latest = _split(history.turns, (goal - fixed - most_notes) // 2)
    if older:
        transcript = _transcript(history.notes, older)
        notes = cut_middle(await summarise(transcript, most_notes) or _outline(history.notes, older), most_notes)
        history = replace(history, turns=latest, notes=notes, kept=kept)
    return _shrunk(history, goal)


def decode_notes(text: str) -> str:
    """The notes in an answer to NOTES_SCHEMA. Raises AnswerInvalid."""
    try:
        return str(decode_arguments(text, NOTES_SCHEMA.json_schema)["notes"])
    except ArgumentsInvalid as error:
        raise AnswerInvalid(str(error)) from None


def _split(
    turns: tuple[tuple[Message, ...], ...], room: int
) -> tuple[tuple[tuple[Message, ...], ...], tuple[tuple[Message, ...], ...]]:
    """Older turns, and the latest ones, which fit into the room or are one."""
    at = len(turns)
    while at and (at == len(turns) or size(turns[at - 1]) <= room):
        room -= size(turns[at - 1])
        at -= 1
    return turns[:at], turns[at:]


def _transcript(notes: str, turns: Sequence[Sequence[Message]]) -> str:
    parts = [f"=== your earlier notes\n{notes}"] if notes else []
    for turn in turns:
        for message in turn:
            parts += [f"=== {message.role}\n{message.text}"] if message.text else []
            parts += [f"=== you called {call.name} {call.arguments}" for call in message.calls]
    return "\n".join(parts)


def _outline(notes: str, turns: Sequence[Sequence[Message]]) -> str:
    """What stands in for notes that the model did not write: which calls were made."""
    calls = [f"called {c.name} {c.arguments}" for turn in turns for message in turn for c in message.calls]
    return "\n".join([*filter(None, [notes]), "(No notes could be made of these steps.)", *calls])


def _shrunk(history: History, goal: int) -> History:
    """With the answers of tools cut in the middle, the longest first, until all fits or they are short."""
    longest = max((len(m.text) for turn in history.turns for m in turn if m.role is Role.TOOL), default=0)
    while size(history.messages) > goal and longest > _LEAST_RESULT:
        longest = max(_LEAST_RESULT, longest * 2 // 3)
        history = replace(history, turns=tuple(tuple(_cut(m, longest) for m in turn) for turn in history.turns))
    return history


def _cut(message: Message, most: int) -> Message:
    """The marks around the text stand at its ends, and stay."""
    return replace(message, text=cut_middle(message.text, most)) if message.role is Role.TOOL else message
