"""Whom to ask for the approvals that are missing: as few people as will do, those with the least to review first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.domain.gate.decision import GateDecision, RequirementState, Why
from app.domain.gate.facts import Facts
from app.domain.gate.requirements import Requirement

_AT_IT = frozenset({Why.CHANGES_REQUESTED, Why.COMMENTED})
"""Who said this knows of the pull request and is waiting for others or for themselves."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose review is requested already: folded logins, and teams as folded `organisation/slug`."""

    users: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ask:
    """Whose review to request, sorted and folded; and the requirements that requests cannot meet."""

    users: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    nobody: tuple[Requirement, ...] = ()
    """No eligible person is left, asked or not."""
    too_few: tuple[Requirement, ...] = ()
    """There are eligible people, but fewer than approvals are missing. They are asked all the same."""


def candidates(decision: GateDecision, facts: Facts, asked: Asked, loads: Mapping[str, int]) -> Ask:
    """`loads`: open review requests by folded login or `organisation/slug`; who is missing has none.

    Who is asked already, or reviewed and did not approve, is waited for and not asked again; who approved something
    older is. A team is asked in place of its members. Nobody is asked while no approval would count.
    """
    if decision.problem:
        return Ask()
    asking = _Asking(decision, facts, asked, loads)
    asking.fill()
    return Ask(
        users=tuple(sorted(asking.users)),
        teams=tuple(sorted(asking.teams)),
        nobody=tuple(state.requirement for state, able in asking.open if not able),
        too_few=tuple(state.requirement for state, able in asking.open if 0 < len(able) < state.missing),
    )


class _Asking:
    """Chooses one after the other, each for as many requirements as possible."""

    def __init__(self, decision: GateDecision, facts: Facts, asked: Asked, loads: Mapping[str, int]) -> None:
        self._facts = facts
        self._loads = loads
        self.users: set[str] = set()
        self.teams: set[str] = set()
        self.open = [(state, self._able(state)) for state in decision.unmet]
        self._awaited = {facts.user_ids[login] for login in asked.users if login in facts.user_ids}
        self._awaited |= {person for team in asked.teams for person in facts.team_members.get(team, frozenset())}
        for state in decision.requirements:
            self._awaited |= {r.person.id for r in state.refused if r.person and (r.why in _AT_IT or r.saw_head)}

    def fill(self) -> None:
        """Teams first, because they stand for people who would be asked one by one."""
        for state, able in self.open:
            while self._short(state, able) and (team := self._best_team(state, able)):
                self.teams.add(team)
                self._awaited |= self._facts.team_members[team]
        for state, able in self.open:
            while self._short(state, able) and (login := self._best_user(able)):
                self.users.add(login)
                self._awaited.add(self._facts.user_ids[login])

    def _able(self, state: RequirementState) -> frozenset[int]:
        """Who could still approve."""
        facts, who = self._facts, state.requirement.eligible
        named = frozenset(facts.user_ids.values()) if who.anyone else facts.named(who)
        gone = {person.id for person in state.counted}
        gone |= {refused.person.id for refused in state.refused if refused.person and refused.why is Why.BOT}
        # Members of a team need not all be asked what they may do; whoever is known to be unable is left out.
        teams = frozenset[int]().union(*(facts.team_members.get(team, frozenset()) for team in who.teams))
        unknown = {person for person in teams if person not in facts.permissions}
        return frozenset(
            person
            for person in named
            if person not in gone and not facts.made_it(person) and (person in unknown or facts.may_write(person))
        )

    def _short(self, state: RequirementState, able: frozenset[int]) -> bool:
        return state.missing > len(able & self._awaited)

    def _best_team(self, state: RequirementState, able: frozenset[int]) -> str | None:
        members = self._facts.team_members
        useful = (t for t in state.requirement.eligible.teams if (members.get(t, frozenset()) & able) - self._awaited)
        return min(useful, key=lambda team: (self._loads.get(team, 0), team), default=None)

    def _best_user(self, able: frozenset[int]) -> str | None:
        return min(self._free(able), key=self._rank, default=None)

    def _free(self, able: frozenset[int]) -> Iterator[str]:
        return (
            login
            for login, id_ in self._facts.user_ids.items()
            if id_ in able - self._awaited and self._facts.may_write(id_)
        )

    def _rank(self, login: str) -> tuple[int, int, str]:
        person = self._facts.user_ids[login]
        serves = sum(person in able for state, able in self.open if self._short(state, able))
        return -serves, self._loads.get(login, 0), login
