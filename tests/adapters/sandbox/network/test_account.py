"""What one setup has used of the network, and when that is enough."""

from __future__ import annotations

import pytest

from app.adapters.sandbox.network.account import Account, NetworkLimits, Spent


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def account(clock: Clock | None = None) -> Account:
    return Account(NetworkLimits(bytes=100, seconds=60), clock or Clock())


def test_bytes_in_both_directions_count_together() -> None:
    used = account()
    first, second = used.connected("a:443"), used.connected("b:443")
    used.count(first, received=60)
    used.count(second, sent=40)
    with pytest.raises(Spent, match="the 100 bytes"):
        used.count(first, sent=1)
    with pytest.raises(Spent):
        used.check()
    assert list(used.lines()) == [
        "setup reached a:443: 1 connections, 60 bytes received, 0 sent",
        "setup reached b:443: 1 connections, 0 bytes received, 40 sent",
    ]


def test_the_time_is_over_once() -> None:
    clock = Clock()
    used = account(clock)
    clock.now += 59
    traffic = used.connected("a:443")
    assert used.seconds_left == 1
    clock.now += 1
    with pytest.raises(Spent, match="the 60 s"):
        used.count(traffic, received=1)


def test_refusals_are_told_once_and_counted() -> None:
    used = account()
    for words in ("a", "b", "a"):
        used.refuse(words)
    assert used.refused == ("a", "b")
    assert list(used.lines()) == ["a: 2 times", "b: 1 times"]


def test_of_very_many_places_and_refusals_only_some_are_told_one_by_one() -> None:
    used = account()
    for number in range(200):
        used.connected(f"h{number}:443")
        used.refuse(f"r{number}")
    lines = list(used.lines())
    assert len(lines) == 102
    assert "setup reached others: 150 connections, 0 bytes received, 0 sent" in lines
    assert lines[-1] == "others: 150 times"
    assert used.refused == ("r0", "r1", "r2", "r3", "r4")
