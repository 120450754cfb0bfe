"""Turns a snapshot and rules into prompt text: what is sent, in which order, and what did not fit."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Template

from app.domain.diff import FileDiff, LineKind
from app.domain.entries import display_path
from app.domain.guidelines import Guideline
from app.domain.model import Message, Role
from app.domain.objects import Change
from app.domain.rules import Rule
from app.domain.snapshot import Snapshot
from app.domain.static_checks import redact_secrets
from app.domain.visible import visible

MAX_LINE_CHARACTERS = 4_000
"""A longer line is data or minified code; sending a part of it would not be reading it."""

MAX_DESCRIPTION_CHARACTERS = 8_000

_BAR = {LineKind.CONTEXT: " ", LineKind.ADDED: "+", LineKind.REMOVED: "-"}


@dataclass(frozen=True, slots=True)
class PromptTemplates:
    """The texts of app/usecases/prompts/, with `$name` places that must all be filled."""

    review_system: str
    review_user: str
    repair: str


@dataclass(frozen=True, slots=True)
class Packed:
    """The files that go into one prompt, and why each of the others does not."""

    sections: tuple[tuple[str, str], ...]
    """(path, text) in the order they are sent."""
    left_out: Mapping[str, str]
    """path -> reason."""


def shown_path(path: str) -> str:
    """The path as a prompt shows it, which is what an answer repeats."""
    return _shown(display_path(path))


def pack(changes: Iterable[Change], *, max_characters: int) -> Packed:
    """Whole files only, in the given order, until the budget is used; a smaller later file may still fit."""
    sections: list[tuple[str, str]] = []
    left_out: dict[str, str] = {}
    room = max_characters
    changes = tuple(changes)
    names = Counter(shown_path(change.entry.path) for change in changes)
    for change in changes:
        path = change.entry.path
        if names[shown_path(path)] > 1:
            left_out[path] = "its name cannot be told from another one's"
            continue
        if change.diff is None:
            left_out[path] = str(change.not_diffed)
            continue
        longest = max((len(row.text) for hunk in change.diff.hunks for row in hunk.lines), default=0)
        if longest > MAX_LINE_CHARACTERS:
            left_out[path] = f"a line has {longest} characters, over the limit of {MAX_LINE_CHARACTERS}"
            continue
        text = file_section(change, change.diff)
        if len(text) > room:
            left_out[path] = f"over the budget of {max_characters} characters a review"
            continue
        room -= len(text)
        sections.append((path, text))
    return Packed(tuple(sections), left_out)


def file_section(change: Change, diff: FileDiff) -> str:
    """One file's diff with the numbers of the new file left of the bar."""
    entry = change.entry
    modes = ""
    if entry.old is not None and entry.new is not None and entry.old.mode != entry.new.mode:
        modes = f", mode {entry.old.mode} -> {entry.new.mode}"
    rows = [f"=== file: {shown_path(entry.path)} ({entry.status}{modes})"]
    for hunk in diff.hunks:
        rows.append(f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@")
        rows.extend(
            f"{row.new_number if row.new_number is not None else '':>6}|{_BAR[row.kind]}{row.text}"
            for row in hunk.lines
        )
    return _shown("\n".join(rows)) + "\n"


def review_messages(
    templates: PromptTemplates, snapshot: Snapshot, rules: Iterable[Rule], packed: Packed
) -> tuple[Message, ...]:
    """The system part depends on the base commit alone, so that calls of one repository share it as a prefix."""
    system = Template(templates.review_system).substitute(
        rules=_rules_text(rules), guidelines=_guidelines_text(snapshot.policy.review.instructions, snapshot.guidelines)
    )
    description = _description(snapshot.title, snapshot.body)
    diff = "\n".join(text for _, text in packed.sections)
    user = Template(templates.review_user).substitute(
        mark=_mark(description + diff), description=description, diff=diff
    )
    return Message(Role.SYSTEM, system), Message(Role.USER, user)


def _shown(text: str) -> str:
    return visible(redact_secrets(text))


def _mark(data: str) -> str:
    """Marks that the data cannot close early: to contain this word it would have to contain its own hash."""
    return "DATA-" + hashlib.sha256(data.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _description(title: str, body: str) -> str:
    cut = body[:MAX_DESCRIPTION_CHARACTERS]
    if len(body) > len(cut):
        cut += f"\n[{len(body) - len(cut)} more characters not shown]"
    return _shown(f"=== title\n{title}\n=== description\n{cut}\n")


def _rules_text(rules: Iterable[Rule]) -> str:
    return (
        "\n".join(f"## {rule.id} ({rule.severity}): {rule.title}\n{rule.prose.strip()}\n" for rule in rules)
        or "(none)\n"
    )


def _guidelines_text(instructions: str, guidelines: Iterable[Guideline]) -> str:
    parts = [f"## {g.path}\n{_shown(g.text).strip()}\n" for g in guidelines]
    if instructions:
        parts.insert(0, f"## instructions of the policy file\n{_shown(instructions).strip()}\n")
    return "\n".join(parts) or "(none)\n"
