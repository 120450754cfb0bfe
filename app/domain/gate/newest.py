"""Picks the newest merges out of pages of pull requests that stand in the order of their last change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.domain.gate.simulation import History, PastMerge


def enough(found: Mapping[int, PastMerge], changed_at: datetime, since: datetime, *, most: int) -> bool:
    """Whether what was changed no later than `changed_at` can add nothing to the newest `most` merges since then, nor
    to the answer whether there are more. Nothing was merged later than it was last changed.
    """
    if changed_at < since:
        return True
    times = sorted((merge.at for merge in found.values()), reverse=True)
    return len(times) > most and times[most] >= changed_at


def newest(found: Mapping[int, PastMerge], since: datetime, *, most: int, cut: bool) -> History:
    """By the time of the merge, then by number. `cut`: there were further pages that nobody read."""
    merged = [(merge.at, number, merge) for number, merge in found.items() if merge.at >= since]
    merged.sort(key=lambda item: item[:2], reverse=True)
    return History(tuple(merge for *_, merge in merged[:most]), more=cut or len(merged) > most)
