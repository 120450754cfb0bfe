"""A recorded review as lines of JSON: what each model call was asked and answered, what each command printed.

A message or tool that many calls share is written once and named by its digest, so that a file grows with what is said
and not with how often it is repeated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from app.domain.model import Completion, Feature, ModelRequest, StopReason, ToolCall, Usage
from app.domain.sandbox import Ended, Limit

FORMAT = 1


class SessionInvalid(ValueError):
    """The file is no recorded review that this version can read; the text names the line."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as far as an answer depends on it: digests of its messages and tools, in their order."""

    model: str
    messages: tuple[str, ...]
    tools: tuple[str, ...]
    schema: str
    max_output_tokens: int


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """`failure` is the words of what came in place of an answer."""

    label: str
    asked: Asked
    answer: Completion | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class RecordedCommand:
    commit: str
    argv: tuple[str, ...]
    ended: Ended
    output: bytes


@dataclass(slots=True)
class Session:
    """`header` says what was reviewed and with which models; `texts` has every message and tool by its digest."""

    header: Mapping[str, Any]
    texts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    calls: list[RecordedCall] = field(default_factory=list)
    commands: list[RecordedCommand] = field(default_factory=list)
    report: Mapping[str, Any] | None = None

    def asked(self, request: ModelRequest) -> Asked:
        """The request in digests; its texts are kept."""
        return Asked(
            model=request.model,
            messages=tuple(self._keep(asdict(message)) for message in request.messages),
            tools=tuple(self._keep(asdict(tool)) for tool in request.tools),
            schema=self._keep(asdict(request.schema)),
            max_output_tokens=request.max_output_tokens,
        )

    def _keep(self, value: Mapping[str, Any]) -> str:
        name = hashlib.sha256(_line(value).encode()).hexdigest()[:16]
        self.texts.setdefault(name, value)
        return name


def message_text(session: Session, digest: str) -> str:
    """A message as people read it: its role, its text, and the tools that it asks for."""
    value = session.texts[digest]
    parts = [f"[{value['role']}]", str(value["text"])]
    parts += [f"-> {call['name']} {call['arguments']}" for call in value["calls"]]
    return "\n".join(part for part in parts if part)


def lines(session: Session) -> Iterator[str]:
    """The file, line by line. The same session always gives the same bytes."""
    yield _line({"revwright_session": FORMAT, **session.header})
    for digest in sorted(session.texts):
        yield _line({"text": digest, "value": session.texts[digest]})
    for call in sorted(session.calls, key=lambda one: one.label):
        answer = None if call.answer is None else _answer(call.answer)
        yield _line({"call": call.label, "asked": asdict(call.asked), "answer": answer, "failure": call.failure})
    for command in session.commands:
        ended = asdict(command.ended)
        data = {"ran": list(command.argv), "commit": command.commit, "ended": ended, "output": command.output.hex()}
        yield _line(data)
    if session.report is not None:
        yield _line({"report": session.report})


def read(text: Iterable[str]) -> Session:
    """The reverse of `lines`. Raises SessionInvalid."""
    session: Session | None = None
    for number, line in enumerate(text, start=1):
        try:
            value = json.loads(line)
            if session is None:
                session = _header(value)
            else:
                _take(session, value)
        except (ValueError, KeyError, TypeError) as error:
            raise SessionInvalid(f"line {number} is no line of a recorded review ({error})") from None
    if session is None:
        raise SessionInvalid("the file is empty")
    return session


def _header(value: Mapping[str, Any]) -> Session:
    if value["revwright_session"] != FORMAT:
        raise ValueError(f"it has the format {value['revwright_session']!r}, and this version reads {FORMAT}")
    return Session({name: part for name, part in value.items() if name != "revwright_session"})


def _take(session: Session, value: Mapping[str, Any]) -> None:
    if "text" in value:
        session.texts[value["text"]] = value["value"]
    elif "call" in value:
        asked = value["asked"]
        session.calls.append(
            RecordedCall(
                label=value["call"],
                asked=Asked(
                    model=asked["model"],
                    messages=tuple(asked["messages"]),
                    tools=tuple(asked["tools"]),
                    schema=asked["schema"],
                    max_output_tokens=asked["max_output_tokens"],
                ),
                answer=None if value["answer"] is None else _completion(value["answer"]),
                failure=value["failure"],
            )
        )
    elif "ran" in value:
        session.commands.append(_command(value))
    else:
        session.report = value["report"]


def _command(value: Mapping[str, Any]) -> RecordedCommand:
    ended = dict(value["ended"])
    limit = ended["limit"]
    ended["limit"] = None if limit is None else Limit(limit)
    return RecordedCommand(value["commit"], tuple(value["ran"]), Ended(**ended), bytes.fromhex(value["output"]))


def _answer(completion: Completion) -> dict[str, Any]:
    return {
        "text": completion.text,
        "stop": completion.stop,
        "usage": asdict(completion.usage),
        "model": completion.model,
        "calls": [asdict(call) for call in completion.calls],
        "without": sorted(completion.without),
    }


def _completion(value: Mapping[str, Any]) -> Completion:
    return Completion(
        text=value["text"],
        stop=StopReason(value["stop"]),
        usage=Usage(**value["usage"]),
        model=value["model"],
        calls=tuple(ToolCall(**call) for call in value["calls"]),
        without=frozenset(Feature(name) for name in value["without"]),
    )


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
