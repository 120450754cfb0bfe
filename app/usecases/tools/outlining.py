"""Tools that say what is in a file and where it comes from: `symbols` and `blame`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.domain.errors import ToolRefused
from app.domain.model import ToolSpec
from app.domain.prompting import shown_path
from app.ports import Parser
from app.usecases.tools.files import Files, cut_line, git_answering
from app.usecases.tools.reading import checked_range
from app.usecases.tools.specs import integer, number_of, string, text_of, tool_spec

MAX_SYMBOLS = 400
MAX_BLAMED = 200

_SUMMARY = 80
_LINE = 300
_SHORT_SHA = 10


@dataclass(frozen=True, slots=True)
class Symbols:
    """Shows the named things in a file at the head."""

    files: Files
    parser: Parser
    repeatable: ClassVar[bool] = False
    spec: ClassVar[ToolSpec] = tool_spec(
        "symbols",
        "Functions, classes and the like of a file as the change leaves it, with their lines.",
        path=string("from the repository's root, as in src/app.py"),
    )

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for what is no text file, and where there is no parser for it."""
        source = await self.files.read(self.files.snapshot.head, text_of(arguments, "path"))
        outline = await self.parser.outline(source.path, source.text)
        if outline is None:
            raise ToolRefused(f"{shown_path(source.path)!r} cannot be parsed: use grep or read_file")
        self.files.reads.paths.add(source.path)
        rows = [
            f"{symbol.start_line:>6}-{symbol.end_line} {symbol.kind} {cut_line(symbol.name, _LINE)}"
            for symbol in outline[:MAX_SYMBOLS]
        ]
        if len(outline) > MAX_SYMBOLS:
            rows.append(f"({len(outline) - MAX_SYMBOLS} more are not shown)")
        return "\n".join([f"{shown_path(source.path)}, {len(source.lines)} lines", *(rows or ["(no symbols)"])])


@dataclass(frozen=True, slots=True)
class Blame:
    """Shows which commits wrote lines of a file at the head."""

    files: Files
    repeatable: ClassVar[bool] = False
    spec: ClassVar[ToolSpec] = tool_spec(
        "blame",
        "The commit, day and subject that lines of a file come from, as the change leaves it. At most "
        f"{MAX_BLAMED} lines a call.",
        path=string("from the repository's root, as in src/app.py"),
        start_line=integer("first line, from 1"),
        end_line=integer("last line, included"),
    )

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for what is no text file, and for a range that is none."""
        head = self.files.snapshot.head
        source = await self.files.read(head, text_of(arguments, "path"))
        first, last = checked_range(source, arguments)
        last = min(last, first + MAX_BLAMED - 1)
        with git_answering():
            blamed = await self.files.code.blame(head, source.path, start_line=first, end_line=last)
        self.files.reads.paths.add(source.path)
        rows = [
            f"{one.line:>6}| {one.commit[:_SHORT_SHA]} {one.date} {cut_line(one.summary, _SUMMARY)} | "
            f"{cut_line(source.lines[one.line - 1], _LINE)}"
            for one in blamed
            if one.line <= len(source.lines)
        ]
        more = f"(more was asked for: go on at line {last + 1})"
        return "\n".join([*rows, *([more] if number_of(arguments, "end_line") > last < len(source.lines) else [])])
