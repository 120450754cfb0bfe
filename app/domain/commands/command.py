"""One command as a value. What people add to a verb is text to read, never a setting."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.commands.verbs import Verb


@dataclass(frozen=True, slots=True)
class Review:
    """`full`: everything is looked at again, also what was covered before."""

    full: bool
    focus: str


@dataclass(frozen=True, slots=True)
class Fix:
    what: str


@dataclass(frozen=True, slots=True)
class Ask:
    question: str


@dataclass(frozen=True, slots=True)
class Dismiss:
    """`words`: a finding and a reason; in the thread of a finding, the reason alone will do."""

    words: str


@dataclass(frozen=True, slots=True)
class Reopen:
    """`words`: a finding; in its thread, nothing."""

    words: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Ends what runs."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing runs until `resume`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Ends a pause."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the pull request stands."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the policy comes to."""


@dataclass(frozen=True, slots=True)
class Remember:
    rule: str


@dataclass(frozen=True, slots=True)
class Help:
    """What there is to say."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A verb that we know, with what cannot follow it. `why` is one of our own sentences."""

    verb: Verb
    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Said to us, and nothing that we know. It is never repeated."""


Command = Review | Fix | Ask | Dismiss | Reopen | Stop | Pause | Resume | Status | Config | Remember | Help | Malformed
