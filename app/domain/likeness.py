"""Whether two findings tell of the same defect, whatever their words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.domain.anchors import Anchor, neighbours_shared
from app.domain.findings import Finding
from app.domain.memory import FindingState, KnownFinding
from app.domain.threads import ReviewThread
from app.domain.whereabouts import Place

NEAR_LINES = 3
SAID_WITHIN_LINES = 2
_SAME_LINE = 2
_TOKEN = re.compile(r"[^\W_]{3,}")
_EMPTY_WORDS = frozenset(
    {"and", "are", "but", "can", "does", "for", "from", "has", "have", "into", "may", "not", "now", "that", "the"}
    | {"their", "then", "this", "was", "when", "where", "which", "while", "will", "with", "without"}
)
_SHARE = 0.6
_MIN_SHARED = 2
_STEM = 4
_ENOUGH_WORDS = 4
_FEW = 0.15
"""Two that tell of the same defect share a fifth and more of their words; two of one line that do not, a tenth."""
_FEW_DISMISSED = 0.1
"""Of what somebody has dismissed less is said again in doubt."""


def likeness(
    known: KnownFinding, place: Place | None, found: Finding, *, anchor: Anchor, lines: Sequence[str]
) -> int | None:
    """How alike they are: 0 is most, None is not at all. Up to 2 both stand on the same line.

    Both stand in one file, whose lines are `lines`. `place` is where the known one stands now, `anchor` that of the
    found one's last line.
    """
    rank = _gone(known, found, anchor, lines) if place is None else _standing(known, place, found, anchor)
    if rank is not None and worse(found, known.finding) and not _alike(known.finding, found):
        return None  # a trifle on a line must not hide what is wrong with it
    return rank


def worse(a: Finding, b: Finding) -> bool:
    return a.severity is not b.severity and a.severity.at_least(b.severity)


def on_one_line(rank: int) -> bool:
    return rank <= _SAME_LINE


def similar(a: str, b: str) -> bool:
    """Whether two titles share most of their words."""
    if a.casefold() == b.casefold():
        return True
    first, second = _tokens(a), _tokens(b)
    shared = len(first & second)
    return shared >= _MIN_SHARED and shared >= _SHARE * min(len(first), len(second))


def already_said(
    finding: Finding, threads: Sequence[ReviewThread], *, author: str | None = None
) -> ReviewThread | None:
    """A thread that somebody else began within two lines of the finding: an open one first, then the oldest.

    What the pull request's `author` (a login) says of the own change does not count, else it could silence us.
    """
    place = finding.location
    said = [
        thread
        for thread in threads
        if not thread.ours
        and thread.line is not None
        and thread.path == place.path
        and (thread.author is None or author is None or thread.author.casefold() != author.casefold())
        and (thread.start_line or thread.line) - SAID_WITHIN_LINES <= place.end_line
        and place.start_line <= thread.line + SAID_WITHIN_LINES
    ]
    return min(said, key=lambda thread: thread.resolved, default=None)


def _standing(known: KnownFinding, place: Place, found: Finding, anchor: Anchor) -> int | None:
    """Ranks 0 to 3. One that is fixed is the same only where its very line is back. On one line what is in doubt is the
    same: a second comment in other words is worse than a defect that is told at the next change of the line.
    """
    where, rule = found.location, known.finding.rule
    if place.line == where.end_line:
        if rule and rule == found.rule:
            return 0
        if similar(known.finding.title, found.title):
            return 1
        return None if (rule and found.rule) or _unlike(known, found, anchor) else _SAME_LINE
    near = where.start_line - NEAR_LINES <= place.line <= where.end_line + NEAR_LINES
    open_here = known.state is not FindingState.FIXED and place.symbol == anchor.symbol
    return 3 if near and open_here and _alike(known.finding, found) else None


def _gone(known: KnownFinding, found: Finding, anchor: Anchor, lines: Sequence[str]) -> int | None:
    """Ranks 4 and 5: the line was changed, but what is wrong with it was not."""
    same_file = known.finding.location.path == found.location.path
    if known.state is not FindingState.OPEN or not same_file or not _alike(known.finding, found):
        return None
    if neighbours_shared(known.anchor, lines, found.location.end_line):
        return 4
    in_symbol = bool(anchor.symbol) and anchor.symbol == known.anchor.symbol
    return 5 if in_symbol and similar(known.finding.title, found.title) else None


def _unlike(known: KnownFinding, found: Finding, anchor: Anchor) -> bool:
    """Whether they surely tell of different defects: of all that is said, next to nothing is the same. The words of the
    line and the name of its function do not count, both may quote them; and neither do few words, or those of scripts
    without spaces.
    """
    itself = _stems(f"{anchor.symbol} {anchor.text}")
    before = _stems(f"{known.finding.title} {known.finding.body} {known.finding.failing_case}") - itself
    now = _stems(f"{found.title} {found.body} {found.failing_case}") - itself
    least = min(len(before), len(now))
    few = _FEW_DISMISSED if known.state is FindingState.DISMISSED else _FEW
    return least >= _ENOUGH_WORDS and len(before & now) < few * least


def _alike(known: Finding, found: Finding) -> bool:
    return (bool(known.rule) and known.rule == found.rule) or similar(known.title, found.title)


def _stems(text: str) -> frozenset[str]:
    """Beginnings of words, so that `divides` is `division`."""
    return frozenset(word[:_STEM] for word in _tokens(text) if word.isascii())


def _tokens(title: str) -> frozenset[str]:
    return frozenset(_TOKEN.findall(title.casefold())) - _EMPTY_WORDS
