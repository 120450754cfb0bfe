"""Command lines of the product, given by whoever runs the probes, with places for what a probe puts in."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """The words of a command line; `{name}` as a whole word stands for any number of words, inside one for a text."""

    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """As a shell splits it. ValueError for an open quote or an empty line."""
        words = tuple(shlex.split(text))
        if not words:
            raise ValueError("the template is empty: give the command line of the launcher")
        return cls(words)

    def has(self, name: str) -> bool:
        """Whether there is a place of this name."""
        return any(f"{{{name}}}" in word for word in self.words)

    def expand(self, texts: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> list[str]:
        """The command line with every place filled."""
        line: list[str] = []
        for word in self.words:
            name = word[1:-1]
            if word == f"{{{name}}}" and name in lists:
                line += lists[name]
                continue
            for key, text in texts.items():
                word = word.replace(f"{{{key}}}", text)  # noqa: PLW2901
            line.append(word)
        return line
