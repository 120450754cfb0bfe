"""A conversation on a finding that somebody resolved or opened again: by who may, it settles the finding, else it does
not, and is put back.
"""

from __future__ import annotations

from app.domain.commands.asked import Settled
from app.domain.commands.settlement import Settlement
from app.domain.commands.verbs import Verb, needed
from app.domain.memory import FindingState, KnownFinding
from app.domain.messages.origin import Origin
from app.domain.messages.threads import still_there_reply
from app.domain.threads import Permission, ReviewThread
from app.usecases.commands.findings import take_in, threads_of, tried
from app.usecases.commands.scene import Scene
from app.usecases.writes import reply_once

BY_RESOLVING = "resolved its conversation"
"""The reason that is kept of who says none."""


async def conversation_settled(scene: Scene, asked: Settled, permission: Permission) -> str:
    """What became of it, for the record. As GitHub shows the conversation now, not as the delivery told it.

    It takes the permission that the policy asks for the command which says the same in words.
    """
    past = await scene.parts.past.recall(scene.pull.ref)
    threads = await threads_of(scene, past)
    here = [(id_, thread) for id_, thread in threads.items() if thread.comment_id == asked.thread]
    if past is None or not here:
        return "the conversation is about no finding"
    ((id_, thread),) = here
    (known,) = (one for one in past.findings if one.finding.id == id_)
    if thread.resolved and known.state is FindingState.OPEN:
        if (thread.resolved_by or "").casefold() != scene.who.login.casefold():
            return "somebody else settled it since"
        if not permission.at_least(needed(Verb.DISMISS, scene.policy)):
            await _put_back(scene, known, thread)
            return f"{id_} stays open: who resolved its conversation may not"
        await take_in(scene, past, Settlement(id_, FindingState.DISMISSED, scene.who.login, BY_RESOLVING), thread)
        return f"{id_} is dismissed"
    may_reopen = permission.at_least(needed(Verb.REOPEN, scene.policy))
    if not thread.resolved and known.state is FindingState.DISMISSED and may_reopen:
        await take_in(scene, past, Settlement(id_, FindingState.OPEN, scene.who.login), thread)
        return f"{id_} is open again"
    return "the conversation is as its finding is"


async def _put_back(scene: Scene, known: KnownFinding, thread: ReviewThread) -> None:
    """With the one line that the review says where it finds the same; said once."""
    await tried(scene.parts.threads.reopen(scene.place, thread.id), scene)
    origin = Origin("", scene.parts.github_url, scene.pull.repository, scene.pull.head_sha)
    await tried(_said(scene, known, thread, still_there_reply(origin)), scene)


async def _said(scene: Scene, known: KnownFinding, thread: ReviewThread, text: str) -> bool:
    await reply_once(
        scene.parts.outbox,
        scene.parts.conversation,
        scene.place,
        comment_id=thread.comment_id,
        key=f"{known.state}:{known.since}",
        text=text,
        marker_key=scene.parts.marker_key,
    )
    return True
