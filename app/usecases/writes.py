"""Answers, labels and requests for review with exactly-once effect, across crashes and lost answers.

Their keys in the outbox:

| key | one | value |
| --- | --- | --- |
| `reply:<comment>:<key>` | answer in the thread of that comment; `key` tells several apart | the answer's id |
| `say:<key>` | comment of ours in the conversation | the comment's id |
| `label:<name>` | label that we put on, in small letters | the label's id |
| `reviewers:<logins and @teams, sorted>` | request for review | the number of the pull request |
"""

from __future__ import annotations

from app.domain.messages.marker import marker
from app.ports import Conversation, Labels, Outbox, Place, Reviewers, ReviewRequests
from app.usecases.once import once


async def reply_once(
    outbox: Outbox,
    conversation: Conversation,
    place: Place,
    *,
    comment_id: int,
    key: str,
    text: str,
    marker_key: bytes,
) -> int:
    """The id of our one answer to a comment. `text` must be inert already, and `key` one of our own words.

    Raises GitHubRefused (404) when the comment is gone.
    """
    write = f"reply:{comment_id}:{key}"
    mark = marker(marker_key, place.ref, write)
    return await once(
        outbox,
        place.ref,
        write,
        find=lambda: conversation.find_reply(place, mark),
        act=lambda: conversation.reply(place, comment_id=comment_id, body=f"{text}\n\n{mark}"),
    )


async def say_once(
    outbox: Outbox, conversation: Conversation, place: Place, *, key: str, text: str, marker_key: bytes
) -> int:
    """The id of our one comment under this key. `text` must be inert already, and `key` one of our own words."""
    write = f"say:{key}"
    mark = marker(marker_key, place.ref, write)
    return await once(
        outbox,
        place.ref,
        write,
        find=lambda: conversation.find_comment(place, mark),
        act=lambda: conversation.comment(place, f"{text}\n\n{mark}"),
    )


async def label_once(outbox: Outbox, labels: Labels, place: Place, name: str) -> None:
    """Puts a label on. One that is on already is somebody else's and stays theirs; one that we put on and somebody took
    off again is not put back.
    """
    write = _label(name)
    if not await _begun(outbox, place, write) and await labels.find(place, name) is not None:
        return
    await once(
        outbox,
        place.ref,
        write,
        find=lambda: labels.find(place, name),
        act=lambda: labels.add(place, name),
    )


async def unlabel(outbox: Outbox, labels: Labels, place: Place, name: str) -> None:
    """Takes off a label that `label_once` put on, and no other; a later `label_once` may put it on anew."""
    write = _label(name)
    if await _begun(outbox, place, write):
        await labels.remove(place, name)
        await outbox.forget(place.ref, write)


async def request_reviewers_once(
    outbox: Outbox, requests: ReviewRequests, place: Place, reviewers: Reviewers
) -> Reviewers:
    """Asks those who were not asked, have not reviewed and are not the author; returns whom it asked.

    The same set is asked once: whom a person took off the list again is not asked anew. What was asked is looked up
    right before each attempt, so one whose answer was lost is not repeated. Raises GitHubRefused (422) when one of them
    has no access; then nobody was asked.
    """
    asked = Reviewers()
    wanted = Reviewers(_small(reviewers.users), _small(reviewers.teams))

    async def ask() -> int:
        nonlocal asked
        left = await _left(requests, place, wanted)
        if left != Reviewers():
            await requests.ask(place, left)
        asked = left
        return place.ref.number

    async def find() -> int | None:
        return None  # `ask` looks by itself

    names = sorted(wanted.users) + [f"@{slug}" for slug in sorted(wanted.teams)]
    await once(outbox, place.ref, f"reviewers:{','.join(names)}", find=find, act=ask)
    return asked


async def _left(requests: ReviewRequests, place: Place, wanted: Reviewers) -> Reviewers:
    now = await requests.standing(place)
    return Reviewers(
        users=wanted.users - now.asked.users - now.reviewed - {now.author or ""},
        teams=wanted.teams - now.asked.teams,
    )


def _small(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


async def _begun(outbox: Outbox, place: Place, write: str) -> bool:
    return write in await outbox.finished(place.ref, write) or write in await outbox.open(place.ref, write)


def _label(name: str) -> str:
    return f"label:{name.casefold()}"
