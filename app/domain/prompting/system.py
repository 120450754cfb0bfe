"""The first message of every call: our instructions, and the rules, guidelines and skills of the base commit."""

from __future__ import annotations

from collections.abc import Iterable
from string import Template

from app.domain.guidelines import AGENTS, Guideline
from app.domain.model import Message, Role
from app.domain.prompting.templates import PromptTemplates
from app.domain.rules import Rule
from app.domain.shown import shown, shown_path
from app.domain.skills import Skill
from app.domain.snapshot import Snapshot

_NONE = "(none)\n"
_LISTED = "=== rules of which plain cases are found without you: report those that no look at one line finds"


def system_message(
    templates: PromptTemplates, snapshot: Snapshot, rules: Iterable[Rule], titles: Iterable[Rule] = ()
) -> Message:
    """No word of the head is in it: what changes only chooses among the rules. So all calls of a run begin alike, and
    so do most runs of a repository. `titles` are rules of which a line is enough.
    """
    text = Template(templates.system).substitute(
        rules=_rules(rules, titles),
        guidelines=guidelines_words(snapshot.policy.review.instructions, snapshot.guidelines),
        skills=_skills(snapshot.skills),
    )
    return Message(Role.SYSTEM, text)


def _rules(rules: Iterable[Rule], titles: Iterable[Rule]) -> str:
    parts = [f"{_heading(rule)}\n{rule.prose.strip()}\n" for rule in rules]
    if listed := "".join(f"- {rule.id} ({rule.severity}): {rule.title}\n" for rule in titles):
        parts.append(f"{_LISTED}\n{listed}")
    return "\n".join(parts) or _NONE


def _heading(rule: Rule) -> str:
    return f"=== rule {rule.id} ({rule.severity}): {rule.title}"


def guidelines_words(instructions: str, guidelines: Iterable[Guideline]) -> str:
    """The policy's `review.instructions`, then each guideline with what it counts for."""
    parts = [_guideline(guideline) for guideline in guidelines]
    if instructions:
        parts.insert(0, f"=== review.instructions of the policy file, for all files\n{shown(instructions).strip()}\n")
    return "\n".join(parts) or _NONE


def _guideline(guideline: Guideline) -> str:
    cut = f"[{guideline.cut_bytes} more bytes of this file are not shown]\n" if guideline.cut_bytes else ""
    return f"=== {shown_path(guideline.path)}, for {_scope(guideline.path)}\n{shown(guideline.text).strip()}\n{cut}"


def _scope(path: str) -> str:
    """An AGENTS.md counts for its directory, everything else for the whole repository."""
    directory = path.rpartition("/")[0]
    return f"files below {shown_path(directory)}/" if directory and path.endswith(f"/{AGENTS}") else "all files"


def _skills(skills: Iterable[Skill]) -> str:
    listed = (f"- {shown(s.name)} ({shown_path(s.path)}): {shown(s.description)}\n" for s in skills)
    return "".join(listed) or _NONE
