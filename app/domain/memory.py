"""What we remember of a pull request between reviews: what was found, what became of it, and what was covered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.anchors import Anchor
from app.domain.findings import Finding
from app.domain.pull_request import Sha
from app.domain.tiers import Tier


class FindingState(StrEnum):
    OPEN = "open"
    FIXED = "fixed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding of an earlier review, as it was told last, and where it stands in the code."""

    finding: Finding
    anchor: Anchor
    state: FindingState
    since: Sha
    """The head on which it was first found."""
    fixed_by: Sha | None = None
    dismissed_by: str | None = None
    """Of one that is open: whose resolving of its conversation does not dismiss it, as it is, and is to be undone."""
    posted: bool = True
    """Whether it stands as a comment in the diff."""
    reason: str = ""
    """Why somebody dismissed it, in that person's words."""


@dataclass(frozen=True, slots=True)
class EntryMemory:
    """A changed entry of that head. `identity` says what the change to it was, wherever its lines stood."""

    path: str
    identity: str
    tier: Tier
    """As which it was covered; `Tier.SKIP` for one that nobody looked at."""
    reads: tuple[str, ...]
    """Other paths that the reviewer of this entry looked at."""
    defines: tuple[str, ...] = ()
    """The names whose meaning the change to it may have changed, as `incremental.changed_names` says."""


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A review that is on its way to GitHub. When its head is reviewed anew, that is to tell the same once more. So it
    is compared with what the first attempt was compared with: what that one has learned would be nothing new.
    """

    before: PastReview | None
    """The review before it; None for the first one."""


@dataclass(frozen=True, slots=True)
class PastReview:
    """The last finished review. `steering` is a digest of all that steers a review besides the change: policy,
    guidelines, rules, prompts, models. With another one nothing of the coverage is carried over.
    """

    head: Sha
    base: Sha
    merge_base: Sha
    steering: str
    entries: tuple[EntryMemory, ...]
    findings: tuple[KnownFinding, ...]
    """Oldest first: where room is short, the first of those that are closed go first."""
    rounds: int
    """How many heads were reviewed on which something blocked."""
    asked: bool
    """Whether a person was asked how to go on."""
    walkthrough: str = ""
    unpublished: Unpublished | None = None
    """None as soon as GitHub has it all."""

    def seen_at(self, head: Sha) -> PastReview | None:
        """What a review of that head is to be compared with."""
        if self.unpublished is not None and self.head == head:
            return self.unpublished.before
        return replace(self, unpublished=None)
