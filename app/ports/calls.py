"""What is passed in as plain functions: clocks and parsers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from app.domain.events import Event
from app.domain.policy import ParsedPolicy
from app.domain.rules import LoadedRules

Clock = Callable[[], datetime]
"""The time now, in UTC."""


PolicyParser = Callable[[bytes, str], ParsedPolicy]
"""Bytes and path of a policy file -> ParsedPolicy; raises PolicyInvalid with every mistake in it."""


RulesReader = Callable[[Mapping[str, bytes], Collection[str]], LoadedRules]
"""The files of a directory of rules, by path below it, and ids that are taken beside those of the rules that are always
there. Raises nothing: what cannot be used is a problem, in one line that begins with the path."""


ParseEvent = Callable[[str, bytes], Event]
"""Name and body of a webhook -> Event; raises EventMalformed."""
