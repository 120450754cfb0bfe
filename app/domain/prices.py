"""What model calls cost, from the operator's price list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.model import Usage

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens."""

    input: float
    cached: float
    output: float


def cost_usd(prices: Mapping[str, Price], model: str, usage: Usage) -> float | None:
    """The cost of `usage`, or None when the model has no price or the provider did not report its tokens."""
    price = prices.get(model)
    if price is None or not usage.known:
        return None
    fresh = usage.input_tokens - usage.cached_input_tokens
    total = fresh * price.input + usage.cached_input_tokens * price.cached + usage.output_tokens * price.output
    return total / _MILLION


def most_usd(price: Price, *, input_tokens: float, output_tokens: int) -> float:
    """The cost when nothing of the input comes from a cache."""
    return (input_tokens * max(price.input, price.cached) + output_tokens * price.output) / _MILLION
