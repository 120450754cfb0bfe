"""Tools that show files and directories: `read_file`, `base_version` and `list`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, assert_never

from app.domain.entries import Kind
from app.domain.errors import ToolRefused
from app.domain.model import ToolSpec
from app.domain.patches import TreeEntry
from app.domain.prompting import shown_path
from app.usecases.tools.files import Files, Source
from app.usecases.tools.specs import integer, number_of, string, text_of, tool_spec

MAX_LINES = 500
MAX_CHARACTERS = 20_000
MAX_ENTRIES = 500

_PATH = string("from the repository's root, as in src/app.py")
_FIRST = integer("first line, from 1")
_LAST = integer("last line, included")


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Shows lines of a file at the head."""

    files: Files
    repeatable: ClassVar[bool] = False
    spec: ClassVar[ToolSpec] = tool_spec(
        "read_file",
        f"Lines of a file as the change leaves it, numbered as in the diff. At most {MAX_LINES} lines a call.",
        path=_PATH,
        start_line=_FIRST,
        end_line=_LAST,
    )

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for what is no text file, and for a range that is none."""
        source = await self.files.read(self.files.snapshot.head, text_of(arguments, "path"))
        text = lines_of(source, arguments, "head")
        self.files.reads.paths.add(source.path)
        return text


@dataclass(frozen=True, slots=True)
class BaseVersion:
    """Shows lines of a file at the merge base."""

    files: Files
    repeatable: ClassVar[bool] = False
    spec: ClassVar[ToolSpec] = tool_spec(
        "base_version",
        f"Lines of a file as it was before the change. At most {MAX_LINES} lines a call.",
        path=_PATH,
        start_line=_FIRST,
        end_line=_LAST,
    )

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for what was no text file, and for a range that is none."""
        source = await self.files.read(self.files.snapshot.merge_base, text_of(arguments, "path"))
        return lines_of(source, arguments, "merge base")


@dataclass(frozen=True, slots=True)
class ListDirectory:
    """Shows what stands in a directory of the head."""

    files: Files
    repeatable: ClassVar[bool] = False
    spec: ClassVar[ToolSpec] = tool_spec(
        "list",
        'What stands directly in a directory as the change leaves it, with sizes in bytes. "" is the root.',
        directory=string("from the repository's root, as in src/app"),
    )

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for what is no directory."""
        listed = await self.files.list(text_of(arguments, "directory"))
        rows = [_row(entry) for entry in listed[:MAX_ENTRIES]]
        if len(listed) > MAX_ENTRIES:
            rows.append(f"({len(listed) - MAX_ENTRIES} more are not shown: use grep with a glob)")
        return "\n".join(rows) or "(nothing)"


def checked_range(source: Source, arguments: Mapping[str, object]) -> tuple[int, int]:
    """First and last line, within the file. Raises ToolRefused for a range that is none."""
    first, last = number_of(arguments, "start_line"), number_of(arguments, "end_line")
    if not 1 <= first <= last:
        raise ToolRefused(f"lines {first} to {last} are no range: lines count from 1, and the last is included")
    count = len(source.lines)
    if first > count:
        raise ToolRefused(f"{shown_path(source.path)!r} has {count} lines, and so no line {first}")
    return first, min(last, count)


def lines_of(source: Source, arguments: Mapping[str, object], where: str) -> str:
    """The asked-for lines, with how many there are, and where to go on when they are too many."""
    if not source.lines:
        return f"{shown_path(source.path)} is empty at the {where}"
    first, wanted = checked_range(source, arguments)
    last = min(wanted, first + MAX_LINES - 1)
    text = source.numbered(first, last)
    if len(text) > MAX_CHARACTERS:
        last = first + text.count("\n", 0, MAX_CHARACTERS) - 1
        text = source.numbered(first, last)
    head = f"{shown_path(source.path)} at the {where}, lines {first} to {last} of {len(source.lines)}"
    more = f"\n(more was asked for: go on at line {last + 1})" if last < wanted else ""
    return f"{head}\n{text}{more}"


def _row(entry: TreeEntry) -> str:
    path = shown_path(entry.path)
    if entry.is_directory:
        return f"{path}/"
    match entry.kind:
        case Kind.SYMLINK:
            return f"{path} (symbolic link)"
        case Kind.SUBMODULE:
            return f"{path} (submodule)"
        case Kind.FILE | Kind.EXECUTABLE:
            return f"{path} ({entry.size:,})"
    assert_never(entry.kind)
