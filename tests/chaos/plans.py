"""A scenario as a value: how many pull requests and workers, and what happens at which stations, drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.chaos.stations import STATIONS, When


class Kind(StrEnum):
    """What can happen."""

    KILL_WORKER = "SIGKILL of the worker that calls"
    STOP_WORKER = "SIGTERM of the worker that calls"
    KILL_WEB = "SIGKILL of the web process"
    KILL_WEB_UNANSWERED = "SIGKILL of the web process while it takes the delivery of a push"
    KILL_REDIS = "SIGKILL of Redis"
    DROP = "the connection breaks"
    ERROR = "GitHub answers 500"
    BAD_GATEWAY = "GitHub answers 502"
    LIMITED = "GitHub answers 403 and retry-after"
    REFUSED = "GitHub refuses every token of before"
    MODEL_ERROR = "the model answers 500"
    MODEL_GARBAGE = "the model answers something unusable"
    PUSH = "a push"
    PUSH_TWICE = "two pushes in quick succession"
    PUSH_REORDERED = "two pushes whose deliveries overtake each other"
    PUSH_LATE = "a push whose delivery comes when all is quiet"
    PUSH_WITHOUT_REDIS = "a push while Redis is away: refused, redelivered"
    PUSH_WITHOUT_WEB = "a push while the web process is away: not taken, redelivered"
    DUPLICATE = "the newest delivery comes once more"
    REPLAY = "the oldest delivery comes once more"
    REPLAY_RENAMED = "the oldest delivery comes once more under another id"


ALL = tuple(STATIONS)
_MODEL, _GIT = ("ask the model",), ("connect git", "talk git")
_REST = tuple(station for station in STATIONS if station not in _MODEL + _GIT)
_WITH_TOKEN = tuple(station for station in _REST if station != "mint a token")
_RARE = ("post a review", "post a comment", "edit the comment")  # often once, or not at all

FAULTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.DROP: _REST + _GIT,
    Kind.ERROR: _REST + _GIT,
    Kind.BAD_GATEWAY: _REST + _GIT,
    Kind.LIMITED: _REST,
    Kind.REFUSED: _WITH_TOKEN + _GIT,
    Kind.MODEL_ERROR: _MODEL,
    Kind.MODEL_GARBAGE: _MODEL,
}
"""What is wrong with one call, and with which. Everything else can happen at any station."""

PUSHES: Mapping[Kind, int] = {
    Kind.PUSH: 1,
    Kind.PUSH_TWICE: 2,
    Kind.PUSH_REORDERED: 2,
    Kind.PUSH_LATE: 1,
    Kind.PUSH_WITHOUT_REDIS: 1,
    Kind.PUSH_WITHOUT_WEB: 1,
    Kind.KILL_WEB_UNANSWERED: 1,
}
"""How many heads each takes."""

_WEIGHTS: Mapping[Kind, int] = {Kind.KILL_WORKER: 4, Kind.DROP: 4, Kind.PUSH: 3, Kind.KILL_REDIS: 2}


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` happens when the `nth` call that concerns pull request `pull` is at `station`."""

    kind: Kind
    pull: int
    station: str
    when: When
    nth: int

    @property
    def stop_when(self) -> When:
        """When the call is held: what is to go wrong with it must be known before it is acted on."""
        return "before" if self.kind in FAULTS else self.when

    def __str__(self) -> str:
        return f"{self.kind}, {self.when} call {self.nth} to {self.station} (pull request {self.pull})"


@dataclass(frozen=True, slots=True)
class PullPlan:
    """`heads`: for the first head and each push, the numbers of the files in which a bug is planted then.

    Head n adds file n, so file numbers of head n are at most n.
    """

    repository: int
    heads: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    workers: int
    pulls: tuple[PullPlan, ...]
    events: tuple[Event, ...]

    def __str__(self) -> str:
        lines = [f"plan {self.seed} (replay it with CHAOS_SEED={self.seed}): {self.workers} worker(s)"]
        for number, pull in enumerate(self.pulls):
            heads = ", ".join(str(sorted(head)) for head in pull.heads)
            lines.append(f"  pull request {number} in repository {pull.repository}; bugs by head: {heads}")
        return "\n".join([*lines, *(f"  - {event}" for event in self.events)])


def draw(seed: int) -> Plan:
    """The same plan for the same seed, on every machine."""
    random = Random(f"chaos {seed}")
    count = random.choices((1, 2, 3), (5, 3, 2))[0]
    events = tuple(_event(random, count) for _ in range(random.choices((1, 2, 3, 4), (2, 4, 3, 1))[0]))
    pulls = tuple(
        PullPlan(random.randrange(count), _heads(random, sum(PUSHES.get(e.kind, 0) for e in events if e.pull == n)))
        for n in range(count)
    )
    return Plan(seed, random.choices((1, 2), (2, 1))[0], pulls, events)


def _event(random: Random, pulls: int) -> Event:
    kind = random.choices(list(Kind), [_WEIGHTS.get(kind, 2) for kind in Kind])[0]
    pull, station = random.randrange(pulls), random.choice(FAULTS.get(kind, ALL))
    when: When = random.choice(("before", "after"))
    if kind in {Kind.LIMITED, Kind.REFUSED, Kind.MODEL_ERROR, Kind.MODEL_GARBAGE}:
        when = "before"  # a refusal has no effect
    nth = 1 if station in _RARE else random.choices((1, 2), (3, 1))[0]
    return Event(kind, pull, station, when, nth)


def _heads(random: Random, pushes: int) -> tuple[frozenset[int], ...]:
    bugs = frozenset[int]({0} if random.random() < 0.7 else ())
    heads = [bugs]
    for number in range(1, pushes + 1):
        fixed = frozenset(one for one in bugs if random.random() < 0.3)
        bugs = (bugs - fixed) | ({number} if random.random() < 0.5 else set())
        heads.append(bugs)
    return tuple(heads)
