"""Checks under our names that somebody else set: GitHub takes them for ours unless the required check names its App."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256

from app.domain.pull_request import Sha

MOST_KEPT = 10
"""So many of a commit are remembered; one would do."""


@dataclass(frozen=True, slots=True, order=True)
class ForeignCheck:
    """`name` is that of one of our checks; `source` says who set it, with a name that strangers chose."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class ForeignOnHead:
    """What one delivery told, kept as a note until it is looked into."""

    head: Sha
    check: ForeignCheck

    @property
    def id(self) -> str:
        """The same source under the same name on the same commit is told of once at a time."""
        return sha256(self.text.encode()).hexdigest()[:24]

    @property
    def text(self) -> str:
        return json.dumps({"head": self.head, **asdict(self.check)})

    @staticmethod
    def parse(text: str) -> ForeignOnHead:
        """The reverse of `text`, which is ours."""
        kept = json.loads(text)
        return ForeignOnHead(Sha(kept["head"]), ForeignCheck(kept["name"], kept["source"]))


@dataclass(frozen=True, slots=True)
class Foreign:
    """All that is known of a commit. `pinned`: GitHub says that it counts our App's checks alone for these names."""

    checks: tuple[ForeignCheck, ...]
    pinned: bool


def encode(checks: frozenset[ForeignCheck]) -> str:
    """At most `MOST_KEPT` of them, the reverse of `decode`."""
    return json.dumps([[one.name, one.source] for one in sorted(checks)[:MOST_KEPT]])


def decode(text: str) -> frozenset[ForeignCheck]:
    """What `encode` made; none of nothing."""
    return frozenset(ForeignCheck(name, source) for name, source in json.loads(text or "[]"))
