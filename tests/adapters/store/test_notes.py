"""A delivery may want several rows at once, and may leave a note for the first row's job."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from arq.connections import ArqRedis

from app.adapters.store.ledger import RedisLedger
from app.adapters.store.notes import RedisNotes
from app.domain.jobs import JobKind, Queue, RowKey
from app.domain.row import Note
from tests.adapters.store.ledger import OPTIONS, WANTED, accepted, delivery
from tests.build import HEAD, KEY

GATE, COMMAND = RowKey(JobKind.GATE, KEY.ref), RowKey(JobKind.COMMAND, KEY.ref)
ASKED = replace(WANTED, head=None, trigger="comment")


@pytest.fixture
def ledger(redis: ArqRedis) -> RedisLedger:
    return RedisLedger(redis, OPTIONS)


@pytest.fixture
def notes(redis: ArqRedis) -> RedisNotes:
    return RedisNotes(redis)


async def test_one_delivery_puts_several_rows_in_line(ledger: RedisLedger) -> None:
    assert await ledger.accept(delivery(), KEY, WANTED, also=(GATE,))

    review = await ledger.next(Queue.REVIEW, "one", run="run-1")
    gate = await ledger.next(Queue.INTERACTIVE, "two", run="run-2")
    assert review is not None
    assert gate is not None
    assert (review.key, gate.key) == (KEY, GATE)
    assert review.wanted == gate.wanted == WANTED
    assert not await ledger.accept(delivery(), KEY, WANTED, also=(GATE,))


async def test_a_note_waits_for_the_job_with_the_head_that_was_known(ledger: RedisLedger, notes: RedisNotes) -> None:
    await accepted(ledger)
    begin = datetime.now(UTC)
    assert await ledger.accept(delivery(2), COMMAND, ASKED, note=Note("7", '{"a": "b\nc"}'))

    (kept,) = await notes.of(COMMAND)
    assert (kept.note, kept.head) == (Note("7", '{"a": "b\nc"}'), HEAD)
    assert abs(kept.taken_at - begin) < timedelta(minutes=1)
    row = await ledger.next(Queue.INTERACTIVE, "one", run="run")
    assert row is not None
    assert (row.key, row.wanted.head, row.wanted.trigger) == (COMMAND, HEAD, "comment")


async def test_where_no_delivery_told_of_a_head_there_is_none(ledger: RedisLedger, notes: RedisNotes) -> None:
    assert await ledger.accept(delivery(), COMMAND, ASKED, note=Note("7", "x"))

    (kept,) = await notes.of(COMMAND)
    assert kept.head is None
    row = await ledger.next(Queue.INTERACTIVE, "one", run="run")
    assert row is not None
    assert row.wanted.head is None


async def test_notes_are_kept_in_order_and_one_by_one(ledger: RedisLedger, notes: RedisNotes) -> None:
    for number, note in enumerate((Note("b", "1"), Note("a", "2"), Note("b", "3"))):
        assert await ledger.accept(delivery(number), COMMAND, ASKED, note=note)

    kept = [one.note for one in await notes.of(COMMAND)]
    assert sorted(kept, key=lambda note: note.id) == [Note("a", "2"), Note("b", "1")]
    await notes.done(COMMAND, Note("b", "1"))
    assert [one.note for one in await notes.of(COMMAND)] == [Note("a", "2")]
    await notes.done(COMMAND, Note("a", "2"))
    assert await notes.of(COMMAND) == ()
