"""What a review is going to do: every entry is carried, excluded, in a group, or left out with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.coverage import Reviewed, Unreviewed
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.identity import identity
from app.domain.memory import EntryMemory, PastReview
from app.domain.objects import Change, NotDiffed
from app.domain.policy import CoreRequirement, Policy, TierPolicy
from app.domain.snapshot import Snapshot
from app.domain.tiers import Tier
from app.usecases.review.crew import ModelChoice
from app.usecases.review.planning import Plan, make_plan
from tests.build import BASE, HEAD, change, snapshot
from tests.usecases.scripted_model import ScriptedModel

CHOICE = ModelChoice(ScriptedModel(), "fast", "main", "deep", {})
POLICY = Policy(tiers=TierPolicy(skip=("vendor/**",), light=("docs/**",), core=(CoreRequirement(("app/auth/**",)),)))
A, B = change("a.py", "+import bill", "+x = 1"), change("bill.py", "+y = 2")


def plan(
    frozen: Snapshot, past: PastReview | None = None, *, choice: ModelChoice | None = CHOICE, steering: str = "s"
) -> Plan:
    return make_plan(frozen, past, steering, choice, no_model="no model is configured")


def remembered(*changes: Change, tier: Tier = Tier.STANDARD, **reads: tuple[str, ...]) -> PastReview:
    entries = tuple(
        EntryMemory(one.entry.path, identity(one), tier, reads.get(one.entry.path.partition(".")[0], ()))
        for one in changes
    )
    return PastReview(HEAD, BASE, BASE, "s", entries, (), rounds=0, asked=False)


def grouped(made: Plan) -> list[tuple[Tier, tuple[str, ...]]]:
    return [(one.tier, one.paths) for one in made.groups]


def test_each_entry_is_grouped_by_its_tier_and_skipped_ones_are_not() -> None:
    paths = ("a.py", "app/auth/login.py", "docs/notes.md", "vendor/lib.py")
    made = plan(snapshot(*(change(path, "+x") for path in paths), policy=POLICY))

    assert grouped(made) == [
        (Tier.CORE, ("app/auth/login.py",)),
        (Tier.STANDARD, ("a.py",)),
        (Tier.LIGHT, ("docs/notes.md",)),
    ]
    assert made.looked_at == set(paths[:3])
    assert made.core == {"app/auth/login.py"}
    assert made.highest is Tier.CORE
    assert made.tier_of == dict(zip(paths, (Tier.STANDARD, Tier.CORE, Tier.LIGHT, Tier.SKIP), strict=True))
    assert made.covered == {}
    assert plan(snapshot()).highest is Tier.SKIP


def test_a_file_in_several_groups_is_known_in_all_of_them() -> None:
    long = change("a.py", *(f"+line {number} is here" for number in range(60)))
    made = plan(snapshot(long), choice=replace(CHOICE, group_characters=400))

    assert len(made.groups) > 1
    assert made.groups_of == {"a.py": made.groups}


def test_what_does_not_fit_is_named_with_the_reason() -> None:
    changes = [change(f"d{number}/a.py", *("+x" * 40 for _ in range(9))) for number in range(4)]
    made = plan(snapshot(*changes), choice=replace(CHOICE, group_characters=500, max_groups=2))

    left = {path for path, state in made.covered.items() if isinstance(state, Unreviewed)}
    assert left
    assert left | made.looked_at == {one.entry.path for one in changes}


def test_without_a_model_nothing_is_looked_at_and_the_report_says_why() -> None:
    made = plan(snapshot(A, change("vendor/x.py", "+x"), policy=POLICY), choice=None)

    assert made.groups == ()
    assert made.covered == {"a.py": Unreviewed("no model is configured, so AI did not look at it")}


@pytest.mark.parametrize(
    ("past", "steering", "again"),
    [
        (None, "s", {"a.py", "bill.py"}),
        (remembered(A, B), "s", set()),
        (remembered(A, B), "another", {"a.py", "bill.py"}),
        (remembered(A), "s", {"a.py", "bill.py"}),  # a.py mentions bill
        (remembered(B), "s", {"a.py"}),
        (remembered(A, change("bill.py", "+y = 3")), "s", {"a.py", "bill.py"}),
        (remembered(change("a.py", "+x = 2"), B), "s", {"a.py"}),
        (remembered(change("a.py", "+x = 2"), B, bill=("a.py",)), "s", {"a.py", "bill.py"}),
        (remembered(A, B, tier=Tier.LIGHT), "s", {"a.py", "bill.py"}),
        (remembered(A, B, tier=Tier.SKIP), "s", {"a.py", "bill.py"}),
        (remembered(A, B, change("gone.py", "+z")), "s", set()),
        (remembered(A, B, change("gone.py", "+z"), a=("gone.py",)), "s", {"a.py"}),
    ],
)
def test_what_earlier_reviews_covered_is_carried(past: PastReview | None, steering: str, again: set[str]) -> None:
    made = plan(snapshot(A, B), past, steering=steering)

    assert made.looked_at == again
    assert made.covered == {path: Reviewed(Tier.STANDARD) for path in {"a.py", "bill.py"} - again}


def test_a_skipped_entry_that_stays_makes_nobody_look_again() -> None:
    lock = change("vendor/bill.lock", "+b = 1")
    skipped = replace(remembered(lock, tier=Tier.SKIP).entries[0])
    past = replace(remembered(A, B), entries=(*remembered(A, B).entries, skipped))

    assert plan(snapshot(A, B, lock, policy=POLICY), past).looked_at == set()
    other = change("vendor/bill.lock", "+b = 2")
    assert plan(snapshot(A, B, other, policy=POLICY), past).looked_at == {"a.py"}


def picture(path: str, kind: Kind = Kind.FILE, *, gone: bool = False) -> Change:
    side = Side("100644", "c" * 40, kind)
    return Change(Entry(path, Status.MODIFIED, side, None if gone else side), None, NotDiffed.BINARY)


@pytest.mark.parametrize(
    ("one", "tier"),
    [
        (picture("logo.png"), Tier.SKIP),
        (picture("logo.png", gone=True), Tier.SKIP),
        (picture("logo.png", Kind.SYMLINK), Tier.STANDARD),
        (change("logo.png", "+print(1)"), Tier.STANDARD),
    ],
)
def test_only_what_is_binary_is_excluded_by_its_name(one: Change, tier: Tier) -> None:
    assert plan(snapshot(one)).tier_of == {"logo.png": tier}
