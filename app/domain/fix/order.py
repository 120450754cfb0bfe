"""One wish for a fix, as the text of a note: ids, and no word of anybody's."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.commands.asked import Who
from app.domain.plain_values import from_json, to_json
from app.domain.pull_request import Sha


@dataclass(frozen=True, slots=True)
class FixOrder:
    """Who wants what fixed on which head. Whoever acts on it asks GitHub again: for words, and for what a person may do
    now.
    """

    wish: str
    """Names this one wish; the fix's comment and its memory go by it."""
    head: Sha
    """The head that the person can have seen; a fix of another one is not what was asked for."""
    findings: tuple[str, ...]
    who: Who
    comment: int = 0
    """The comment in which it was said; 0 for a button."""
    thread: int | None = None
    """The first comment of the thread in which it was said."""
    words: bool = False
    """Whether the comment says in words what to fix, beside the findings."""
    again: bool = False
    """Whether the person wants it although a commit of ours was taken back."""
    ci: bool = False
    """Whether it is what makes the checks of others fail, and no finding."""


def encode(order: FixOrder) -> str:
    """One line of JSON; the reverse of `decode`."""
    return to_json(order)


def decode(text: str) -> FixOrder | None:
    """None for what another version wrote."""
    return from_json(FixOrder, text)
