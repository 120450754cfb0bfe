"""What a model server does not take is told once, and what costs a reviewer nothing is not told."""

from __future__ import annotations

from dataclasses import replace

from app.domain.answers import REVIEW_SCHEMA
from app.domain.model import Completion, Feature, ModelRequest, StopReason, Usage
from app.usecases.review.noticing import NoticingModel

REQUEST = ModelRequest(model="m", messages=(), schema=REVIEW_SCHEMA, max_output_tokens=1, timeout_seconds=1.0)


class Lacking:
    """Takes no features of these."""

    def __init__(self, *without: Feature) -> None:
        self._answer = Completion("{}", StopReason.COMPLETE, Usage.none(), "m", without=frozenset(without))

    async def complete(self, request: ModelRequest) -> Completion:
        return replace(self._answer, model=request.model)


async def test_what_a_server_does_not_take_is_told_once() -> None:
    model = NoticingModel(Lacking(Feature.TOOLS, Feature.CALLS))

    for _ in range(2):
        assert (await model.complete(REQUEST)).model == "m"

    assert model.notes() == ("the model server takes no tools",)


async def test_a_server_that_takes_everything_is_not_spoken_of() -> None:
    model = NoticingModel(Lacking())
    await model.complete(REQUEST)

    assert model.notes() == ()
