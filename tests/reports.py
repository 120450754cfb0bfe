"""Whole reports for tests of what we say: one that blocks and has everything, one that passed, one to be retried."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from app.domain.anchors import Anchor
from app.domain.coverage import CoverageLedger, Excluded, LedgerEntry, Reviewed, Unreviewed
from app.domain.findings import Candidate, Dropped, Evidence, Finding, Location, Proof, ProofRun
from app.domain.guidelines import Guideline
from app.domain.judgements import Decision, Judgement
from app.domain.memory import FindingState, KnownFinding
from app.domain.messages.origin import Origin
from app.domain.model import ModelCall, Usage
from app.domain.pull_request import Sha
from app.domain.report import AlsoSeen, Bill, ModelUse, Report, Standing
from app.domain.rules import Rule
from app.domain.severity import Severity
from app.domain.tiers import Tier
from app.domain.verdict import Blocked, Incomplete, Passed
from tests.build import BASE, HEAD, REPOSITORY, rule

ORIGIN = Origin("5f2c91d0a3b84e67", "https://github.com", REPOSITORY, HEAD)
FIXING = Sha("c" * 40)
UNNAMED = "no rule names the path (built-in)"

RULES: dict[str, Rule] = {
    "python/http-without-timeout": replace(
        rule("python/http-without-timeout"),
        title="An HTTP call without a time-out",
        prose="Flag calls that can wait for ever. Not where the client has a time-out.",
        fix="Pass `timeout=` in seconds.",
    )
}


def found(
    id_: str, severity: Severity, where: tuple[str, int, int], title: str, body: str, **changes: object
) -> Finding:
    path, start, end = where
    plain = Finding(
        id=id_,
        rule="",
        severity=severity,
        location=Location(path, start, end),
        title=title,
        body=body,
        evidence=Evidence.REASONED,
        confidence=0.86,
        suggestion=None,
        inline=True,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


PROVEN = found(
    "F3a91c07be",
    Severity.P0,
    ("app/pay/refund.py", 41, 43),
    "A refund can be paid out twice when two requests arrive together",
    "`refund()` reads `order.refunded` before it takes the lock, so two requests see `False` and "
    "both call `gateway.pay`.\n\n"
    "Take the lock first:\n\n```python\nwith lock(order.id):\n    if order.refunded:\n        ...\n```",
    evidence=Evidence.REPRODUCED,
    confidence=0.97,
    failing_case="two `POST /refunds` for the same order within a few milliseconds",
    suggestion="    with lock(order.id):\n        if order.refunded:\n            return\n",
    proof=Proof(
        command="python -m pytest -q tests/test_refund_twice.py",
        files=(("tests/test_refund_twice.py", "def test_once() -> None:\n    assert payouts(two_requests()) == 1\n"),),
        expected="assert 2 == 1",
        head=ProofRun(HEAD, "exited with status 1", "E       assert 2 == 1\n1 failed in 0.31s\n"),
        base=ProofRun(BASE, "exited with status 0", "1 passed in 0.28s\n"),
    ),
)
WRONG_CENTS = found(
    "F77d20e4c1",
    Severity.P1,
    ("app/pay/money.py", 18, 18),
    "Cents are cut off instead of rounded, so that `19.99 * 100` becomes 1998",
    "`int(amount * 100)` truncates; use `round()`, or `Decimal` from the beginning.",
    failing_case="`to_cents(19.99)` gives 1998",
    suggestion="    return round(amount * 100)",
    confidence=0.93,
)
NO_TIMEOUT = found(
    "F0be5519af",
    Severity.P2,
    ("app/pay/gateway.py", 12, 12),
    "An HTTP call without a time-out",
    "The call can wait for ever and holds its worker.",
    rule="python/http-without-timeout",
    evidence=Evidence.STATIC,
    confidence=1.0,
)
MOVED = found(
    "F5cc81b204",
    Severity.P2,
    ("app/pay/ledger.py", 120, 124),
    "The query runs once for each order: 1 + N round trips",
    "`order.customer` is loaded in the loop.",
)
OUTSIDE = found(
    "F91e0d7733",
    Severity.P2,
    ("app/pay/api.py", 77, 77),
    "The old caller still passes the amount in euros",
    "`charge()` takes cents now; this call site is not part of the change.",
    inline=False,
)
MINOR = found("F2ab4409d8", Severity.P3, ("app/pay/money.py", 3, 3), "The docstring names the old unit", "Say cents.")
SEEN_BY_OTHERS = found(
    "Fd0193a6e5", Severity.P2, ("app/pay/gateway.py", 30, 30), "A retry may charge twice", "No idempotency key is sent."
)
OVER_THE_CAP = found("Fe7706b2c3", Severity.P3, ("app/pay/views.py", 9, 9), "An unused import", "`json` is not used.")


def known(finding: Finding, state: FindingState, **changes: object) -> KnownFinding:
    plain = KnownFinding(finding, Anchor("", "", 0, (), ()), state, since=BASE)
    return replace(plain, **changes)  # type: ignore[arg-type]


def entry(path: str, tier: Tier, reason: str) -> LedgerEntry:
    return LedgerEntry(path, tier, reason, Reviewed(tier))


LEDGER = CoverageLedger(
    (
        *(entry(f"app/pay/{n}.py", Tier.CORE, "tiers.core: app/pay/** (policy)") for n in ("api", "gateway", "ledger")),
        *(entry(f"app/pay/{n}.py", Tier.CORE, "tiers.core: app/pay/** (policy)") for n in ("money", "refund", "views")),
        entry("app/models.py", Tier.STANDARD, UNNAMED),
        entry("docs/refunds.md", Tier.LIGHT, "tiers.light: docs/** (policy)"),
        LedgerEntry(
            "poetry.lock", Tier.SKIP, "tiers.skip: **/*.lock (policy)", Excluded("tiers.skip: **/*.lock (policy)")
        ),
    )
)
WALKTHROUGH = (
    "Refunds move from the nightly job into the API:\n\n- `POST /refunds` calls `refund()` at once\n- amounts are "
    "cents everywhere\n- the gateway client is new"
)
DIAGRAM = """sequenceDiagram
    participant c as Customer
    participant a as API
    participant g as Gateway
    c->>a: POST /refunds
    a->>g: pay(cents)
    g-->>a: receipt
    a-->>c: 201
"""


def passed() -> Report:
    """A small change without anything to say of it."""
    return Report(
        head=HEAD,
        base=BASE,
        merge_base=BASE,
        verdict=Passed(),
        ledger=CoverageLedger((entry("app/models.py", Tier.STANDARD, UNNAMED),)),
        findings=(),
        max_findings=10,
        dropped=(),
        walkthrough="Adds an index on `orders.customer`.",
        guidelines=(Guideline("AGENTS.md", "", 0),),
        rule_packs=(("general", 6), ("python", 14)),
        models=(ModelUse("gpt-5.4", 4, Usage(21_400, 15_100, 900), 0.0412),),
        model_note="",
        hidden_characters=0,
        rounds=1,
        round_limit=6,
        bill=Bill(spent=0.0412, cap=2.0),
    )


_USES = (
    ModelUse("gpt-5.4-mini", 1, Usage(3_100, 0, 210), 0.0031),
    ModelUse("gpt-5.4", 31, Usage(412_000, 331_000, 19_800), 0.6120),
)


def blocked() -> Report:
    """A change of which there is something to say in every part of every text."""
    findings = (PROVEN, WRONG_CENTS, NO_TIMEOUT, MOVED, OUTSIDE, MINOR)
    return replace(
        passed(),
        verdict=Blocked((PROVEN, WRONG_CENTS)),
        ledger=LEDGER,
        findings=findings,
        max_findings=5,
        walkthrough=WALKTHROUGH,
        diagram=DIAGRAM,
        standing={WRONG_CENTS.id: Standing.STILL_THERE, MOVED.id: Standing.MOVED},
        fixed=(
            known(
                replace(MINOR, id="Fa1b2c3d4e", title="Amounts are logged with card numbers"),
                FindingState.FIXED,
                fixed_by=FIXING,
            ),
            known(replace(MINOR, id="Fb2c3d4e5f", title="A test sleeps for 10 s"), FindingState.FIXED),
        ),
        dismissed=(
            known(replace(MINOR, id="Fc3d4e5f60", title="A magic number"), FindingState.DISMISSED, dismissed_by="ada"),
        ),
        also_seen=(
            AlsoSeen(SEEN_BY_OTHERS, "said on this line by octocat"),
            AlsoSeen(OVER_THE_CAP, "over the policy's cap of 5 comments"),
        ),
        judgements=(
            Judgement("app/pay/refund.py", 41, PROVEN.title, Severity.P0, Decision.KEPT, Severity.P0, "two reads"),
            Judgement(
                "app/pay/ledger.py", 120, MOVED.title, Severity.P1, Decision.LOWERED, Severity.P2, "slow, but right"
            ),
            Judgement(
                "app/pay/views.py",
                20,
                "The view leaks a session",
                Severity.P1,
                Decision.DROPPED,
                None,
                "the session is closed by the `with` in line 12",
            ),
        ),
        dropped=(
            Dropped(
                Candidate("", Severity.P2, "app/pay/api.py", 5, 5, "Maybe slow", "", Evidence.REASONED, 0.3),
                "the model is less than 50% sure",
            ),
        ),
        models=_USES,
        calls=(ModelCall("standard 1/2, step 1", "gpt-5.4", Usage(9_000, 0, 400), 0.02, 4.25),),
        bill=Bill(spent=1.1871, cap=2.0),
        guidelines=(Guideline("AGENTS.md", "", 0), Guideline("app/pay/AGENTS.md", "", 1_200)),
        skills=("payments",),
        notes=("Fdeadbee00: the command prints the same on the base",),
        rounds=3,
        carried=2,
        hidden_characters=2,
    )


def incomplete() -> Report:
    """The provider is down, and a model has no price."""
    reason = "neither gpt-5.4 nor gpt-5.4-mini answers"
    gap = LedgerEntry("app/models.py", Tier.STANDARD, UNNAMED, Unreviewed(reason))
    return replace(
        passed(),
        verdict=Incomplete(f"1 of 1 files not reviewed: {reason}", datetime(2026, 11, 21, 20, 15, tzinfo=UTC)),
        ledger=CoverageLedger((gap,)),
        walkthrough="",
        models=(ModelUse("local-llama", 2, Usage(0, 0, 0, known=False), None),),
        model_note=f"AI did not look: {reason}.",
        bill=Bill(spent=0.0, cap=2.0, unpriced=("local-llama",)),
    )
