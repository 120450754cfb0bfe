"""What is known beside the content: which conversations are ours, and who has settled what."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from app.domain.anchors import Anchor
from app.domain.commands.settlement import Settlement, encode
from app.domain.jobs import JobKind, RowKey
from app.domain.memory import FindingState, KnownFinding, PastReview, Unpublished
from app.domain.policy import Policy
from app.domain.pull_request import PullRequestRef
from app.domain.row import KeptNote, Note
from app.domain.threads import Permission, ReviewThread
from app.ports import Begun, Place
from app.usecases.review.around import Around, Surroundings, finding_marker
from tests.build import BASE, HEAD, REF, REPOSITORY, finding, pull_request

KEY = b"k" * 32
PLACE = Place(REF, REPOSITORY)


def known(id_: str, state: FindingState = FindingState.OPEN) -> KnownFinding:
    return KnownFinding(finding(id_), Anchor("", "x", 0, (), ()), state, HEAD)


PAST = PastReview(
    HEAD, BASE, BASE, "s", (), (known("F1"), known("F2"), known("F3", FindingState.FIXED)), rounds=1, asked=False
)


def thread(number: int, id_: str = "F1", *, by: str | None = None, ours: bool = True) -> ReviewThread:
    return ReviewThread(
        id=f"T{number}",
        comment_id=number,
        path="a.py",
        start_line=None,
        line=1,
        resolved=by is not None,
        resolved_by=by,
        author="revwright" if ours else "mallory",
        ours=ours,
        body=f"words\n\n{finding_marker(KEY, REF, id_)}",
    )


@dataclass
class Known:
    """Implements ports.PastReviews, ports.Threads and ports.Permissions, and of ports.Outbox what is read."""

    past: PastReview | None = PAST
    threads: tuple[ReviewThread, ...] = ()
    writers: tuple[str, ...] = ("ann",)
    asked: list[str] = field(default_factory=list)
    written: tuple[str, ...] = ()

    async def recall(self, ref: PullRequestRef) -> PastReview | None:
        assert ref == REF
        return self.past

    async def keep(self, ref: PullRequestRef, past: PastReview) -> None:
        assert ref == REF
        self.asked.append("keep")
        self.past = past

    async def all(self, place: Place) -> tuple[ReviewThread, ...]:
        self.asked.append("threads")
        return self.threads

    async def resolve(self, place: Place, thread: str) -> bool:
        raise AssertionError("nothing is written here")

    async def reopen(self, place: Place, thread: str) -> bool:
        raise AssertionError("nothing is written here")

    async def begin(self, ref: PullRequestRef, write: str) -> Begun:
        raise AssertionError("nothing is written here")

    async def finish(self, ref: PullRequestRef, write: str, id_: int) -> None:
        raise AssertionError("nothing is written here")

    async def forget(self, ref: PullRequestRef, write: str) -> None:
        raise AssertionError("nothing is written here")

    async def open(self, ref: PullRequestRef, prefix: str) -> tuple[str, ...]:
        raise AssertionError("nothing is asked here")

    async def finished(self, ref: PullRequestRef, prefix: str) -> dict[str, int]:
        return {key: 1 for key in self.written if key.startswith(prefix)}

    async def of(self, place: Place, login: str, *, id_: int | None = None) -> Permission:
        self.asked.append(login)
        return Permission.WRITE if login in self.writers else Permission.TRIAGE


BUILT_IN = Policy()


@dataclass
class Words:
    """Implements ports.Notes: what people said of findings."""

    kept: list[KeptNote] = field(default_factory=list)

    async def of(self, row: RowKey) -> tuple[KeptNote, ...]:
        assert row == RowKey(JobKind.REVIEW, REF)
        return tuple(self.kept)

    async def done(self, row: RowKey, note: Note) -> None:
        self.kept = [one for one in self.kept if one.note != note]


async def read(known: Known, *, comments: int = 1, words: Words | None = None, policy: Policy = BUILT_IN) -> Around:
    return await Surroundings(known, known, known, known, words or Words(), KEY).read(
        PLACE, pull_request(author="dev", review_comments=comments), policy
    )


async def test_conversations_are_not_asked_for_where_there_are_none() -> None:
    nothing = Known()
    assert await read(nothing, comments=0) == Around(PAST, author="dev")
    assert nothing.asked == []


async def test_a_review_of_which_github_has_not_all_is_compared_with_the_one_before() -> None:
    before = replace(PAST, rounds=0)
    broken_off = replace(PAST, unpublished=Unpublished(before))

    assert (await read(Known(past=broken_off))).past == before
    assert (await read(Known(past=replace(broken_off, unpublished=Unpublished(None))))).past is None
    assert (await read(Known(past=replace(broken_off, head=BASE)))).past == replace(PAST, head=BASE)


@pytest.mark.parametrize("past", [None, PAST, replace(PAST, unpublished=Unpublished(None))])
async def test_what_github_has_is_compared_with_no_more(past: PastReview | None) -> None:
    one = Known(past=past)
    await Surroundings(one, one, one, one, Words(), KEY).published(REF)

    assert one.past == (past and PAST)
    assert one.asked == (["keep"] if past not in {None, PAST} else [])


async def test_without_a_past_no_conversation_is_ours() -> None:
    first = Known(past=None, threads=(thread(1, by="ann"),))
    assert await read(first) == Around(None, first.threads, "dev")
    assert first.asked == ["threads"]


async def test_the_newest_conversation_of_a_finding_counts() -> None:
    copied, other = thread(3, "F2", ours=False), replace(thread(4, "F9"), path="b.py")
    both = Known(threads=(thread(1), thread(2), copied, other))
    assert (await read(both)).own == {"F1": both.threads[1]}


@pytest.mark.parametrize(
    ("by", "dismissed", "asked"),
    [
        ("ann", {"F1": "ann"}, ["ann"]),
        ("tom", {}, ["tom"]),
        (None, {}, []),
        ("revwright[bot]", {}, []),
        ("revwright", {}, []),
        ("renovate[bot]", {}, ["renovate[bot]"]),
    ],
)
async def test_who_may_write_settles_a_finding_by_resolving_it(
    by: str | None, dismissed: dict[str, str], asked: list[str]
) -> None:
    one = Known(threads=(thread(1, by=by),))
    assert (await read(one)).dismissed == dismissed
    assert one.asked == ["threads", *asked]


async def test_a_policy_that_asks_for_more_to_dismiss_asks_for_it_here() -> None:
    one = Known(threads=(thread(1, by="ann"),))
    strict = Policy(commands=(("dismiss", "maintain"),))
    assert (await read(one, policy=strict)).dismissed == {}


async def test_somebody_who_is_gone_settled_nothing() -> None:
    gone = Known(threads=(replace(thread(1), resolved=True, resolved_by=None),))
    assert (await read(gone)).dismissed == {}


async def test_each_person_is_asked_about_once_and_not_for_what_is_over() -> None:
    three = Known(threads=(thread(1, by="ann"), thread(2, "F2", by="ann"), thread(3, "F3", by="zoe")))
    assert (await read(three)).dismissed == {"F1": "ann", "F2": "ann"}
    assert three.asked == ["threads", "ann"]


@pytest.mark.parametrize(
    ("by", "written", "dismissed"),
    [
        ("ann", "", {}),
        ("ann", f"reopened:1:{BASE}", {}),
        ("ann", f"reopened:1:{HEAD}", {"F1": "ann"}),
        ("bob", "", {"F1": "bob"}),
    ],
)
async def test_what_was_resolved_before_its_code_changed_counts_after_it_was_opened_again(
    by: str, written: str, dismissed: dict[str, str]
) -> None:
    """The last review came to undo what ann had resolved; it may have died, or been refused, before it did."""
    past = replace(PAST, findings=(replace(known("F1"), dismissed_by="ann"),))
    one = Known(past=past, threads=(thread(1, by=by),), writers=("ann", "bob"), written=(written,))

    assert (await read(one)).dismissed == dismissed


async def test_an_apps_name_is_that_of_its_conversations() -> None:
    one = Known()
    around = await Surroundings(one, one, one, one, Words(), KEY).read(
        PLACE, pull_request(author="updates[bot]"), BUILT_IN
    )
    assert around.author == "updates"


def word(state: FindingState, finding: str, *, by: str = "ann") -> KeptNote:
    text = encode(Settlement(finding, state, by, "it is meant"))
    return KeptNote(Note(f"settled:{finding}:{state}:{by}", text), None, datetime(2026, 1, 1, tzinfo=UTC))


async def test_what_people_said_is_in_the_past_and_done_when_that_is_kept() -> None:
    words = Words(
        [
            word(FindingState.DISMISSED, "F1"),
            KeptNote(Note("settled:x", "of another version"), None, word(FindingState.OPEN, "F1").taken_at),
            KeptNote(Note("x", "of another job"), None, word(FindingState.OPEN, "F1").taken_at),
        ]
    )
    known = Known()

    around = await read(known, words=words)

    assert around.past is not None
    (first, *_) = (one for one in around.past.findings if one.finding.id == "F1")
    assert (first.state, first.dismissed_by, first.reason) == (FindingState.DISMISSED, "ann", "it is meant")
    surroundings = Surroundings(known, known, known, known, words, KEY)
    await surroundings.taken_in(PLACE, around)
    assert [one.note.id for one in words.kept] == ["x"], "what is somebody else's stays"


async def test_without_a_past_what_was_said_is_about_nothing() -> None:
    around = await read(Known(past=None), words=Words([word(FindingState.DISMISSED, "F1")]))

    assert around.past is None
    assert around.anew().past is None
    assert len(around.words) == 1


async def test_anew_nothing_is_covered_and_every_finding_is_known() -> None:
    around = (await read(Known())).anew()

    assert around.past is not None
    assert around.past == replace(PAST, entries=())
