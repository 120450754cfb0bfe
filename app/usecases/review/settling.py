"""Brings the conversations of findings to where the findings are: fixed ones resolved, open ones open, one question."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass

from app.domain.errors import GitHubRefused
from app.domain.memory import FindingState, KnownFinding, PastReview
from app.domain.messages.marker import marker
from app.domain.messages.origin import Origin
from app.domain.messages.threads import fixed_reply, gone_reply, round_question, still_there_reply
from app.domain.report import Report
from app.domain.threads import ReviewThread
from app.ports import Conversation, Outbox, Place, Threads
from app.usecases.job import Guard
from app.usecases.once import once
from app.usecases.review.around import Around, reopened
from app.usecases.writes import reply_once

_log = logging.getLogger(__name__)

QUESTION = "question"
_RESOLVED = "resolved:"
"""Before the number of a thread's first comment: the outbox key of its having been resolved, or tried to be."""


@dataclass(frozen=True, slots=True)
class Settling:
    """What is remembered decides, not what this run found: a run that was broken off here is made good by the next."""

    outbox: Outbox
    conversation: Conversation
    threads: Threads
    marker_key: bytes

    async def settle(self, place: Place, past: PastReview, around: Around, origin: Origin, guard: Guard) -> None:
        """Answers and resolves, or reopens, each thread of ours that is not in the state of its finding.

        What is fixed is resolved once: whoever opens it again has something to say.
        """
        done = await self.outbox.finished(place.ref, _RESOLVED)
        for known in past.findings:
            thread = around.own.get(known.finding.id)
            if thread is None:
                continue
            resolved = f"{_RESOLVED}{thread.comment_id}"
            if known.state is FindingState.FIXED and not thread.resolved and resolved not in done:
                await guard()
                await self._say(place, thread, known, _fixed_words(known, origin))
                await _tried(self.threads.resolve(place, thread.id), place)
                await self.outbox.finish(place.ref, resolved, thread.comment_id)
            elif known.state is FindingState.OPEN:
                if resolved in done:
                    await self.outbox.forget(place.ref, resolved)
                if thread.resolved:
                    await guard()
                    if await _tried(self.threads.reopen(place, thread.id), place):
                        await self.outbox.finish(place.ref, reopened(thread, past.head), thread.comment_id)
                    await self._say(place, thread, known, still_there_reply(origin))

    async def ask(self, place: Place, report: Report, origin: Origin, person: str | None) -> None:
        """Asks once how to go on, as long as something blocks."""
        mark = marker(self.marker_key, place.ref, QUESTION)
        blocking = tuple(finding for finding in report.findings if finding.severity.at_least(report.block_at))
        if not blocking:
            return
        question = round_question(blocking, origin, mark, rounds=report.round_limit, person=person)
        try:
            await once(
                self.outbox,
                place.ref,
                QUESTION,
                find=lambda: self.conversation.find_comment(place, mark),
                act=lambda: self.conversation.comment(place, question),
            )
        except GitHubRefused as error:  # a locked conversation, say; the check tells the same
            _log.warning("%s: the question was refused: %s", place.ref, error)

    async def _say(self, place: Place, thread: ReviewThread, known: KnownFinding, text: str) -> None:
        """Once for each state that it comes to; a thread that is gone or locked is no reason to fail."""
        key = f"{known.state}:{known.fixed_by or known.since}"
        try:
            await reply_once(
                self.outbox,
                self.conversation,
                place,
                comment_id=thread.comment_id,
                key=key,
                text=text,
                marker_key=self.marker_key,
            )
        except GitHubRefused as error:
            _log.warning("%s: an answer in a thread was refused: %s", place.ref, error)


def _fixed_words(known: KnownFinding, origin: Origin) -> str:
    return fixed_reply(known.fixed_by, origin) if known.fixed_by else gone_reply(origin)


async def _tried(change: Awaitable[bool], place: Place) -> bool:
    """Resolving needs a permission that not every installation gives: then the answer in the thread has to do."""
    try:
        return await change
    except GitHubRefused as error:
        _log.warning("%s: a conversation stays as it is: %s", place.ref, error)
        return False
