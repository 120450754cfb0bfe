"""The tool that changes files of a workspace by a patch: all of it, or nothing of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.domain.entries import display_path
from app.domain.errors import SandboxRefused, ToolRefused
from app.domain.fix.applying import Applied, DoesNotApply, applied
from app.domain.fix.file_edits import Action, FileEdit
from app.domain.fix.patch_text import PatchTextInvalid, parse_patch
from app.domain.model import ToolSpec
from app.domain.patch_policy import PatchLimits
from app.domain.shown import shown
from app.domain.tree_paths import problem_with
from app.ports import Sandbox
from app.usecases.tools.files_in import At, kinds_at, sandbox_answering, text_in
from app.usecases.tools.specs import string, text_of, tool_spec

_MOST_PROBLEMS = 5
"""After so many files that do not fit, the others are not looked at."""

_PLACEHOLDER = re.compile(r"\[secret: [a-z ]{1,40}\]|<U\+[0-9A-F]{4,6}>")

_DESCRIPTION = """\
Changes files of the workspace by a patch, all of it or nothing:
*** Begin Patch
*** Update File: src/app.py
@@ class Shop:
     def total(self):
-        return 0
+        return sum(self.prices)
*** Add File: tests/test_shop.py
+def test_total():
+    assert Shop([1, 2]).total() == 3
*** Delete File: src/old.py
*** End Patch
In a hunk each line begins with a space (it stays), - (it goes) or + (it comes). Give about three lines around a \
change, as they are in the file and without line numbers; where they stand at several places, `@@` with the line of \
the function or class around them. `*** Move to: PATH` below an update renames. A unified diff is taken as well. Only \
files that are changed with this tool become part of the fix."""


@dataclass(frozen=True, slots=True)
class _Write:
    """A file as it is to be, and as it was; None is no file."""

    path: str
    old: str | None
    new: str | None
    executable: bool


class ApplyPatchTool:
    """Applies patches in a sandbox that is open. `touched` holds every path that it wrote or deleted, and `barred` why
    each path may not be changed that was asked for in vain.

    `allowed` says why a path may not be changed, in words that follow it and a colon, or None.
    """

    repeatable: ClassVar[bool] = True
    spec: ClassVar[ToolSpec] = tool_spec("apply_patch", _DESCRIPTION, patch=string("the whole text of the patch"))

    def __init__(self, sandbox: Sandbox, *, allowed: Callable[[str], str | None]) -> None:
        self._sandbox = sandbox
        self._allowed = allowed
        self._turn = asyncio.Lock()
        self.touched: frozenset[str] = frozenset()
        self.barred: dict[str, str] = {}

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for what is no patch, may not be changed or does not apply. Then nothing is changed."""
        try:
            edits = parse_patch(text_of(arguments, "patch"))
        except PatchTextInvalid as error:
            raise ToolRefused(f"nothing was changed: {error}") from error
        if problems := [problem for path in _paths(edits) if (problem := self._problem_with(path))]:
            raise ToolRefused("nothing was changed:\n" + "\n".join(problems))
        async with self._turn:
            writes, told = await self._planned(edits)
            await self._write(writes)
            self.touched |= {write.path for write in writes}
        return "\n".join(["done:", *told])

    def _problem_with(self, path: str) -> str | None:
        name = display_path(path)
        if problem := problem_with(path):
            return f"the path {name!r} {problem}: give a path from the repository's root"
        if (reason := self._allowed(path)) is None:
            return None
        self.barred[path] = reason
        return f"{name!r} may not be changed: {reason}"

    async def _planned(self, edits: Iterable[FileEdit]) -> tuple[list[_Write], list[str]]:
        """What is to be written, in this order, and what is told of it. Raises ToolRefused for what does not fit."""
        kinds = await kinds_at(self._sandbox, [path for edit in edits for path in edit.paths()])
        writes: list[_Write] = []
        told: list[str] = []
        problems: list[str] = []
        for edit in edits:
            if len(problems) >= _MOST_PROBLEMS:
                break
            try:
                old = await self._content(edit, kinds)
                made = await asyncio.to_thread(_made, old, edit)
            except DoesNotApply as error:
                problems.append(f"{display_path(edit.path)!r} cannot be changed so: {error}")
            else:
                writes += _writes(edit, old, made, executable=kinds[edit.path] is At.EXECUTABLE)
                told.append(_told(edit, made))
        if problems:
            raise ToolRefused("nothing was changed:\n" + "\n".join(problems))
        return writes, told

    async def _content(self, edit: FileEdit, kinds: Mapping[str, At]) -> str | None:
        if kinds[edit.path] is At.NOTHING:
            return None
        if not kinds[edit.path].is_file:
            raise DoesNotApply("it is no regular file, and links and directories are left alone")
        if edit.moved_to is not None and kinds[edit.moved_to] is not At.NOTHING:
            raise DoesNotApply(f"it cannot be moved to {display_path(edit.moved_to)!r}, where something stands already")
        try:
            return await text_in(self._sandbox, edit.path)
        except ToolRefused as refused:
            raise DoesNotApply(str(refused)) from refused

    async def _write(self, writes: Iterable[_Write]) -> None:
        """When one of them is refused, the ones before are taken back."""
        done: list[_Write] = []
        with sandbox_answering():
            try:
                for write in writes:
                    await self._put(write.path, write.new, executable=write.executable)
                    done.append(write)
            except SandboxRefused as error:
                left = await self._not_taken_back(reversed(done))
                what = f"only these are changed now, look at them: {', '.join(left)}" if left else "nothing was changed"
                raise ToolRefused(f"{what}: {error}") from error

    async def _not_taken_back(self, done: Iterable[_Write]) -> list[str]:
        """The paths that could not be made what they were."""
        left: list[str] = []
        for write in done:
            try:
                await self._put(write.path, write.old, executable=write.executable)
            except SandboxRefused:
                left.append(display_path(write.path))
        return left

    async def _put(self, path: str, content: str | None, *, executable: bool) -> None:
        if content is None:
            await self._sandbox.delete(path)
        else:
            await self._sandbox.write(path, content.encode(), executable=executable)


def _paths(edits: Iterable[FileEdit]) -> Iterable[str]:
    return (path for edit in edits for path in edit.paths())


def _writes(edit: FileEdit, old: str | None, made: Applied, *, executable: bool) -> list[_Write]:
    if edit.moved_to is None:
        return [_Write(edit.path, old, made.content, executable)]
    return [_Write(edit.moved_to, None, made.content, executable), _Write(edit.path, old, None, executable)]


def _made(old: str | None, edit: FileEdit) -> Applied:
    """Raises DoesNotApply, also for a result that nobody can have meant."""
    made = applied(old, edit)
    if made.content is None:
        return made
    if made.content == old and edit.moved_to is None:
        raise DoesNotApply("the patch leaves it as it is")
    most = PatchLimits().file_bytes
    if (size := len(made.content.encode())) > most:
        raise DoesNotApply(f"it would have {size:,} bytes, over {most:,}")
    before = old or ""
    if placeholder := next((one for one in _hiding(before) if made.content.count(one) > before.count(one)), None):
        raise DoesNotApply(
            f"the new lines have {placeholder!r}, which only stands for what you are not shown: leave that line as it "
            "is, and change the others"
        )
    return made


def _hiding(content: str) -> Iterable[str]:
    """What stands in the place of secrets and hidden characters when the content is shown."""
    seen = shown(content)
    return [one for one in set(_PLACEHOLDER.findall(seen)) if seen.count(one) > content.count(one)]


def _told(edit: FileEdit, made: Applied) -> str:
    name = display_path(edit.path)
    if edit.action is Action.UPDATE:
        moved = "" if edit.moved_to is None else f" and moved it to {display_path(edit.moved_to)}"
        return "; ".join([f"changed {name}{moved} (+{made.added} -{made.removed} lines)", *made.notes])
    return f"deleted {name} (-{made.removed} lines)" if made.content is None else f"added {name} (+{made.added} lines)"
