"""A group of GitHub's merge queue: what an event tells of it, and what git knows of its commits."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum

from app.domain.pull_request import Sha

QUEUE_NUMBER = 0
"""Stands for a repository's merge queue, or the repository, where a pull request's number would be: GitHub counts
from 1.
"""
BRANCHES = "refs/heads/"
QUEUE_BRANCHES = "gh-readonly-queue/"
"""How the names of branches begin that GitHub makes for groups."""

_LAST_OF_GROUP = re.compile(r"/pr-([1-9][0-9]{0,9})-[0-9a-f]{40}\Z")
_NAMED = re.compile(r"#([1-9][0-9]{0,9})\b")
_MOST_NAMED = 5


class Asked(StrEnum):
    """The actions of `merge_group`; and `AGAIN`, which is our own word."""

    CHECKS = "checks_requested"
    DESTROYED = "destroyed"
    AGAIN = "again"
    """Decided before, and to be decided once more."""


@dataclass(frozen=True, slots=True)
class MergeGroup:
    """`head` is the commit that the base branch would come to, `base` the one that the group was put on."""

    head: Sha
    head_ref: str
    base: Sha
    base_branch: str

    @property
    def last(self) -> int | None:
        """The number that the name of the group's branch has: GitHub's word, which proves nothing."""
        found = _LAST_OF_GROUP.search(self.head_ref)
        return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class AskedOfGroup:
    """What one delivery asks, kept as a note until it is done."""

    asked: Asked
    group: MergeGroup

    @property
    def again(self) -> bool:
        return self.asked is Asked.AGAIN

    @property
    def id(self) -> str:
        return f"{self.group.head}:{self.asked}"

    @property
    def text(self) -> str:
        return json.dumps({"asked": self.asked, **asdict(self.group)})

    @staticmethod
    def parse(text: str) -> AskedOfGroup:
        """The reverse of `text`, which is ours."""
        kept = json.loads(text)
        return AskedOfGroup(Asked(kept.pop("asked")), MergeGroup(**kept))


@dataclass(frozen=True, slots=True)
class AskedOfHead:
    """Somebody asks for the checks of a group once more, by the only thing that is told of it then."""

    head: Sha

    @property
    def id(self) -> str:
        return f"{self.head}:again"

    @property
    def text(self) -> str:
        return json.dumps({"again": self.head})


def parse_asked(text: str) -> AskedOfGroup | AskedOfHead:
    """The reverse of `text` of either."""
    kept = json.loads(text)
    return AskedOfHead(Sha(kept["again"])) if "again" in kept else AskedOfGroup.parse(text)


@dataclass(frozen=True, slots=True)
class Link:
    """One commit of a chain of first parents."""

    sha: Sha
    parents: tuple[Sha, ...]
    tree: Sha
    subject: str
    """The first line of the message, in anybody's words."""

    @property
    def named(self) -> tuple[int, ...]:
        """Numbers of pull requests in the subject: whom to ask about, no more."""
        return tuple(int(number) for number in _NAMED.findall(self.subject)[:_MOST_NAMED])
