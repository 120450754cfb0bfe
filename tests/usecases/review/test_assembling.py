"""The pieces of a review put together: one state for each entry, what is told where, and what is remembered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.anchors import Anchor
from app.domain.coverage import Coverage, CoverageLedger, Excluded, LedgerEntry, Reviewed, Unreviewed
from app.domain.grouping import Group
from app.domain.incremental import Carry
from app.domain.memory import EntryMemory, FindingState, KnownFinding
from app.domain.policy import Policy, TierPolicy
from app.domain.report import AlsoSeen
from app.domain.threads import ReviewThread
from app.domain.tiers import Tier
from app.usecases.review.around import Around
from app.usecases.review.assembling import (
    entries_to_remember,
    findings_to_remember,
    kept_back,
    ledger,
    packs,
    requirements,
)
from app.usecases.review.passes import Looked
from app.usecases.review.planning import Plan, make_plan
from app.usecases.review.recollection import Recollection
from app.usecases.review.verifying import Verified
from tests.build import BASE, change, finding, rule, snapshot

ANCHOR = Anchor("", "x", 0, (), ())
NOTHING = Recollection((), {}, (), (), ())
SEEN = Reviewed(Tier.STANDARD)
POLICY = Policy(tiers=TierPolicy(skip=("vendor/**",)))


def known(id_: str, state: FindingState = FindingState.OPEN, *, posted: bool = False) -> KnownFinding:
    return KnownFinding(finding(id_), ANCHOR, state, BASE, posted=posted)


def looked(reads: str = "", **coverage: Coverage) -> Looked:
    """A pass over files named as the arguments, with `.py`."""
    states = {f"{name}.py": state for name, state in coverage.items()}
    return Looked(Group(1, 1, Tier.STANDARD, ()), (), states, "", "", frozenset(reads.split()), None)


def plan(*paths: str, carried: tuple[EntryMemory, ...] = ()) -> Plan:
    made = make_plan(snapshot(*(change(path, "+x") for path in paths), policy=POLICY), None, "s", None, no_model="no")
    kept = {one.path: one for one in carried}
    covered: dict[str, Coverage] = {path: Reviewed(one.tier) for path, one in kept.items()}
    return replace(made, covered=covered, carry=Carry(kept, frozenset(made.tiers) - kept.keys()))


def states(told: CoverageLedger) -> dict[str, Coverage]:
    return {one.path: one.coverage for one in told.entries}


NO, NEVER = Unreviewed("an outage"), Unreviewed("too large")


@pytest.mark.parametrize(
    ("passes", "state"),
    [
        ((looked(a=SEEN),), SEEN),
        ((looked(a=SEEN), looked(a=NO)), NO),
        ((looked(a=NO), looked(a=SEEN)), NO),
        ((looked(a=NO), looked(a=NEVER)), NO),
    ],
)
def test_an_entry_is_reviewed_when_all_its_groups_are(passes: tuple[Looked, ...], state: Coverage) -> None:
    assert states(ledger(plan("a.py"), passes, {}, {})) == {"a.py": state}


def test_what_was_hidden_or_could_not_be_judged_is_not_reviewed() -> None:
    made = plan("a.py", "b.py", "c.py", "vendor/x.py", carried=(EntryMemory("c.py", "i", Tier.CORE, ()),))
    told = ledger(made, (looked(a=SEEN, b=SEEN),), {"a.py": NO, "vendor/x.py": NO}, {"b.py": "not judged"})

    assert states(told) == {
        "a.py": NO,
        "b.py": Unreviewed("not judged"),
        "c.py": Reviewed(Tier.CORE),
        "vendor/x.py": Excluded(made.tiers["vendor/x.py"].reason),
    }


def thread(author: str | None) -> ReviewThread:
    return ReviewThread("T1", 1, "a.py", None, 1, resolved=False, resolved_by=None, author=author, ours=False, body="")


@pytest.mark.parametrize(
    ("posted", "author", "rounds_over", "reason"),
    [
        (False, None, False, None),
        (False, "bob", False, "already raised by bob"),
        (False, "bob", True, "already raised by bob"),
        (False, "dev", False, None),
        (False, None, True, "the rounds of this pull request are used up"),
        (True, "bob", False, None),
        (True, None, True, None),
    ],
)
def test_what_no_comment_tells_yet_may_be_kept_back(
    posted: bool, author: str | None, rounds_over: bool, reason: str | None
) -> None:
    one = known("F1", posted=posted)
    around = Around(threads=(thread(author),) if author else (), author="dev")
    kept = kept_back([one.finding], replace(NOTHING, open=(one,)), around, rounds_over=rounds_over)

    assert kept == (() if reason is None else (AlsoSeen(one.finding, reason),))


def test_somebody_whose_account_is_gone_has_no_name() -> None:
    around = Around(threads=(thread(None),), author="dev")
    (kept,) = kept_back([finding("F1")], NOTHING, around, rounds_over=False)
    assert kept.reason == "already raised by somebody else"


def test_what_only_a_person_can_settle() -> None:
    frozen = snapshot(change("a.py", "+x"))
    assert requirements(frozen) == ()
    assert requirements(replace(frozen, policy_problems=("x.yml:1:1: no",))) == ("correct x.yml:1:1: no",)


def remembered(made: Plan, *passes: Looked, judged: tuple[Verified, ...] = ()) -> dict[str, tuple[Tier, str]]:
    entries = entries_to_remember(made, passes, judged, ledger(made, passes, {}, {}))
    assert [one.identity for one in entries] == list(made.identities.values())
    return {one.path: (one.tier, " ".join(one.reads)) for one in entries}


def test_every_entry_is_remembered_and_what_nobody_covered_at_the_lowest_tier() -> None:
    made = plan("a.py", "b.py", "vendor/x.py")
    assert remembered(made, looked("b.py z.py a.py", a=SEEN, b=NO)) == {
        "a.py": (Tier.STANDARD, "b.py z.py"),
        "b.py": (Tier.SKIP, "a.py z.py"),
        "vendor/x.py": (Tier.SKIP, ""),
    }


def test_what_judges_read_counts_also_for_what_was_carried() -> None:
    made = plan("a.py", "b.py", carried=(EntryMemory("b.py", "i", Tier.CORE, ("old.py",)),))
    judged = Verified(reads=(("a.py", frozenset({"a.py", "x.py"})), ("b.py", frozenset({"y.py"}))))
    assert remembered(made, looked("r.py", a=SEEN), judged=(judged, Verified())) == {
        "a.py": (Tier.STANDARD, "r.py x.py"),
        "b.py": (Tier.CORE, "old.py y.py"),
    }


def test_a_look_across_covers_nothing() -> None:
    made = plan("a.py")
    told = CoverageLedger((LedgerEntry("a.py", Tier.STANDARD, "default", SEEN),))
    across = replace(looked("z.py"), coverage={})
    assert [one.reads for one in entries_to_remember(made, (across,), (), told)] == [()]


def test_findings_are_remembered_with_what_was_posted_and_the_oldest_closed_ones_go() -> None:
    closed = tuple(known(f"C{number}", FindingState.FIXED) for number in range(200))
    told = replace(NOTHING, open=(known("F1"), known("F2"), known("F3", posted=True)), closed=closed)

    kept = findings_to_remember(told, (known("X", FindingState.FIXED),), frozenset({"F2"}), Around())

    assert [one.finding.id for one in kept[:2]] == ["C1", "C2"]
    assert [(one.finding.id, one.posted) for one in kept[199:]] == [
        ("X", False),
        ("F1", False),
        ("F2", True),
        ("F3", True),
    ]


def test_whose_resolving_is_to_be_undone_is_remembered() -> None:
    told = replace(NOTHING, open=(known("F1"), replace(known("F2"), dismissed_by="ann"), known("F3")))
    own = {
        "F1": replace(thread("revwright"), resolved=True, resolved_by="ann"),
        "F2": replace(thread("revwright"), resolved=False),
    }

    kept = findings_to_remember(told, (), frozenset(), Around(own=own))

    assert [one.dismissed_by for one in kept] == ["ann", None, None]


def test_packs_count_their_rules() -> None:
    assert packs([rule("sql/a"), rule("general/b"), rule("sql/c")]) == (("general", 1), ("sql", 2))
