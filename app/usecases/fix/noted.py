"""Tools whose calls stand in the run's record: what was asked of them, and how their answer begins."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from app.domain.errors import ToolRefused
from app.domain.model import ToolSpec
from app.usecases.tool_calls import Tool

_ASKED, _ANSWERED = 400, 400


@dataclass(frozen=True, slots=True)
class Noted:
    """Implements usecases.tool_calls.Tool; all but the noting is the other one's."""

    tool: Tool
    note: Callable[[str], Awaitable[None]]

    @property
    def spec(self) -> ToolSpec:
        return self.tool.spec

    @property
    def repeatable(self) -> bool:
        return self.tool.repeatable

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused."""
        asked = f"{self.spec.name} {json.dumps(dict(arguments), ensure_ascii=False)[:_ASKED]}"
        try:
            answer = await self.tool.call(arguments)
        except ToolRefused as refused:
            await self.note(f"{asked}: refused: {str(refused)[:_ANSWERED]}")
            raise
        await self.note(f"{asked}: {answer[:_ANSWERED]}")
        return answer
