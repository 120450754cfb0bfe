"""The job of fixes: one wish after the other, and an honest end where it is stopped or given up."""

from __future__ import annotations

from dataclasses import replace

from app.domain.fix.memory import FixMemory, RoundState
from app.domain.fix.order import FixOrder
from app.domain.row import Note, Order
from app.usecases.fix.run import FixRun
from tests.build import HEAD
from tests.usecases.fix.stand import ORDER, PUSHING, Stand, fix_row, free
from tests.usecases.review.scene import NOW


async def test_a_job_attends_to_each_wish_and_passes_over_what_it_cannot_read() -> None:
    stand = Stand()
    stand.wish()
    stand.memory.notes.append(Note("fix:9", "{}"))

    outcome = await FixRun(stand.parts()).run(fix_row(), free, stand.heard)

    assert (outcome.text, stand.memory.notes) == ("delivered", [])
    assert (await FixRun(stand.parts()).run(fix_row(), free, stand.heard)).text == "nothing is left to do"


async def test_a_job_that_ends_early_says_so() -> None:
    for order, told in ((Order.STOP, "stopped"), (Order.PAUSE, "paused")):
        stand = Stand()
        stand.wish()
        job = FixRun(stand.parts())
        await job.superseded(fix_row())
        assert (await job.end_early(fix_row(), order)).text == told
        assert "Somebody stopped it." in stand.told
        assert stand.memory.notes == []


async def test_a_job_that_waits_says_until_when() -> None:
    stand = Stand()
    stand.wish()
    await FixRun(stand.parts()).waits(fix_row(), "the runner is gone", NOW)
    assert "it waits, and goes on at 2026-" in stand.told
    assert "the runner is gone" in stand.told


async def test_what_is_about_to_be_told_of_does_not_wait_in_the_comment() -> None:
    stand = Stand()
    stand.wish()
    stand.memory.fixes = FixMemory((PUSHING,))
    await FixRun(stand.parts()).waits(fix_row(), "GitHub is away", NOW)
    assert stand.github.said == []


async def test_a_job_that_is_given_up_says_so_and_says_nothing_twice() -> None:
    stand = Stand()
    stand.wish()
    stand.memory.fixes = FixMemory((replace(PUSHING, state=RoundState.ENDED),))
    await FixRun(stand.parts()).give_up(fix_row(), "too many attempts")
    assert stand.github.said == []

    stand.wish(FixOrder("8", HEAD, ("F012345678",), ORDER.who))
    await FixRun(stand.parts()).give_up(fix_row(), "too many attempts")
    assert "It was given up: too many attempts" in stand.told
