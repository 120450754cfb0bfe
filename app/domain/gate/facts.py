"""What the gate has to know of a pull request and of people. Whatever is missing counts against an approval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.entries import Entry, Side
from app.domain.gate.requirements import Eligible
from app.domain.pull_request import Sha
from app.domain.threads import Permission


@dataclass(frozen=True, slots=True)
class CoreChange:
    """What became of a path, to the object and the mode: the same before and after a push that leaves it alone."""

    path: str
    old: Side | None
    new: Side | None

    @staticmethod
    def of(entry: Entry) -> CoreChange:
        return CoreChange(entry.path, entry.old, entry.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """How things stand right now."""

    head: Sha
    author: int | None
    """Of the pull request; None when the account is gone."""
    committers: frozenset[int] = frozenset()
    """Authors, committers and co-authors of its commits."""
    requesters: frozenset[int] = frozenset()
    """Who asked for a commit of the bot in it."""
    permissions: Mapping[int, Permission]
    """Live; who is missing has none."""
    user_ids: Mapping[str, int]
    """Folded login -> id of the account that has it now; a missing one is unknown. Further people who may write can be
    asked where anyone may approve."""
    team_members: Mapping[str, frozenset[int]]
    """Folded `organisation/slug` -> ids; a missing one could not be read."""
    seen: Mapping[Sha, frozenset[CoreChange]]
    """What had become of core paths, or of all, at each commit that was reviewed; a missing one cannot be read now."""
    commits_complete: bool
    """Whether all commits were read for `committers`."""
    retargeted_at: datetime | None = None
    """When its base branch was last exchanged for another one: what was approved before was another change."""

    def may_write(self, person: int) -> bool:
        return self.permissions.get(person, Permission.NONE).at_least(Permission.WRITE)

    def made_it(self, person: int) -> bool:
        """Whether the person made or ordered the change, and so cannot approve it."""
        return person == self.author or person in self.committers or person in self.requesters

    def is_among(self, person: int, who: Eligible) -> bool:
        return who.anyone or person in self.named(who)

    def named(self, who: Eligible) -> frozenset[int]:
        """The ids behind the users and teams that are named; none for anyone."""
        users = frozenset(self.user_ids[login] for login in who.users if login in self.user_ids)
        return users.union(*(self.team_members.get(team, frozenset()) for team in who.teams))

    def unread_teams(self, who: Eligible) -> tuple[str, ...]:
        """Teams that are named and could not be read, sorted."""
        return tuple(sorted(team for team in who.teams if team not in self.team_members))
