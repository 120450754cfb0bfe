"""What a person means by `fix`: which findings, which words, and whether it is said again after a revert."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.findings import Finding
from app.domain.severity import Severity

AGAIN = "--again"
"""Said by somebody who wants fixes where one was taken back."""
MAX_FINDINGS = 20
"""In one fix: what is changed together has to be read together."""
_ID = re.compile(r"f[0-9a-f]{9}")
"""What the id of a finding looks like, in small letters."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What is to be fixed. `words`: what the person said beside the names of findings, or nothing. `ci`: nothing is
    open that a plain `fix` means, so it is what makes the checks of others fail, if any do.
    """

    findings: tuple[Finding, ...]
    words: str
    again: bool
    ci: bool = False


@dataclass(frozen=True, slots=True)
class NothingMeant:
    """`asked` is what was asked for, in our words: there is none of it."""

    asked: str
    again: bool


def meant(said: str, is_open: Iterable[Finding], *, block_at: Severity, here: str | None) -> Meant | NothingMeant:
    """`said` follows the verb; `is_open` are the open findings, the worst first; `here` is the one in whose thread it
    was said, or empty in a thread of none. Words that name neither a severity nor a finding are read by the model.
    """
    given = said.split()
    again = AGAIN in given
    words = [word for word in given if word != AGAIN]
    known = {finding.id.casefold(): finding for finding in is_open}
    mine = known.get((here or "").casefold())
    if not words:
        if here is not None:
            return Meant((mine,), "", again) if mine else NothingMeant("open finding in this thread", again)
        grave = tuple(one for one in known.values() if one.severity.at_least(block_at))[:MAX_FINDINGS]
        return Meant(grave, "", again, ci=not grave)
    if len(words) == 1 and words[0].casefold() == "all":
        return _some(known.values(), "open finding", again)
    if len(words) == 1 and words[0].upper() in set(Severity):
        least = Severity(words[0].upper())
        return _some(
            (one for one in known.values() if one.severity.at_least(least)), f"open finding of {least} or worse", again
        )
    names = [word.strip(",;").casefold() for word in words]
    named = [known[name] for name in names if name in known]
    if not named and all(_ID.fullmatch(name) for name in names):  # once a finding's, or never
        return NothingMeant("such open finding", again)
    if all(name in known or _ID.fullmatch(name) for name in names):
        return Meant(tuple(dict.fromkeys(named))[:MAX_FINDINGS], "", again)
    both = dict.fromkeys([*([mine] if mine else []), *named])
    return Meant(tuple(both)[:MAX_FINDINGS], " ".join(words), again)


def _some(findings: Iterable[Finding], asked: str, again: bool) -> Meant | NothingMeant:  # noqa: FBT001 - handed on
    found = tuple(findings)[:MAX_FINDINGS]
    return Meant(found, "", again) if found else NothingMeant(asked, again)
