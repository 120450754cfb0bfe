"""Writes to GitHub exactly once, across crashes: begin in the outbox, look if in doubt, write, finish."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from app.domain.errors import GitHubRefused, RateLimited
from app.domain.pull_request import PullRequestRef
from app.ports import Outbox


async def once(
    outbox: Outbox,
    ref: PullRequestRef,
    write: str,
    *,
    find: Callable[[], Awaitable[int | None]],
    act: Callable[[], Awaitable[int]],
) -> int:
    """The id of the one thing that `write` names, made now or earlier.

    An attempt that ended between GitHub's taking the write and our knowing it leaves the write begun; the next
    attempt then looks for it with `find` before it acts.
    """
    begun = await outbox.begin(ref, write)
    if begun.id is not None:
        return begun.id
    id_ = await find() if begun.uncertain else None
    if id_ is None:
        try:
            id_ = await act()
        except (GitHubRefused, RateLimited):
            await outbox.forget(ref, write)  # GitHub answered no: surely not applied
            raise
    await outbox.finish(ref, write, id_)
    return id_
