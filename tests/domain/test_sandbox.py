"""What is asked of a sandbox and what comes of it: limits that are none are refused, and success is told."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from app.domain.sandbox import CommandLimits, Ended, Limit

ENDED = Ended(status=0, signal=None, limit=None, seconds=1.0, output_bytes=0)


@pytest.mark.parametrize("name", [item.name for item in fields(CommandLimits)])
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_is_above_0(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"the limit {name} is {value}: it must be above 0"):
        replace(CommandLimits(), **{name: value})


def test_a_limit_is_a_number() -> None:
    with pytest.raises(ValueError, match="the limit seconds is nan"):
        CommandLimits(seconds=float("nan"))


def test_only_an_end_of_its_own_with_0_is_a_success() -> None:
    assert ENDED.succeeded
    assert not replace(ENDED, status=1).succeeded
    assert not replace(ENDED, status=None, signal=9).succeeded
    assert not replace(ENDED, limit=Limit.MEMORY).succeeded
