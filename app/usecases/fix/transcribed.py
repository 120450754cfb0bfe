"""A model and tools of which everything that they are told and say stands in the transcript."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from app.domain.errors import BudgetRefused, ModelFailed, ToolRefused
from app.domain.model import Completion, Message, ModelRequest, Role, StopReason, ToolCall, ToolSpec
from app.domain.transcript import EntryKind
from app.ports import Model
from app.usecases.fix.scribe import Scribe
from app.usecases.tool_calls import NOT_RUN, Tool

_ASKED = 100


@dataclass(slots=True)
class TranscribedModel:
    """Implements ports.Model over another one.

    Of a request it keeps what was not told before. Not what the model said itself, which is a reply; nor what tools
    that ran have answered, which `TranscribedTool` keeps when they do.
    """

    model: Model
    scribe: Scribe
    _told: Counter[Message] = field(default_factory=Counter, init=False)
    """How often each message stood in one request."""

    async def complete(self, request: ModelRequest) -> Completion:
        keep = self.scribe.keep
        if new := self._new(request.messages):
            tools = ", ".join(tool.name for tool in request.tools) or "none"
            texts = "\n\n".join(f"[{message.role}]\n{message.text}" for message in new)
            await keep(EntryKind.TOLD, request.label, texts, note=f"to the model {request.model}; tools: {tools}")
        try:
            completion = await self.model.complete(request)
        except (ModelFailed, BudgetRefused) as error:
            await keep(EntryKind.REPLY, request.label, "", note=f"there is no answer: {error}")
            raise
        await keep(EntryKind.REPLY, request.label, reply_text(completion), note=_heading(completion))
        return completion

    def _new(self, messages: Iterable[Message]) -> list[Message]:
        new, here = [], Counter[Message]()
        for message in filter(_is_told, messages):
            here[message] += 1
            if here[message] > self._told[message]:
                new.append(message)
        self._told |= here
        return new


@dataclass(frozen=True, slots=True)
class TranscribedTool:
    """Implements usecases.tool_calls.Tool; all but the transcript is the other one's."""

    tool: Tool
    scribe: Scribe

    @property
    def spec(self) -> ToolSpec:
        return self.tool.spec

    @property
    def repeatable(self) -> bool:
        return self.tool.repeatable

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused."""
        asked = json.dumps(dict(arguments), ensure_ascii=False)
        step = f"{self.spec.name} {asked if len(asked) <= _ASKED else f'{asked[:_ASKED]}…'}"
        try:
            answer = await self.tool.call(arguments)
        except ToolRefused as refused:
            await self.scribe.keep(EntryKind.TOOL, step, str(refused), note="refused")
            raise
        await self.scribe.keep(EntryKind.TOOL, step, answer)
        return answer


def reply_text(completion: Completion) -> str:
    """What a model said, then its calls with their arguments, in which long texts stand line by line."""
    told = [completion.text.strip()] if completion.text.strip() else []
    return "\n\n".join([*told, *("\n".join(_call(call)) for call in completion.calls)])


def _call(call: ToolCall) -> Iterator[str]:
    yield f"[calls {call.name}]"
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        yield call.arguments
        return
    for name, value in arguments.items():
        text = value.rstrip("\n") if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield f"{name}:\n{text}" if "\n" in text else f"{name}: {text}"


def _heading(completion: Completion) -> str:
    usage = completion.usage
    tokens = f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out" if usage.known else "tokens not reported"
    end = "" if completion.stop is StopReason.COMPLETE else f"; {completion.stop}"
    return f"by {completion.model}; {tokens}{end}"


def _is_told(message: Message) -> bool:
    if message.role is Role.TOOL:
        return message.text.startswith(NOT_RUN)
    return message.role is not Role.ASSISTANT
