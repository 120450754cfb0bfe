"""Amounts of money: whole billionths, caps that only narrow, and refusals in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import BILLION, MOST_USD, Cap, Caps, NotReserved, billionths, caps_for, refusal
from app.domain.policy import LimitsPolicy
from app.domain.prices import Price, most_usd

TOMORROW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "allowed", "counts"),
    [(2.0, None, 2.0), (2.0, 5.0, 2.0), (2.0, 0.5, 0.5), (0.0, 1.0, 0.0), (3.0, 0.0, 0.0)],
)
def test_a_policy_can_only_narrow_what_the_deployment_allows(
    asked: float, allowed: float | None, counts: float
) -> None:
    deployment = Caps(allowed, repository_day=7.0, installation_day=None)

    assert caps_for(LimitsPolicy(usd_per_pull_request=asked), deployment) == Caps(counts, 7.0, None)


@given(st.lists(st.integers(0, BILLION), max_size=50))
def test_sums_of_billionths_do_not_drift(amounts: list[int]) -> None:
    assert sum(billionths(amount / BILLION) for amount in amounts) == sum(amounts)


@pytest.mark.parametrize("usd", [-1e-12, float("nan"), float("inf"), MOST_USD + 0.01])
def test_what_is_no_amount_is_refused(usd: float) -> None:
    with pytest.raises(ValueError, match="is not an amount of USD from 0 to 1000000"):
        billionths(usd)


@pytest.mark.parametrize(
    ("kept", "usd", "words"),
    [
        (
            NotReserved(Cap.PULL_REQUEST, 1.97, 2.0, None),
            0.162,
            "the cap of $2.00 for this pull request is reached ($1.97 spent, and one more call may cost $0.16)",
        ),
        (
            NotReserved(Cap.REPOSITORY, 0.004, 4.0, TOMORROW),
            3.0,
            "the cap of $4.00 for this repository today is reached ($0.0040 spent, and one more call may cost $3.00)",
        ),
        (
            NotReserved(Cap.INSTALLATION, 0.0, 0.0, TOMORROW),
            0.2,
            "the cap of $0.00 for this installation today is below what one call may cost ($0.20)",
        ),
    ],
)
def test_a_refusal_names_the_cap_and_the_amounts(kept: NotReserved, usd: float, words: str) -> None:
    assert refusal(kept, usd, whose=kept.cap) == words


@pytest.mark.parametrize(("price", "usd"), [(Price(2, 1, 10), 0.3), (Price(2, 4, 10), 0.5), (Price(0, 0, 0), 0.0)])
def test_the_most_that_a_call_may_cost_is_without_any_luck_with_caches(price: Price, usd: float) -> None:
    assert most_usd(price, input_tokens=100_000, output_tokens=10_000) == pytest.approx(usd)
