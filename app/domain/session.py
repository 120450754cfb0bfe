"""A recorded review: what each model call was asked and answered, what each command printed, what came of it all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from app.domain.model import Completion, Feature, Message, ModelRequest, ModelTry, StopReason, ToolCall, Usage
from app.domain.prices import Price
from app.domain.pull_request import Sha
from app.domain.sandbox import Ended, Mode

_STAGES = ("light", "standard", "core", "security", "across", "judge", "recheck", "prove")
"""The first words of labels."""


@dataclass(frozen=True, slots=True)
class Header:
    """What was reviewed, with which models, and within which limits. A replay takes all of it from here."""

    version: str
    base: Sha
    head: Sha
    fast: str
    main: str
    deep: str
    chains: tuple[tuple[str, tuple[str, ...]], ...]
    """For each model those that answer in its place."""
    prices: tuple[tuple[str, Price], ...]
    limits: tuple[tuple[str, float], ...]
    """Of one task of a model, by name."""
    group_characters: int
    max_groups: int
    cap_usd: float | None
    """What the deployment allows for one pull request."""
    sandbox: bool
    """Whether there was something to run commands in."""
    parser: bool
    """Whether syntax trees could be read: symbols, and rules for them, depend on it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A tool or an answer's form, as text in which two versions can be compared line by line."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """One request, as far as its answer depends on it."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Told, ...]
    schema: Told
    max_output_tokens: int


@dataclass(frozen=True, slots=True)
class Used:
    """What one model was used for within a call. How long it took is not recorded."""

    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Said:
    """An answer."""

    text: str
    stop: StopReason
    usage: Usage
    model: str
    calls: tuple[ToolCall, ...] = ()
    tries: tuple[Used, ...] = ()
    without: tuple[Feature, ...] = ()

    def completion(self) -> Completion:
        """As the adapter gave it, in no time."""
        return Completion(
            text=self.text,
            stop=self.stop,
            usage=self.usage,
            model=self.model,
            calls=self.calls,
            tries=timed(self.tries),
            without=frozenset(self.without),
        )


class FailureKind(StrEnum):
    """What came in place of an answer."""

    UNAVAILABLE = "unavailable"
    REJECTED = "rejected"
    CONTEXT_FULL = "context full"
    BUDGET = "budget"
    BROKEN_OFF = "broken off"
    """From our side, before there was an answer: time was up, or something else had failed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """`words` are those of the error."""

    kind: FailureKind
    words: str
    retry_after_seconds: float | None = None
    unknown_model: bool = False
    usage: Usage = field(default_factory=Usage.none)
    tries: tuple[Used, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call of a model. Its label is its own within a review."""

    label: str
    question: Question
    outcome: Said | Failure


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a sandbox did not do what was asked. `gone`: it was not there, or not any more."""

    gone: bool
    words: str


@dataclass(frozen=True, slots=True)
class Printed:
    """How a command ended and what it printed, without secrets, and without the middle of what is very long."""

    ended: Ended
    output: str


@dataclass(frozen=True, slots=True)
class RecordedCommand:
    """`label` is that of the task that ran it, within which commands have an order."""

    label: str
    commit: Sha
    argv: tuple[str, ...]
    outcome: Printed | Trouble


@dataclass(frozen=True, slots=True)
class Isolated:
    """What isolates sandboxes, as the host's own test found it."""

    mode: Mode
    reason: str


@dataclass(slots=True)
class Session:
    """Grows while a review is recorded."""

    header: Header
    calls: dict[str, RecordedCall] = field(default_factory=dict)
    commands: list[RecordedCommand] = field(default_factory=list)
    isolation: Isolated | Trouble | None = None
    """None where nobody asked."""
    not_opened: dict[Sha, Trouble] = field(default_factory=dict)
    """Commits for which no sandbox could be opened."""
    report: Mapping[str, Any] | None = None
    """The report as JSON, as `comparable` makes it."""

    def add(self, call: RecordedCall) -> None:
        """ValueError for a label that is taken: nobody could tell the two calls apart."""
        if call.label in self.calls:
            raise ValueError(f"there are two calls {call.label!r}")
        self.calls[call.label] = call

    @property
    def refused(self) -> str:
        """The cap that stood in the way of a call, in words; of several calls the last one's by label."""
        outcomes = (self.calls[label].outcome for label in in_order(self.calls))
        words = [one.words for one in outcomes if isinstance(one, Failure) and one.kind is FailureKind.BUDGET]
        return words[-1] if words else ""


def question_of(request: ModelRequest) -> Question:
    """What is recorded of a request."""
    schema = request.schema
    return Question(
        model=request.model,
        messages=request.messages,
        tools=tuple(Told(t.name, f"{t.description}\n{_pretty(t.parameters)}") for t in request.tools),
        schema=Told(schema.name, _pretty(schema.json_schema)),
        max_output_tokens=request.max_output_tokens,
    )


def said_of(completion: Completion) -> Said:
    """What is recorded of an answer: not the ids that its server gave to calls, since a conversation has its own."""
    return Said(
        text=completion.text,
        stop=completion.stop,
        usage=completion.usage,
        model=completion.model,
        calls=tuple(replace(call, id="") for call in completion.calls),
        tries=used(completion.tries),
        without=tuple(sorted(completion.without)),
    )


def used(tries: Iterable[ModelTry]) -> tuple[Used, ...]:
    """Without the time they took."""
    return tuple(Used(one.model, one.usage) for one in tries)


def timed(tries: Iterable[Used]) -> tuple[ModelTry, ...]:
    """The reverse of `used`, in no time."""
    return tuple(ModelTry(one.model, one.usage, 0.0) for one in tries)


def in_order(labels: Iterable[str]) -> list[str]:
    """Labels in the order of a review, and as people count: step 2 before step 10."""
    return sorted(labels, key=label_key)


def label_key(label: str) -> tuple[int, tuple[str, ...], str]:
    """To sort by; different labels have different keys."""
    first = label.split(" ", maxsplit=1)[0].rstrip(",")
    rank = _STAGES.index(first) if first in _STAGES else len(_STAGES)
    return rank, tuple(part.zfill(9) if part.isdigit() else part for part in re.split(r"([0-9]+)", label)), label


def _pretty(value: Mapping[str, object]) -> str:
    return json.dumps(value, indent=2, sort_keys=True)
