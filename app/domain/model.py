"""What is said to a language model and what comes back, independent of any provider's API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it. `parameters` is a strict JSON schema: every property required, nothing else."""

    name: str
    description: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to be called. `arguments` is JSON text as the model wrote it: it may be anything."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """`calls` is what an assistant asked for; a message of the role `tool` answers the call with the id `call_id`."""

    role: Role
    text: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class AnswerSchema:
    """The shape an answer must have: a strict JSON schema (every property required, nothing else allowed)."""

    name: str
    json_schema: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call. `timeout_seconds` bounds the whole call, retries included.

    `label` names it in records, like `standard 2/3, step 4`; it is not sent.
    """

    model: str
    messages: tuple[Message, ...]
    schema: AnswerSchema
    max_output_tokens: int
    timeout_seconds: float
    cache_key: str = ""
    tools: tuple[ToolSpec, ...] = ()
    label: str = ""

    @property
    def has_calls(self) -> bool:
        """Whether calls of tools were made earlier in the conversation."""
        return any(message.calls for message in self.messages)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider reported them; `known` is False when any answer came without a report."""

    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    known: bool = True

    @staticmethod
    def none() -> Usage:
        """Nothing was spent."""
        return Usage(0, 0, 0)

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.cached_input_tokens + other.cached_input_tokens,
            self.output_tokens + other.output_tokens,
            self.known and other.known,
        )


@dataclass(frozen=True, slots=True)
class ModelTry:
    """What one model was used for within a call. `model` is the name that it was asked by."""

    model: str
    usage: Usage
    seconds: float


class StopReason(StrEnum):
    COMPLETE = "complete"
    CUT_OFF = "cut_off"
    REFUSED = "refused"


class Feature(StrEnum):
    """What a request asks of a server beyond text, in words for a report. Not every server takes all of it."""

    TOOLS = "tools"
    STRICT_TOOLS = "strict tool parameters"
    SCHEMA = "answer schemas"
    SCHEMA_BESIDE_TOOLS = "answer schemas beside tools"
    CALLS = "earlier calls told as calls"


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer as text; whether it fits the schema is for the caller to see. With `calls` it is not the last word: the
    model wants to know what these tools say first, and `text` may be empty.

    Only a COMPLETE answer has calls, and only to a request that offers tools: the last call of a cut-off one may be
    half. `without` is what the request asked for and the server does not take, so that it was asked without.
    """

    text: str
    stop: StopReason
    usage: Usage
    model: str
    """As the server names it."""
    calls: tuple[ToolCall, ...] = ()
    tries: tuple[ModelTry, ...] = ()
    """When several models may have been asked: each, in order, the one that answered last. `usage` is that one's."""
    without: frozenset[Feature] = frozenset()


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call in the record of a run; `model` is the name that it was asked by.

    `usd` is None when no price is known or usage was not reported.
    """

    label: str
    model: str
    usage: Usage
    usd: float | None
    seconds: float
