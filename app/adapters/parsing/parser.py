"""The port `Parser` over a child process, which hostile text may crash or hang: then the answer is None."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import logging
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.adapters.parsing.decoding import decoded_lines, decoded_matches, decoded_symbols
from app.adapters.parsing.languages import BY_NAME, Language, language_of
from app.adapters.parsing.process import Child, ChildLost, ChildRefused
from app.domain.entries import display_path
from app.domain.symbols import Symbol

_log = logging.getLogger(__name__)

T = TypeVar("T")

_LIBRARY = "ast_grep_py"
_LONGEST_NAME = 200
_REMEMBERED = 256
_MINUTE = 60.0
_DEAR = 20_000
"""Characters of a line. The library counts them for every node on it, so a minified file takes minutes."""


@dataclass(frozen=True, slots=True)
class ParserLimits:
    """What parsing may cost."""

    bytes: int = 1 << 20
    """Of one text in UTF-8."""
    seconds: float = 2.0
    """For one answer."""
    losses_per_minute: int = 20
    """Children that may be lost before there are no answers for the rest of the minute."""


def find_library() -> Path | None:
    """The directory in which the library lies; it is never imported into this process."""
    spec = importlib.util.find_spec(_LIBRARY)
    return None if spec is None or spec.origin is None else Path(spec.origin).resolve().parents[1]


@asynccontextmanager
async def open_parser(
    *, limits: ParserLimits | None = None, find: Callable[[], Path | None] = find_library
) -> AsyncGenerator[ChildParser]:
    """A parser, whose child is gone when the context ends. Without the extra `structural` every answer is None."""
    library = find()
    if library is None:
        _log.warning(
            "there is no %s: no symbols, no structural rules; pip install 'revwright[structural]' brings it", _LIBRARY
        )
    child = None if library is None else Child(library)
    try:
        yield ChildParser(child, limits=limits or ParserLimits())
    finally:
        if child is not None:
            await child.end()


class ChildParser:
    """Implements `ports.Parser` and `ports.Structural`. `open_parser` makes one."""

    def __init__(
        self, child: Child | None, *, limits: ParserLimits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._child = child
        self._limits = limits
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._lost_at: deque[float] = deque(maxlen=limits.losses_per_minute)
        self._fatal: OrderedDict[bytes, None] = OrderedDict()

    @property
    def pid(self) -> int | None:
        """Of the child, while there is one."""
        return None if self._child is None else self._child.pid

    async def outline(self, path: str, text: str) -> tuple[Symbol, ...] | None:
        """The named things in a file, by line."""
        language = language_of(path)
        if language is None or not language.symbols:
            return None
        return await self._answer(language, text, {"ask": "outline"}, decoded_symbols)

    async def mentions(self, path: str, text: str, name: str) -> tuple[int, ...] | None:
        """The lines on which the identifier stands in code, not in comments or strings."""
        language = language_of(path)
        if language is None or not language.symbols or not 0 < len(name) <= _LONGEST_NAME:
            return None
        return await self._answer(language, text, {"ask": "mentions", "name": name}, decoded_lines)

    async def structural(
        self, path: str, text: str, rules: tuple[tuple[str, Mapping[str, object]], ...]
    ) -> tuple[tuple[str, int], ...] | None:
        """Rule id and line of all that the rules describe in a file, at most 10,000."""
        language = language_of(path)
        if language is None:
            return None
        ids = frozenset(rule_id for rule_id, _ in rules)
        request: dict[str, object] = {"ask": "structural", "rules": [[rule_id, dict(rule)] for rule_id, rule in rules]}
        return await self._answer(language, text, request, lambda answer, last: decoded_matches(answer, last, ids))

    async def check_structural(self, language: str, rule: Mapping[str, object]) -> None:
        """Raises ValueError with the reason when ast-grep does not take the rule for a language, named as it names it.

        Without the extra nobody can tell, and every rule passes.
        """
        if language not in BY_NAME:
            raise ValueError(f"no language {language!r}; there are {', '.join(sorted(BY_NAME))}")
        if self._child is None:
            return
        request = {"ask": "check", "language": language, "text": "", "rule": dict(rule)}
        async with self._one_at_a_time:
            try:
                await self._child.ask(request, seconds=self._limits.seconds)
            except ChildRefused as refused:
                raise ValueError(f"ast-grep does not take this rule for {language}: {refused}") from refused
            except ChildLost as lost:
                raise ValueError(f"this rule cannot be checked: the parser was lost: {lost}") from lost

    async def _answer(
        self, language: Language, text: str, request: dict[str, object], decode: Callable[[object, int], T]
    ) -> T | None:
        plain = text.replace("\0", "\ufffd")  # to some of the parsers a NUL is the end
        source = plain.encode("utf-8", "replace")
        if self._child is None or len(source) > self._limits.bytes or _has_long_line(text):
            return None
        asked = {**request, "language": language.name, "text": plain}
        digest = hashlib.sha256(language.name.encode("ascii") + b"\0" + source).digest()
        async with self._one_at_a_time:
            if digest in self._fatal or self._exhausted():
                return None
            try:
                reply = await self._child.ask(asked, seconds=self._limits.seconds)
            except ChildLost as lost:
                self._lost(digest, language, str(lost))
                return None
            try:
                return decode(reply.get("answer"), text.count("\n") + 1)
            except ValueError as error:
                await self._child.end()
                self._lost(digest, language, f"it answered nonsense: {error}")
                return None

    def _exhausted(self) -> bool:
        lost = self._lost_at
        return len(lost) == lost.maxlen and self._clock() - lost[0] < _MINUTE

    def _lost(self, digest: bytes, language: Language, why: str) -> None:
        """Remembered, so that the same text does not cost a second child."""
        self._lost_at.append(self._clock())
        self._fatal[digest] = None
        if len(self._fatal) > _REMEMBERED:
            self._fatal.popitem(last=False)
        _log.warning("a parser was lost over %s text: %s", language.name, display_path(why))


def _has_long_line(text: str) -> bool:
    return len(text) > _DEAR and max(map(len, text.split("\n"))) > _DEAR
