"""What a model may say: its claims, cut down to what is ours to believe."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from app.domain.findings import Candidate, Dropped, Quote
from app.domain.rules import Rule
from app.domain.severity import Severity

MIN_CONFIDENCE = 0.5

_NEAR = 2


def trusted(
    candidates: Iterable[Candidate], rules: Iterable[Rule], *, core: Collection[str]
) -> tuple[tuple[Candidate, ...], tuple[Dropped, ...]]:
    """Claims within what a model may say.

    A rule keeps its severity, an unknown rule is no rule, and a core file gets no button that changes it: a suggestion
    is applied with two clicks.
    """
    severities = {rule.id: rule.severity for rule in rules}
    kept: list[Candidate] = []
    dropped: list[Dropped] = []
    for candidate in candidates:
        if candidate.confidence < MIN_CONFIDENCE:
            dropped.append(Dropped(candidate, f"the model is less than {MIN_CONFIDENCE:.0%} sure"))
            continue
        floor = severities.get(candidate.rule)
        kept.append(
            replace(
                candidate,
                severity=Severity(min(candidate.severity, floor)) if floor else candidate.severity,
                rule=candidate.rule if floor else "",
                suggestion=None if candidate.path in core else candidate.suggestion,
            )
        )
    return tuple(kept), tuple(dropped)


def quoted(quotes: Iterable[Quote], files: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether at least one quote stands in the files, where it says or next to it, white space aside.

    Blank lines and single brackets prove nothing. A quote with other text than the file has is an invention: models
    miscount lines, but they need not reword them.
    """
    return any(_stands(quote, files.get(quote.path, ())) for quote in quotes)


def _stands(quote: Quote, lines: tuple[str, ...]) -> bool:
    wanted = _folded(quote.text)
    if len(wanted) < 3:  # noqa: PLR2004 - a bracket and a semicolon
        return False
    near = lines[max(quote.line - 1 - _NEAR, 0) : max(quote.line + _NEAR, 0)]
    return any(wanted in _folded(line) for line in near)


def _folded(text: str) -> str:
    return " ".join(text.split())
