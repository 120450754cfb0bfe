"""Files of a workspace as tools take them: what stands at a path, the text that is in it, and lines of it for a model.

Tools over git objects show a commit, and go on doing so after files were changed: who changes files in a workspace gets
`WorkspaceReadTool` in place of `ReadFile`, under the same name, and `run` in place of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import ClassVar

from app.domain.entries import display_path
from app.domain.errors import SandboxRefused, SandboxUnavailable, ToolRefused
from app.domain.model import ToolSpec
from app.domain.sandbox import Command, CommandLimits, Stream
from app.domain.tree_paths import problem_with
from app.ports import Sandbox
from app.usecases.tools.files import MAX_FILE_BYTES, Source
from app.usecases.tools.reading import MAX_LINES, lines_of
from app.usecases.tools.specs import integer, string, text_of, tool_spec

_SECONDS = 30.0

TELL_KINDS = """\
for f do
  if test -L "$f"; then printf o
  elif test -f "$f"; then if test -x "$f"; then printf x; else printf f; fi
  elif test -e "$f"; then printf o
  else printf n; fi
done"""
"""For sh: one letter for each of its arguments. Only words are made of the answer, and whether a file stays executable:
what is read and written is looked at again by the sandbox itself.
"""


class At(Enum):
    """What stands at a path, by its letter."""

    NOTHING = "n"
    FILE = "f"
    EXECUTABLE = "x"
    OTHER = "o"

    @property
    def is_file(self) -> bool:
        return self in {At.FILE, At.EXECUTABLE}


async def kinds_at(sandbox: Sandbox, paths: Sequence[str]) -> Mapping[str, At]:
    """What stands at each of the paths, which have no problem. Raises ToolRefused."""
    told: list[bytes] = []

    async def take(_stream: Stream, data: bytes) -> None:
        told.append(data)

    argv = ("sh", "-c", TELL_KINDS, "sh", *(f"./{path}" for path in paths))
    with sandbox_answering():
        ended = await sandbox.run(Command(argv=argv, limits=CommandLimits(seconds=_SECONDS)), take)
    letters = b"".join(told).decode("ascii", "replace")
    if not ended.succeeded or len(letters) != len(paths):
        raise ToolRefused("the sandbox did not tell what stands in the workspace: try again, or look with run")
    return {path: At(letter) for path, letter in zip(paths, letters, strict=True)}


async def text_in(sandbox: Sandbox, path: str) -> str:
    """A text file of the workspace, whole. Raises ToolRefused for anything else."""
    with sandbox_answering():
        data = await sandbox.read(path, max_bytes=MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ToolRefused(f"{display_path(path)!r} is too large: it has over {MAX_FILE_BYTES:,} bytes")
    if b"\0" in data:
        raise ToolRefused(f"{display_path(path)!r} is binary: it has a NUL byte")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ToolRefused(f"{display_path(path)!r} is not UTF-8: see line {line}") from None


@contextmanager
def sandbox_answering() -> Iterator[None]:
    """What a sandbox does not do is refused, in words for a model."""
    try:
        yield
    except SandboxUnavailable as error:
        raise ToolRefused("the sandbox is gone, and nothing can be read or changed any more") from error
    except SandboxRefused as error:
        raise ToolRefused(str(error)) from error


class WorkspaceReadTool:
    """Shows lines of a file as it is in the workspace right now. When it is not UTF-8, it shows what can be shown."""

    repeatable: ClassVar[bool] = True
    spec: ClassVar[ToolSpec] = tool_spec(
        "read_file",
        "Lines of a file as it is in the workspace now, with all that was changed there. At most "
        f"{MAX_LINES} lines a call.",
        path=string("from the repository's root, as in src/app.py"),
        start_line=integer("first line, from 1"),
        end_line=integer("last line, included"),
    )

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for what is no text file, and for a range that is none."""
        path = text_of(arguments, "path")
        if problem := problem_with(path):
            raise ToolRefused(f"the path {display_path(path)!r} {problem}: give a path from the repository's root")
        with sandbox_answering():
            data = await self._sandbox.read(path, max_bytes=MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise ToolRefused(f"{display_path(path)!r} is too large: use run with head, tail or grep")
        if b"\0" in data:
            raise ToolRefused(f"{display_path(path)!r} is binary, with {len(data):,} bytes")
        return lines_of(await Source.reading(path, data), arguments, "workspace")
