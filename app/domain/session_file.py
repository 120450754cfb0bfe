"""A recorded review as lines of JSON: `{"<kind>": <value>}`, the header first and the report last.

A message, tool or form that many calls share is written once and named, so that a file grows with what is said and not
with how often it is repeated. The same session always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from app.domain.errors import SessionInvalid
from app.domain.model import Message
from app.domain.plain_values import built, plain, refuse_constant
from app.domain.pull_request import Sha
from app.domain.session import (
    Failure,
    Header,
    Isolated,
    Printed,
    Question,
    RecordedCall,
    RecordedCommand,
    Said,
    Session,
    Told,
    Trouble,
    in_order,
    label_key,
)

FORMAT = 1

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    value: Message | None = None
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class _Call:
    label: str
    model: str
    messages: tuple[str, ...]
    tools: tuple[str, ...]
    schema: str
    max_output_tokens: int
    said: Said | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class _Command:
    label: str
    commit: Sha
    argv: tuple[str, ...]
    printed: Printed | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class _Isolation:
    found: Isolated | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class _NotOpened:
    commit: Sha
    trouble: Trouble


def lines(session: Session) -> Iterator[str]:
    """The file, line by line, each without its line feed."""
    yield _line({"revwright_session": FORMAT, "header": plain(session.header)})
    names: dict[str, _Named] = {}
    calls = [_call(session.calls[label], names) for label in in_order(session.calls)]
    yield from (_line({"text": plain(names[name])}) for name in sorted(names))
    yield from (_line({"call": plain(call)}) for call in calls)
    for command in sorted(session.commands, key=lambda one: label_key(one.label)):  # in a task as they were run
        yield _line({"command": plain(_command(command))})
    if session.isolation is not None:
        yield _line({"isolation": plain(_isolation(session.isolation))})
    for commit in sorted(session.not_opened):
        yield _line({"not_opened": plain(_NotOpened(commit, session.not_opened[commit]))})
    if session.report is not None:
        yield report_line(session.report)


def report_line(report: Mapping[str, Any]) -> str:
    """The last line of a file."""
    return _line({"report": report})


def read(text: Iterable[str]) -> Session:
    """The reverse of `lines`. Raises SessionInvalid; so it does for a file without a report at its end."""
    reading: _Reading | None = None
    for number, line in enumerate(text, start=1):
        try:
            value = json.loads(line, parse_constant=refuse_constant)
            if reading is None:
                reading = _Reading(Session(_header(value)))
            else:
                reading.take(value)
        except RecursionError:
            raise SessionInvalid(f"line {number} is nested too deep") from None
        except ValueError as error:
            raise SessionInvalid(f"line {number} is no line of a recorded review: {error}") from None
    if reading is None:
        raise SessionInvalid("the file is empty")
    if reading.session.report is None:
        raise SessionInvalid("the file ends before the report: it was cut, or the recording was broken off")
    return reading.session


def _header(value: object) -> Header:
    if not isinstance(value, dict) or "revwright_session" not in value:
        raise ValueError("the first line must be the header")
    if value["revwright_session"] != FORMAT:
        raise ValueError(f"its format is {str(value['revwright_session'])[:20]!r}, and this version reads {FORMAT}")
    return _as(Header, value.get("header"), "header")


class _Reading:
    """Takes line after line, checks that each fits those before it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._names: dict[str, _Named] = {}
        self._kinds: Mapping[str, Callable[[object], None]] = {
            "text": self._text,
            "call": self._take_call,
            "command": self._take_command,
            "isolation": self._take_isolation,
            "not_opened": self._take_not_opened,
            "report": self._take_report,
        }

    def take(self, line: object) -> None:
        """ValueError says what is wrong with the line."""
        if self.session.report is not None:
            raise ValueError("nothing may follow the report")
        if not isinstance(line, dict) or len(line) != 1 or not line.keys() <= self._kinds.keys():
            raise ValueError(f"it must be an object with one of {', '.join(self._kinds)}")
        ((kind, value),) = line.items()
        self._kinds[kind](value)

    def _text(self, value: object) -> None:
        named = _as(_Named, value, "text")
        self._names[named.name] = named

    def _take_call(self, value: object) -> None:
        call = _as(_Call, value, "call")
        question = Question(
            model=call.model,
            messages=tuple(_there(self._named(name).value, name) for name in call.messages),
            tools=tuple(_there(self._named(name).told, name) for name in call.tools),
            schema=_there(self._named(call.schema).told, call.schema),
            max_output_tokens=call.max_output_tokens,
        )
        self.session.add(RecordedCall(call.label, question, _one(call.said, call.failure)))

    def _take_command(self, value: object) -> None:
        one = _as(_Command, value, "command")
        command = RecordedCommand(one.label, one.commit, one.argv, _one(one.printed, one.trouble))
        self.session.commands.append(command)

    def _take_isolation(self, value: object) -> None:
        isolation = _as(_Isolation, value, "isolation")
        self.session.isolation = _one(isolation.found, isolation.trouble)

    def _take_not_opened(self, value: object) -> None:
        one = _as(_NotOpened, value, "not_opened")
        self.session.not_opened[one.commit] = one.trouble

    def _take_report(self, value: object) -> None:
        if not isinstance(value, dict):
            raise ValueError("report is no object")
        self.session.report = value

    def _named(self, name: str) -> _Named:
        if name not in self._names:
            raise ValueError(f"it names a text that did not come before it: {name[:40]!r}")
        return self._names[name]


def _as(kind: type[_T], value: object, where: str) -> _T:
    made = built(kind, value, where)
    assert isinstance(made, kind)  # for the type checker: built makes what it is told to
    return made


def _there(value: _T | None, name: str) -> _T:
    if value is None:
        raise ValueError(f"{name[:40]!r} is not the kind of text that is asked for there")
    return value


_A = TypeVar("_A")
_B = TypeVar("_B")


def _one(first: _A | None, second: _B | None) -> _A | _B:
    if first is not None and second is None:
        return first
    if second is not None and first is None:
        return second
    raise ValueError("it must have exactly one outcome")


def _call(call: RecordedCall, names: dict[str, _Named]) -> _Call:
    """Adds to `names` what the call refers to."""
    asked, outcome = call.question, call.outcome
    return _Call(
        label=call.label,
        model=asked.model,
        messages=tuple(_name(message, names) for message in asked.messages),
        tools=tuple(_name(tool, names) for tool in asked.tools),
        schema=_name(asked.schema, names),
        max_output_tokens=asked.max_output_tokens,
        said=outcome if isinstance(outcome, Said) else None,
        failure=outcome if isinstance(outcome, Failure) else None,
    )


def _name(value: Message | Told, names: dict[str, _Named]) -> str:
    name = hashlib.sha256(_line(plain(value)).encode()).hexdigest()[:16]
    names[name] = _Named(name, value=value) if isinstance(value, Message) else _Named(name, told=value)
    return name


def _command(command: RecordedCommand) -> _Command:
    outcome = command.outcome
    return _Command(
        label=command.label,
        commit=command.commit,
        argv=command.argv,
        printed=outcome if isinstance(outcome, Printed) else None,
        trouble=outcome if isinstance(outcome, Trouble) else None,
    )


def _isolation(found: Isolated | Trouble) -> _Isolation:
    return _Isolation(trouble=found) if isinstance(found, Trouble) else _Isolation(found=found)


def _line(value: object) -> str:
    """ASCII, so that half a character that a model wrote is kept as it was."""
    return json.dumps(value, sort_keys=True, allow_nan=False)
