"""Asking a model for structured text: one repair turn on an unusable answer, and every token counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from string import Template
from typing import Generic, TypeVar

from app.domain.answers import AnswerInvalid
from app.domain.errors import ModelRejected, ModelUnavailable
from app.domain.model import Message, ModelRequest, Role, StopReason, Usage
from app.domain.prompting import PromptTemplates
from app.ports import Model

T = TypeVar("T")

_EXCERPT = 4_000


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    value: T
    usage: Usage
    calls: int


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why there is none, in words for the check; the tokens were spent all the same."""

    reason: str
    usage: Usage
    calls: int


async def ask(
    model: Model, request: ModelRequest, decode: Callable[[str], T], templates: PromptTemplates
) -> Answered[T] | NoAnswer:
    """Calls the model, decodes, and on an unusable answer tells it why and asks once more."""
    usage = Usage.none()
    for call in (1, 2):
        try:
            completion = await model.complete(request)
        except ModelUnavailable as error:
            return NoAnswer(f"the model did not answer: {error}", usage + error.usage, call)
        except ModelRejected as error:
            return NoAnswer(f"the model endpoint refused the request: {error}", usage, call)
        usage += completion.usage
        if completion.stop is StopReason.REFUSED:
            return NoAnswer("the model refused to review this change", usage, call)
        if completion.stop is StopReason.CUT_OFF:
            return NoAnswer(f"the model's answer was cut off at {request.max_output_tokens} tokens", usage, call)
        try:
            return Answered(decode(completion.text), usage, call)
        except AnswerInvalid as error:
            reason = str(error)
            repair = Template(templates.repair).substitute(reason=reason)
            request = replace(
                request,
                messages=(
                    *request.messages,
                    Message(Role.ASSISTANT, completion.text[:_EXCERPT]),
                    Message(Role.USER, repair),
                ),
            )
    return NoAnswer(f"the model's answer was unusable twice: {reason}", usage, 2)
