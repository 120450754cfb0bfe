"""Tools that look for text in the files of the head: `grep`, and `references` to a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from app.domain.code import SearchLimits, SearchResult
from app.domain.errors import ToolRefused
from app.domain.globs import Glob
from app.domain.lines import split_lines
from app.domain.model import ToolSpec
from app.domain.prompting import shown_path
from app.domain.rules import Pattern
from app.ports import Parser, PatternCompiler
from app.usecases.tools.files import MAX_FILE_BYTES, Files, Source, cut_line, git_answering
from app.usecases.tools.specs import string, text_of, tool_spec

LIMITS = SearchLimits(hits=100, file_bytes=MAX_FILE_BYTES)
MAX_PATTERN = 500
MAX_BYTES_READ = 4 * 1024 * 1024
"""Of files with hits: they are read as a whole, because a line of a key does not look like a key."""

_LINE = 300
_AT_ONCE = 16
_NAME = re.compile(r"(?!\d)[\w$]{1,200}")


@dataclass(frozen=True, slots=True)
class _Found:
    """Files with hits, the lines of each; and in words what is missing."""

    files: tuple[tuple[Source, tuple[int, ...]], ...]
    missing: str


@dataclass(frozen=True, slots=True)
class Grep:
    """Finds lines at the head."""

    files: Files
    compile_pattern: PatternCompiler
    repeatable: ClassVar[bool] = False
    spec: ClassVar[ToolSpec] = tool_spec(
        "grep",
        f"Lines of the files as the change leaves them in which a regular expression (RE2 syntax) is found: at most "
        f"{LIMITS.hits} lines, {LIMITS.hits_per_file} a file.",
        pattern=string("regular expression, matched within a line"),
        glob=string('paths to search, as in src/**/*.py; "" is every path'),
    )

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for a pattern or a glob that is none."""
        glob = text_of(arguments, "glob")
        pattern = _compiled(self.compile_pattern, text_of(arguments, "pattern"))
        if glob:
            try:
                Glob.parse(glob)
            except ValueError as error:
                raise ToolRefused(f"the glob cannot be used: {error}") from None
        found = await _search(self.files, pattern, glob)
        parts = [_section(self.files, source, numbers) for source, numbers in found.files]
        return "\n".join([*(parts or ["no line fits"]), *_notes(found.missing)])


@dataclass(frozen=True, slots=True)
class References:
    """Finds where a name is used at the head: by a parser where there is one for the file, else as a word."""

    files: Files
    parser: Parser
    compile_pattern: PatternCompiler
    repeatable: ClassVar[bool] = False
    spec: ClassVar[ToolSpec] = tool_spec(
        "references",
        "Lines on which a name stands. `parsed` files were read by a parser: comments and strings are left out. In "
        "`text` files the word was searched for.",
        name=string("one identifier, without dots or brackets"),
    )

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for what is no name."""
        name = text_of(arguments, "name")
        if not _NAME.fullmatch(name):
            raise ToolRefused(
                "the name must be one identifier, such as total in Cart.total(): letters, digits, _ and $"
            )
        found = await _search(self.files, _compiled(self.compile_pattern, _word(name)), "")
        parts: list[str] = []
        unused: list[str] = []
        for source, numbers in found.files:
            mentions = await self.parser.mentions(source.path, source.text, name)
            if mentions is None:
                parts.append(_section(self.files, source, numbers, " (text)"))
            elif mentions:
                parts.append(_section(self.files, source, mentions, " (parsed)"))
            else:
                self.files.reads.paths.add(source.path)
                unused.append(shown_path(source.path))
        if unused:
            parts.append(f"in comments or strings only: {', '.join(unused)}")
        return "\n".join([*(parts or [f"no file has the word {name}"]), *_notes(found.missing)])


def _compiled(compile_pattern: PatternCompiler, text: str) -> Pattern:
    if len(text) > MAX_PATTERN:
        raise ToolRefused(f"the pattern has {len(text):,} characters: at most {MAX_PATTERN} are taken")
    try:
        return compile_pattern(text)
    except ValueError as error:
        raise ToolRefused(f"the pattern cannot be used: {error}") from None


def _word(name: str) -> str:
    r"""Whole words, where `\b` knows them: in RE2 it goes by ASCII letters, digits and `_` alone."""
    ends = [r"\b" if end.isascii() and end != "$" else "" for end in (name[0], name[-1])]
    return f"{ends[0]}{re.escape(name)}{ends[1]}"


async def _search(files: Files, pattern: Pattern, glob: str) -> _Found:
    with git_answering():
        result = await files.code.search(files.snapshot.head, pattern, glob=glob, limits=LIMITS)
    return await _without_secrets(files, pattern, result)


async def _without_secrets(files: Files, pattern: Pattern, result: SearchResult) -> _Found:
    """Hits in files as they read without secrets. A line that fits by its secret alone is no hit, and nothing says that
    there was one: else a secret could be guessed, letter by letter.
    """
    by_path: dict[str, list[int]] = {}
    for hit in result.hits:
        by_path.setdefault(hit.path, []).append(hit.line)
    found: list[tuple[Source, tuple[int, ...]]] = []
    room = MAX_BYTES_READ
    unread = 0
    paths = iter(by_path)
    while group := tuple(islice(paths, _AT_ONCE)):
        with git_answering():
            blobs = await files.code.blobs(files.snapshot.head, group, max_bytes=MAX_FILE_BYTES)
        for path in filter(blobs.__contains__, group):
            blob = blobs[path]
            room -= len(blob.text_bytes)
            if room < 0:
                unread += 1
                continue
            source = await Source.reading(path, blob.text_bytes)
            numbers = tuple(number for number in by_path[path] if _still_fits(source, number, pattern))
            found += [(source, numbers)] if numbers else []
    more = f"hits in {unread} more files are not shown: use a narrower glob" if unread else ""
    return _Found(tuple(found), "; ".join(filter(None, (result.cut, more))))


def _still_fits(source: Source, number: int, pattern: Pattern) -> bool:
    shown = source.lines[number - 1 : number]
    return bool(shown) and (shown == split_lines(source.text)[number - 1 : number] or pattern.found_in(shown[0]))


def _section(files: Files, source: Source, numbers: tuple[int, ...], how: str = "") -> str:
    files.reads.paths.add(source.path)
    shown = [n for n in numbers if n <= len(source.lines)][: LIMITS.hits_per_file]
    rows = [f"{n:>6}| {cut_line(source.lines[n - 1], _LINE)}" for n in shown]
    more = len(numbers) - len(rows)
    return "\n".join([f"=== {shown_path(source.path)}{how}", *rows, *([f"({more} more lines)"] if more else [])])


def _notes(missing: str) -> list[str]:
    return [f"({missing})"] if missing else []
