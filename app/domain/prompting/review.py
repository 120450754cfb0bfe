"""The messages of passes that look for problems: the files of a group, and what is asked about them."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template

from app.domain.grouping import Group
from app.domain.model import Message, Role
from app.domain.prompting.templates import PromptTemplates, between_marks, user_message
from app.domain.shown import shown, shown_path
from app.domain.snapshot import Snapshot
from app.domain.tiers import Tier

MAX_DESCRIPTION_CHARACTERS = 8_000
MAX_OTHERS = 200
MAX_KNOWN = 50
MAX_KNOWN_CHARACTERS = 300
MAX_SUMMARY_CHARACTERS = 4_000
MAX_NAME_CHARACTERS = 1_000


def data_message(templates: PromptTemplates, group: Group) -> Message:
    """The diffs of a group: the same for every call about it."""
    diffs = "\n".join(section.text for section in group.sections)
    places = {"label": group.label, **between_marks(diffs)}
    return Message(Role.USER, Template(templates.data).substitute(places).rstrip() + "\n")


def review_task(
    templates: PromptTemplates,
    snapshot: Snapshot,
    group: Group,
    *,
    others: tuple[str, ...] = (),
    known: tuple[str, ...] = (),
) -> Message:
    """What to do with a group in its tier, with the author's words.

    `others` are paths that change too and are reviewed elsewhere; `known` tells in a line each of findings that are
    open already, and are to be said again where they still hold: else a changed line would pass for a fixed one.
    """
    by_tier = {Tier.LIGHT: templates.review_light, Tier.CORE: templates.review_core}
    template = by_tier.get(group.tier, templates.review_standard)
    return user_message(template, _context(snapshot, others, known), label=group.label)


def security_task(templates: PromptTemplates, group: Group) -> Message:
    """A look without any word of the author's, who may have framed the change: only the group's place is told."""
    return Message(Role.USER, Template(templates.security).substitute(label=group.label).rstrip() + "\n")


def across_task(templates: PromptTemplates, summaries: tuple[tuple[str, str], ...]) -> Message:
    """A look at what the groups' reviews said, as (label with paths, summary) pairs: nothing else is sent again."""
    told = [
        (f"group {shown_path(name[:MAX_NAME_CHARACTERS])}", _quoted(_cut(text, MAX_SUMMARY_CHARACTERS)))
        for name, text in summaries
    ]
    return user_message(templates.across, told)


def _context(snapshot: Snapshot, others: tuple[str, ...], known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield "title", _quoted(snapshot.title)
    yield "description", _quoted(_cut(snapshot.body, MAX_DESCRIPTION_CHARACTERS)) if snapshot.body else "(empty)"
    if others:
        yield "files that change too", _listed((shown_path(path) for path in others), len(others), MAX_OTHERS)
    if known:
        lines = (" ".join(line.split())[:MAX_KNOWN_CHARACTERS] for line in known)
        yield "open findings", _listed(lines, len(known), MAX_KNOWN)


def _quoted(text: str) -> str:
    """No line of it can pass for a heading of ours. Secrets go first: some go over many lines."""
    return "\n".join(f"> {line}" for line in shown(text).split("\n"))


def _listed(lines: Iterator[str], count: int, most: int) -> str:
    told = [f"- {line}" for _, line in zip(range(most), lines, strict=False)]
    return "\n".join([*told, f"and {count - most} more"] if count > most else told)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\n[{len(text) - most} more characters are not shown]"
