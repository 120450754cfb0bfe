"""Who may have what: live permissions, the policy of the base branch, and how much one person may ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.domain.commands.asked import Who
from app.domain.commands.verbs import LEAST, Verb, needed
from app.domain.errors import GitFailed
from app.domain.policy_layers import EffectivePolicy, compose
from app.domain.pull_request import PullRequest
from app.ports import Place
from app.usecases.commands.scene import Parts
from app.usecases.policies import held

MOST_AN_HOUR = 20
"""Wishes of one person on one pull request."""
_HOUR = timedelta(hours=1)

WITHOUT_POLICY = frozenset((Verb.HELP, Verb.STATUS, Verb.CONFIG, Verb.STOP, Verb.PAUSE))
"""What is done although the policy is invalid: nothing comes of it that a policy could want to hold back."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The person may, by this policy. `problems`: what is wrong with it."""

    effective: EffectivePolicy
    problems: tuple[str, ...]
    unread: str = ""
    """Why git does not take the commits, so that nobody knows the policy: the built-in one is in its place."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Asks GitHub at the moment of acting. Who wrote the pull request, or is called a member, gains nothing by that."""

    parts: Parts

    async def may(self, pull: PullRequest, who: Who, verb: Verb) -> Allowed | None:
        """None for a person who may not. Raises what GitHub's being away raises: then nobody knows."""
        place = Place(pull.ref, pull.repository)
        permission = await self.parts.permissions.of(place, who.login, id_=who.id)
        if not permission.at_least(LEAST[verb]):
            return None  # before the repository is asked for its policy: strangers cost one call
        try:
            found = await held(self.parts.ceilings, self.parts.mirrors, pull)
        except GitFailed as error:
            if error.retry:
                raise
            return Allowed(compose(()), (str(error),), unread=str(error))
        enough = permission.at_least(needed(verb, found.effective.policy))
        return Allowed(found.effective, found.problems) if enough else None

    async def count(self, place: Place, who: Who, wish: str) -> int:
        """How many other wishes of this person are younger than an hour; this one is among them from now on."""
        outbox, prefix, now = self.parts.outbox, f"asked:{who.id}:", self.parts.now()
        since = (now - _HOUR).timestamp()
        before = await outbox.finished(place.ref, prefix)
        for write, at in before.items():
            if at < since:
                await outbox.forget(place.ref, write)
        mine = f"{prefix}{wish}"
        others = sum(at >= since for write, at in before.items() if write != mine)
        if others <= MOST_AN_HOUR and mine not in before:
            await outbox.finish(place.ref, mine, int(now.timestamp()))
        return others
