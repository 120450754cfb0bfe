"""A comment that may be a command: read again, understood, allowed, done and answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.domain.commands import Command, Help, Status, Unknown, parse
from app.domain.commands.asked import Said
from app.domain.commands.binding import HeadChanged, bound_head
from app.domain.commands.parsing import verb_of
from app.domain.commands.verbs import Verb
from app.domain.messages import commands as words
from app.domain.pull_request import PullRequest
from app.domain.row import KeptNote
from app.ports import Comment, Place, Reaction
from app.usecases.commands.desk import MOST_AN_HOUR, WITHOUT_POLICY, Desk
from app.usecases.commands.doing import do
from app.usecases.commands.scene import Answer, Parts, Scene
from app.usecases.commands.voice import Voice
from app.usecases.job import Guard, Progress

OLDEST = timedelta(hours=1)
"""What was asked longer ago is not done any more: its author has gone on."""

_AT_ONCE = frozenset((Verb.STOP, Verb.PAUSE))
"""What is done before the sign that it was seen, which GitHub may be slow to take."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Nothing is written before it is known that the person may."""

    parts: Parts

    @property
    def _voice(self) -> Voice:
        return Voice(self.parts)

    async def hear(self, pull: PullRequest, said: Said, kept: KeptNote, guard: Guard, progress: Progress) -> str:
        """What became of the comment, in our words. A comment is one wish for ever, by the id of its note."""
        wish = kept.note.id
        place = Place(pull.ref, pull.repository)
        comment = await self.parts.comments.read(place, said.comment, line=said.thread is not None)
        if comment is None or not _as_said(comment, said, pull):
            return "the comment is gone, was edited, or is not what was told of it"
        paragraph = self.parts.first_paragraph(comment.body)
        command = None if paragraph is None else parse(paragraph, await self.parts.own_name.slug())
        if command is None:
            return "not said to us"
        count = await Desk(self.parts).count(place, said.who, wish)
        if count > MOST_AN_HOUR:
            return "one of too many: not looked at"
        verb = Verb.HELP if isinstance(command, Unknown) else verb_of(command)
        allowed = await Desk(self.parts).may(pull, said.who, verb)
        await guard()
        if allowed is None:
            await self._voice.refuse_once(place, said, said.who)
            return f"{verb}: refused, the permission is missing"
        if count == MOST_AN_HOUR:
            await self._voice.answer(place, said, verb, words.too_many(MOST_AN_HOUR))
            return "one too many: told so"
        if allowed.unread and verb not in WITHOUT_POLICY:  # an author can push such a commit: `stop` works all the same
            await self._voice.answer(place, said, verb, words.unreadable(allowed.unread))
            await self._voice.sign(place, said, Reaction.REFUSED)
            return f"{verb}: refused, git does not take the commits"
        bound = bound_head(kept, pull, comment.created_at)
        scene = Scene(
            self.parts,
            pull,
            said.who,
            wish,
            allowed.effective,
            allowed.problems,
            progress,
            said.thread,
            said.comment,
            head=None if isinstance(bound, HeadChanged) else bound,
        )
        at_once = verb in _AT_ONCE
        answer = await self._answer(scene, command, comment) if at_once else None
        await self._voice.sign(place, said, Reaction.SEEN)
        await self.parts.outbox.finish(pull.ref, f"seen:{wish}", said.comment)
        if not at_once:
            answer = await self._answer(scene, command, comment)
        await guard()
        if answer is not None and answer.text:
            await self._voice.answer(place, said, verb, answer.text)
        done = answer is not None and answer.done
        await self._voice.sign(place, said, Reaction.DONE if done else Reaction.REFUSED)
        return f"{verb}: {'done' if done else 'refused'}"

    async def _answer(self, scene: Scene, command: Command | Unknown, comment: Comment) -> Answer | None:
        """None where nothing is said any more."""
        if isinstance(command, Unknown):
            return await self._help(scene, comment)
        if self.parts.now() - comment.created_at > OLDEST:
            return Answer(words.too_old(), done=False)
        if not scene.pull.open and not isinstance(command, Status | Help):
            return Answer(words.closed(), done=False)
        if scene.problems and verb_of(command) not in WITHOUT_POLICY:
            return Answer(words.policy_invalid(), done=False)
        return await do(scene, command)

    async def _help(self, scene: Scene, comment: Comment) -> Answer | None:
        """Once for each person here: whoever was told what there is knows how to ask for it."""
        write, known = f"helped:{scene.who.id}", self.parts.outbox
        if (await known.finished(scene.pull.ref, write)).get(write, comment.id) != comment.id:
            return None
        await known.finish(scene.pull.ref, write, comment.id)
        return Answer(words.unknown(await self.parts.own_name.slug()), done=False)


def _as_said(comment: Comment, said: Said, pull: PullRequest) -> bool:
    """Whether it is still the unedited comment of that person on this pull request."""
    return (
        comment.id == said.comment
        and comment.number == pull.ref.number
        and comment.author_id == said.who.id
        and comment.person
        and not comment.by_app
        and not comment.edited
    )
