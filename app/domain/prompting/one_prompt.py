"""A whole change as one prompt for one model, for as long as a review is one pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.grouping import Group, group
from app.domain.model import Message
from app.domain.objects import Change
from app.domain.prompting.review import data_message, review_task
from app.domain.prompting.system import system_message
from app.domain.prompting.templates import PromptTemplates
from app.domain.rules import Rule
from app.domain.sections import Section
from app.domain.snapshot import Snapshot
from app.domain.tiers import Tier


@dataclass(frozen=True, slots=True)
class Packed:
    """The files that go into one prompt, and why each of the others does not."""

    sections: tuple[tuple[str, str], ...]
    """(path, text) in the order they are sent."""
    left_out: Mapping[str, str]
    """path -> reason."""


def pack(changes: Iterable[Change], *, max_characters: int) -> Packed:
    """The first group of all that is there."""
    known = tuple(changes)
    tiers = {change.entry.path: Tier.STANDARD for change in known}
    grouped = group(known, tiers, max_characters=max_characters, max_groups=1)
    sections = tuple((section.path, section.text) for one in grouped.groups for section in one.sections)
    over = f"over the budget of {max_characters} characters a review"
    left_out = {path: over if "budget" in reason else reason for path, reason in grouped.left_out.items()}
    return Packed(sections, left_out)


def review_messages(
    templates: PromptTemplates, snapshot: Snapshot, rules: Iterable[Rule], packed: Packed
) -> tuple[Message, ...]:
    """The system message, the data, the task."""
    sections = tuple(Section(path, text) for path, text in packed.sections)
    one = Group(1, 1, Tier.STANDARD, sections)
    return (
        system_message(templates, snapshot, rules),
        data_message(templates, one),
        review_task(templates, snapshot, one),
    )
