"""The job of commands: what people asked of one pull request, the oldest first, each done and answered once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from app.domain.commands.asked import Asked, Pressed, Said, Settled, decode
from app.domain.commands.buttons import AUTHORITY, button_of
from app.domain.messages import commands as words
from app.domain.policy_layers import compose
from app.domain.pull_request import PullRequest
from app.domain.row import KeptNote, Order, Row
from app.domain.threads import Permission
from app.ports import Place
from app.usecases.commands.buttons import is_ours, press
from app.usecases.commands.conversations import conversation_settled
from app.usecases.commands.desk import MOST_AN_HOUR, Desk
from app.usecases.commands.hearing import Hearing
from app.usecases.commands.scene import Parts, Scene
from app.usecases.commands.voice import Voice
from app.usecases.job import Guard, Outcome, Progress
from app.usecases.policies import held

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 30
"""What one attempt does of what was asked; the rest waits for the next one."""


@dataclass(frozen=True, slots=True)
class CommandRun:
    """Implements usecases.job.Job. What a note says is a pointer: GitHub is asked for the rest, now."""

    parts: Parts

    @property
    def _voice(self) -> Voice:
        return Voice(self.parts)

    async def run(self, row: Row, guard: Guard, progress: Progress) -> Outcome:
        """One wish after the other; one that must wait for GitHub lets the later ones wait, too."""
        kept = await self.parts.notes.of(row.key)
        if not kept:
            return Outcome("nothing is left to do")
        pull = await self.parts.pull_requests.read(row.key.ref, row.wanted.repository)
        for note in kept[:MOST_AT_ONCE]:
            await guard()
            await progress.note(f"{note.note.id}: {await self._one(pull, note, guard, progress)}")
            await self.parts.notes.done(row.key, note.note)
        await self.parts.answers.forget(row.key)
        more = len(kept) > MOST_AT_ONCE
        return Outcome(f"{min(len(kept), MOST_AT_ONCE)} asked", again_at=self.parts.now() if more else None)

    async def end_early(self, row: Row, order: Order) -> Outcome:
        """An operator's word: what is asked is dropped, or waits."""
        if order is Order.STOP:
            await self._drop(row)
        return Outcome("paused" if order is Order.PAUSE else "stopped")

    async def superseded(self, row: Row) -> None:
        """Nothing newer ends this job."""

    async def waits(self, row: Row, reason: str, until: datetime) -> None:
        """The sign that it was seen is enough."""

    async def give_up(self, row: Row, reason: str) -> None:
        """Who was told that it was seen is told that nothing comes of it; the next comment begins afresh."""
        _log.warning("%s: what was asked is given up: %s", row.key, reason)
        place = Place(row.key.ref, row.wanted.repository)
        seen = await self.parts.outbox.finished(place.ref, "seen:")
        for kept in await self.parts.notes.of(row.key):
            asked = _decoded(kept)
            if isinstance(asked, Said) and f"seen:{kept.note.id}" in seen:
                await self._voice.answer(place, asked, "command", words.interrupted())
        await self._drop(row)

    async def _drop(self, row: Row) -> None:
        for kept in await self.parts.notes.of(row.key):
            await self.parts.notes.done(row.key, kept.note)

    async def _one(self, pull: PullRequest, kept: KeptNote, guard: Guard, progress: Progress) -> str:
        """What became of one wish, in our words."""
        asked = _decoded(kept)
        if asked is None:
            return "not understood by this version"
        # A comment is one wish for ever; what has no number of its own is another wish each time.
        wish = kept.note.id if isinstance(asked, Said) else f"{kept.note.id}:{kept.taken_at.timestamp():.3f}"
        answered = f"answered:{wish}"
        if answered in await self.parts.outbox.finished(pull.ref, answered):
            return "answered before"
        match asked:
            case Said():
                told = await Hearing(self.parts).hear(pull, asked, kept, guard, progress)
            case Pressed():
                told = await self._pressed(pull, asked, wish, guard, progress)
            case Settled():
                told = await self._settled(pull, asked, wish, guard, progress)
            case _:
                assert_never(asked)
        await self.parts.outbox.finish(pull.ref, answered, 1)
        return told

    async def _pressed(self, pull: PullRequest, pressed: Pressed, wish: str, guard: Guard, progress: Progress) -> str:
        button = button_of(pressed.button)
        if button is None or not pull.open or not is_ours(self.parts, pull, pressed):
            return "no button of ours, or of another head"
        place, desk = Place(pull.ref, pull.repository), Desk(self.parts)
        if await desk.count(place, pressed.who, wish) >= MOST_AN_HOUR:
            return "one of too many: not looked at"
        verb = AUTHORITY[button]
        allowed = await desk.may(pull, pressed.who, verb)
        await guard()
        if allowed is None or allowed.problems:
            return f"{button}: refused, {'the permission is missing' if allowed is None else 'the policy is invalid'}"
        scene = Scene(
            self.parts, pull, pressed.who, wish, allowed.effective, allowed.problems, progress, head=pressed.head
        )
        answer = await press(scene, pressed, button)
        if answer is not None and answer.text:
            await self._voice.tell(
                place, pressed.who, button.value, answer.text, key=f"pressed:{button}:{pull.head_sha}"
            )
        return f"{button}: done"

    async def _settled(self, pull: PullRequest, settled: Settled, wish: str, guard: Guard, progress: Progress) -> str:
        place, desk = Place(pull.ref, pull.repository), Desk(self.parts)
        if not pull.open:
            return "the pull request is closed"
        if await desk.count(place, settled.who, wish) >= MOST_AN_HOUR:
            return "one of too many: not looked at"
        permission = await self.parts.permissions.of(place, settled.who.login, id_=settled.who.id)
        effective = compose(())
        if permission.at_least(Permission.WRITE):  # before the policy is read: strangers cost one call
            found = await held(self.parts.ceilings, self.parts.mirrors, pull)
            if found.problems:
                return "the policy is invalid"
            effective = found.effective
        await guard()
        scene = Scene(self.parts, pull, settled.who, wish, effective, (), progress)
        return await conversation_settled(scene, settled, permission)


def _decoded(kept: KeptNote) -> Asked | None:
    try:
        return decode(kept.note.text)
    except ValueError as error:
        _log.warning("a wish is passed over: %s", error)
        return None
