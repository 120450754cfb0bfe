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
from app.domain.policy_layers import Narrowed, Source
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
    """The one that holds, of all layers."""
    policy_problems: tuple[str, ...]
    """Mistakes in policy files, which are left out as a whole, and in the repository's own rules."""
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
    policy_sources: Mapping[str, tuple[Source, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Where each value of the policy comes from, as `EffectivePolicy` has it."""
    narrowed: tuple[Narrowed, ...] = ()
    """What policy files asked for and did not get."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(change.entry for change in self.changes)

    @property
    def diffs(self) -> Mapping[str, FileDiff]:
        return {c.entry.path: c.diff for c in self.changes if c.diff is not None}
