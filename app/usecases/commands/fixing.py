"""`fix`: what a person wants fixed is settled here and handed to the job of fixes, bound to the head that was seen."""

from __future__ import annotations

import hashlib

from app.domain.commands import Fix
from app.domain.events import Delivery
from app.domain.fix.meaning import Meant, NothingMeant, meant
from app.domain.fix.order import FixOrder, decode, encode
from app.domain.jobs import JobKind, RowKey
from app.domain.memory import FindingState
from app.domain.messages import fix as words
from app.domain.messages import fix_answers as answers
from app.domain.pull_request import Sha
from app.domain.row import Note, Wanted, Wish
from app.usecases.commands.findings import threads_of
from app.usecases.commands.scene import Answer, Scene
from app.usecases.fix.telling import FixVoice

_NO_HEAD = Sha("0" * 40)
"""No head is this one: the job says that the branch moved."""


async def fix(scene: Scene, command: Fix) -> Answer:
    """Says what is going to be fixed, or why nothing is."""
    parts, pull = scene.parts, scene.pull
    if await _said(scene):
        return await _heard_again(scene, command)
    if not scene.policy.fix.enabled:
        return Answer(answers.not_enabled(), done=False)
    if parts.engine.choice is None:
        return Answer(answers.no_model(), done=False)
    if not parts.can_execute:
        return Answer(answers.no_sandbox(), done=False)
    if scene.head is None:
        return Answer(answers.head_not_seen(), done=False)
    if not scene.comment and await _is_pressed_already(scene):
        return Answer("")
    what = await _meant(scene, command)
    memory = await parts.fixes.recall(pull.ref)
    if memory.attempts >= scene.policy.fix.max_attempts:
        return Answer(answers.too_many_attempts(scene.policy.fix.max_attempts), done=False)
    if isinstance(what, NothingMeant):
        unseen = None if await _is_reviewed(scene) else scene.head
        return Answer(answers.nothing_to_fix(what.asked, unseen=unseen), done=False)
    order = _order(scene, scene.head, what)
    # First the comment: the job that goes on with it may begin at once.
    told = FixVoice(parts.conversation, parts.outbox, parts.marker_key, parts.github_url).of(scene.place, order, "")
    await told.say(words.queued(told.what, scene.head))
    await _handed_on(scene, order)
    return Answer(answers.accepted() if scene.thread is not None else "")


async def _said(scene: Scene) -> bool:
    """Whether a worker that died meanwhile has written the comment of this wish, and maybe handed the wish on."""
    key = f"fix:{scene.wish}"
    return key in await scene.parts.outbox.finished(scene.pull.ref, key)


async def _heard_again(scene: Scene, command: Fix) -> Answer:
    """The comment is the job's, which may have ended long ago: whatever there is to be said now, the job says it."""
    what = await _meant(scene, command)
    settled = Meant((), "", what.again) if isinstance(what, NothingMeant) else what
    await _handed_on(scene, _order(scene, scene.head or _NO_HEAD, settled))
    return Answer(answers.accepted() if scene.thread is not None else "")


def _order(scene: Scene, head: Sha, what: Meant) -> FixOrder:
    return FixOrder(
        wish=scene.wish,
        head=head,
        findings=tuple(finding.id for finding in what.findings),
        who=scene.who,
        comment=scene.comment,
        thread=scene.thread,
        words=bool(what.words),
        again=what.again,
        ci=what.ci,
    )


async def _meant(scene: Scene, command: Fix) -> Meant | NothingMeant:
    past = await scene.parts.past.recall(scene.pull.ref)
    is_open = [known.finding for known in (past.findings if past else ()) if known.state is FindingState.OPEN]
    worst_first = sorted(is_open, key=lambda finding: finding.severity)
    here = None
    if scene.thread is not None:
        threads = await threads_of(scene, past)
        here = next((id_ for id_, thread in threads.items() if thread.comment_id == scene.thread), "")
    return meant(command.what, worst_first, block_at=scene.policy.review.block_at, here=here)


async def _is_reviewed(scene: Scene) -> bool:
    """Whether what is open on this head is known."""
    past = await scene.parts.past.recall(scene.pull.ref)
    return past is not None and past.head == scene.head


async def _is_pressed_already(scene: Scene) -> bool:
    """Whether a fix that a button asked for on this head is under way."""
    kept = await scene.parts.notes.of(RowKey(JobKind.FIX, scene.pull.ref))
    orders = [decode(one.note.text) for one in kept]
    return any(one is not None and not one.comment and one.head == scene.head for one in orders)


async def _handed_on(scene: Scene, order: FixOrder) -> None:
    """Once for this wish, whoever dies meanwhile."""
    pull = scene.pull
    id_ = f"fix:{pull.ref}:{order.wish}"
    delivery = Delivery(id_, "fix", hashlib.sha256(id_.encode()).hexdigest())
    wanted = Wanted(pull.repository, pull.head_sha, Wish.FIX, pull.draft)
    note = Note(f"fix:{order.wish}", encode(order))
    await scene.parts.intake.accept(delivery, RowKey(JobKind.FIX, pull.ref), wanted, note=note)
