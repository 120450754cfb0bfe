"""`dismiss` and `reopen`: a person's word on a finding, which the next look takes in."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from app.domain.commands import Dismiss, Reopen
from app.domain.commands.settlement import NOTE, Settlement, encode, settled
from app.domain.errors import GitHubRefused
from app.domain.memory import FindingState, KnownFinding, PastReview
from app.domain.messages import commands as words
from app.domain.row import Note, Wish
from app.domain.threads import ReviewThread
from app.usecases.commands.scene import Answer, Scene
from app.usecases.review.around import own_threads

_log = logging.getLogger(__name__)


async def settle(scene: Scene, command: Dismiss | Reopen) -> Answer:
    """The finding is named, or it is the one in whose thread this was said."""
    past = await scene.parts.past.recall(scene.pull.ref)
    threads = await threads_of(scene, past)
    known, rest = _meant(scene, command.words, past, threads)
    if past is None or known is None:
        return Answer(words.no_finding(), done=False)
    id_, title = known.finding.id, known.finding.title
    dismiss = isinstance(command, Dismiss)
    if known.state is FindingState.FIXED:
        return Answer(words.only_open_may_be(known.state), done=False)
    if dismiss and not rest:
        return Answer(words.no_reason(), done=False)
    if (known.state is FindingState.DISMISSED) is dismiss:
        return Answer(words.already(id_, title, known.state), done=True)
    state = FindingState.DISMISSED if dismiss else FindingState.OPEN
    thread = threads.get(id_)
    waits = await take_in(scene, past, Settlement(id_, state, scene.who.login, rest if dismiss else ""), thread)
    if thread is not None and thread.resolved is not dismiss:
        change = scene.parts.threads.resolve if dismiss else scene.parts.threads.reopen
        await tried(change(scene.place, thread.id), scene)
    told = words.dismissed if dismiss else words.reopened
    return Answer(told(id_, title, waits=waits))


async def threads_of(scene: Scene, past: PastReview | None) -> dict[str, ReviewThread]:
    """The threads of our findings, by id; nobody is asked where none can be."""
    if past is None or not scene.pull.review_comments:
        return {}
    threads = await scene.parts.threads.all(scene.place)
    return dict(own_threads(threads, past, scene.pull.ref, scene.parts.marker_key))


def _meant(
    scene: Scene, said: str, past: PastReview | None, threads: dict[str, ReviewThread]
) -> tuple[KnownFinding | None, str]:
    """The finding, and the words that are left."""
    by_id = {known.finding.id: known for known in (past.findings if past else ())}
    first, *others = said.split(maxsplit=1) or [""]
    named = {id_.casefold(): known for id_, known in by_id.items()}.get(first.casefold())
    if named is not None:
        return named, "".join(others)
    here = [id_ for id_, thread in threads.items() if thread.comment_id == scene.thread]
    return (by_id[here[0]], said) if here else (None, said)


async def take_in(scene: Scene, past: PastReview, settlement: Settlement, thread: ReviewThread | None) -> bool:
    """Leaves the word for the next look, and asks for one: what is remembered has one writer, the review.

    Where none may come for long, because reviews are paused or it is a draft, nobody else writes, and the word is
    written at once. True where the check has to wait.
    """
    row = await scene.parts.ledger.read(scene.review)
    paused = row is not None and row.paused
    if paused or scene.pull.draft:
        resolved_by = {settlement.finding: thread.resolved_by if thread is not None and thread.resolved else None}
        await scene.parts.past.keep(scene.pull.ref, settled(past, (settlement,), resolved_by))
    if not paused:
        await scene.look_again(Wish.SETTLED, Note(f"{NOTE}{scene.wish}", encode(settlement)))
    return paused or scene.pull.draft


async def tried(change: Awaitable[bool], scene: Scene) -> None:
    """Resolving needs a permission that not every installation gives; the finding is settled all the same."""
    try:
        await change
    except GitHubRefused as error:
        _log.warning("%s: a conversation stays as it is: %s", scene.pull.ref, error)
