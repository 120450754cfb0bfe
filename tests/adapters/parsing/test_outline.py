"""Symbols of every language, by real parsers, and where they stand in awkward text."""

from __future__ import annotations

import pytest

from app.adapters.parsing.languages import BY_NAME, LANGUAGES, language_of
from app.adapters.parsing.parser import ChildParser
from app.domain.symbols import Symbol, enclosing
from app.ports import Parser
from tests.adapters.parsing.snippets import SNIPPETS, Outline


def as_rows(symbols: tuple[Symbol, ...] | None) -> Outline | None:
    return None if symbols is None else [(one.name, one.kind, one.start_line, one.end_line) for one in symbols]


@pytest.mark.parametrize("path", SNIPPETS)
async def test_symbols_of_a_language(parser: ChildParser, path: str) -> None:
    port: Parser = parser
    text, expected = SNIPPETS[path]
    assert as_rows(await port.outline(path, text)) == expected


@pytest.mark.parametrize("path", SNIPPETS)
async def test_carriage_returns_and_a_missing_newline_move_no_line(parser: ChildParser, path: str) -> None:
    text, expected = SNIPPETS[path]
    if path == "a.c":  # a macro takes the carriage return along, and ends on the same line all the same
        assert expected[0] == ("MAX", "macro", 1, 1)
    assert as_rows(await parser.outline(path, text.rstrip("\n").replace("\n", "\r\n"))) == expected


def test_every_language_with_symbols_has_a_snippet() -> None:
    covered = {language.name for path in SNIPPETS if (language := language_of(path)) is not None}
    assert covered == {language.name for language in LANGUAGES if language.symbols}


def test_no_extension_means_two_languages() -> None:
    extensions = [extension for language in LANGUAGES for extension in language.extensions]
    assert len(extensions) == len(set(extensions))
    assert len(BY_NAME) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("path", "name"),
    [("a.py", "python"), ("a/b.PY", "python"), ("x.test.ts", "typescript"), ("py", None), (".py", None),
     ("a.py/b", None), ("a.", None), ("", None), ("a.json", "json"), ("a.exe", None), ("a.py\n", None)],
)  # fmt: skip
def test_the_extension_decides(path: str, name: str | None) -> None:
    language = language_of(path)
    assert (None if language is None else language.name) == name


@pytest.mark.parametrize("path", ["a.txt", "a.json", "a.yaml", "a.css", "a.html", "Makefile"])
async def test_what_has_no_symbols_has_no_outline(parser: ChildParser, path: str) -> None:
    assert await parser.outline(path, "a: 1\n") is None


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("\n", []),
        ("\ufeffdef f(): pass\n", [(1, 1)]),
        ("# é — 日本 🎉\ndef f():\n    '''é\n    🎉'''\n", [(2, 4)]),
        ("\tx = 1\n\f\ndef f():\n\tpass\n", [(3, 4)]),
        ("x = '\u2028 \u0085 \v'\ndef f(): pass", [(2, 2)]),
        ("x = '\0'\ndef f(): pass\n", [(2, 2)]),
        ("def f(:\n  ]\nclass\ndef f(): pass\n", [(4, 4)]),
        ("x = '\ud800'\ndef f(): pass\n", [(2, 2)]),
        ("def f(): pass\n\n\n\n", [(1, 1)]),
    ],
)
async def test_lines_are_those_between_newlines(parser: ChildParser, text: str, lines: list[tuple[int, int]]) -> None:
    symbols = await parser.outline("a.py", text)
    assert symbols is not None
    assert [(one.start_line, one.end_line) for one in symbols if one.name == "f"][-1:] == lines


async def test_a_name_with_hidden_characters_shows_them(parser: ChildParser) -> None:
    symbols = await parser.outline("a.js", "class A { 'to\u202etal'() {} }\n")
    assert symbols is not None
    assert [one.name for one in symbols] == ["A", "A.'to?tal'"]


async def test_the_innermost_symbol_is_found(parser: ChildParser) -> None:
    text, _ = SNIPPETS["a.py"]
    symbols = await parser.outline("a.py", text)
    assert symbols is not None
    around = enclosing(symbols, 8)
    assert around is not None
    assert around.name == "Cart.total.add"


async def test_very_many_symbols_end_at_the_limit(parser: ChildParser) -> None:
    symbols = await parser.outline("a.py", "def f(): pass\n" * 6_000)
    assert symbols is not None
    assert [symbols[0], symbols[-1], len(symbols)] == [
        Symbol("f", "function", 1, 1), Symbol("f", "function", 5_000, 5_000), 5_000,
    ]  # fmt: skip
