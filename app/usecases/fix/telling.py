"""The one comment of a fix: written when it is asked for, edited while it goes on, and its report in the end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.errors import GitHubError, GitHubRefused
from app.domain.fix.order import FixOrder
from app.domain.fix.plan import Plan
from app.domain.messages import fix as words
from app.domain.messages import fix_answers as answers
from app.domain.messages.commands import Named
from app.domain.messages.fix import Speaker
from app.domain.messages.marker import marker
from app.domain.messages.origin import Origin
from app.domain.pull_request import Sha
from app.ports import Conversation, Outbox, Place
from app.usecases.fix.scribe import Scribe
from app.usecases.one_comment import keep_comment

_log = logging.getLogger(__name__)

APART_SECONDS = 10.0


@dataclass(slots=True)
class FixTelling:
    """`what` is to be fixed, in inert words. Progress is told now and then; the report always."""

    conversation: Conversation
    outbox: Outbox
    place: Place
    speaker: Speaker
    key: str
    """Of the comment in the outbox."""
    what: str
    head: Sha
    clock: Callable[[], float] = time.monotonic
    plan: Plan | None = field(default=None, init=False)
    _line: str = field(default="", init=False)
    _next: float = field(default=0.0, init=False)

    async def line(self, line: str) -> None:
        """`line` is one of our own. What GitHub does not take is not worth an error: the report says more."""
        self._line = line
        await self._told()

    async def planned(self, plan: Plan) -> None:
        self.plan = plan
        await self._told()

    async def _told(self) -> None:
        if self.clock() < self._next:
            return
        self._next = self.clock() + APART_SECONDS
        try:
            await self.say(words.working(self.what, self.head, self._line, self.plan))
        except GitHubError as error:
            _log.info("%s: the progress of a fix was not told: %s", self.place.ref, error)

    async def end(self, text: str, scribe: Scribe) -> str:
        """The last word, which the transcript has in any case. Answers nothing, or why GitHub does not take it, as in a
        locked conversation: to try again would not help, and whoever asks next must not wait for it. Raises GitHubError
        for what may pass.
        """
        untold = ""
        try:
            await self.say(text)
        except GitHubRefused as error:
            untold = f"GitHub did not take the report, so no comment tells how this ended: {error}"
            _log.warning("%s: %s", self.place.ref, untold)
        await scribe.reported(text, untold)
        return untold

    async def say(self, text: str) -> None:
        """Puts the text in place of what the comment said. Raises GitHubError."""
        speaker = self.speaker
        body = speaker.comment(text)
        await keep_comment(self.outbox, self.conversation, self.place, key=self.key, mark=speaker.mark, body=body)


@dataclass(frozen=True, slots=True)
class FixVoice:
    """What writes the comments of fixes, for the command that asks for one and for the job that makes it."""

    conversation: Conversation
    outbox: Outbox
    marker_key: bytes
    github_url: str

    def of(self, place: Place, order: FixOrder, run: str) -> FixTelling:
        """The comment of one wish; `run` is the run that speaks, or nothing before there is one."""
        key = f"fix:{order.wish}"
        comment, line = order.comment or None, order.thread is not None
        named = Named("fix", order.who.login, self.github_url, place.repository, place.ref, comment, line)
        origin = Origin(run, self.github_url, place.repository, order.head)
        return FixTelling(
            conversation=self.conversation,
            outbox=self.outbox,
            place=place,
            speaker=Speaker(named, origin, marker(self.marker_key, place.ref, key)),
            key=key,
            what=answers.what(order.findings, words=order.words, ci=order.ci),
            head=order.head,
        )
