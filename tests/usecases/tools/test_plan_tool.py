"""The plan of a fix: what is kept and told, and what is no plan."""

from __future__ import annotations

import pytest

from app.domain.errors import ToolRefused
from app.domain.fix.plan import Plan, PlanStep, StepState
from app.domain.shapes import decode_arguments
from app.usecases.tools.plan import PlanTool

LOOK: dict[str, object] = {"text": "Look at it", "state": "done"}
MEND: dict[str, object] = {"text": "Mend it", "state": "doing"}


class Ear:
    def __init__(self) -> None:
        self.heard: list[Plan] = []

    async def __call__(self, plan: Plan) -> None:
        self.heard.append(plan)


async def test_a_plan_is_kept_and_told_once() -> None:
    ear = Ear()
    tool = PlanTool(ear)
    before = tool.plan

    first = await tool.call({"steps": [LOOK, MEND]})
    again = await tool.call({"steps": [LOOK, MEND]})
    last = await tool.call({"steps": [LOOK, MEND | {"text": " Mend it ", "state": "done"}]})

    plan = Plan((PlanStep("Look at it", StepState.DONE), PlanStep("Mend it", StepState.DOING)))
    done = Plan((PlanStep("Look at it", StepState.DONE), PlanStep("Mend it", StepState.DONE)))
    assert before is None
    assert (first, again, last) == ("1 of 2 steps are done", first, "2 of 2 steps are done")
    assert (ear.heard, tool.plan, done.done) == ([plan, done], done, 2)


NO_PLANS: dict[str, tuple[object, str]] = {
    "no array": ("look, mend", "steps must be an array"),
    "no steps": ([], "a plan has 1 to 12 steps, this one has 0; send the whole plan again"),
    "too many steps": ([LOOK | {"text": str(n)} for n in range(13)], "this one has 13"),
    "a step that is a text": (["look"], "each step must be an object with text and state"),
    "no text": ([{"state": "done"}], "text must be a string"),
    "an empty text": ([LOOK | {"text": "  "}], "a step is one line of 1 to 120 characters"),
    "a long text": ([LOOK | {"text": "x" * 121}], "a step is one line of 1 to 120 characters"),
    "two lines": ([LOOK | {"text": "a\nb"}], "a step is one line"),
    "a hidden character": ([LOOK | {"text": "a\u202eb"}], "a step is one line"),
    "another state": ([LOOK | {"state": "failed"}], "the state of a step must be one of pending, doing, done"),
    "a step twice": ([LOOK, LOOK], "has 'Look at it' 2 times"),
}


@pytest.mark.parametrize(("steps", "words"), NO_PLANS.values(), ids=NO_PLANS)
async def test_what_is_no_plan_changes_nothing(steps: object, words: str) -> None:
    ear = Ear()
    tool = PlanTool(ear)
    await tool.call({"steps": [LOOK]})

    with pytest.raises(ToolRefused, match=words):
        await tool.call({"steps": steps})

    assert [tool.plan] == ear.heard == [Plan((PlanStep("Look at it", StepState.DONE),))]


def test_the_schema_takes_a_plan() -> None:
    arguments = '{"steps": [{"text": "Look at it", "state": "pending"}]}'

    assert decode_arguments(arguments, PlanTool.spec.parameters)
    assert PlanTool.spec.name == "plan"
    assert PlanTool.repeatable
