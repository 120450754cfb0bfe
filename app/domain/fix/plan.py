"""The plan of a fix as its model tells it: a few short steps, and how far each of them is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

MAX_STEPS = 12
MAX_CHARACTERS = 120
"""Of the text of a step."""


class StepState(StrEnum):
    """How far a step is."""

    PENDING = "pending"
    DOING = "doing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class PlanStep:
    """`text` is a model's: it is shown to people like anything else that a model wrote. ValueError for no such text."""

    text: str
    state: StepState = StepState.PENDING

    def __post_init__(self) -> None:
        if not self.text.strip() or not self.text.isprintable() or len(self.text) > MAX_CHARACTERS:
            raise ValueError(f"a step is one line of 1 to {MAX_CHARACTERS} characters")


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in their order. ValueError for none, for too many, and for two of the same text."""

    steps: tuple[PlanStep, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MAX_STEPS:
            raise ValueError(f"a plan has 1 to {MAX_STEPS} steps, this one has {len(self.steps)}")
        text, times = Counter(step.text.strip() for step in self.steps).most_common(1)[0]
        if times > 1:
            raise ValueError(f"a plan has each step once, and this one has {text!r} {times} times")

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(step.state is StepState.DONE for step in self.steps)
