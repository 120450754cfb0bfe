"""What an answer amounts to, decided alike for both APIs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.adapters.llm import calls
from app.adapters.llm.calls import RawCall
from app.adapters.llm.dialect import Dialect
from app.adapters.llm.failures import ErrorDetail, Failure, Remedy, context_is_full, excerpt
from app.domain.model import Completion, ModelRequest, StopReason, Usage


@dataclass(frozen=True, slots=True)
class Said:
    """One answer as its API told it. `ended` is what the API says of the end alone."""

    text: str
    refusal: str
    calls: Iterable[RawCall]
    ended: StopReason
    usage: Usage
    model: str


def outcome(said: Said, request: ModelRequest, dialect: Dialect) -> Completion | Failure:
    """The completion, or the failure that an answer without anything in it is.

    Calls that nobody offered are left out, and those of an answer that was cut off: the last may be half. The server is
    well all the same: an answer of nothing else is an empty one, of which the model can be told.
    """
    model = said.model or request.model
    if said.refusal or said.ended is StopReason.REFUSED:
        return Completion(said.refusal or said.text, StopReason.REFUSED, said.usage, model)
    if said.ended is StopReason.CUT_OFF:
        return Completion(said.text, StopReason.CUT_OFF, said.usage, model)
    called = tuple(said.calls)
    wanted = calls.read(called, request) if request.tools and dialect.tools else ()
    if not said.text.strip() and not called:
        return Failure("The model server's answer is empty", usage=said.usage)
    return Completion(said.text, StopReason.COMPLETE, said.usage, model, wanted)


def error_inside(detail: ErrorDetail, usage: Usage, *, remedy: Remedy, key: str) -> Failure:
    """The failure that a 200 with an error in it is."""
    told = excerpt(detail.message or detail.code, key=key)
    shown = Remedy.SHORTEN if context_is_full(detail) else remedy
    return Failure(f"The model server sent an error instead of an answer: {told}", shown, usage=usage)
