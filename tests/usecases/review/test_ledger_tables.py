"""The pieces of a review put together: one state for every entry, and new findings that are not said in the diff."""

from __future__ import annotations

import pytest

from app.domain.coverage import Coverage, Reviewed, Unreviewed
from app.domain.grouping import Group
from app.domain.incremental import Carry
from app.domain.report import Standing
from app.domain.threads import ReviewThread
from app.domain.tiers import Tier, TierChoice
from app.usecases.review.around import Around
from app.usecases.review.assembling import kept_back, ledger
from app.usecases.review.passes import Looked
from app.usecases.review.planning import Plan
from app.usecases.review.recollection import Recollection
from tests.build import finding

SEEN, GAP, WORSE = Reviewed(Tier.STANDARD), Unreviewed("the model refused"), Unreviewed("nobody was at home")
PLAN = Plan(
    tiers={"a.py": TierChoice(Tier.STANDARD, "no rule"), "b.png": TierChoice(Tier.SKIP, "a picture")},
    identities={},
    defines={},
    carry=Carry({}, frozenset()),
    groups=(),
    covered={},
)


def looked(state: Coverage) -> Looked:
    group = Group(1, 1, Tier.STANDARD, ())
    return Looked(group, (), {"a.py": state}, summary="", diagram="", reads=frozenset(), trouble=None)


@pytest.mark.parametrize(
    ("states", "expected"),
    [((SEEN,), SEEN), ((GAP,), GAP), ((SEEN, GAP), GAP), ((GAP, SEEN), GAP), ((GAP, WORSE), GAP)],
)
def test_an_entry_is_reviewed_when_every_pass_over_it_was(states: tuple[Coverage, ...], expected: Coverage) -> None:
    told = ledger(PLAN, [looked(state) for state in states], {}, {})

    assert [entry.path for entry in told.entries] == ["a.py", "b.png"]
    assert told.entries[0].coverage == expected


def thread(author: str | None) -> ReviewThread:
    return ReviewThread("T1", 1, "a.py", None, 1, resolved=False, resolved_by=None, author=author, ours=False, body="x")


@pytest.mark.parametrize(
    ("standing", "threads", "rounds_over", "reason"),
    [
        ({}, (), False, None),
        ({}, (thread("ann"),), False, "already raised by ann"),
        ({}, (thread(None),), True, "already raised by somebody else"),
        ({}, (), True, "the rounds of this pull request are used up"),
    ],
)
def test_a_new_finding_is_kept_back_where_it_was_said_or_all_was_said(
    standing: dict[str, Standing], threads: tuple[ReviewThread, ...], *, rounds_over: bool, reason: str | None
) -> None:
    known = Recollection((), standing, (), (), ())

    kept = kept_back([finding("F1")], known, Around(threads=threads), rounds_over=rounds_over)

    assert [one.reason for one in kept] == ([reason] if reason else [])
