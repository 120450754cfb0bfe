"""Whether the people whom a change waits for have approved it, and if not, whose approval does not count and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.gate.facts import CoreChange, Facts
from app.domain.gate.requirements import Eligible, Requirement
from app.domain.gate.reviews import Person, Review, ReviewState, Word, last_words

COMMITS_UNREAD = (
    "the pull request has more commits than could be read, so nobody can be ruled out as an author of the change; "
    "squash its commits or split it"
)


class Why(StrEnum):
    """Why a person's word is no approval that counts, in words that follow the person's name."""

    GHOST = "has no account any more"
    BOT = "is no person"
    CHANGES_REQUESTED = "asked for changes"
    DISMISSED = "had the review dismissed"
    COMMENTED = "commented without approving"
    AUTHOR = "opened the pull request"
    COMMIT_AUTHOR = "wrote a commit of the pull request"
    REQUESTER = "asked for a commit of the bot"
    NO_WRITE = "may not write to the repository"
    TEAM_UNREAD = "may be in a team whose members could not be read"
    NOT_ELIGIBLE = "is not among those who may approve this"
    COMMITS_UNREAD = "may have written a commit that was not read"
    RETARGETED = "approved before the base branch was changed"
    COMMIT_UNKNOWN = "approved a commit that cannot be read any more"
    NEW_CONTENT = "approved before this core content came"


_NO_APPROVAL = {
    ReviewState.CHANGES_REQUESTED: Why.CHANGES_REQUESTED,
    ReviewState.DISMISSED: Why.DISMISSED,
    ReviewState.COMMENTED: Why.COMMENTED,
}


@dataclass(frozen=True, slots=True)
class Refused:
    """`person` is None for accounts that are gone."""

    person: Person | None
    why: Why
    saw_head: bool = False
    """Whether they have reviewed the head, in whatever way."""


@dataclass(frozen=True, slots=True)
class RequirementState:
    """Who counts for a requirement and how many are missing; people in the order of their first reviews."""

    requirement: Requirement
    counted: tuple[Person, ...]
    missing: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class GateDecision:
    met: bool
    requirements: tuple[RequirementState, ...]
    problem: str = ""
    """Why nobody's approval counts, if so: a clause with what to do about it."""

    @property
    def unmet(self) -> tuple[RequirementState, ...]:
        return tuple(state for state in self.requirements if state.missing)


def decide(requirements: Iterable[Requirement], reviews: Iterable[Review], facts: Facts) -> GateDecision:
    """Met when no requirement misses an approval. One person may count for several requirements."""
    words = last_words(reviews, facts.head, facts.retargeted_at)
    states = tuple(_state(requirement, words, facts) for requirement in requirements)
    problem = COMMITS_UNREAD if states and not facts.commits_complete else ""
    return GateDecision(all(state.missing == 0 for state in states), states, problem)


def _state(requirement: Requirement, words: Iterable[Word], facts: Facts) -> RequirementState:
    counted: list[Person] = []
    refused: list[Refused] = []
    wanted = frozenset(map(CoreChange.of, requirement.entries))
    for word in words:
        if not word.human and not word.review.state.is_opinion:
            continue  # a bot's remarks, ours among them, never looked like an approval
        person = word.review.author
        if person is None:
            refused.append(Refused(None, Why.GHOST, word.saw_head))
        elif why := _why_not(person.id, word, requirement.eligible, wanted, facts):
            refused.append(Refused(person, why, word.saw_head))
        else:
            counted.append(person)
    return RequirementState(requirement, tuple(counted), max(requirement.approvals - len(counted), 0), tuple(refused))


def _why_not(person: int, word: Word, who: Eligible, wanted: frozenset[CoreChange], facts: Facts) -> Why | None:
    """Who did not approve is told just that: the facts are of those who did."""
    if word.human and word.review.state is not ReviewState.APPROVED:
        return _NO_APPROVAL[word.review.state]
    return _not_theirs(person, word, who, facts) or _not_this(word.review, wanted, facts)


def _not_theirs(person: int, word: Word, who: Eligible, facts: Facts) -> Why | None:
    """What keeps any approval of this person from counting, the most lasting reason first."""
    if not word.human:
        return Why.BOT
    if person == facts.author:
        return Why.AUTHOR
    if person in facts.committers:
        return Why.COMMIT_AUTHOR
    if person in facts.requesters:
        return Why.REQUESTER
    if not facts.is_among(person, who):
        return Why.TEAM_UNREAD if facts.unread_teams(who) else Why.NOT_ELIGIBLE
    return None if facts.may_write(person) else Why.NO_WRITE


def _not_this(review: Review, wanted: frozenset[CoreChange], facts: Facts) -> Why | None:
    """What keeps this review from being an approval of the change as it is now."""
    if not facts.commits_complete:
        return Why.COMMITS_UNREAD
    if facts.retargeted_at is not None and review.submitted_at <= facts.retargeted_at:
        return Why.RETARGETED
    if review.commit == facts.head:
        return None
    if review.commit is None or review.commit not in facts.seen:
        return Why.COMMIT_UNKNOWN
    return None if wanted <= facts.seen[review.commit] else Why.NEW_CONTENT
