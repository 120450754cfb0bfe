"""What is kept of past reviews: found by the same pull request only, only when it is ours, and never too large."""

from __future__ import annotations

import hashlib
import hmac
import random
from dataclasses import replace

import pytest
from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.past_reviews import MAX_BYTES, RedisPastReviews
from app.domain.anchors import Anchor
from app.domain.memory import EntryMemory, FindingState, KnownFinding, PastReview
from app.domain.pull_request import PullRequestRef
from app.domain.tiers import Tier
from tests.build import BASE, HEAD, REF, finding

SECRET = b"k" * 32
OTHERS = (
    PullRequestRef(REF.installation_id + 1, REF.repository_id, REF.number),
    PullRequestRef(REF.installation_id, REF.repository_id + 1, REF.number),
    PullRequestRef(REF.installation_id, REF.repository_id, REF.number + 1),
)
KNOWN = KnownFinding(finding(), Anchor("f", "x = 1", 0, (), ()), FindingState.OPEN, HEAD)
PAST = PastReview(HEAD, BASE, BASE, "steering", (EntryMemory("a.py", "i", Tier.CORE, ()),), (KNOWN,), 1, asked=False)


@pytest.fixture
def reviews(redis: ArqRedis) -> RedisPastReviews:
    return RedisPastReviews(redis, key=SECRET)


async def stored(redis: ArqRedis, ref: PullRequestRef = REF) -> bytes:
    value = await redis.get(keys.past_review(str(ref)))
    assert isinstance(value, bytes)
    return value


async def test_a_past_review_is_found_again_by_its_pull_request_alone(
    reviews: RedisPastReviews, redis: ArqRedis
) -> None:
    assert await reviews.recall(REF) is None
    await reviews.keep(REF, PAST)
    later = replace(PAST, rounds=2)
    await reviews.keep(REF, later)

    assert await reviews.recall(REF) == later
    assert [await reviews.recall(ref) for ref in OTHERS] == [None, None, None]
    assert 0 < await redis.ttl(keys.past_review(str(REF))) <= keys.OUTBOX_SECONDS


@pytest.mark.parametrize("other", OTHERS)
async def test_the_value_of_another_pull_request_is_refused(
    reviews: RedisPastReviews, redis: ArqRedis, other: PullRequestRef, caplog: pytest.LogCaptureFixture
) -> None:
    """Else whoever can write to Redis could carry a dismissal from one pull request to another."""
    await reviews.keep(REF, PAST)
    await redis.set(keys.past_review(str(other)), await stored(redis))

    assert await reviews.recall(other) is None
    assert f"the last review of {other} is not ours" in caplog.text


@pytest.mark.parametrize("forgery", ["value", "key", "cut", "signature", "nothing"])
async def test_what_somebody_else_wrote_is_refused(
    reviews: RedisPastReviews, redis: ArqRedis, forgery: str, caplog: pytest.LogCaptureFixture
) -> None:
    writer = RedisPastReviews(redis, key=b"x" * 32) if forgery == "key" else reviews
    await writer.keep(REF, PAST)
    value = await stored(redis)
    forged = {
        "value": value.replace(b"open", b"fixd"),
        "key": value,
        "cut": value[:-1],
        "signature": value.partition(b" ")[2],
        "nothing": b"",
    }[forgery]
    await redis.set(keys.past_review(str(REF)), forged)

    assert await reviews.recall(REF) is None
    assert "is not ours" in caplog.text


@pytest.mark.parametrize("value", [b"p{}", b"zjunk", b"", b"q", b"z"])
async def test_what_an_unknown_version_of_us_signed_is_left_alone(
    reviews: RedisPastReviews, redis: ArqRedis, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    signature = hmac.new(SECRET, str(REF).encode() + b"\x00" + value, hashlib.sha256).hexdigest().encode()
    await redis.set(keys.past_review(str(REF)), signature + b" " + value)

    assert await reviews.recall(REF) is None
    assert "cannot be read" in caplog.text


async def test_a_large_review_is_compressed(reviews: RedisPastReviews, redis: ArqRedis) -> None:
    entries = tuple(EntryMemory(f"src/file{n}.py", "0" * 122, Tier.STANDARD, ("src/file1.py",)) for n in range(3_001))
    large = replace(PAST, entries=entries)
    await reviews.keep(REF, large)

    assert await reviews.recall(REF) == large
    assert len(await stored(redis)) < 100_000


def noise(length: int, seed: int) -> str:
    """What no compression makes smaller than about three quarters."""
    return "".join(random.Random(seed).choices([chr(one) for one in range(33, 127)], k=length))


async def test_of_one_too_large_the_oldest_closed_findings_go_first_and_open_ones_stay(
    reviews: RedisPastReviews, redis: ArqRedis, caplog: pytest.LogCaptureFixture
) -> None:
    closed = tuple(
        replace(KNOWN, state=FindingState.FIXED, finding=replace(finding(f"F{n}"), body=noise(30_000, n)))
        for n in range(60)
    )
    await reviews.keep(REF, replace(PAST, findings=(*closed, KNOWN)))

    found = await reviews.recall(REF)
    assert found is not None
    assert found.findings[-1] == KNOWN
    assert found.findings[:-1] == closed[-(len(found.findings) - 1) :]
    assert 10 < len(found.findings) < 50
    assert found.entries == PAST.entries
    assert len(await stored(redis)) <= MAX_BYTES + 100
    assert f"{61 - len(found.findings)} closed findings and 0 entries are not kept" in caplog.text


async def test_open_findings_stay_when_all_else_has_to_go(redis: ArqRedis, caplog: pytest.LogCaptureFixture) -> None:
    small = RedisPastReviews(redis, key=SECRET, max_bytes=3_000)
    long = replace(KNOWN, finding=replace(finding(), body=noise(9_000, 1)))
    entries = tuple(EntryMemory(noise(40, n), "i", Tier.CORE, ()) for n in range(500))
    await small.keep(REF, replace(PAST, findings=(long,), entries=entries))

    found = await small.recall(REF)
    assert found is not None
    assert [one.finding.id for one in found.findings] == [KNOWN.finding.id]
    assert found.entries == ()
    assert "0 closed findings and 500 entries are not kept" in caplog.text


async def test_what_cannot_be_made_small_enough_leaves_the_review_before_it(
    redis: ArqRedis, caplog: pytest.LogCaptureFixture
) -> None:
    small = RedisPastReviews(redis, key=SECRET, max_bytes=3_000)
    await small.keep(REF, PAST)
    many = tuple(replace(KNOWN, finding=replace(finding(noise(50, n)), body=noise(600, n))) for n in range(50))
    await small.keep(REF, replace(PAST, findings=many))

    assert await small.recall(REF) == PAST
    assert "too large to be kept" in caplog.text


async def test_more_than_could_be_unpacked_again_is_not_kept_whole(reviews: RedisPastReviews) -> None:
    """Zeros compress well: the cap on what is stored alone would let through what nobody reads back."""
    entries = tuple(EntryMemory("0" * 1_000_000, "i", Tier.CORE, ()) for _ in range(20))
    await reviews.keep(REF, replace(PAST, entries=entries))

    found = await reviews.recall(REF)
    assert found is not None
    assert (found.findings, found.entries) == ((KNOWN,), ())
