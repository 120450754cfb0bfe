"""The tool with which a model tells its plan, and how far it is, to the people who wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from app.domain.errors import ToolRefused
from app.domain.fix.plan import MAX_CHARACTERS, MAX_STEPS, Plan, PlanStep, StepState
from app.domain.model import ToolSpec
from app.domain.static_checks import redact_secrets
from app.usecases.tools.specs import text_of, tool_spec

_STEP: Mapping[str, object] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text", "state"],
    "properties": {
        "text": {"type": "string", "description": f"one line of at most {MAX_CHARACTERS} characters"},
        "state": {"type": "string", "enum": [state.value for state in StepState]},
    },
}


class PlanTool:
    """Keeps the newest plan, and passes each that differs on to `hear`."""

    repeatable: ClassVar[bool] = True
    spec: ClassVar[ToolSpec] = tool_spec(
        "plan",
        f"Shows people your plan: all of its steps, at most {MAX_STEPS}, each with its state. Call it again whenever a "
        "step begins or is done.",
        steps={"type": "array", "items": _STEP, "description": "in their order"},
    )

    def __init__(self, hear: Callable[[Plan], Awaitable[None]]) -> None:
        self._hear = hear
        self.plan: Plan | None = None
        """The newest one; None until there is one."""

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for what is no plan; then the one before stands."""
        steps = arguments.get("steps")
        if not isinstance(steps, list):
            raise ToolRefused("steps must be an array")
        try:
            plan = Plan(tuple(map(_step, steps)))
        except ValueError as error:
            raise ToolRefused(f"{error}; send the whole plan again") from error
        if plan != self.plan:
            self.plan = plan
            await self._hear(plan)
        return f"{plan.done} of {len(plan.steps)} steps are done"


def _step(value: object) -> PlanStep:
    if not isinstance(value, Mapping):
        raise ToolRefused("each step must be an object with text and state")
    state = text_of(value, "state")
    if state not in set(StepState):
        raise ToolRefused(f"the state of a step must be one of {', '.join(StepState)}")
    return PlanStep(redact_secrets(text_of(value, "text").strip()), StepState(state))
