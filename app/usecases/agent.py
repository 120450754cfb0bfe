"""The one agent loop: ask a model, do what it asks for with tools, tell it what they say, until it answers or must.

Every step is bounded: in number, in tokens, in time, in calls, in the length of what is told. Whatever a model says
ends as a value; being cancelled passes through, and so does an error that is nobody's answer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from string import Template
from typing import Generic, TypeVar

from app.domain.answers import AnswerInvalid
from app.domain.errors import BudgetRefused, ModelContextFull, ModelRejected, ModelUnavailable
from app.domain.model import AnswerSchema, Completion, Message, ModelRequest, Role, StopReason
from app.domain.shown import shown
from app.domain.tool_text import cut_middle, marked
from app.ports import Model
from app.usecases.compaction import NOTES_SCHEMA, History, Window, compact, decode_notes, length, size
from app.usecases.tool_calls import Tool, act

__all__ = ["AgentLimits", "AgentTexts", "Finished", "Task", "Tool", "Unfinished", "Why", "work"]

T = TypeVar("T")

MAX_IDLE_STEPS = 3
"""Steps in a row of which no call was run, before the model has to answer."""

_NOTES_TRIES = 3
_LEAST_TRANSCRIPT = 1_000
_EXCERPT = 4_000


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """What one task may cost."""

    steps: int = 24
    """Calls of the model, but for one more after an unusable answer and those that sum up."""
    output_tokens: int = 16_000
    """Of one call."""
    total_tokens: int = 1_500_000
    """Read and written, as the provider counts; estimated where it does not."""
    seconds: float = 900.0
    """All of it."""
    call_seconds: float = 300.0
    """One call of the model."""
    context_tokens: int = 128_000
    """The model's window, of which `output_tokens` are for the answer."""
    calls_per_step: int = 8
    result_characters: int = 24_000
    """Of what one tool says; the middle of more is left out."""


@dataclass(frozen=True, slots=True)
class AgentTexts:
    """The texts of app/usecases/prompts/agent_*.md, with `$name` places."""

    repair: str
    compact: str
    last_step: str


def _nothing() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Task(Generic[T]):
    """What is asked of a model. `decode` reads its last word and raises AnswerInvalid."""

    label: str
    model: str
    messages: tuple[Message, ...]
    schema: AnswerSchema
    decode: Callable[[str], T]
    tools: tuple[Tool, ...] = ()
    cache_key: str = ""
    kept: Callable[[], str] = _nothing
    """What is to stay word for word when older steps are summed up."""


class Why(StrEnum):
    """Why there is no answer."""

    OUTAGE = "outage"
    REJECTED = "rejected"
    BUDGET = "budget"
    REFUSED = "refused"
    UNUSABLE = "unusable"
    LIMIT = "limit"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Finished(Generic[T]):
    """The answer, and how many steps it took."""

    value: T
    steps: int


@dataclass(frozen=True, slots=True)
class Unfinished:
    """No answer. `reason` is fit for a report; the other two say when to come back, where that is known."""

    why: Why
    reason: str
    retry_after_seconds: float | None = None
    until: datetime | None = None


async def work(model: Model, task: Task[T], limits: AgentLimits, texts: AgentTexts) -> Finished[T] | Unfinished:
    """Works on a task to its end."""
    clock = asyncio.timeout(limits.seconds)
    try:
        async with clock:
            return await _Work(model, task, limits, texts).to_the_end()
    except TimeoutError:
        if not clock.expired():
            raise
        return Unfinished(Why.LIMIT, f"the model did not finish within {limits.seconds:g} seconds")
    except _TokensUsedUp:
        return Unfinished(Why.LIMIT, f"the model used up its {limits.total_tokens:,} tokens")
    except ModelUnavailable as error:
        return Unfinished(
            Why.OUTAGE, f"the model did not answer: {error}", retry_after_seconds=error.retry_after_seconds
        )
    except ModelRejected as error:
        return Unfinished(Why.REJECTED, f"the model endpoint refused the request: {error}")
    except ModelContextFull as error:
        return Unfinished(Why.CONTEXT, f"the request does not fit into the model's context window: {error}")
    except BudgetRefused as error:
        return Unfinished(Why.BUDGET, str(error), until=error.until)


class _TokensUsedUp(Exception):
    """The next request would be over the limit."""


class _Work(Generic[T]):
    """One task under way."""

    def __init__(self, model: Model, task: Task[T], limits: AgentLimits, texts: AgentTexts) -> None:
        self._model, self._task, self._limits, self._texts = model, task, limits, texts
        self._history = History(task.messages)
        self._window = Window(context_tokens=limits.context_tokens, output_tokens=limits.output_tokens)
        self._before: frozenset[str] = frozenset()
        self._spent = 0
        self._idle = 0
        self._asked: Counter[str] = Counter()

    async def to_the_end(self) -> Finished[T] | Unfinished:
        """Asks, acts and observes. After the last step there are no tools, and an answer is used or repaired once."""
        repaired = False
        step = 0
        while True:
            step += 1
            last = self._is_last(step)
            said = await self._ask(f"step {step}", last=last)
            if said.stop is StopReason.REFUSED:
                return Unfinished(Why.REFUSED, "the model refused to review this change")
            if said.stop is StopReason.CUT_OFF:
                most = self._limits.output_tokens
                return Unfinished(Why.LIMIT, f"the model's answer was cut off at {most} tokens")
            if said.calls and not last:
                await self._act(said, step)
                continue
            try:
                return Finished(self._task.decode(said.text), step)
            except AnswerInvalid as error:
                if repaired:
                    return Unfinished(Why.UNUSABLE, f"the model's answer was unusable twice: {error}")
                repaired = True
                self._feed_back(said, error)

    def _is_last(self, step: int) -> bool:
        """Whether the model has to answer now: no step is left, nothing new comes of its calls, or tokens run out."""
        return (
            not self._task.tools
            or step >= self._limits.steps
            or self._idle >= MAX_IDLE_STEPS
            or self._left < 2 * self._window.tokens(length(self._request("", last=False))) + self._limits.output_tokens
        )

    @property
    def _left(self) -> int:
        return self._limits.total_tokens - self._spent

    async def _act(self, said: Completion, step: int) -> None:
        acted = await act(
            said,
            self._task.tools,
            step=step,
            before=self._before,
            most_calls=self._limits.calls_per_step,
            most_characters=self._limits.result_characters,
        )
        self._history = self._history.then(*acted.messages)
        self._before |= acted.keys
        self._idle = 0 if acted.ran else self._idle + 1

    def _feed_back(self, said: Completion, error: AnswerInvalid) -> None:
        reason = cut_middle(shown(str(error)), _EXCERPT)
        self._history = self._history.then(
            Message(Role.ASSISTANT, said.text[:_EXCERPT] or "(no answer)"),
            Message(Role.USER, Template(self._texts.repair).substitute(reason=reason)),
        )

    async def _ask(self, name: str, *, last: bool) -> Completion:
        """One answer, with a shorter history when the model's window asks for it. Raises ModelContextFull when the
        history cannot be made shorter.
        """
        refused: ModelContextFull | None = None
        shortest = 0
        while True:
            request = self._request(name, last=last)
            if length(request) > self._window.room:
                await self._compact(beside=length(request) - size(self._history.messages))
                request = self._request(name, last=last)
            if refused is not None and length(request) >= shortest:
                raise refused
            try:
                return await self._complete(request)
            except ModelContextFull as error:
                refused, shortest = error, length(request)
                self._window.refuse(request)

    def _request(self, name: str, *, last: bool) -> ModelRequest:
        messages = self._history.messages
        if last and self._task.tools:
            messages = (*messages, Message(Role.USER, self._texts.last_step))
        return ModelRequest(
            model=self._task.model,
            messages=messages,
            schema=self._task.schema,
            max_output_tokens=self._limits.output_tokens,
            timeout_seconds=self._limits.call_seconds,
            cache_key=self._task.cache_key,
            tools=() if last else tuple(tool.spec for tool in self._task.tools),
            label=f"{self._task.label}, {name}",
        )

    async def _complete(self, request: ModelRequest) -> Completion:
        """Counts what was spent; where the provider does not say, what it must have been. Raises _TokensUsedUp."""
        if self._left < self._window.tokens(length(request)):
            raise _TokensUsedUp
        self._asked[request.label] += 1
        times = self._asked[request.label]
        label = request.label if times == 1 else f"{request.label}, again {times}"  # each call has its own
        completion = await self._model.complete(replace(request, label=label))
        usage = completion.usage
        spent = usage.input_tokens + usage.output_tokens
        if not usage.known:
            spent = max(spent, self._window.tokens(length(request) + len(completion.text)))
        self._spent += spent
        self._window.learn(request, usage)
        return completion

    async def _compact(self, *, beside: int) -> None:
        """`beside`: characters that a request carries beside the history."""
        room = self._window.room - beside
        self._history = await compact(self._history, room=room, kept=self._task.kept(), summarise=self._summarise)
        self._before = frozenset()  # the answers may be gone

    async def _summarise(self, transcript: str, most: int) -> str:
        """The model's notes, or nothing when it has none to give."""
        text = shown(transcript)
        for _ in range(_NOTES_TRIES):
            request = self._notes_request("", most)
            room = self._window.room - length(request)
            request = self._notes_request(cut_middle(text, max(room, _LEAST_TRANSCRIPT)), most)
            try:
                said = await self._complete(request)
            except ModelContextFull:
                self._window.refuse(request)
                continue
            try:
                return decode_notes(said.text) if said.stop is StopReason.COMPLETE else ""
            except AnswerInvalid:
                break
        return ""

    def _notes_request(self, transcript: str, most: int) -> ModelRequest:
        asked = Template(self._texts.compact).substitute(transcript=marked(transcript), most_characters=most)
        request = self._request("summary", last=True)
        return replace(request, messages=(*self._task.messages, Message(Role.USER, asked)), schema=NOTES_SCHEMA)
