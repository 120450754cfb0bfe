"""How a process writes its log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from app.settings.environment import Environment
from app.settings.values import one_of

LogFormat = Literal["text", "json"]

_LOG_FORMAT: Callable[[str], LogFormat] = one_of("text", "json")


def read_log_format(env: Environment) -> LogFormat:
    """What is wrong becomes a problem of `env`."""
    return env.read("REVWRIGHT_LOG_FORMAT", _LOG_FORMAT) or "text"
