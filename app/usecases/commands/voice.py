"""Says things once: the sign on a comment, the answer in its place, what is told to a person one time."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from app.domain.commands.asked import Said, Who
from app.domain.errors import GitHubRefused
from app.domain.messages.commands import Named, answer
from app.ports import Place, Reaction
from app.usecases.commands.scene import Parts
from app.usecases.writes import reply_once, say_once

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Voice:
    """A conversation that is locked, or a comment that is gone, is no reason to fail."""

    parts: Parts

    async def sign(self, place: Place, said: Said, reaction: Reaction) -> None:
        """A reaction; GitHub keeps one of a kind."""
        await self.parts.comments.react(place, said.comment, reaction, line=said.thread is not None)

    async def refuse_once(self, place: Place, said: Said, who: Who) -> None:
        """One sign for a person who may not, however much that person says; never a word."""
        write = f"refused:{who.id}"
        if write not in await self.parts.outbox.finished(place.ref, write):
            await self.sign(place, said, Reaction.REFUSED)
            await self.parts.outbox.finish(place.ref, write, said.comment)

    async def answer(self, place: Place, said: Said, verb: str, text: str) -> None:
        """In the thread where it was said, or in the conversation."""
        parts, key = self.parts, f"command-{said.comment}"
        line = said.thread is not None
        named = Named(verb, said.who.login, parts.github_url, place.repository, place.ref, said.comment, line)
        told = answer(named, text)
        try:
            if said.thread is not None:
                await reply_once(
                    parts.outbox,
                    parts.conversation,
                    place,
                    comment_id=said.thread,
                    key=key,
                    text=told,
                    marker_key=parts.marker_key,
                )
            else:
                await say_once(parts.outbox, parts.conversation, place, key=key, text=told, marker_key=parts.marker_key)
        except GitHubRefused as error:
            _log.warning("%s: an answer to a command was refused: %s", place.ref, error)

    async def tell(self, place: Place, who: Who, verb: str, text: str, *, key: str) -> None:
        """A comment about what no comment asked."""
        parts = self.parts
        named = Named(verb, who.login, parts.github_url, place.repository, place.ref, None)
        try:
            await say_once(
                parts.outbox,
                parts.conversation,
                place,
                key=key,
                text=answer(named, text),
                marker_key=parts.marker_key,
            )
        except GitHubRefused as error:
            _log.warning("%s: a comment was refused: %s", place.ref, error)
