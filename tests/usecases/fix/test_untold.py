"""What becomes of a fix whose report GitHub does not take: the record of the run tells it, and the wish is done."""

from __future__ import annotations

import pytest

from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.fix.memory import RoundState
from app.domain.row import Order
from app.domain.transcript import EntryKind
from app.usecases.fix.run import FixRun
from tests.fakes.scripted_model import ScriptedModel
from tests.usecases.fix.doubles import DRAFT
from tests.usecases.fix.stand import Stand, answered, fix_row, free

LOCKED = GitHubRefused("the conversation is locked", status=403)
UNTOLD = "GitHub did not take the report, so no comment tells how this ended: the conversation is locked"


def locked(model: ScriptedModel | None = None) -> Stand:
    stand = Stand() if model is None else Stand(model=model)
    stand.github.refuses = LOCKED
    stand.wish()
    return stand


def assert_in_transcript(stand: Stand, report: str) -> None:
    (told,) = [entry for entry in stand.transcript if entry.kind is EntryKind.REPORT]
    assert report in told.text
    assert told.note == UNTOLD


@pytest.mark.parametrize("delivered", [True, False])
async def test_the_record_says_what_no_comment_does(*, delivered: bool) -> None:
    stand = locked(None if delivered else ScriptedModel([answered()]))

    outcome = await FixRun(stand.parts()).run(fix_row(), free, stand.heard)
    assert outcome.text.startswith("delivered" if delivered else "nothing pushed")
    assert stand.git.pushed == ([DRAFT] if delivered else [])
    assert UNTOLD in stand.heard.notes
    assert_in_transcript(stand, "**Fixed in" if delivered else "**Nothing was pushed.**")
    assert stand.memory.notes == []
    assert [one.state for one in stand.memory.fixes.rounds] == [RoundState.ENDED]


async def test_a_stop_is_done_although_no_comment_says_so() -> None:
    stand = locked()

    await FixRun(stand.parts()).end_early(fix_row(), Order.STOP)
    assert stand.memory.notes == []
    assert_in_transcript(stand, "Somebody stopped it.")


async def test_what_may_pass_is_tried_again() -> None:
    stand = Stand()
    stand.github.refuses = GitHubUnavailable("502")
    stand.wish()
    job = FixRun(stand.parts())
    with pytest.raises(GitHubUnavailable):
        await job.run(fix_row(), free, stand.heard)

    stand.github.refuses = None
    assert (await job.run(fix_row(), free, stand.heard)).text == "delivered before, and told of now"
    assert "**Fixed in" in stand.told
    assert stand.git.pushed == [DRAFT]
