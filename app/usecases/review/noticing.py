"""Notices what the model server does not take, so that the report can say what the reviewers went without."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.model import Completion, Feature, ModelRequest
from app.ports import Model

_TOLD = (Feature.TOOLS, Feature.SCHEMA)
"""The others cost a reviewer nothing."""


@dataclass(slots=True)
class NoticingModel:
    """Implements ports.Model for one review."""

    model: Model
    _without: set[Feature] = field(default_factory=set, init=False)

    async def complete(self, request: ModelRequest) -> Completion:
        completion = await self.model.complete(request)
        self._without.update(completion.without)
        return completion

    def notes(self) -> tuple[str, ...]:
        """In words for the report; empty when all was taken."""
        return tuple(f"the model server takes no {one.value}" for one in _TOLD if one in self._without)
