"""What a model's tools are asked, and what they say, stands in the run's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from app.domain.errors import ToolRefused
from app.domain.model import ToolSpec
from app.usecases.fix.noted import Noted


class Echo:
    spec: ClassVar[ToolSpec] = ToolSpec("echo", "Says it again.", {"type": "object"})
    repeatable: ClassVar[bool] = True

    async def call(self, arguments: Mapping[str, object]) -> str:
        if not arguments:
            raise ToolRefused("there is nothing to say")
        return str(arguments["text"])


class Notes(list[str]):
    async def take(self, text: str) -> None:
        self.append(text)


async def test_a_call_is_noted_with_the_beginning_of_its_answer() -> None:
    notes = Notes()
    tool = Noted(Echo(), notes.take)

    assert await tool.call({"text": "x" * 1000}) == "x" * 1000
    assert (tool.spec, tool.repeatable) == (Echo.spec, True)
    assert notes[0].startswith('echo {"text": "xxx')
    assert len(notes[0]) < 900


async def test_a_refusal_is_noted_and_passed_on() -> None:
    notes = Notes()
    with pytest.raises(ToolRefused, match="nothing to say"):
        await Noted(Echo(), notes.take).call({})
    assert notes == ["echo {}: refused: there is nothing to say"]
