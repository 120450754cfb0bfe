"""`review`, `stop`, `pause` and `resume`: what people want of the reviews of a pull request."""

from __future__ import annotations

from typing import assert_never

from app.domain.commands import Pause, Resume, Review, Stop
from app.domain.jobs import JobKind, RowKey
from app.domain.messages import commands as words
from app.domain.row import Wish
from app.usecases.commands.scene import Answer, Scene


async def review(scene: Scene, command: Review) -> Answer:
    """One more look at the newest head. What runs already is that look, unless everything is to be looked at again."""
    pull = scene.pull
    if pull.draft and not scene.policy.review.drafts:
        return Answer(words.is_draft(), done=False)
    row = await scene.parts.ledger.read(scene.review)
    if row is not None and row.paused:
        return Answer(words.is_paused(), done=False)
    under_way = row is not None and row.generation > row.done and row.wanted.head == pull.head_sha
    if under_way and not command.full:
        return Answer(words.under_way(pull.head_sha))
    await scene.look_again(Wish.IN_FULL if command.full else Wish.AGAIN)
    return Answer(words.review_wanted(pull.head_sha, full=command.full, focus=bool(command.focus)))


async def order(scene: Scene, command: Stop | Pause | Resume) -> Answer:
    """Each does nothing when it is done twice. Fixes are stopped with the reviews; a pause leaves none under way."""
    orders = scene.parts.orders
    fixes = RowKey(JobKind.FIX, scene.pull.ref)
    match command:
        case Stop():
            fixing = await orders.stop(fixes)
            return Answer(words.stopped(something=await orders.stop(scene.review) or fixing))
        case Pause():
            fixing = await orders.stop(fixes)
            return Answer(words.paused(something=await orders.pause(scene.review) or fixing))
        case Resume():
            return Answer(words.resumed(something=await orders.resume(scene.review)))
    assert_never(command)
