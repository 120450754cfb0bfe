"""What a delivery asks of the job of commands, as the text of a note: ids, and no word of anybody's.

Kept in Redis for a day. Whoever acts on it asks GitHub again: what was said, by whom, and what they may do now.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import assert_never

from app.domain.plain_values import built, plain, refuse_constant
from app.domain.pull_request import Sha


@dataclass(frozen=True, slots=True)
class Who:
    """A person, by the number that stays and the login of that moment."""

    id: int
    login: str


@dataclass(frozen=True, slots=True)
class Said:
    """A comment; `thread` is the first comment of its thread on a line, or None."""

    comment: int
    thread: int | None
    who: Who


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of a check run, or "Re-run" (`button` is empty then); `also` are more pull requests with this head."""

    app_id: int
    head: Sha
    external_id: str
    button: str
    also: tuple[int, ...]
    who: Who


@dataclass(frozen=True, slots=True)
class Settled:
    """A conversation on a line, by its first comment, was resolved or opened again."""

    thread: int
    resolved: bool
    who: Who


Asked = Said | Pressed | Settled

_KINDS: dict[str, type[Said | Pressed | Settled]] = {
    "said": Said,
    "pressed": Pressed,
    "settled": Settled,
}


def encode(asked: Asked) -> str:
    """One line of JSON; the reverse of `decode`."""
    match asked:
        case Said():
            kind = "said"
        case Pressed():
            kind = "pressed"
        case Settled():
            kind = "settled"
        case _:
            assert_never(asked)
    return json.dumps([kind, plain(asked)], separators=(",", ":"))


def decode(text: str) -> Asked:
    """ValueError for what another version wrote."""
    try:
        found: object = json.loads(text, parse_constant=refuse_constant)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not (isinstance(found, list) and len(found) == 2 and isinstance(found[0], str) and found[0] in _KINDS):  # noqa: PLR2004 - a kind and a value
        raise ValueError(f"nothing that this version knows: {text[:40]!r}")
    asked = built(_KINDS[found[0]], found[1], "")
    assert isinstance(asked, Said | Pressed | Settled)  # for the type checker: built makes what it is told to
    return asked
