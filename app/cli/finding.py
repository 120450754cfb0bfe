"""One line of `revwright doctor`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `state` is ok, weak or fail."""

    name: str
    state: str
    words: str
    remedy: str = ""
