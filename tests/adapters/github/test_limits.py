"""What is remembered of GitHub's limits: who must not call, until when, and what still passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.github.limit_headers import WINDOW, read_refusal, read_window, retry_after_seconds
from app.adapters.github.limits import Limits
from app.domain.errors import Limit, RateLimited

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECONDARY = "You have exceeded a secondary rate limit."
OURS, OTHERS = 11, 12


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> Limits:
    return Limits(now=clock, reserve=50)


def window(remaining: int, *, reset: float = 600, total: int = 5000, resource: str = "core") -> dict[str, str]:
    """The headers of a reply: so many calls are left, and the hour ends in `reset` seconds."""
    return {
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-limit": str(total),
        "x-ratelimit-reset": str(int(NOW.timestamp() + reset)),
        "x-ratelimit-resource": resource,
    }


def after(seconds: int) -> dict[str, str]:
    return {"retry-after": str(seconds)}


def refuse(
    limits: Limits, headers: dict[str, str] | None = None, *, text: str = "", who: int | None = OURS
) -> RateLimited:
    error = limits.refused(who, "POST /x: HTTP 403", status=403, headers=headers or {}, text=text)
    assert error is not None
    return error


def limited(limits: Limits, who: int | None = OURS, *, essential: bool = False) -> RateLimited | None:
    try:
        limits.check(who, essential=essential)
    except RateLimited as error:
        return error
    return None


def test_a_primary_refusal_stops_everything_until_the_reset_and_says_so(limits: Limits, clock: Clock) -> None:
    error = refuse(limits, window(0))

    assert (error.limit, error.installation_id, error.retry_at) == (Limit.PRIMARY, OURS, NOW + timedelta(seconds=600))
    assert str(error) == (
        "GitHub's primary rate limit for installation 11: no calls before 2026-11-21 12:10:00 UTC (POST /x: HTTP 403)"
    )
    for essential in (False, True):
        again = limited(limits, essential=essential)
        assert again is not None
        assert (again.limit, again.retry_at) == (error.limit, error.retry_at)
    clock.now += timedelta(seconds=600)
    assert limited(limits) is None


def test_installations_and_the_app_itself_do_not_influence_each_other(limits: Limits) -> None:
    refuse(limits, after(60))
    assert (limited(limits, OTHERS), limited(limits, None)) == (None, None)

    error = refuse(limits, after(60), who=None)
    assert "for the App itself" in str(error)
    assert limited(limits, OTHERS) is None


def test_the_reserve_is_kept_for_essential_calls(limits: Limits, clock: Clock) -> None:
    limits.heard(OURS, window(50))
    assert limited(limits) is None

    limits.heard(OURS, window(49))
    error = limited(limits)
    assert error is not None
    assert (error.limit, error.retry_at) == (Limit.RESERVE, NOW + timedelta(seconds=600))
    assert limited(limits, essential=True) is None

    limits.heard(OURS, window(0))
    last = limited(limits, essential=True)
    assert last is not None
    assert last.limit is Limit.PRIMARY
    clock.now += timedelta(seconds=600)
    assert limited(limits) is None


def test_the_reserve_is_at_most_a_tenth_of_all_calls(limits: Limits) -> None:
    limits.heard(OURS, window(6, total=60))
    assert limited(limits) is None
    limits.heard(OURS, window(5, total=60))
    assert limited(limits) is not None


def test_replies_in_another_order_do_not_give_calls_back_but_a_new_hour_does(limits: Limits) -> None:
    limits.heard(OURS, window(10))
    limits.heard(OURS, window(4000))
    limits.heard(OURS, window(4000, reset=300))
    assert limited(limits) is not None
    limits.heard(OURS, window(4999, reset=1200))
    assert limited(limits) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining": "0"},
        {"x-ratelimit-remaining": "none", "x-ratelimit-reset": "soon"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "\xb2"},
        window(0, resource="search"),
    ],
)
def test_what_is_not_said_or_is_about_another_resource_limits_nothing(limits: Limits, headers: dict[str, str]) -> None:
    limits.heard(OURS, headers)
    assert limited(limits, essential=False) is None


def test_one_essential_call_passes_after_a_secondary_refusal(limits: Limits) -> None:
    refuse(limits, after(60), text=SECONDARY)
    assert limited(limits) is not None

    limits.check(OURS, essential=True)
    limits.admit(OURS, essential=True)
    with pytest.raises(RateLimited):
        limits.admit(OURS, essential=True)


def test_a_refusal_of_the_essential_call_gives_no_further_pass_and_moves_the_time(limits: Limits) -> None:
    refuse(limits, after(60), text=SECONDARY)
    limits.admit(OURS, essential=True)
    error = refuse(limits, after(90), text=SECONDARY)

    assert error.retry_at == NOW + timedelta(seconds=90)
    assert limited(limits, essential=True) is not None
    earlier = refuse(limits, after(5), text=SECONDARY)
    assert earlier.retry_at == error.retry_at


def test_calls_that_were_under_way_at_the_refusal_give_no_second_pass(limits: Limits) -> None:
    refuse(limits, after(60), text=SECONDARY)
    limits.admit(OURS, essential=True)
    refuse(limits, after(60), text=SECONDARY)

    assert limited(limits, essential=True) is not None


def test_a_new_refusal_after_the_time_gives_a_new_pass(limits: Limits, clock: Clock) -> None:
    refuse(limits, after(60), text=SECONDARY)
    limits.admit(OURS, essential=True)
    clock.now += timedelta(seconds=60)
    limits.admit(OURS)
    refuse(limits, after(60), text=SECONDARY)

    assert limited(limits) is not None
    assert limited(limits, essential=True) is None


def test_a_primary_refusal_during_a_secondary_one_takes_the_pass_away(limits: Limits) -> None:
    refuse(limits, after(60), text=SECONDARY)
    error = refuse(limits, window(0))

    assert (error.limit, error.retry_at) == (Limit.PRIMARY, NOW + timedelta(seconds=600))
    assert limited(limits, essential=True) is not None


def test_secondary_refusals_without_a_time_wait_longer_and_longer_and_are_forgotten(
    limits: Limits, clock: Clock
) -> None:
    def pause() -> timedelta:
        error = refuse(limits, text=SECONDARY)
        assert error.limit is Limit.SECONDARY
        wait = error.retry_at - clock.now
        clock.now = error.retry_at
        return wait

    minutes = [pause() / timedelta(minutes=1) for _ in range(8)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60]
    clock.now += timedelta(minutes=10)
    assert pause() == timedelta(minutes=1)


def test_a_primary_refusal_whose_reset_is_over_waits_a_minute(limits: Limits) -> None:
    assert refuse(limits, window(0, reset=-5)).retry_at == NOW + timedelta(minutes=1)


def test_the_words_of_older_servers_are_known(limits: Limits) -> None:
    error = refuse(limits, window(9), text="You have triggered an abuse detection mechanism.")

    assert (error.limit, error.retry_at) == (Limit.SECONDARY, NOW + timedelta(minutes=1))


def test_other_refusals_are_not_about_limits(limits: Limits) -> None:
    for status, text in ((403, "Resource not accessible by integration"), (404, SECONDARY), (500, SECONDARY)):
        assert limits.refused(OURS, "x", status=status, headers=window(9), text=text) is None
    assert limited(limits) is None


def test_a_host_with_very_many_installations_does_not_fill_the_memory(clock: Clock) -> None:
    limits = Limits(now=clock)
    for number in range(10_001):
        limits.heard(number, window(0))

    assert limited(limits, 0) is None
    assert limited(limits, 1) is not None
    assert limited(limits, 10_000) is not None


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7", 7),
        ("1.5", 1.5),
        (" 7 ", 7),
        ("Sat, 21 Nov 2026 12:01:30 GMT", 90),
        ("Sat, 21 Nov 2026 14:01:30 +0200", 90),
        ("Sat, 21 Nov 2020 12:01:30 GMT", 0),
        ("Sat, 21 Nov 2099 12:01:30 GMT", 3600),
        ("0", 0),
        ("999999999999", 3600),
    ],
)
def test_a_retry_after_is_seconds_or_a_date_between_nothing_and_an_hour(value: str, wait: float) -> None:
    refusal = read_refusal(429, {"retry-after": value}, "", NOW)

    assert refusal is not None
    assert refusal.retry_at == NOW + timedelta(seconds=wait)
    assert retry_after_seconds({"retry-after": value}, NOW) == wait


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "9" * 5000, "\xb2", "1e9", "inf", "Mon, 01 Jan 99999 00:00:00 GMT"]
)
def test_a_retry_after_that_means_nothing_is_as_if_none_were_there(value: str) -> None:
    refusal = read_refusal(429, {"retry-after": value}, "", NOW)

    assert refusal is not None
    assert refusal.retry_at is None
    assert retry_after_seconds({"retry-after": value}, NOW) is None


@given(
    retry=st.none() | st.text(max_size=40) | st.integers().map(str),
    reset=st.none() | st.text(max_size=20) | st.integers().map(str),
    remaining=st.none() | st.text(max_size=20) | st.integers().map(str),
    total=st.none() | st.integers().map(str),
    refused=st.sampled_from(((403, ""), (403, SECONDARY), (429, ""))),
)
def test_whatever_the_headers_say_nothing_raises_and_every_time_is_within_the_hour(
    retry: str | None, reset: str | None, remaining: str | None, total: str | None, refused: tuple[int, str]
) -> None:
    status, text = refused
    given_ = {
        "retry-after": retry,
        "x-ratelimit-reset": reset,
        "x-ratelimit-remaining": remaining,
        "x-ratelimit-limit": total,
    }
    headers = {name: value for name, value in given_.items() if value is not None}
    seen = read_window(headers, NOW)
    refusal = read_refusal(status, headers, text, NOW)

    assert seen is None or seen.reset_at <= NOW + WINDOW
    assert status == 403 or refusal is not None
    if refusal is not None and refusal.retry_at is not None:
        assert NOW <= refusal.retry_at <= NOW + WINDOW
    limits = Limits(now=lambda: NOW)
    limits.heard(OURS, headers)
    error = limits.refused(OURS, "x", status=status, headers=headers, text=text)
    assert error is None or NOW <= error.retry_at <= NOW + WINDOW


@given(st.datetimes())
def test_every_date_is_understood(moment: datetime) -> None:
    value = moment.strftime("%a, %d %b ") + f"{moment.year:04d}" + moment.strftime(" %H:%M:%S GMT")
    refusal = read_refusal(429, {"retry-after": value}, "", NOW)

    assert refusal is not None
    assert refusal.retry_at is None or NOW <= refusal.retry_at <= NOW + WINDOW
