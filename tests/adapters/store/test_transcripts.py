"""Transcripts: in order, over attempts, never more than there is room for, and only what we wrote ourselves."""

from __future__ import annotations

import random
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.store import keys
from app.adapters.store.runs import RedisRuns
from app.adapters.store.seal import Seal
from app.adapters.store.transcripts import RedisTranscripts
from app.domain.errors import LedgerUnavailable
from app.domain.transcript import EntryKind, Gap, Missing, Transcript, TranscriptEntry
from app.ports import Transcripts
from app.wiring.redis import open_redis
from tests.build import run_start
from tests.fakes.transcripts import FakeTranscripts

SECRET = b"k" * 32
ONE, TWO, THREE = "1" * 16, "2" * 16, "3" * 16
BEGUN = datetime(2026, 11, 22, 12, 56, 4, 123_000, tzinfo=UTC)
ROOM = Missing.ROOM


def entry(kind: EntryKind, number: int = 0, text: str = "x") -> TranscriptEntry:
    return TranscriptEntry(BEGUN + timedelta(seconds=number), kind, f"step {number}", text, f"note {number}")


def long(kind: EntryKind, number: int) -> TranscriptEntry:
    return entry(kind, number, str(number) * 3_000)


def kept(redis: ArqRedis, **limits: int) -> RedisTranscripts:
    return RedisTranscripts(redis, key=SECRET, **{"most_bytes": 1 << 20, "most_run_bytes": 10_000, **limits})


async def field_of(redis: ArqRedis, run_id: str, number: int) -> bytes:
    read: Any = redis.hget(keys.run_transcript(run_id), str(number))
    found: bytes = await read
    return found


async def put(redis: ArqRedis, run_id: str, number: int, value: bytes) -> None:
    write: Any = redis.hset(keys.run_transcript(run_id), str(number), value)  # type: ignore[arg-type]
    await write


async def steps(transcripts: Transcripts, run_id: str = ONE) -> list[object]:
    """The step of each entry, and the gaps between."""
    transcript = await transcripts.read(run_id)
    assert transcript is not None
    return [part.step if isinstance(part, TranscriptEntry) else part for part in transcript.parts]


@pytest.fixture(params=["fake", "redis"])
def transcripts(request: pytest.FixtureRequest, redis: ArqRedis) -> Transcripts:
    return FakeTranscripts(most_run_bytes=10_000) if request.param == "fake" else kept(redis)


async def test_what_was_written_is_read_in_its_order_by_its_run_alone(transcripts: Transcripts) -> None:
    written = [entry(kind, number, f"{kind} \x1b[2J é \udc80\n") for number, kind in enumerate(EntryKind)]
    for one in written:
        await transcripts.append(ONE, one)
    await transcripts.append(TWO, entry(EntryKind.ASKED))

    assert await transcripts.read(ONE) == Transcript(tuple(written))
    assert await transcripts.read(TWO) == Transcript((entry(EntryKind.ASKED),))
    assert await transcripts.read(THREE) is None


async def test_answers_of_tools_go_first_then_replies_and_checks_the_oldest_first(transcripts: Transcripts) -> None:
    tool, reply, check = EntryKind.TOOL, EntryKind.REPLY, EntryKind.CHECK
    for number, kind in enumerate((reply, tool, tool, tool)):
        await transcripts.append(ONE, long(kind, number))
    assert await steps(transcripts) == ["step 0", Gap(1, ROOM), "step 2", "step 3"]

    await transcripts.append(ONE, long(check, 4))
    await transcripts.append(ONE, long(EntryKind.PATCH, 5))
    assert await steps(transcripts) == ["step 0", Gap(3, ROOM), "step 4", "step 5"]
    await transcripts.append(ONE, long(tool, 6))
    assert await steps(transcripts) == [Gap(4, ROOM), "step 4", "step 5", "step 6"]


async def test_what_a_model_was_told_first_stays_and_so_does_what_is_newest(transcripts: Transcripts) -> None:
    await transcripts.append(ONE, long(EntryKind.ASKED, 0))
    for number in range(1, 6):
        await transcripts.append(ONE, long(EntryKind.TOLD, number))
    assert await steps(transcripts) == [Gap(1, ROOM), "step 1", Gap(2, ROOM), "step 4", "step 5"]

    await transcripts.append(ONE, entry(EntryKind.TOOL, 6, "x" * 20_000))
    assert await steps(transcripts) == [Gap(1, ROOM), "step 1", Gap(4, ROOM), "step 6"]
    await transcripts.append(ONE, entry(EntryKind.REPLY, 7))
    assert await steps(transcripts) == [Gap(1, ROOM), "step 1", Gap(5, ROOM), "step 7"]


def noise(seed: int) -> TranscriptEntry:
    """Some 6,000 bytes that cannot be packed into fewer than about 4,000."""
    letters = random.Random(seed)
    return entry(EntryKind.TOOL, seed, "".join(chr(letters.randrange(0x21, 0x7F)) for _ in range(6_000)))


async def test_of_all_runs_the_transcript_to_which_nothing_was_added_for_longest_goes(redis: ArqRedis) -> None:
    transcripts = kept(redis, most_bytes=16_000)
    for seed, run_id in enumerate((ONE, TWO, THREE)):
        await transcripts.append(run_id, noise(seed))
    assert await steps(transcripts, ONE) == ["step 0"]
    await transcripts.append(ONE, entry(EntryKind.REPLY, 3))
    await transcripts.append("4" * 16, noise(4))

    assert await transcripts.read(TWO) is None
    assert await steps(transcripts, ONE) == ["step 0", "step 3"]
    assert await steps(transcripts, THREE) == ["step 2"]
    assert await steps(transcripts, "4" * 16) == ["step 4"]
    assert await redis.exists(keys.run_transcript_order(TWO)) == 0


async def test_a_transcript_alone_may_be_larger_than_there_is_room_for(redis: ArqRedis) -> None:
    transcripts = kept(redis, most_bytes=1_000)
    await transcripts.append(ONE, noise(1))
    assert await steps(transcripts, ONE) == ["step 1"]
    await transcripts.append(TWO, noise(2))

    assert (await transcripts.read(ONE), await steps(transcripts, TWO)) == (None, ["step 2"])


async def sizes_in(redis: ArqRedis) -> dict[str, int]:
    """What is counted for each run, and for all together."""
    read: Any = redis.hgetall(f"{keys.PREFIX}:transcripts:bytes")
    return {name.decode(): int(size) for name, size in (await read).items()}


async def test_what_went_is_not_counted_any_more(redis: ArqRedis) -> None:
    transcripts = kept(redis)
    for _ in range(20):
        await transcripts.append(ONE, noise(1))
    one = len(await field_of(redis, ONE, 19))
    assert await sizes_in(redis) == {ONE: one, "all": one}
    await transcripts.append(TWO, noise(2))
    await redis.delete(keys.run_transcript(ONE), keys.run_transcript_order(ONE))
    await transcripts.append(ONE, noise(1))

    two = len(await field_of(redis, TWO, 0))
    assert await sizes_in(redis) == {ONE: one, TWO: two, "all": one + two}


async def test_the_transcript_goes_with_its_run(redis: ArqRedis) -> None:
    transcripts, runs = kept(redis), RedisRuns(redis, keep_runs=1)
    first = run_start(1).id
    await runs.begin(run_start(1))
    assert (await runs.logs(first)).transcript is False
    await transcripts.append(first, entry(EntryKind.ASKED))
    assert (await runs.logs(first)).transcript is True
    await runs.begin(run_start(2))

    assert await transcripts.read(first) is None
    assert await redis.exists(keys.run_transcript_order(first)) == 0
    await transcripts.append(first, entry(EntryKind.ASKED))  # its worker is still at it
    assert await steps(transcripts, first) == ["step 0"]


async def test_all_of_it_is_forgotten_after_a_while(redis: ArqRedis) -> None:
    await kept(redis, keep_seconds=100).append(ONE, entry(EntryKind.ASKED))
    names = await redis.keys("*transcript*")

    assert len(names) == 4
    assert all([0 < await redis.ttl(name) <= 100 for name in names])


async def test_a_transcript_that_ended_by_its_age_is_not_counted_any_more(redis: ArqRedis) -> None:
    transcripts = kept(redis, keep_seconds=100)
    await transcripts.append(ONE, noise(1))
    index = f"{keys.PREFIX}:transcripts"
    await redis.zadd(index, {ONE: 1})
    await transcripts.append(TWO, entry(EntryKind.ASKED))

    assert (await sizes_in(redis)).keys() == {"all", TWO}
    assert await redis.zrange(index, 0, -1) == [TWO.encode()]


@pytest.mark.parametrize("told", ["another run", "another key", "changed", "another form", "another kind"])
async def test_what_is_not_ours_or_not_read_is_a_gap(redis: ArqRedis, told: str) -> None:
    transcripts = kept(redis)
    writer = RedisTranscripts(redis, key=b"o" * 32, most_bytes=1 << 20) if told == "another key" else transcripts
    await writer.append(ONE, entry(EntryKind.ASKED))
    await transcripts.append(TWO, entry(EntryKind.REPLY, 1))
    await transcripts.append(ONE, entry(EntryKind.REPLY, 2))
    match told:
        case "another run":
            await put(redis, ONE, 0, await field_of(redis, TWO, 0))
        case "changed":
            await put(redis, ONE, 0, (await field_of(redis, ONE, 0))[:-1] + b"!")
        case "another form":
            await put(redis, ONE, 0, Seal(SECRET).put(ONE, zlib.compress(b'{"at": 1}')))
        case "another kind":
            value = b'["2026-11-22T12:56:04.000+00:00", "sung", "", "", ""]'
            await put(redis, ONE, 0, Seal(SECRET).put(ONE, zlib.compress(value)))

    assert await steps(transcripts) == [Gap(1, Missing.FOREIGN), "step 2"]


async def test_an_absent_server_is_ledger_unavailable() -> None:
    async with open_redis(RedisSettings(unix_socket_path="/nonexistent/socket")) as client:
        transcripts = RedisTranscripts(client, key=SECRET, most_bytes=1 << 20)
        with pytest.raises(LedgerUnavailable):
            await transcripts.append(ONE, entry(EntryKind.ASKED))
        with pytest.raises(LedgerUnavailable):
            await transcripts.read(ONE)
