"""What people may say to us: the verbs, what each may be followed by, and who may say it."""

from __future__ import annotations

from app.domain.commands.command import (
    Ask,
    Command,
    Config,
    Dismiss,
    Fix,
    Help,
    Malformed,
    Pause,
    Remember,
    Reopen,
    Resume,
    Review,
    Status,
    Stop,
    Unknown,
)
from app.domain.commands.parsing import parse
from app.domain.commands.verbs import LEAST, Verb

__all__ = [
    "LEAST",
    "Ask",
    "Command",
    "Config",
    "Dismiss",
    "Fix",
    "Help",
    "Malformed",
    "Pause",
    "Remember",
    "Reopen",
    "Resume",
    "Review",
    "Status",
    "Stop",
    "Unknown",
    "Verb",
    "parse",
]
