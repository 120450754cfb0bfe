"""Asks the people whose approval is missing, once: review requests, a label and one comment."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from app.domain.errors import GitHubRefused
from app.domain.gate.asking import Ask, Asked, candidates
from app.domain.gate.decision import GateDecision
from app.domain.gate.facts import Facts
from app.domain.messages import gate as words
from app.domain.messages.gate import APPROVAL_LABEL, GateStory
from app.domain.messages.marker import marker
from app.domain.messages.origin import Origin
from app.ports import Conversation, Labels, Outbox, People, Place, Reviewers, ReviewRequests
from app.usecases.gate.gathering import Gathering
from app.usecases.job import Guard
from app.usecases.one_comment import keep_comment
from app.usecases.writes import label_once, request_reviewers_once, unlabel

_log = logging.getLogger(__name__)

COMMENT = "gate"
_REQUESTED = "reviewers:"


@dataclass(frozen=True, slots=True)
class Escalation:
    """`marker_key` signs the hidden marker of the comment."""

    conversation: Conversation
    labels: Labels
    requests: ReviewRequests
    people: People
    outbox: Outbox
    gathering: Gathering
    marker_key: bytes

    async def whom(self, place: Place, decision: GateDecision, facts: Facts) -> Ask:
        """Who is to be asked now; nobody who was asked before, whatever became of it."""
        now = await self.requests.asked(place)
        owner = place.repository.owner.casefold()
        asked = Asked(
            frozenset(login.casefold() for login in now.users),
            frozenset(f"{owner}/{slug.casefold()}" for slug in now.teams),
        )
        able = await self.gathering.able(place, decision, facts)
        before = await self._asked_before(place) - asked.users - asked.teams
        # Whoever took the request off again has answered it.
        able = replace(
            able,
            user_ids={login: id_ for login, id_ in able.user_ids.items() if login not in before},
            team_members={team: ids for team, ids in able.team_members.items() if team not in before},
        )
        return candidates(decision, able, asked, await self.people.open_requests(place))

    async def ask(self, place: Place, ask: Ask, guard: Guard) -> bool:
        """Requests the reviews and puts the label on; False when GitHub refuses the requests."""
        taken = True
        if ask.users or ask.teams:
            slugs = frozenset(team.partition("/")[2] for team in ask.teams)
            await guard()
            try:
                await request_reviewers_once(self.outbox, self.requests, place, Reviewers(frozenset(ask.users), slugs))
            except GitHubRefused as error:  # somebody has no access, say: the comment tells whom to ask
                _log.warning("%s: reviews were not requested: %s", place.ref, error)
                taken = False
        await guard()
        await self._labelled(place, wanted=True)
        return taken

    async def tell(self, place: Place, story: GateStory, origin: Origin, guard: Guard) -> None:
        """Once nothing is missing any more, only what was said before is put right."""
        known = await self.outbox.finished(place.ref, COMMENT)
        if not story.decision.unmet:
            await guard()
            await self._labelled(place, wanted=False)
            if COMMENT not in known:
                return
        mark = marker(self.marker_key, place.ref, COMMENT)
        body = words.comment(story, origin, mark)
        await guard()
        try:
            await keep_comment(self.outbox, self.conversation, place, key=COMMENT, mark=mark, body=body)
        except GitHubRefused as error:
            _log.warning("%s: the comment on approvals was refused: %s", place.ref, error)

    async def _labelled(self, place: Place, *, wanted: bool) -> None:
        try:
            if wanted:
                await label_once(self.outbox, self.labels, place, APPROVAL_LABEL)
            else:
                await unlabel(self.outbox, self.labels, place, APPROVAL_LABEL)
        except GitHubRefused as error:  # it is for people to find their way; nothing depends on it
            _log.warning("%s: the label %r was refused: %s", place.ref, APPROVAL_LABEL, error)

    async def _asked_before(self, place: Place) -> frozenset[str]:
        """Logins, and teams as `organisation/slug`, of all requests that we made for this pull request."""
        owner = place.repository.owner.casefold()
        keys = await self.outbox.finished(place.ref, _REQUESTED)
        names = (name for key in keys for name in key.removeprefix(_REQUESTED).split(",") if name)
        return frozenset(f"{owner}/{name[1:]}" if name.startswith("@") else name for name in names)
