"""Who commits what in which words, as values that git takes as they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

LONGEST_MESSAGE = 65_536
"""Characters."""

REQUESTED_BY = "Revwright-Requested-By"
"""The trailer of a commit that somebody asked us for: the number of that person's account, who must not approve it."""

# git ends a name or an address at these, and drops others at its edges (ident.c, `strbuf_addstr_without_crud`).
_BREAKS = re.compile(r"[\x00-\x1f\x7f<>\ud800-\udfff]")
_CRUD = " .,:;<>\"\\'"


def asked_for(subject: str, person: int) -> str:
    """The message of a commit of ours that this account asked for."""
    return f"{subject}\n\n{REQUESTED_BY}: {person}\n"


@dataclass(frozen=True, slots=True)
class Person:
    """An author or committer; ValueError for a name or address that git would cut or change."""

    name: str
    email: str

    def __post_init__(self) -> None:
        for text in (self.name, self.email):
            if text == "" or _BREAKS.search(text) or text.strip(_CRUD) != text:
                raise ValueError(f"not the name or address of somebody who commits: {text!r}")

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitText:
    """All of a commit but its tree and parent. ValueError for what git would change or cannot write."""

    author: Person
    committer: Person
    at: datetime
    """When, by an aware clock; to the second, written in UTC."""
    message: str
    """Ends in exactly one line feed."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or self.at.timestamp() < 0:
            raise ValueError(f"not the time of a commit: {self.at!r}")
        if len(self.message) > LONGEST_MESSAGE:
            raise ValueError(f"the message of the commit has {len(self.message)} characters, over {LONGEST_MESSAGE}")
        if self.message.strip() == "" or not self.message.endswith("\n") or self.message.endswith("\n\n"):
            raise ValueError("the message of a commit has words, and ends in exactly one line feed")
        if re.search("[\0\ud800-\udfff]", self.message):
            raise ValueError("the message of a commit is text without NUL")

    @property
    def seconds(self) -> int:
        """Since 1970."""
        return int(self.at.timestamp())
