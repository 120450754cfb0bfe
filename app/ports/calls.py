"""What is passed in as plain functions: clocks and parsers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.domain.events import Event
from app.domain.policy import Policy

Clock = Callable[[], datetime]
"""The time now, in UTC."""


PolicyParser = Callable[[bytes, str], Policy]
"""Bytes and path of a policy file -> Policy; raises PolicyInvalid with every mistake in it."""


ParseEvent = Callable[[str, bytes], Event]
"""Name and body of a webhook -> Event; raises EventMalformed."""
