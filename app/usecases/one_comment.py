"""One comment of ours on a pull request, made once and then edited in place."""

from __future__ import annotations

from app.ports import Conversation, Outbox, Place
from app.usecases.once import once


async def keep_comment(
    outbox: Outbox, conversation: Conversation, place: Place, *, key: str, mark: str, body: str
) -> None:
    """`key` names it in the outbox, `mark` stands in the body, so that it is found again after a crash.

    One that somebody deleted is said anew. Raises GitHubRefused where the conversation is locked, say.
    """
    known = (await outbox.finished(place.ref, key)).get(key)
    if known is not None:
        stands = await conversation.edit(place, known, body)
        if stands:
            return
        await outbox.forget(place.ref, key)
    written = False

    async def write() -> int:
        nonlocal written
        written = True
        return await conversation.comment(place, body)

    comment = await once(outbox, place.ref, key, find=lambda: conversation.find_comment(place, mark), act=write)
    if not written:  # found again after a crash: it may tell of an older head
        await conversation.edit(place, comment, body)
