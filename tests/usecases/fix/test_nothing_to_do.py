"""A plain `fix` with nothing to do says what is known and what is not: of findings, and of the checks of others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.fix.ci import FailedCheck
from app.domain.memory import PastReview
from app.domain.severity import Severity
from tests.build import HEAD, finding
from tests.usecases.fix.doubles import KNOWN, NEXT, PAST
from tests.usecases.fix.stand import ORDER, Stand

UNREAD = FailedCheck.unread("check runs", "may lack Checks: read")
MINOR = replace(PAST, findings=(replace(KNOWN, finding=finding("F012345678", severity=Severity.P3)),))
UNKNOWN = "and whether checks of others fail on this head cannot be read (check runs: may lack Checks: read)"
UNSEEN = f"`{HEAD[:12]}` is not reviewed. Ask again when its review has ended"


@pytest.mark.parametrize(
    ("past", "checks", "told"),
    [
        (PAST, (), "no finding was open that it could mean; now there is `F012345678`. Ask again."),
        (MINOR, (), "no open finding of P1 or worse, and no check of others fails on this head. Name a finding"),
        (MINOR, (UNREAD,), f"{UNKNOWN}. Name a finding"),
        (None, (), f"of P1 or worse yet, and no check of others fails on this head: {UNSEEN}"),
        (replace(MINOR, head=NEXT), (UNREAD,), f"{UNKNOWN}: {UNSEEN}"),
    ],
)
async def test_why_a_plain_fix_finds_nothing_to_do(
    past: PastReview | None, checks: tuple[FailedCheck, ...], told: str
) -> None:
    stand = Stand()
    stand.memory.past, stand.ci.checks = past, checks

    await stand.attend(replace(ORDER, findings=(), ci=True))
    assert told in stand.told
