"""The buttons of a check run: what they say, and which command each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.domain.commands.verbs import Verb


class Button(StrEnum):
    """The words by which GitHub tells us of them."""

    FIX = "fix"
    REVIEW = "review"
    HUMAN = "human"


@dataclass(frozen=True, slots=True)
class CheckAction:
    """GitHub takes at most three, with 20 characters of label and identifier and 40 of description."""

    identifier: Button
    label: str
    description: str


AUTHORITY: Mapping[Button, Verb] = MappingProxyType(
    {Button.FIX: Verb.FIX, Button.REVIEW: Verb.REVIEW, Button.HUMAN: Verb.REVIEW}
)
"""Who may press it: whoever may say this."""

FIX_THESE = CheckAction(Button.FIX, "Fix these", "Fix what blocks, in a verified commit")
RE_REVIEW = CheckAction(Button.REVIEW, "Re-review", "Look at this head again")
ASK_A_HUMAN = CheckAction(Button.HUMAN, "Ask a human", "Say who can decide, in a comment")


def button_of(identifier: str) -> Button | None:
    """The button; "Re-run" (nothing) is the one that reviews again. None for what this version does not know."""
    if not identifier:
        return Button.REVIEW
    return Button(identifier) if identifier in set(Button) else None
