"""What becomes of a commit that is pushed, and which words of GitHub mean what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.entries import Entry
from app.domain.pull_request import Sha


@dataclass(frozen=True, slots=True)
class Drafted:
    """A commit of ours that lies in the mirror, and that nobody else has seen yet."""

    commit: Sha
    base: Sha
    """Its only parent."""
    tree: Sha
    changed: tuple[Entry, ...]
    """In git's order; never empty."""


class PushState(StrEnum):
    """How a push ended."""

    PUSHED = "pushed"
    """The branch is at the new commit, by this push or by an earlier one."""
    MOVED = "moved"
    """The branch is somewhere else, or gone; nothing was changed."""
    REFUSED = "refused"
    """GitHub would refuse it again; nothing was changed."""


class PushRefusal(StrEnum):
    """Why a push was refused, in words."""

    PROTECTED = "the branch is protected"
    """By branch protection or by a rule set."""
    WORKFLOW = "it touches a workflow"
    PERMISSION = "there is no permission to push there"
    HOOK = "a hook of the server declined it"
    OTHER = "the server declined it"


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """What is known for sure after a push. Where nothing is known for sure, there is an error instead."""

    state: PushState
    why: PushRefusal | None = None
    """Of a refusal."""
    words: str = ""
    """The server's own, one line, escaped and without secrets; data as all else that comes from outside."""
    at: Sha | None = None
    """Where the branch is now; None when it is gone, and of a refusal when it may not be seen."""

    @property
    def told(self) -> str:
        """Of a refusal: what it was, and the server's words."""
        return ". ".join(part for part in (self.why, self.words) if part)


_MEANINGS = (
    (PushRefusal.WORKFLOW, ("refusing to allow", "`workflow")),
    (PushRefusal.PROTECTED, ("protected branch", "protected ref", "rule violations", "gh006", "gh013")),
    (
        PushRefusal.PERMISSION,
        ("permission denied", "permission to", "denied to", "not granted", "read-only", "archived", "hidden ref"),
    ),
    (PushRefusal.HOOK, ("hook declined", "push declined")),
)
# What the server says when the ref was not where it had to be at that moment, which a look at the branch explains.
_ABOUT_THE_REF = ("lock", "failed to update ref", "old value", "already exists", "non-fast-forward", "stale")


def refusal(words: str) -> PushRefusal | None:
    """What the server's reason for one ref means; None where it is about where the ref was, or where it gave none."""
    folded = words.lower()
    for meaning, fragments in _MEANINGS:
        if any(fragment in folded for fragment in fragments):
            return meaning
    if folded == "" or any(fragment in folded for fragment in _ABOUT_THE_REF):
        return None
    return PushRefusal.OTHER
