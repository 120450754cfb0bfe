"""Pull requests that were merged: whose approvals stood, what a list of files tells, and where it leaves a doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.entries import Entry, Status
from app.domain.gate.newest import enough, newest
from app.domain.gate.past_pull import Approval, ChangedFile, FileList, approvals, entries_of
from app.domain.gate.reviews import Person, Review, ReviewState
from app.domain.gate.simulation import PastMerge
from app.domain.pull_request import Sha

MERGED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HEAD, EARLIER = Sha("a" * 40), Sha("b" * 40)
ANN, BOB = Person(7, "ann"), Person(8, "bob")
MINUTE = timedelta(minutes=1)


def review(
    who: Person | None,
    state: ReviewState = ReviewState.APPROVED,
    *,
    commit: Sha | None = HEAD,
    minutes: int = -10,
    human: bool = True,
) -> Review:
    return Review(100 + minutes, who, human, state, commit, MERGED + minutes * MINUTE)


@pytest.mark.parametrize(
    ("reviews", "told"),
    [
        ([], ()),
        ([review(ANN)], (Approval("ann", True, True),)),
        ([review(ANN), review(ANN, ReviewState.COMMENTED, minutes=-5)], (Approval("ann", True, True),)),
        ([review(ANN), review(ANN, ReviewState.CHANGES_REQUESTED, minutes=-5)], ()),
        ([review(ANN, ReviewState.CHANGES_REQUESTED), review(ANN, minutes=-5)], (Approval("ann", True, True),)),
        ([review(ANN, ReviewState.DISMISSED)], ()),
        ([review(ANN, ReviewState.PENDING)], ()),
        ([review(ANN, minutes=0)], (Approval("ann", True, True),)),
        ([review(ANN, minutes=1)], ()),
        ([review(ANN), review(ANN, ReviewState.CHANGES_REQUESTED, minutes=1)], (Approval("ann", True, True),)),
        ([review(ANN, commit=EARLIER)], (Approval("ann", True, False),)),
        ([review(ANN, commit=None)], (Approval("ann", True, False),)),
        ([review(ANN, human=False)], (Approval("ann", False, True),)),
        ([review(None)], (Approval(None, True, True),)),
        ([review(BOB), review(ANN, minutes=-20)], (Approval("ann", True, True), Approval("bob", True, True))),
    ],
)
def test_who_approved_until_the_merge(reviews: list[Review], told: tuple[Approval, ...]) -> None:
    assert approvals(reviews, HEAD, MERGED) == told


@pytest.mark.parametrize(
    ("files", "entries"),
    [
        ([], []),
        ([ChangedFile("a", Status.ADDED), ChangedFile("b", Status.DELETED)], [("a", "added"), ("b", "deleted")]),
        ([ChangedFile("new", Status.ADDED, "old")], [("old", "deleted"), ("new", "added")]),
        (
            [ChangedFile("b", Status.ADDED, "a"), ChangedFile("a", Status.ADDED, "c")],
            [("a", "modified"), ("b", "added"), ("c", "deleted")],
        ),
        ([ChangedFile("a", Status.TYPE_CHANGED)], [("a", "type_changed")]),
    ],
)
def test_files_as_git_tells_them(files: list[ChangedFile], entries: list[tuple[str, str]]) -> None:
    assert entries_of(files) == tuple(Entry(path, Status(status), None, None) for path, status in entries)


@pytest.mark.parametrize(
    ("files", "said", "doubt"),
    [
        (["a"], 1, ""),
        ([], 0, ""),
        (["a"] * 3_000, 3_000, ""),
        (
            [],
            3_001,
            "it changes 3,001 files, and GitHub lists at most 3,000; without --github, a local clone tells of it",
        ),
        ([], 1, "GitHub says that it changes 1 file, and lists 0"),
        (["a", "b"], 1, "GitHub says that it changes 1 file, and lists 2"),
        (["a\ufffd\x1b"], 1, r"GitHub may have replaced bytes of 'a�\\x1b', and a path that is not UTF-8 is core"),
    ],
)
def test_what_a_list_of_files_leaves_in_doubt(files: list[str], said: int, doubt: str) -> None:
    assert FileList(tuple(ChangedFile(path, Status.MODIFIED) for path in files), said).doubt == doubt


def test_the_old_path_of_a_rename_may_be_in_doubt_too() -> None:
    assert "may have replaced bytes" in FileList((ChangedFile("a", Status.ADDED, "\ufffd"),), 1).doubt


def found(*minutes: int) -> dict[int, PastMerge]:
    """Merged so many minutes after `MERGED`, numbered from 1."""
    return {
        number: PastMerge(HEAD, (), MERGED + minute * MINUTE, f"{number}") for number, minute in enumerate(minutes, 1)
    }


@pytest.mark.parametrize(
    ("merged", "changed", "most", "done"),
    [
        ((), 0, 5, False),
        ((), -1, 5, True),
        ((3, 2), 0, 2, False),
        ((3, 2, 1), 2, 2, False),
        ((3, 2, 1), 1, 2, True),
        ((1, 3, 2), 1, 2, True),
        ((3, 2, 1), 0, 2, True),
    ],
)
def test_when_no_later_page_matters(merged: tuple[int, ...], changed: int, most: int, done: bool) -> None:
    """Pages are ordered by the last change, which is never before the merge."""
    assert enough(found(*merged), MERGED + changed * MINUTE, MERGED, most=most) is done


@pytest.mark.parametrize(
    ("merged", "most", "cut", "told", "more"),
    [
        ((), 2, False, [], False),
        ((1, 3, 2), 3, False, ["2", "3", "1"], False),
        ((1, 3, 2), 2, False, ["2", "3"], True),
        ((1, 1), 2, False, ["2", "1"], False),
        ((0, -1), 2, False, ["1"], False),
        ((1,), 2, True, ["1"], True),
    ],
)
def test_the_newest_by_the_time_of_the_merge(
    merged: tuple[int, ...], most: int, cut: bool, told: list[str], more: bool
) -> None:
    history = newest(found(*merged), MERGED, most=most, cut=cut)
    assert ([merge.subject for merge in history.merges], history.more) == (told, more)
