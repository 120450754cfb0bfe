"""What is known of a pull request beside its content: the last review, conversations, and who settled what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.domain.commands import settlement
from app.domain.commands.verbs import Verb, needed
from app.domain.jobs import JobKind, RowKey
from app.domain.memory import FindingState, PastReview
from app.domain.messages.marker import marker
from app.domain.policy import Policy
from app.domain.pull_request import PullRequest, PullRequestRef, Sha
from app.domain.row import Note
from app.domain.threads import Permission, ReviewThread
from app.ports import Notes, Outbox, PastReviews, Permissions, Place, Threads

REOPENED = "reopened:"


@dataclass(frozen=True, slots=True)
class Around:
    """`own` are the threads of our findings by id; `dismissed` says who settled a finding, by id."""

    past: PastReview | None = None
    threads: tuple[ReviewThread, ...] = ()
    author: str | None = None
    """The login of the pull request's author, whose own words silence nothing."""
    own: Mapping[str, ReviewThread] = field(default_factory=dict)
    dismissed: Mapping[str, str] = field(default_factory=dict)
    words: tuple[Note, ...] = ()
    """What people said of findings since the last review. It is in `past` already, and done when that is kept anew."""

    def anew(self) -> Around:
        """The same with nothing covered before."""
        return replace(self, past=None if self.past is None else replace(self.past, entries=()))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Reads what `Around` holds. `marker_key` signs the markers by which we know our own comments again."""

    past: PastReviews
    threads: Threads
    permissions: Permissions
    outbox: Outbox
    notes: Notes
    marker_key: bytes

    async def read(self, place: Place, pull: PullRequest, policy: Policy) -> Around:
        """One call for conversations where there are any, and one for each person who resolved a finding's. The policy
        says who may dismiss.
        """
        kept = await self.past.recall(place.ref)
        past = kept.seen_at(pull.head_sha) if kept else None
        threads = await self.threads.all(place) if pull.review_comments else ()
        own = own_threads(threads, past, place.ref, self.marker_key)
        author = (pull.author or "").removesuffix("[bot]") or None  # as GraphQL shows authors
        notes = (kept.note for kept in await self.notes.of(RowKey(JobKind.REVIEW, place.ref)))
        words = tuple(note for note in notes if note.id.startswith(settlement.NOTE))
        if past is not None:
            said = (settlement.decode(note.text) for note in words)
            resolved_by = {id_: thread.resolved_by if thread.resolved else None for id_, thread in own.items()}
            past = settlement.settled(past, (one for one in said if one is not None), resolved_by)
        dismissed = await self._dismissed(place, past, own, needed(Verb.DISMISS, policy))
        return Around(past, threads, author, own, dismissed, words)

    async def taken_in(self, place: Place, around: Around) -> None:
        """What people said is kept with the review now."""
        for note in around.words:
            await self.notes.done(RowKey(JobKind.REVIEW, place.ref), note)

    async def published(self, ref: PullRequestRef) -> None:
        """Notes that GitHub has all of the last review."""
        kept = await self.past.recall(ref)
        if kept is not None and kept.unpublished is not None:
            await self.past.keep(ref, replace(kept, unpublished=None))

    async def _dismissed(
        self, place: Place, past: PastReview | None, own: Mapping[str, ReviewThread], least: Permission
    ) -> Mapping[str, str]:
        """A finding whose thread was resolved counts as settled only if who did it may dismiss; asked now, not then."""
        if past is None:
            return {}
        is_open = {known.finding.id: known for known in past.findings if known.state is FindingState.OPEN}
        again = await self.outbox.finished(place.ref, REOPENED)
        settled = {
            id_: thread.resolved_by
            for id_, thread in own.items()
            if thread.resolved
            and thread.resolved_by
            and id_ in is_open
            and not _by_ourselves(thread)
            # What was resolved before its code changed, and was not opened again since, settles nothing.
            and (is_open[id_].dismissed_by != thread.resolved_by or reopened(thread, past.head) in again)
        }
        able = {
            login
            for login in sorted(set(settled.values()))
            if (await self.permissions.of(place, login)).at_least(least)
        }
        return {id_: login for id_, login in settled.items() if login in able}


def reopened(thread: ReviewThread, head: Sha) -> str:
    """The outbox key of our having opened it again after the review of that head."""
    return f"{REOPENED}{thread.comment_id}:{head}"


def finding_marker(key: bytes, ref: PullRequestRef, finding_id: str) -> str:
    """The hidden marker in the comment of a finding."""
    return marker(key, ref, f"finding:{finding_id}")


def _by_ourselves(thread: ReviewThread) -> bool:
    """Whether we resolved it, for a finding that has come back since. GraphQL shows our login as an author without the
    `[bot]` that it has elsewhere.
    """
    names = {(name or "").removesuffix("[bot]").casefold() for name in (thread.resolved_by, thread.author)}
    return thread.ours and len(names) == 1


def own_threads(
    threads: tuple[ReviewThread, ...], past: PastReview | None, ref: PullRequestRef, key: bytes
) -> Mapping[str, ReviewThread]:
    """The newest thread of each finding that we know of; others' comments cannot carry our signature for it."""
    if past is None:
        return {}
    marks = {known.finding.id: finding_marker(key, ref, known.finding.id) for known in past.findings}
    ours = [thread for thread in threads if thread.ours]
    return {id_: thread for thread in ours for id_, mark in marks.items() if mark in thread.body}
