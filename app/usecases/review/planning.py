"""What a review is going to do: the tier of each entry, what earlier reviews covered, and the groups to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.coverage import Coverage, Reviewed, Unreviewed
from app.domain.entries import Kind
from app.domain.grouping import Group, group
from app.domain.identity import identity
from app.domain.incremental import Carry, carry, changed_names, mentioned_names
from app.domain.memory import PastReview
from app.domain.objects import Change, NotDiffed
from app.domain.snapshot import Snapshot
from app.domain.tiers import Tier, TierChoice, tier_of
from app.usecases.review.crew import ModelChoice


@dataclass(frozen=True, slots=True)
class Plan:
    """`groups` are what reviewers get, core first; `covered` is what is known before any of them begins."""

    tiers: Mapping[str, TierChoice]
    identities: Mapping[str, str]
    defines: Mapping[str, frozenset[str]]
    carry: Carry
    groups: tuple[Group, ...]
    covered: Mapping[str, Coverage]

    @property
    def looked_at(self) -> frozenset[str]:
        return frozenset(path for one in self.groups for path in one.paths)

    @property
    def groups_of(self) -> Mapping[str, tuple[Group, ...]]:
        """The groups that hold a path, each at least a part of its diff."""
        found: dict[str, tuple[Group, ...]] = {}
        for one in self.groups:
            for path in one.paths:
                found[path] = (*found.get(path, ()), one)
        return found

    @property
    def tier_of(self) -> Mapping[str, Tier]:
        return {path: choice.tier for path, choice in self.tiers.items()}

    @property
    def highest(self) -> Tier:
        """Of all entries."""
        return max((choice.tier for choice in self.tiers.values()), default=Tier.SKIP)

    @property
    def core(self) -> frozenset[str]:
        return frozenset(path for path, choice in self.tiers.items() if choice.tier is Tier.CORE)


def make_plan(
    snapshot: Snapshot, past: PastReview | None, steering: str, choice: ModelChoice | None, *, no_model: str
) -> Plan:
    """Every entry that is not skipped is in a group, or `covered` says why not or since when."""
    choices = {change.entry.path: _tier(change, snapshot) for change in snapshot.changes}
    tiers = {path: chosen.tier for path, chosen in choices.items()}
    identities = {change.entry.path: identity(change) for change in snapshot.changes}
    defines = {c.entry.path: changed_names(c.entry.path, c.diff, (), ()) for c in snapshot.changes}
    mentions = {c.entry.path: mentioned_names(c.diff) for c in snapshot.changes}
    carried = carry(past, steering, identities, tiers=tiers, mentions=mentions, defines=defines)
    covered: dict[str, Coverage] = {path: Reviewed(memory.tier) for path, memory in carried.kept.items()}
    wanted = [c for c in snapshot.changes if tiers[c.entry.path] is not Tier.SKIP and c.entry.path not in carried.kept]
    if choice is None:
        unseen = Unreviewed(f"{no_model}, so AI did not look at it")
        return Plan(choices, identities, defines, carried, (), covered | {c.entry.path: unseen for c in wanted})
    grouped = group(wanted, tiers, max_characters=choice.group_characters, max_groups=choice.max_groups)
    covered |= {path: Unreviewed(reason) for path, reason in grouped.left_out.items()}
    return Plan(choices, identities, defines, carried, grouped.groups, covered)


def _tier(change: Change, snapshot: Snapshot) -> TierChoice:
    """Our own exclusion of pictures, fonts and sound is by name; text under such a name is read all the same."""
    path = change.entry.path
    choice = tier_of(path, snapshot.policy, snapshot.kinds.get(path))
    new = change.entry.new
    plain = change.not_diffed is NotDiffed.BINARY and (new is None or new.kind is Kind.FILE)
    if choice.by_media_name and not plain:
        return TierChoice(Tier.STANDARD, "no binary file under a media name (built-in)")
    return choice
