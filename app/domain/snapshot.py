"""A pull request frozen at one head, one base and their merge base: all that a review looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from app.domain.content_kinds import ContentKind
from app.domain.diff import FileDiff
from app.domain.entries import Entry
from app.domain.guidelines import Guideline
from app.domain.objects import Change
from app.domain.policy import Policy
from app.domain.pull_request import Sha
from app.domain.rules import Rule
from app.domain.skills import Skill


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`title` and `body` are the author's words: data for the model, never instructions."""

    title: str
    body: str
    head: Sha
    base: Sha
    merge_base: Sha
    policy: Policy
    policy_problems: tuple[str, ...]
    """Mistakes in the base commit's policy file, in place of which the default policy is used, and in its own rules."""
    guidelines: tuple[Guideline, ...]
    changes: tuple[Change, ...]
    kinds: Mapping[str, ContentKind] = field(default_factory=lambda: MappingProxyType({}))
    """Path -> what its content is, for those that are read less closely for it."""
    skills: tuple[Skill, ...] = ()
    """Of the base commit."""
    own_rules: tuple[Rule, ...] = ()
    """The repository's own, from the directories that the policy names in `rules.extra`, at the base commit."""
    linked_guidelines: tuple[str, ...] = ()
    """Paths at which the base commit has a link in place of a guideline: it is not followed, and steers nothing."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(change.entry for change in self.changes)

    @property
    def diffs(self) -> Mapping[str, FileDiff]:
        return {c.entry.path: c.diff for c in self.changes if c.diff is not None}
