"""What the stand-in can be told to answer, as values: good answers and the ways a server fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens to report instead of the ones computed from the request and the answer."""

    input_tokens: int
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function the model wants to be called. Text as arguments is sent as it is; an empty id gets a fresh one."""

    name: str
    arguments: Mapping[str, object] | str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; a mapping is sent as JSON text. Over the asked token limit it arrives cut off."""

    data: Mapping[str, object] | str = ""
    usage: Usage | None = None
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model declines."""

    text: str = "I can't help with that."
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class CutOff:
    """The answer ends early; an empty text means that reasoning used up all tokens."""

    text: str = '{"findings": [{"path": "a.py", "sta'
    usage: Usage | None = None
    reason: Literal["max_output_tokens", "content_filter"] = "max_output_tokens"
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Malformed:
    """A proper API object whose text is not the JSON that was asked for."""

    text: str = "Sure! Here is the review you asked for:\n{'findings': oops"
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Empty:
    """A proper API object with nothing in it: no output or choices, or (`message`) a message without text."""

    message: bool = False
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class NoUsage:
    """The same answer with `usage: null`, as some compatible servers send it."""

    then: Answer | Refusal | CutOff | Malformed | Empty


@dataclass(frozen=True, slots=True)
class Failed:
    """The request was taken and the answer failed: HTTP 200 with an error inside."""

    code: str = "server_error"
    message: str = "The model failed to generate a response."


@dataclass(frozen=True, slots=True)
class Raw:
    """Exactly these bytes."""

    body: str | bytes
    status: int = 200
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Html:
    """A page of a proxy or a login wall where an API object should be."""

    status: int = 200
    page: str = "<!doctype html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"


@dataclass(frozen=True, slots=True)
class RateLimited:
    """429; `retry_after` goes out as the header's value, numbers and HTTP dates alike."""

    retry_after: float | str | None = None
    code: str = "rate_limit_exceeded"
    message: str = "Rate limit reached. Please try again later."


@dataclass(frozen=True, slots=True)
class ServerError:
    """A 5xx in the API's error shape."""

    status: int = 503
    message: str = "The server is overloaded or not ready yet."


@dataclass(frozen=True, slots=True)
class Rejected:
    """A 4xx in the API's error shape."""

    status: int = 400
    message: str = "Invalid request."
    code: str | None = None
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirect that keeps the method and the body."""

    url: str
    status: int = 307


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer until the client goes away or the server stops."""


@dataclass(frozen=True, slots=True)
class Slow:
    """Another reply, later."""

    seconds: float
    then: Reply


@dataclass(frozen=True, slots=True)
class Drip:
    """Another reply whose body arrives in small pieces, so that no single read ever times out."""

    seconds: float
    then: Reply
    pieces: int = 20


Generated = Answer | Refusal | CutOff | Malformed | Empty
Immediate = Generated | NoUsage | Failed | Raw | Html | RateLimited | ServerError | Rejected | Redirect
Reply = Immediate | Hang | Slow | Drip
