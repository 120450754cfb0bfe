"""Reads a unified diff, with or without git's headers, as edits of files."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.fix.file_edits import Action, FileEdit, Hunk, Mark
from app.domain.fix.patch_hunks import HunkReader, added_content
from app.domain.fix.patch_lines import PatchTextInvalid, Reader

_GIT = "diff --git "
_OLD, _NEW = "--- ", "+++ "
_NOWHERE = "/dev/null"
_MEANINGLESS = ("index ", "deleted file mode ", "similarity index ", "dissimilarity index ")
_PLAIN_FILE = "new file mode 100644"
_RENAMES = ("rename from ", "rename to ")
_REFUSED = (
    (("old mode ", "new mode ", "new file mode "), "modes of files are never changed, nor links made", "no such line"),
    (("copy from ", "copy to "), "copies are not made so", "the whole file as a new one"),
    (("GIT binary patch", "Binary files "), "binary files are not changed", "patches of text files only"),
)


@dataclass(slots=True)
class _Names:
    """The paths that the headers of one file give."""

    old: str | None = None
    new: str | None = None
    source: str | None = None
    """`rename from`"""
    target: str | None = None
    """`rename to`"""

    @property
    def any(self) -> bool:
        return self.old is not None or self.source is not None


def read_unified(reader: Reader) -> tuple[FileEdit, ...]:
    """Raises PatchTextInvalid."""
    edits: list[FileEdit] = []
    reader.skip_blank()
    while reader.line is not None:
        edits.append(_read_file(reader))
        reader.skip_blank()
    return tuple(edits)


def _read_file(reader: Reader) -> FileEdit:
    first = reader.number
    names = _read_names(reader)
    if not names.any:
        raise reader.invalid("a file has no `--- a/PATH` and `+++ b/PATH` before its hunks", "both of them")
    hunks = _Hunks(reader)
    return _edit(names, hunks.hunks(), first)


class _Hunks(HunkReader):
    """The hunks of one file, which end where the headers of the next one begin."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader, self._at_header)
        self._within = reader

    def _at_header(self, line: str) -> bool:
        """A removed line `-- x` and an added line `++ y` look like headers, too: then the hunk's counts decide."""
        if line.startswith(_GIT):
            return True
        after = self._within.ahead(1) or ""
        looks_so = line.startswith(_OLD) and after.startswith(_NEW) and (self._within.ahead(2) or "@@").startswith("@@")
        return looks_so and not (self.old_left == 1 and self.new_left == 1)


def _read_names(reader: Reader) -> _Names:
    """The lines from `diff --git` to `+++`, of which a diff that git did not write has the last two."""
    names = _Names()
    if (reader.line or "").startswith(_GIT):
        reader.take()
    while (line := reader.line) is not None and not line.startswith(("@@", _GIT)):
        if line.startswith(_OLD):
            names.old = _path(reader, line.removeprefix(_OLD))
            reader.take()
            line = reader.line or ""
            if not line.startswith(_NEW):
                raise reader.invalid("`--- a/PATH` is not followed by `+++ b/PATH`", "both of them")
            names.new = _path(reader, line.removeprefix(_NEW))
            reader.take()
            break
        _read_git_header(reader, line, names)
        reader.take()
    return names


def _read_git_header(reader: Reader, line: str, names: _Names) -> None:
    if line.startswith(_RENAMES[0]):
        names.source = _path(reader, line.removeprefix(_RENAMES[0]))
    elif line.startswith(_RENAMES[1]):
        names.target = _path(reader, line.removeprefix(_RENAMES[1]))
    elif line.rstrip() != _PLAIN_FILE and not line.startswith(_MEANINGLESS):
        for prefixes, problem, instead in _REFUSED:
            if line.startswith(prefixes):
                raise reader.invalid(problem, instead)
        raise reader.invalid("this is no header of a diff", "`--- a/PATH`, `+++ b/PATH` and hunks")


def _path(reader: Reader, text: str) -> str:
    path = text.partition("\t")[0].strip()
    if not path or path.startswith('"'):
        raise reader.invalid("a path is missing or quoted", "the path as it is, without quotes and escapes")
    return path


def _edit(names: _Names, hunks: tuple[Hunk, ...], first: int) -> FileEdit:
    if names.source is not None or names.target is not None:
        if names.source is None or names.target is None:
            raise PatchTextInvalid(first, "half of a rename", "both `rename from PATH` and `rename to PATH`")
        return FileEdit(names.source, Action.UPDATE, hunks, moved_to=names.target)
    old, new = _without_prefixes(names.old or "", names.new or "")
    if not hunks and (old is None) == (new is None):
        raise PatchTextInvalid(first, "a file has no hunks", "hunks that begin with @@")
    if old is None and new is not None:
        return _added(new, hunks, first)
    if old is not None and new is None:
        return FileEdit(old, Action.DELETE, hunks)
    if old is None or old != new:
        raise PatchTextInvalid(
            first, "`---` and `+++` name two paths", "the same path, or `rename from` and `rename to`"
        )
    return FileEdit(old, Action.UPDATE, hunks)


def _added(path: str, hunks: tuple[Hunk, ...], first: int) -> FileEdit:
    lines = [line for hunk in hunks for line in hunk.lines]
    if any(line.mark is not Mark.ADDED for line in lines):
        raise PatchTextInvalid(first, f"{path!r} is new and has lines without +", "a + before every line of it")
    unended = any(hunk.unended for hunk in hunks)
    return FileEdit(path, Action.ADD, content=added_content([line.text for line in lines], unended=unended))


def _without_prefixes(old: str, new: str) -> tuple[str | None, str | None]:
    """None is a file that there is not."""
    if old.startswith("a/") and new.startswith("b/"):
        return old[2:], new[2:]
    before = None if old == _NOWHERE else old
    after = None if new == _NOWHERE else new
    if after is None and before is not None:
        before = before.removeprefix("a/")
    if before is None and after is not None:
        after = after.removeprefix("b/")
    return before, after
