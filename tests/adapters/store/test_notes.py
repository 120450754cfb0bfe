"""A delivery may want several rows at once, and may leave a note for the first row's job."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.ledger import RedisLedger
from app.adapters.store.notes import RedisNotes
from app.domain.jobs import JobKind, Queue, RowKey
from app.domain.row import Note
from tests.adapters.store.ledger import OPTIONS, PUSHED, WANTED, accepted, delivery, free
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


async def heard_at(ledger: RedisLedger, notes: RedisNotes, number: int) -> datetime | None:
    """When the head of a new note was first heard of."""
    assert await ledger.accept(delivery(f"comment-{number}"), COMMAND, ASKED, note=Note(str(number), "x"))
    return next(one.head_at for one in await notes.of(COMMAND) if one.note.id == str(number))


async def test_a_head_that_was_heard_of_again_keeps_its_first_time(ledger: RedisLedger, notes: RedisNotes) -> None:
    await accepted(ledger)
    first = await heard_at(ledger, notes, 1)
    assert first is not None
    begin = first + timedelta(milliseconds=2)
    while datetime.now(UTC) < begin:
        await free(ledger)
    assert await ledger.accept(delivery("again"), KEY, replace(WANTED, trigger="reopened"))
    assert await heard_at(ledger, notes, 2) == first

    assert await ledger.accept(delivery("push"), KEY, PUSHED)
    assert await ledger.accept(delivery("back"), KEY, WANTED)
    back = await heard_at(ledger, notes, 3)
    assert back is not None
    assert back > first, "a head that was left and came back was there from then on"


async def test_nobody_knows_since_when_where_no_head_is_known(ledger: RedisLedger, notes: RedisNotes) -> None:
    assert await heard_at(ledger, notes, 1) is None


@pytest.mark.parametrize("text", ["[]", "x\n[]", "a\n12x", "", "7\u0661"])
async def test_a_note_of_an_older_version_has_no_such_time(redis: ArqRedis, notes: RedisNotes, text: str) -> None:
    await put(redis, f"{HEAD}\n1000\n{text}")

    (kept,) = await notes.of(COMMAND)
    assert (kept.note, kept.head, kept.head_at) == (Note("7", text), HEAD, None)
    assert kept.taken_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


async def test_a_row_of_an_older_version_counts_from_now_on(
    ledger: RedisLedger, notes: RedisNotes, redis: ArqRedis
) -> None:
    await accepted(ledger)
    gone: Any = redis.hdel(keys.row(str(KEY)), "head_at")
    assert await gone == 1
    begin = datetime.now(UTC)

    late = await heard_at(ledger, notes, 1)
    assert late is not None
    assert late > begin - timedelta(seconds=30)


async def put(redis: ArqRedis, value: str) -> None:
    done: Any = redis.hset(keys.notes(str(COMMAND)), "7", value)
    assert await done == 1
