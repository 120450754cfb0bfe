"""A reader that sees what GitHub would bring to life in a text, and the proof that it sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

# What GitHub looks for in the text nodes of the rendered page; code it leaves alone.
_ALIVE_IN_TEXT = {
    "mention": re.compile(r"(?<![\w`])@[a-z0-9-]", re.IGNORECASE),
    "e-mail": re.compile(r"[\w.+-]@[\w-]", re.IGNORECASE),
    "reference": re.compile(r"#[0-9]|\bGH-[0-9]", re.IGNORECASE),
    "commit": re.compile(r"\b[0-9a-f]{7,40}\b", re.IGNORECASE),
    "address": re.compile(r"(?:https?|ftp)://|www\.|(?:mailto|xmpp|data|javascript):\S", re.IGNORECASE),
    "emoji": re.compile(r":[a-z0-9_+-]+:", re.IGNORECASE),
    "math": re.compile(r"\$"),
    "tag": re.compile(r"<[a-z!/?]", re.IGNORECASE),
}
_HARMLESS = {"text", "softbreak", "hardbreak", "code_inline", "code_block", "fence", "paragraph", "inline", "em"}
_STRUCTURE = {"strong", "bullet_list", "ordered_list", "list_item", "table", "thead", "tbody", "tr", "th", "td"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A text as its reader sees it."""

    kinds: frozenset[str]
    text: tuple[str, ...]
    code: tuple[str, ...]
    languages: tuple[str, ...]
    cells: tuple[int, ...]
    """How many cells each row of a table has."""

    @property
    def alive(self) -> list[str]:
        """All that does something on its own, or does not belong into prose."""
        found = [name for name, pattern in _ALIVE_IN_TEXT.items() if any(map(pattern.search, self.text))]
        drawn = {"suggestion", "mermaid", "math", "geojson", "topojson", "stl"}
        return sorted([*found, *(self.kinds - _HARMLESS - _STRUCTURE), *drawn.intersection(self.languages)])


def read(markdown: str) -> Seen:
    tokens = list(_walk(_PARSER.parse(markdown)))
    return Seen(
        kinds=frozenset(re.sub(r"_(open|close)$", "", token.type) for token in tokens),
        text=tuple(_text_nodes(tokens)),
        code=tuple(t.content for t in tokens if t.type in {"code_inline", "code_block", "fence"}),
        languages=tuple(t.info.strip() for t in tokens if t.type == "fence"),
        cells=tuple(_row_lengths(tokens)),
    )


def _footnote(state: StateInline, silent: bool) -> bool:
    """GitHub's footnotes, which the parser does not know."""
    found = re.compile(r"\[\^[^\]\s]+\]").match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("footnote", "", 0)
    state.pos = found.end()
    return True


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.inline.ruler.before("link", "footnote", _footnote)
    return parser


_PARSER = _parser()


def _walk(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _walk(token.children or [])


def _text_nodes(tokens: list[Token]) -> Iterator[str]:
    """Text between two other nodes is one node."""
    node = ""
    for token in tokens:
        if token.type == "text":
            node += token.content
        else:
            yield node
            node = ""
    yield node


def _row_lengths(tokens: list[Token]) -> Iterator[int]:
    length = 0
    for token in tokens:
        length += token.type in {"th_open", "td_open"}
        if token.type == "tr_close":
            yield length
            length = 0


@pytest.mark.parametrize(
    ("markdown", "alive"),
    [
        ("plain **bold** *em* `@a #1`\n\n- item\n\n```py\n@a\n```\n", []),
        ("# heading", ["heading"]),
        ("Setext\n===", ["heading"]),
        ("> quote", ["blockquote"]),
        ("a\n\n---", ["hr"]),
        ("![x](https://evil.test/?d=1)", ["image"]),
        ("[x](https://evil.test)", ["link"]),
        ("[x]\n\n[x]: https://evil.test", ["link"]),
        ("<https://evil.test>", ["address", "link"]),
        ("https://evil.test", ["address"]),
        ("www.evil.test", ["address"]),
        ("a@evil.test", ["e-mail"]),
        ("a <img src=x>", ["html_inline"]),
        ("<details>", ["html_block"]),
        ("a <!-- revwright:x -->", ["html_inline"]),
        ("&lt;b&gt; &#64;bob", ["mention", "tag"]),
        ("\\@bob \\#1", ["mention", "reference"]),
        ("@org/team", ["mention"]),
        ("owner/repo#1 gh-2", ["reference"]),
        ("deadbeef", ["commit"]),
        (":tada:", ["emoji"]),
        ("\\$x\\$", ["math"]),
        ("~~gone~~", ["s"]),
        ("a[^1]", ["footnote"]),
        ("```suggestion\nx\n```", ["suggestion"]),
        ("~~~mermaid\nx\n~~~", ["mermaid"]),
    ],
)
def test_the_reader_sees_what_is_alive(markdown: str, alive: list[str]) -> None:
    assert read(markdown).alive == alive


def test_the_reader_counts_cells() -> None:
    assert read("| a | b |\n| --- | --- |\n| 1 | 2 |\n").cells == (2, 2)
