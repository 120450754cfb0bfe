"""One step's tool calls: checked, run side by side, and answered in order with text that is marked as data."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from app.domain.errors import ToolRefused
from app.domain.model import Completion, Message, Role, ToolCall, ToolSpec
from app.domain.shapes import ArgumentsInvalid, decode_arguments
from app.domain.shown import shown
from app.domain.tool_text import cut_middle, marked

NOT_RUN = "not run: "
"""Begins the answer to a call of which no tool heard."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Tool(Protocol):
    """Something a model may do. Calls of one step run at the same time."""

    @property
    def spec(self) -> ToolSpec:
        """What the model is told of it."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether the same call may have another answer later, so that it is worth running again."""
        ...

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Arguments that fit the schema -> what the model reads. Raises ToolRefused, whose text the model reads."""
        ...


@dataclass(frozen=True, slots=True)
class Acted:
    """What one step adds to the history: what the model said, then an answer to each call."""

    messages: tuple[Message, ...]
    ran: int
    """How many calls were run."""
    keys: frozenset[str]
    """What identifies those of them that need not be run again, for `before`."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """A call as the history shows it, with either the tool that runs it or the answer that it has already."""

    call: ToolCall
    tool: Tool | None = None
    arguments: Mapping[str, object] | None = None
    key: str = ""
    answer: str = ""


async def act(
    completion: Completion,
    tools: Sequence[Tool],
    *,
    step: int,
    before: frozenset[str],
    most_calls: int,
    most_characters: int,
) -> Acted:
    """Runs what can be run and says of the rest why not.

    `before`: calls that the history already answers. `most_characters` is for each answer. When the caller is
    cancelled, so is every call.
    """
    by_name = {tool.spec.name: tool for tool in tools}
    planned: list[_Planned] = []
    for number, call in enumerate(_told_apart(completion.calls, step)):
        if number >= most_calls:
            planned.append(_Planned(_harmless(call), answer=f"{NOT_RUN}at most {most_calls} at once"))
            continue
        plan = _plan(call, by_name)
        if plan.key and (plan.key in before or any(plan.key == other.key for other in planned)):
            plan = replace(plan, tool=None, answer=f"{NOT_RUN}this very call was answered before, look there")
        planned.append(plan)
    answers = await _together([_answer(plan, most_characters) for plan in planned])
    said = Message(Role.ASSISTANT, completion.text, calls=tuple(plan.call for plan in planned))
    told = (Message(Role.TOOL, text, call_id=p.call.id) for p, text in zip(planned, answers, strict=True))
    run = [plan for plan in planned if plan.tool]
    return Acted((said, *told), len(run), frozenset(plan.key for plan in run if plan.key))


def _plan(call: ToolCall, tools: Mapping[str, Tool]) -> _Planned:
    tool = tools.get(call.name)
    if tool is None:
        return _Planned(_harmless(call), answer=f"{NOT_RUN}there is no such tool; there are: {', '.join(tools)}")
    try:
        arguments = decode_arguments(call.arguments, tool.spec.parameters)
    except ArgumentsInvalid as error:
        return _Planned(_harmless(call), answer=f"{NOT_RUN}{shown(str(error))}")
    key = "" if tool.repeatable else f"{call.name} {json.dumps(arguments, sort_keys=True)}"
    return _Planned(call, tool, arguments, key)


async def _answer(plan: _Planned, most_characters: int) -> str:
    if plan.tool is None or plan.arguments is None:
        return plan.answer
    try:
        return marked(cut_middle(shown(await plan.tool.call(plan.arguments)), most_characters))
    except ToolRefused as refused:
        return "refused:\n" + marked(cut_middle(shown(str(refused)), most_characters))


async def _together(answers: Iterable[Coroutine[object, object, str]]) -> list[str]:
    """All of them, in order. The first error ends the others before it is passed on, and so does being cancelled."""
    running = [asyncio.ensure_future(answer) for answer in answers]
    try:
        return await asyncio.gather(*running)
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _told_apart(calls: Iterable[ToolCall], step: int) -> list[ToolCall]:
    """The calls with ids of our own, once each in a history: some servers repeat ids or leave them out, and some
    take nothing but nine letters and digits.
    """
    return [replace(call, id=f"c{step % 10_000:04}{number % 10_000:04}") for number, call in enumerate(calls)]


def _harmless(call: ToolCall) -> ToolCall:
    """A call as the history may repeat it: servers refuse a whole request for arguments that are not an object."""
    name = call.name if _NAME.fullmatch(call.name) else "unknown"
    return ToolCall(call.id, name, "{}")
