"""A model whose answers outlive the attempt that asked for them: what was paid for once is not asked again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field

from app.domain.errors import RevwrightError
from app.domain.jobs import RowKey
from app.domain.model import Completion, ModelRequest, StopReason
from app.ports import Answers, Model


@dataclass(slots=True)
class RememberedModel:
    """Implements ports.Model for one row: a review that could not be published finds its answers again.

    Only the very same request finds one, so a changed head, base, policy or prompt asks anew.
    """

    model: Model
    answers: Answers
    row: RowKey
    asked: int = field(default=0, init=False)
    """How many answers were asked for in this attempt."""
    under_way: str = field(default="", init=False)
    """The name of the model that is being asked."""

    async def complete(self, request: ModelRequest) -> Completion:
        name = request_digest(request)
        known = await self.answers.recall(self.row, name)
        if known is not None:
            return known
        self.asked += 1
        self.under_way = request.model
        try:
            completion = await self.model.complete(request)
        except RevwrightError:  # it was answered, if only with no; whoever is cancelled here leaves it under way
            self.under_way = ""
            raise
        self.under_way = ""
        if completion.stop is StopReason.COMPLETE:  # the others may turn out better the next time
            await self.answers.keep(self.row, name, completion)
        return completion


def request_digest(request: ModelRequest) -> str:
    """SHA-256 over everything that the answer may depend on."""
    return hashlib.sha256(json.dumps(asdict(request), sort_keys=True).encode()).hexdigest()
