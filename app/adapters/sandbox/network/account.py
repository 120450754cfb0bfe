"""What one setup has used of the network, within its limits, and what it asked for in vain, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_MOST_KINDS = 50
"""Of places, and of refusals, that are counted one by one."""
_MOST_TOLD = 5
_OTHERS = "others"

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkLimits:
    """Of one setup, with all its commands."""

    bytes: int = 4 << 30
    """Received and sent together."""
    seconds: float = 1_800
    """From its beginning; it may go on without a network."""
    connections: int = 32
    """At the same time. Who wants more waits."""
    idle_seconds: float = 60
    """So long a connection may be silent."""
    head_bytes: int = 16 << 10
    """Of the words with which a client says what it wants."""
    head_seconds: float = 15
    connect_seconds: float = 20
    """For the name and for all its addresses together."""


class Spent(Exception):
    """A limit is reached, and nothing more is to be had; the text says which."""


@dataclass(slots=True)
class Traffic:
    """With one host and port."""

    connections: int = 0
    received: int = 0
    sent: int = 0


@dataclass(slots=True)
class Account:
    """Of one setup."""

    limits: NetworkLimits
    clock: Clock
    """In seconds."""
    _begin: float = field(init=False)
    _bytes: int = 0
    _reached: dict[str, Traffic] = field(default_factory=dict)
    _refused: Counter[str] = field(default_factory=Counter)
    _notes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._begin = self.clock()

    @property
    def seconds_left(self) -> float:
        """Not above 0 once the time is over."""
        return self._begin + self.limits.seconds - self.clock()

    def connected(self, place: str) -> Traffic:
        """One more connection. What it gives is to be handed to `count`."""
        known = place in self._reached or len(self._reached) < _MOST_KINDS
        traffic = self._reached.setdefault(place if known else _OTHERS, Traffic())
        traffic.connections += 1
        return traffic

    def count(self, traffic: Traffic, *, received: int = 0, sent: int = 0) -> None:
        """Raises Spent when it is too much; then it is not to be passed on."""
        self._bytes += received + sent
        self.check()
        traffic.received += received
        traffic.sent += sent

    def check(self) -> None:
        """Raises Spent when there is nothing left."""
        if self._bytes > self.limits.bytes:
            raise Spent(f"setup has used up the {self.limits.bytes} bytes that it may receive and send in all")
        if self.seconds_left <= 0:
            raise Spent(f"setup has used up the {self.limits.seconds:g} s for which it has a network")

    def refuse(self, words: str, note: str = "") -> None:
        """Note what was not to be had, and why; `note` is for the log alone."""
        known = words in self._refused or len(self._refused) < _MOST_KINDS
        self._refused[words if known else _OTHERS] += 1
        if known and note:
            self._notes[words] = note

    @property
    def refused(self) -> tuple[str, ...]:
        """The first few, each once."""
        return tuple(words for words in self._refused if words != _OTHERS)[:_MOST_TOLD]

    def lines(self) -> Iterator[str]:
        """All of it, for a log."""
        for place, traffic in self._reached.items():
            yield (
                f"setup reached {place}: {traffic.connections} connections, {traffic.received} bytes received, "
                f"{traffic.sent} sent"
            )
        for words, times in self._refused.items():
            note = f" ({self._notes[words]})" if words in self._notes else ""
            yield f"{words}{note}: {times} times"
