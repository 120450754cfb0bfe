"""The tool that shows a skill: a text of the repository's base commit on how something is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.domain.entries import Kind
from app.domain.errors import ToolRefused
from app.domain.model import ToolSpec
from app.domain.pull_request import Sha
from app.domain.skills import MAX_BYTES
from app.ports import Code
from app.usecases.tools.files import git_answering, is_binary
from app.usecases.tools.specs import string, text_of, tool_spec


@dataclass(frozen=True, slots=True)
class ReadSkill:
    """`skills` are (name, path at the base commit). What the head has under that path plays no part."""

    code: Code
    base: Sha
    skills: tuple[tuple[str, str], ...]
    repeatable: ClassVar[bool] = False
    spec: ClassVar[ToolSpec] = tool_spec("read_skill", "The text of a skill.", name=string("as listed above"))

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for a skill that there is not."""
        path = dict(self.skills).get(text_of(arguments, "name"))
        if path is None:
            raise ToolRefused(f"there is no such skill; there are: {', '.join(name for name, _ in self.skills)}")
        with git_answering():
            blob = (await self.code.blobs(self.base, (path,), max_bytes=MAX_BYTES)).get(path)
        if blob is None or blob.kind is Kind.SYMLINK or is_binary(blob):
            raise ToolRefused("that skill is no text file")
        rest = f"\n[{blob.size - MAX_BYTES:,} more bytes are not shown]" if blob.truncated else ""
        return blob.text_bytes.decode("utf-8", "replace") + rest
