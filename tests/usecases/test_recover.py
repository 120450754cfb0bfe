"""Deliveries that failed are found in GitHub's log and have the effect they would have had, once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest

from app.adapters.store import keys
from app.adapters.store.ledger import RedisLedger
from app.domain.errors import GitHubRefused, GitHubUnavailable, LedgerUnavailable, RateLimited
from app.usecases.intake import Accepted, decide
from app.usecases.recover import EVENTS, KEPT, OVERLAP, Scan
from app.usecases.take_in import take_in
from tests.fakes.github import Delivery, PullRequest
from tests.usecases.missing import Missing, whole_ms

DETAIL = "/app/hook/deliveries/"
NOTHING = Scan(failed=0, recovered=0)


async def test_a_failed_delivery_is_taken_in_once(missing: Missing, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    pull = missing.open_pull()
    missing.missed()

    assert await missing.recovery().scan() == Scan(failed=1, recovered=1)
    row = await missing.row(pull)
    assert row is not None
    assert (row.generation, row.wanted.head, row.wanted.trigger) == (1, pull.head_sha, "opened")
    assert "took in 1 of 1 failed deliveries" in caplog.text

    caplog.clear()
    assert await missing.recovery().scan() == Scan(failed=1, recovered=0)
    assert await missing.row(pull) == row
    assert "took in" not in caplog.text


async def test_nothing_failed_and_nothing_is_asked_for(missing: Missing) -> None:
    pull = missing.open_pull()

    assert await missing.recovery().scan() == NOTHING
    assert await missing.row(pull) is None
    assert missing.asked(DETAIL) == []


@pytest.mark.parametrize("status", [0, 302, 400, 401, 404, 500, 503, 504])
async def test_whatever_was_not_answered_by_us_with_2xx_has_failed(missing: Missing, status: int) -> None:
    missing.open_pull()
    missing.missed(status)

    assert await missing.recovery().scan() == Scan(failed=1, recovered=1)


async def test_a_delivery_that_succeeded_when_it_was_sent_again_is_left_alone(missing: Missing) -> None:
    pull = missing.open_pull()
    missing.github.deliveries.redeliver(missing.missed())

    assert await missing.recovery().scan() == NOTHING
    assert await missing.row(pull) is None


async def test_all_attempts_of_a_delivery_failed_and_it_is_one(missing: Missing) -> None:
    missing.open_pull()
    first = missing.missed()
    missing.github.deliveries.redeliver(first)
    missing.missed()

    assert await missing.recovery().scan() == Scan(failed=1, recovered=1)
    assert [path.rpartition("/")[2] for path in missing.asked(DETAIL)] == [str(first.id)]


async def test_the_newest_head_is_taken_in_last(missing: Missing) -> None:
    pull = missing.open_pull()
    missing.missed()
    missing.later(seconds=1)
    missing.repo.commit(pull.head_ref, {"more.txt": "1\n"})
    failed_push = missing.missed()
    missing.later(seconds=1)
    missing.repo.commit(pull.head_ref, {"more.txt": "2\n"})
    missing.missed()
    missing.later(seconds=1)
    missing.github.deliveries.redeliver(failed_push)  # an old event, tried again after the new one
    missing.missed()

    assert await missing.recovery().scan() == Scan(failed=3, recovered=3)
    row = await missing.row(pull)
    assert row is not None
    assert (row.generation, row.wanted.head) == (3, pull.head_sha)
    assert row.triggers == {"opened", "push"}


async def test_a_manual_redelivery_afterwards_is_a_duplicate(missing: Missing) -> None:
    missing.open_pull()
    failed = missing.missed()
    await missing.recovery().scan()

    assert not await taken_by_web(missing, missing.github.deliveries.redeliver(failed))


async def test_what_the_web_took_although_github_saw_no_answer_is_not_taken_again(missing: Missing) -> None:
    pull = missing.open_pull()
    assert await taken_by_web(missing, missing.missed(504))
    row = await missing.row(pull)

    assert await missing.recovery().scan() == Scan(failed=1, recovered=0)
    assert await missing.row(pull) == row


async def taken_by_web(missing: Missing, delivery: Delivery) -> bool:
    """As the webhook endpoint takes it in."""
    decision = decide(
        missing.recovery().parse(delivery.event, delivery.body),
        allowed_accounts=frozenset(),
        app_id=missing.github.app.id,
    )
    assert isinstance(decision, Accepted)
    return await take_in(missing.ledger, decision, id_=delivery.guid, event=delivery.event, body=delivery.body)


async def test_the_payload_of_other_events_is_not_asked_for(missing: Missing) -> None:
    pull = missing.open_pull()
    missing.github.ping()
    missing.missed()
    pull.repository.commit("elsewhere", {"a.txt": "a\n"})
    assert missing.missed().event not in EVENTS

    assert await missing.recovery().scan() == NOTHING
    assert missing.asked(DETAIL) == []


async def test_an_event_that_asks_for_nothing_is_looked_at_and_ignored(
    missing: Missing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    pull = missing.open_pull()
    pull.close()
    missing.missed()

    assert await missing.recovery().scan() == Scan(failed=1, recovered=0)
    assert "ignored: the pull request is closed" in caplog.text


async def test_an_account_that_may_not_use_us_does_not_come_in_this_way(missing: Missing) -> None:
    pull = missing.open_pull()
    missing.missed()

    assert await missing.recovery(allowed=frozenset((1,))).scan() == Scan(failed=1, recovered=0)
    assert await missing.row(pull) is None


@pytest.mark.parametrize(
    ("body", "told"), [(b'{"pull_request":1,"installation":{}}', "malformed"), (b"null", "payload")]
)
async def test_a_bad_payload_is_told_and_the_rest_is_taken_in(
    missing: Missing, caplog: pytest.LogCaptureFixture, body: bytes, told: str
) -> None:
    missing.open_pull()
    bad = missing.missed()
    bad.body = body
    good = missing.open_pull()
    missing.missed()

    assert await missing.recovery().scan() == Scan(failed=2, recovered=1)
    assert await missing.row(good) is not None
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert bad.guid in line
    assert told in line


async def test_a_delivery_that_github_drops_meanwhile_is_told(
    missing: Missing, caplog: pytest.LogCaptureFixture
) -> None:
    missing.open_pull()
    missing.missed()
    missing.github.faults.add(path=DETAIL, times=1, status=404, body={"message": "Not Found"})

    assert await missing.recovery().scan() == Scan(failed=1, recovered=0)
    assert "GitHub has no payload of it" in caplog.text


async def test_more_deliveries_than_a_page_holds(missing: Missing) -> None:
    old = missing.open_pull()
    missing.missed()
    for _ in range(230):
        missing.github.ping()
    new = missing.open_pull()
    missing.missed()

    assert await missing.recovery().scan() == Scan(failed=2, recovered=2)
    assert None not in (await missing.row(old), await missing.row(new))
    assert len([path for path in missing.asked("deliveries") if DETAIL not in path]) == 3


async def test_the_number_of_pages_has_a_limit_and_what_is_left_out_is_told(
    missing: Missing, caplog: pytest.LogCaptureFixture
) -> None:
    old = missing.open_pull()
    missing.missed()
    for _ in range(230):
        missing.github.ping()

    assert await missing.recovery(most_pages=2).scan() == NOTHING
    assert await missing.row(old) is None
    assert "over 200 webhook deliveries since" in caplog.text


# How far back.


async def since(missing: Missing) -> datetime | None:
    return await missing.marks.scanned_until()


async def test_the_first_scan_goes_back_three_days_and_no_further(missing: Missing) -> None:
    too_old = missing.open_pull()
    missing.missed()
    missing.later(minutes=1)
    old = missing.open_pull()
    missing.missed()
    missing.now += KEPT - timedelta(seconds=30)

    assert await missing.recovery().scan() == Scan(failed=1, recovered=1)
    assert await missing.row(too_old) is None
    assert await missing.row(old) is not None
    assert await since(missing) == whole_ms(missing.now)


async def test_a_later_scan_begins_ten_minutes_before_the_last_one(missing: Missing) -> None:
    before = missing.open_pull()
    missing.missed()
    missing.later(seconds=2)
    late = missing.open_pull()
    missing.missed()
    missing.now += OVERLAP - timedelta(seconds=1)
    await missing.marks.scanned(missing.now)  # by a scan that saw neither: they came late into the log
    missing.later(minutes=5)

    assert await missing.recovery().scan() == Scan(failed=1, recovered=1)
    assert await missing.row(before) is None
    assert await missing.row(late) is not None


async def test_a_very_old_mark_does_not_reach_back_further_than_githubs_log(missing: Missing) -> None:
    pull = missing.open_pull()
    missing.missed()
    await missing.marks.scanned(missing.now)
    missing.now += KEPT + timedelta(minutes=1)

    assert await missing.recovery().scan() == NOTHING
    assert await missing.row(pull) is None


# What goes wrong.


async def two_missed(missing: Missing) -> tuple[PullRequest, PullRequest]:
    first = missing.open_pull()
    missing.missed()
    second = missing.open_pull()
    missing.missed()
    return first, second


async def test_a_rate_limit_amid_a_scan_leaves_the_mark_and_the_next_one_does_the_rest(missing: Missing) -> None:
    first, second = await two_missed(missing)
    missing.github.faults.secondary_rate_limit(60, path=f"{DETAIL}{missing.github.deliveries[-1].id}")
    recovery = missing.recovery()
    with pytest.raises(RateLimited):
        await recovery.scan()

    assert await since(missing) is None
    assert await missing.row(first) is not None
    assert await missing.row(second) is None
    missing.now += timedelta(minutes=2)
    assert await recovery.scan() == Scan(failed=2, recovered=1)
    assert await missing.row(second) is not None
    assert await since(missing) == whole_ms(missing.now)
    # What was dealt with is not read again: else a rate limit that always comes would never let us get further.
    assert len(missing.asked(DETAIL)) == 3


async def test_a_new_worker_goes_on_where_a_dead_one_was(missing: Missing) -> None:
    first, second = await two_missed(missing)
    missing.github.faults.add(path=f"{DETAIL}{missing.github.deliveries[-1].id}", times=3, status=502)
    with pytest.raises(GitHubUnavailable):
        await missing.recovery().scan()
    generation = (await missing.row(first) or pytest.fail("not taken in")).generation

    assert await missing.recovery().scan() == Scan(failed=2, recovered=1)
    assert await missing.row(second) is not None
    assert (await missing.row(first) or pytest.fail("lost")).generation == generation


async def test_a_rate_limit_of_the_list_leaves_the_mark(missing: Missing) -> None:
    await two_missed(missing)
    missing.github.faults.secondary_rate_limit(60)
    with pytest.raises(RateLimited):
        await missing.recovery().scan()

    assert await since(missing) is None
    missing.now += timedelta(minutes=2)
    assert await missing.recovery().scan() == Scan(failed=2, recovered=2)


class Down(RedisLedger):
    """A ledger that can take nothing."""

    async def accept(self, *args: object, **more: object) -> bool:
        raise LedgerUnavailable("Redis: loading")


async def test_a_ledger_that_is_down_leaves_the_mark(missing: Missing) -> None:
    await two_missed(missing)
    recovery, working = missing.recovery(), missing.ledger
    recovery.intake = Down(missing.redis)
    with pytest.raises(LedgerUnavailable):
        await recovery.scan()

    assert await since(missing) is None
    recovery.intake = working
    assert await recovery.scan() == Scan(failed=2, recovered=2)


async def test_an_app_without_a_log_is_told_of_once(missing: Missing, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    missing.github.faults.add(path=r"/app/hook/deliveries$", times=2, status=404, body={"message": "Not Found"})
    recovery = missing.recovery()

    assert [await recovery.scan(), await recovery.scan()] == [NOTHING, NOTHING]
    assert caplog.text.count("GitHub has no log of this App's webhook") == 1
    assert await since(missing) is None


async def test_another_refusal_is_an_error(missing: Missing) -> None:
    missing.github.faults.add(path=r"/app/hook/deliveries$", times=1, status=401, body={"message": "Bad credentials"})
    with pytest.raises(GitHubRefused):
        await missing.recovery().scan()

    assert await since(missing) is None


# Whose turn it is.


async def test_one_worker_at_a_time_has_the_turn_and_the_scan_at_start_needs_none(missing: Missing) -> None:
    await two_missed(missing)
    one, other = missing.recovery(), missing.recovery()

    assert await one.scan_in_turn() == Scan(failed=2, recovered=2)
    assert await other.scan_in_turn() is None
    assert await other.scan() == Scan(failed=2, recovered=0)
    await missing.redis.delete(keys.RECOVERY_TURN)  # the turn is over
    assert await other.scan_in_turn() == Scan(failed=2, recovered=0)
