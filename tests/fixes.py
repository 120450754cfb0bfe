"""What fixes say, for tests: an answer, checks before and after, and a patch that is worth a report."""

from __future__ import annotations

from dataclasses import replace

from app.domain.fix.answer import FixAnswer, FixItem
from app.domain.fix.counts import Counts, Source
from app.domain.fix.plan import Plan, PlanStep, StepState
from app.domain.fix.report import ChangedFile, Checked, Cost, Fixed, Shown
from app.domain.fix.verifying import Ran
from app.domain.messages.commands import Named
from app.domain.messages.fix import Speaker
from app.domain.objects import Change
from tests.build import REF, REPOSITORY, diff_of, entry
from tests.reports import ORIGIN, PROVEN, WRONG_CENTS

VERIFY = "python -m pytest -q"
NAMED = Named("fix", "ada-lovelace", "https://github.com", REPOSITORY, REF, 1184)
SPEAKER = Speaker(NAMED, ORIGIN, "<!-- mark -->")
COST = Cost(48_210, 9, 0.1874)


def ran(
    *, failed: int = 0, executed: int = 214, skipped: int = 2, failing: tuple[str, ...] = (), output: str = ""
) -> Ran:
    """A run of the project's tests as its code reported it."""
    counts = Counts(executed + skipped, executed, failed, skipped, failing, Source.JUNIT)
    return Ran(VERIFY, 1 if failed else 0, None, counts, output, 4.2)


PLAN = Plan(
    (
        PlanStep("Reproduce the double refund in a test", StepState.DONE),
        PlanStep("Take the lock before `refunded` is read", StepState.DOING),
        PlanStep("Run all checks"),
    )
)
ANSWER = FixAnswer(
    "`refund()` read `order.refunded` before it held the lock, so that two requests could both pay. The lock is taken "
    "first now, and cents are rounded.",
    (
        FixItem(PROVEN.id, "The lock is taken before `refunded` is read."),
        FixItem(WRONG_CENTS.id, "`to_cents` rounds with `round()`."),
    ),
    (FixItem("F0be5519af", "Which time-out is right is for the owners of the gateway to say."),),
    "test_refund_is_paid_once fails without the fix.",
)
FIXED = Fixed(
    ANSWER,
    (
        ChangedFile("app/pay/money.py", 1, 1),
        ChangedFile("app/pay/refund.py", 3, 2),
        ChangedFile("tests/test_refund.py", 9, 0),
    ),
    Checked(
        "the policy's fix.verify",
        (ran(output="214 passed, 2 skipped in 3.90s\n"),),
        (ran(executed=215, output="215 passed, 2 skipped in 4.02s\n"),),
        (),
        Shown.FAILS_WITHOUT,
    ),
    ("tests/test_money.py:31: assert to_cents(19.99) == 1998",),
    ("__pycache__/", "app/__pycache__/", "reproduce.py"),
    findings=(PROVEN.id, WRONG_CENTS.id, "F0be5519af"),
)
CHANGES = (
    Change(
        entry("app/pay/money.py"),
        diff_of(
            " def to_cents(amount: float) -> int:", "-    return int(amount * 100)", "+    return round(amount * 100)"
        ),
        None,
    ),
)


def checked(**changes: object) -> Fixed:
    """The same fix with other checks."""
    return replace(FIXED, checked=replace(FIXED.checked, **changes))  # type: ignore[arg-type]
