"""What is remembered of the fixes of a pull request: what was pushed, for whom, and whether fixing is off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.objects import Blob
from app.domain.pull_request import Sha

MAX_ROUNDS = 50
"""Of one pull request; of more, the oldest are forgotten."""
MAX_REQUESTERS = 200
"""So many people are remembered when their rounds are forgotten, or settled."""


class RoundState(StrEnum):
    PUSHING = "pushing"
    """The commit is made and may be on GitHub: nobody makes another one for this wish."""
    PUSHED = "pushed"
    """GitHub has it, and the report may be missing yet."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class FixRound:
    """One wish that was worked on. `report` is what to say as soon as the push is known to have happened."""

    wish: str
    head: Sha
    state: RoundState
    requester: int
    """The numeric id of the account that asked for it."""
    findings: tuple[str, ...] = ()
    branch: str = ""
    """Where the commit goes."""
    onto: str = ""
    """The pull request's own branch, where the commit goes to a new one and gets a pull request onto it."""
    message: str = ""
    """Of the commit."""
    by_github: bool = False
    """Whether GitHub makes the commit; `commit` is the drafted one until it has."""
    tree: Sha | None = None
    """What the commit has to have in it."""
    commit: Sha | None = None
    """None where nothing was pushed."""
    paths: tuple[str, ...] = ()
    """What the commit changes; without one, what stays changed in the workspace."""
    report: str = ""
    shown: str = ""
    """What people call the branch, where it is in a fork."""
    base_ref: str = ""
    """The base branch of the pull request when the commit was allowed."""
    policy: str = ""
    """A digest of the policy that allowed it."""
    wanted: str = ""
    """The digest of what was wanted, by `digest_of`; what an older version kept has none, and is handed to nobody."""


@dataclass(frozen=True, slots=True)
class FixMemory:
    """All rounds, oldest first. `off`: a commit of ours was taken back, and nobody has said `--again` since."""

    rounds: tuple[FixRound, ...] = ()
    off: bool = False
    settled: tuple[int, ...] = ()
    """Who asked for commits that no round has any more, oldest first."""

    def of(self, wish: str) -> FixRound | None:
        return next((one for one in self.rounds if one.wish == wish), None)

    def having(self, changed: FixRound) -> FixMemory:
        """With this round as it is now, in its place or as the newest one."""
        if self.of(changed.wish) is None:
            rounds = (*self.rounds, changed)
            return replace(self._settling(rounds[:-MAX_ROUNDS]), rounds=rounds[-MAX_ROUNDS:])
        return replace(self, rounds=tuple(changed if one.wish == changed.wish else one for one in self.rounds))

    def on_again(self) -> FixMemory:
        """After somebody said so: what was pushed before is settled, and taken back no more."""
        rounds = tuple(replace(one, commit=None) for one in self.rounds)
        return replace(self._settling(self.rounds), rounds=rounds, off=False)

    def left_at(self, head: Sha, *, requester: int, wanted: str) -> tuple[str, ...]:
        """What the newest round changed in its workspace, where it was on this head and nothing was pushed. Nothing for
        another person or another wish: it would become part of a commit that the one before did not ask for.
        """
        last = self.rounds[-1] if self.rounds else None
        if last is None or last.commit is not None:
            return ()
        return last.paths if (last.head, last.requester, last.wanted) == (head, requester, wanted) else ()

    def with_nothing_left(self) -> FixMemory:
        """After the workspace was given to somebody else, or is about to be."""
        return replace(self, rounds=tuple(one if one.commit else replace(one, paths=()) for one in self.rounds))

    def _settling(self, rounds: Iterable[FixRound]) -> FixMemory:
        asked = dict.fromkeys((*self.settled, *(one.requester for one in rounds if one.commit)))
        return replace(self, settled=tuple(asked)[-MAX_REQUESTERS:])

    @property
    def requesters(self) -> frozenset[int]:
        """Who asked for a commit that is on GitHub, was there, or may be: also where a squash made another one of it
        that says nothing of them.
        """
        return frozenset((*self.settled, *(one.requester for one in self.rounds if one.commit)))

    @property
    def attempts(self) -> int:
        """How many wishes were worked on, whatever came of them."""
        return len(self.rounds)

    @property
    def delivered(self) -> tuple[FixRound, ...]:
        """The rounds that brought a commit to GitHub, newest first."""
        return tuple(one for one in reversed(self.rounds) if one.commit and one.state is not RoundState.PUSHING)


def digest_of(findings: Iterable[str], words: str) -> str:
    """Tells wishes apart by what they want, whoever has them: the same findings, and word for word the same words."""
    return hashlib.sha256(json.dumps([sorted(set(findings)), words]).encode()).hexdigest()


def taken_back(paths: Iterable[str], before: Mapping[str, Blob], now: Mapping[str, Blob]) -> bool:
    """Whether one of the files that a commit of ours changed has again the content that it had before, or is again not
    there. Who returned it may have meant something else; that is for a maintainer to say.
    """
    return any(_content(before.get(path)) == _content(now.get(path)) for path in paths)


def _content(blob: Blob | None) -> tuple[bytes, int] | None:
    return None if blob is None else (blob.text_bytes, blob.size)
