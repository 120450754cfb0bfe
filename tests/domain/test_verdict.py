"""The verdict: nothing but full coverage without blockers is Passed."""

from __future__ import annotations

import pytest

from app.domain.coverage import Coverage, CoverageLedger, Excluded, LedgerEntry, Reviewed, Unreviewed
from app.domain.findings import Finding
from app.domain.severity import Severity
from app.domain.tiers import Tier
from app.domain.verdict import Blocked, Incomplete, NeedsHuman, Passed, Verdict, judge
from tests.build import finding


def ledger(*coverages: Coverage) -> CoverageLedger:
    return CoverageLedger(tuple(LedgerEntry(f"f{i}", Tier.STANDARD, "default", c) for i, c in enumerate(coverages)))


SEEN, OUT, GAP = Reviewed(Tier.STANDARD), Excluded("policy"), Unreviewed("binary")
P1, P2 = finding("F1", severity=Severity.P1), finding("F2", severity=Severity.P2)


@pytest.mark.parametrize(
    ("coverage", "findings", "requirements", "expected"),
    [
        ((SEEN, OUT), (), (), Passed()),
        ((), (), (), Passed()),
        ((SEEN,), (P2,), (), Passed()),
        ((SEEN,), (P1, P2), (), Blocked((P1,))),
        ((GAP,), (P1,), ("x",), Blocked((P1,))),
        ((GAP,), (), ("correct the policy",), NeedsHuman(("correct the policy",))),
        ((SEEN, GAP, GAP), (P2,), (), Incomplete("2 of 3 changed files not reviewed: binary")),
        ((GAP, Unreviewed("cut")), (), (), Incomplete("2 of 2 changed files not reviewed: binary; cut")),
    ],
)
def test_judge(
    coverage: tuple[Coverage, ...], findings: tuple[Finding, ...], requirements: tuple[str, ...], expected: Verdict
) -> None:
    assert judge(ledger(*coverage), findings, block_at=Severity.P1, requirements=requirements) == expected


def test_blocking_findings_that_were_told_often_enough_are_for_a_person() -> None:
    def after(*findings: Finding) -> Verdict:
        return judge(ledger(SEEN), findings, block_at=Severity.P1, requirements=("approve",), stalled="decide")

    assert after(P1) == NeedsHuman(("decide", "approve"))
    assert after(P2) == NeedsHuman(("approve",))


def test_the_ledger_counts_each_state() -> None:
    told = ledger(SEEN, OUT, GAP)

    assert (len(told.reviewed), len(told.excluded), len(told.unreviewed)) == (1, 1, 1)


@pytest.mark.parametrize(("a", "b", "expected"), [("P0", "P1", True), ("P1", "P1", True), ("P2", "P1", False)])
def test_severity_order(a: str, b: str, *, expected: bool) -> None:
    assert Severity(a).at_least(Severity(b)) is expected
