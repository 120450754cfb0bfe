"""A model whose answers outlive the attempt that asked for them: what was paid for once is not asked again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from app.domain.jobs import RowKey
from app.domain.model import Completion, ModelCall, ModelRequest, StopReason
from app.domain.prices import Price, cost_usd
from app.domain.report import ModelUse
from app.domain.runs import added
from app.ports import Answers, Model


@dataclass(slots=True)
class RememberedModel:
    """Implements ports.Model for one row: a review that could not be published finds its answers again.

    Only the very same request finds one, so a changed head, base, policy or prompt asks anew.
    """

    model: Model
    answers: Answers
    row: RowKey
    prices: Mapping[str, Price]
    calls: list[ModelCall] = field(default_factory=list, init=False)
    """What was answered from memory: paid for by an earlier attempt."""

    def uses(self) -> tuple[ModelUse, ...]:
        """The same, summed by model."""
        return added(ModelUse(call.model, 1, call.usage, call.usd) for call in self.calls)

    async def complete(self, request: ModelRequest) -> Completion:
        name = request_digest(request)
        known = await self.answers.recall(self.row, name)
        if known is not None:
            usd = cost_usd(self.prices, request.model, known.usage)
            self.calls.append(ModelCall(request.label, request.model, known.usage, usd, 0.0))
            return known
        completion = await self.model.complete(request)
        if completion.stop is StopReason.COMPLETE:  # the others may turn out better the next time
            await self.answers.keep(self.row, name, completion)
        return completion


def request_digest(request: ModelRequest) -> str:
    """SHA-256 over everything that the answer may depend on, which its name in records and its time limit are not."""
    asked = asdict(replace(request, label="", timeout_seconds=0.0))
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
