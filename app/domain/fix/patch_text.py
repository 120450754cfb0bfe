"""Reads a patch as models write them: between `*** Begin Patch` and `*** End Patch`, or as a unified diff.

The first form is that of the `apply_patch` tool of https://github.com/openai/codex, which models are trained on:

    *** Begin Patch
    *** Update File: src/app.py
    *** Move to: src/main.py            (may be left out)
    @@ class Shop                       (a line above the change; may be left out, or be several)
     a line that stays
    -a line that goes
    +a line that comes
    *** End of File                     (where these are the last lines of the file)
    *** Add File: src/new.py
    +every line of it
    *** Delete File: src/old.py
    *** End Patch
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.domain.fix.file_edits import Action, FileEdit
from app.domain.fix.patch_hunks import HunkReader, added_content
from app.domain.fix.patch_lines import BEGIN, END, PatchTextInvalid, Reader
from app.domain.fix.unified_text import read_unified

MAX_BYTES = 1_000_000
MAX_FILES = 100

_ADD, _DELETE, _UPDATE, _MOVE = "*** Add File: ", "*** Delete File: ", "*** Update File: ", "*** Move to: "
_SECTIONS = "`*** Update File: PATH`, `*** Add File: PATH`, `*** Delete File: PATH` or `*** End Patch`"
_UNIFIED = ("diff --git ", "--- ", "index ")

__all__ = ["MAX_BYTES", "MAX_FILES", "PatchTextInvalid", "parse_patch"]


def parse_patch(text: str) -> tuple[FileEdit, ...]:
    """What the patch asks of each file, each of a path of its own. Raises PatchTextInvalid."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise PatchTextInvalid(1, f"the patch has over {MAX_BYTES:,} bytes", "several smaller patches")
    reader = Reader(text)
    reader.skip_blank()
    line = reader.line or ""
    if line.rstrip() == BEGIN:
        edits = _read_enveloped(reader)
    elif line.startswith(_UNIFIED):
        edits = read_unified(reader)
    else:
        raise reader.invalid("a patch begins with another line", f"`{BEGIN}` as the first line")
    if not edits:
        raise reader.invalid("the patch changes nothing", _SECTIONS)
    _refuse_too_many(edits)
    return edits


def _refuse_too_many(edits: tuple[FileEdit, ...]) -> None:
    if len(edits) > MAX_FILES:
        raise PatchTextInvalid(1, f"the patch names {len(edits)} files, over {MAX_FILES}", "several smaller patches")
    seen: set[str] = set()
    for path in (path for edit in edits for path in edit.paths()):
        if path in seen:
            raise PatchTextInvalid(1, f"the patch names {path!r} twice", "all that becomes of a file under one header")
        seen.add(path)


def _read_enveloped(reader: Reader) -> tuple[FileEdit, ...]:
    reader.take()
    edits: list[FileEdit] = []
    while True:
        reader.skip_blank()
        line = reader.line
        if line is None:
            raise reader.invalid("the patch has no end", f"`{END}` as the last line")
        if line.rstrip() == END:
            reader.take()
            reader.skip_blank()
            if reader.line is not None:
                raise reader.invalid(f"something follows `{END}`", "one patch, and nothing after it")
            return tuple(edits)
        edits.append(_read_section(reader, line))


def _read_section(reader: Reader, line: str) -> FileEdit:
    sections: tuple[tuple[str, Callable[[Reader, str], FileEdit]], ...] = (
        (_UPDATE, _read_update),
        (_ADD, _read_add),
        (_DELETE, _read_delete),
    )
    for prefix, read in sections:
        if line.startswith(prefix):
            path = line.removeprefix(prefix).strip()
            if not path:
                raise reader.invalid("the path is missing", f"`{prefix}PATH`")
            reader.take()
            return read(reader, path)
    raise reader.invalid("this is no header of a file", _SECTIONS)


def _read_add(reader: Reader, path: str) -> FileEdit:
    lines: list[str] = []
    while (line := reader.line) is not None and line.startswith("+"):
        lines.append(line[1:])
        reader.take()
    if (line := reader.line) is not None and line.strip() and not line.startswith("***"):
        raise reader.invalid("a line of a new file has no +", "a + before every line of the file, also the empty ones")
    return FileEdit(path, Action.ADD, content=added_content(lines, unended=False))


def _read_delete(_reader: Reader, path: str) -> FileEdit:
    return FileEdit(path, Action.DELETE)


def _read_update(reader: Reader, path: str) -> FileEdit:
    edit = FileEdit(path, Action.UPDATE)
    if (line := reader.line) is not None and line.startswith(_MOVE):
        moved_to = line.removeprefix(_MOVE).strip()
        if not moved_to:
            raise reader.invalid("the path is missing", f"`{_MOVE}PATH`")
        edit = replace(edit, moved_to=moved_to)
        reader.take()
    hunks = HunkReader(reader, lambda at: at.startswith("***")).hunks()
    if not hunks and edit.moved_to is None:
        raise reader.invalid(f"nothing of {path!r} is changed", "lines that begin with a space, - or +")
    return replace(edit, hunks=hunks)
