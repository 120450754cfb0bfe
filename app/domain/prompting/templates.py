"""The texts that prompts are made of, and how data is put into them without becoming instructions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from string import Template

from app.domain.model import Message, Role
from app.domain.shown import data_mark, shown


@dataclass(frozen=True, slots=True)
class PromptTemplates:
    """The files of app/usecases/prompts/ by name, with `$name` places that must all be filled."""

    system: str
    data: str
    review_light: str
    review_standard: str
    review_core: str
    security: str
    across: str
    judge: str
    prove: str


def user_message(template: str, data: Iterable[tuple[str, str]] = (), **places: str) -> Message:
    """A message of the user: our words, and in the place `$data`, between marks, all that others wrote.

    `data` is (heading, text) pairs. Secrets in them are replaced and hidden characters made visible here.
    """
    block = "\n".join(f"=== {heading}\n{shown(text).rstrip()}\n" for heading, text in data)
    return Message(Role.USER, Template(template).substitute(places, **between_marks(block)).rstrip() + "\n")


def between_marks(data: str) -> dict[str, str]:
    """The places `mark` and `data`, which cannot close its marks."""
    mark = data_mark(data)
    return {"mark": mark, "data": f"<<<{mark}\n{data}{mark}>>>"}
