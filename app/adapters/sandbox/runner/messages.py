"""What worker and runner say to each other: one frozen class a message, encoded and decoded strictly.

A connection is one sandbox. The worker asks one thing after another. When either side ends the connection, the sandbox
is over: what runs in it is killed, its files are deleted, and only then the runner's side ends too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, TypeAlias, get_args

from app.adapters.sandbox.runner.frames import Frame, FrameInvalid
from app.adapters.sandbox.runner.keeping_messages import (
    AskReach,
    Bind,
    Forget,
    Keep,
    Made,
    OpenWith,
    Prepare,
    Preparing,
    Reach,
    Save,
)

VERSION: Final = 1
"""Of this protocol; worker and runner of different versions do not work together. A message may be added without a new
version: it is said only where it is wanted, and who does not know it ends the connection.
"""


@dataclass(frozen=True, slots=True)
class Hello:
    """First of all, from the worker."""

    version: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The answer to `Hello`: what isolates here."""

    version: int
    mode: str
    reason: str
    remedy: str
    cgroup: str
    own_user: bool
    probes: tuple[str, ...]
    """Names of those that passed."""
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """Make a workspace. Answered by `Done`."""


@dataclass(frozen=True, slots=True)
class Put:
    """Files of the commit, or pieces of them; the payload is `records`. Not answered unless refused."""


@dataclass(frozen=True, slots=True)
class Filled:
    """The last `Put` was sent. Answered by `Opened`."""

    git: bool
    """Whether a throw-away repository is wanted."""


@dataclass(frozen=True, slots=True)
class Opened:
    """All files are in place."""

    git: bool
    """Whether there is a throw-away repository: the tool chain may lack git."""


@dataclass(frozen=True, slots=True)
class Run:
    """Run a command. Answered by any number of `Printed` and one `Finished`."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    network: str
    limits: Mapping[str, float]
    """The fields of `domain.sandbox.CommandLimits`."""
    merged: bool


@dataclass(frozen=True, slots=True)
class Read:
    """The beginning of a regular file. Answered by `Content`."""

    path: str
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Write:
    """The payload is the file's content."""

    path: str
    executable: bool


@dataclass(frozen=True, slots=True)
class Delete:
    """Take a file or link away."""

    path: str


@dataclass(frozen=True, slots=True)
class Walk:
    """What is in the workspace. Answered by any number of `Found` and one `Done`."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was asked is done."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What was asked is not done, and why."""

    message: str
    over: bool
    """Whether the connection is of no further use."""
    later: bool
    """Whether it may be done when it is asked again later."""


@dataclass(frozen=True, slots=True)
class Printed:
    """The payload was printed on this stream."""

    stream: str


@dataclass(frozen=True, slots=True)
class Finished:
    """How the command ended."""

    status: int | None
    signal: int | None
    limit: str | None
    seconds: float
    output_bytes: int


@dataclass(frozen=True, slots=True)
class Content:
    """The payload is what was asked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """The payload is a JSON list of `[path, kind, size, sha]`, not empty and of at most 1 MiB."""


Message: TypeAlias = (
    Hello
    | Ready
    | Open
    | OpenWith
    | Made
    | Bind
    | Keep
    | Forget
    | Prepare
    | Preparing
    | AskReach
    | Reach
    | Save
    | Put
    | Filled
    | Opened
    | Run
    | Read
    | Write
    | Delete
    | Walk
    | Done
    | Refused
    | Printed
    | Finished
    | Content
    | Found
)
_CLASSES: Final[Mapping[str, type[Message]]] = {cls.__name__: cls for cls in get_args(Message)}


def to_frame(message: Message, payload: bytes = b"") -> Frame:
    """The frame that says it."""
    header: dict[str, object] = {"": type(message).__name__}
    for item in fields(message):
        value = getattr(message, item.name)
        header[item.name] = dict(value) if isinstance(value, Mapping) else value
    return Frame(header, payload)


def from_frame(frame: Frame) -> Message:
    """What a frame says. Raises FrameInvalid for anything else than a message with exactly its fields."""
    header = dict(frame.header)
    cls = _CLASSES.get(str(header.pop("", None)))
    if cls is None or header.keys() != {item.name for item in fields(cls)}:
        raise FrameInvalid("a frame is no message that this version knows")
    values: dict[str, Any] = {}
    for item in fields(cls):
        try:
            values[item.name] = _CHECKS[str(item.type)](header[item.name])
        except (TypeError, ValueError, OverflowError):
            raise FrameInvalid(f"{item.name} of {cls.__name__} is of the wrong type") from None
    return cls(**values)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _decimal(value: object) -> float:
    if isinstance(value, float):
        return value
    return float(_whole(value))


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(item) for item in value)


def _mapping(of: Callable[[object], object]) -> Callable[[object], object]:
    def check(value: object) -> object:
        if not isinstance(value, dict):
            raise TypeError
        return {_text(key): of(item) for key, item in value.items()}

    return check


def _or_none(of: Callable[[object], object]) -> Callable[[object], object]:
    return lambda value: None if value is None else of(value)


_CHECKS: Final[Mapping[str, Callable[[object], object]]] = {
    "str": _text,
    "int": _whole,
    "float": _decimal,
    "bool": _truth,
    "tuple[str, ...]": _texts,
    "Mapping[str, str]": _mapping(_text),
    "Mapping[str, float]": _mapping(lambda value: _whole(value) if isinstance(value, int) else _decimal(value)),
    "int | None": _or_none(_whole),
    "str | None": _or_none(_text),
}
