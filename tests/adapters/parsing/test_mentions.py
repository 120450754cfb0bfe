"""Where a name stands in code, and not in comments or strings."""

from __future__ import annotations

import pytest

from app.adapters.parsing.parser import ChildParser

MENTIONS = {
    "a.py": ("# total\nx = 'total'\nx = f'{total} total'\n'''\ntotal\n'''\ncart.total(total=1)\ntotals\n", [3, 7]),
    "a.js": ("// total\n'total'; `total ${total}`;\n/total/;\ncart.total;\n({ total });\n<b>total</b>;\n", [2, 4, 5]),
    "a.ts": ("type total = 1\nlet x: total = 'total' // total\nclass A { #total = 1; total = 2 }\n", [1, 2, 3]),
    "a.go": ('package p\n// total\nvar total = "total"\nvar x = `total`\nvar y = c.total\ntype total int\n', [3, 5, 6]),
    "a.java": ('class A { /* total */ String s = "total";\n int total() { return this.total; } }\n', [2]),
    "a.rs": ('// total\nlet s = "total";\nlet total = x.total;\ntotal!();\nr#"total"#;\n', [3, 4]),
    "a.rb": ("# total\n'total'\n\"total\"\ntotal\nx.total\ndef total; end\n%w[total]\n", [4, 5, 6]),
    "a.c": ('/* total */ char *s = "total";\nint x = a->total;\n#define total 1\n', [2, 3]),
    "a.cpp": ('// total\nauto s = R"(total)";\nns::total();\ntotal::x();\n', [3, 4]),
    "a.cs": ('class A { string s = "total"; // total\n int total => this.total; }\n', [2]),
    "a.php": ("<?php\n// total\n$s = 'total';\n$total = total();\n$x->total;\n", [4, 5]),
    "a.kt": ('// total\nval s = "total"\nval total = x.total\n', [3]),
    "a.swift": ('// total\nlet s = "total"\nlet total = x.total\n', [3]),
    "a.sh": ('# total\ns="total"\ntotal() { :; }\ntotal\n', [3, 4]),
    "a.hs": ('-- total\ns = "total"\ntotal = 1\n', [3]),
    "a.ex": ('# total\n"total"\ntotal(1)\n', [3]),
    "a.lua": ("-- total\ns = 'total'\ntotal()\n", [3]),
    "a.scala": ('// total\nval s = "total"\nval total = 1\n', [3]),
    "a.tf": ('# total\na = "total"\nb = var.total\n', [3]),
    "a.sol": ('// total\ncontract C { string s = "total";\n uint total; }\n', [3]),
}  # fmt: skip


@pytest.mark.parametrize("path", MENTIONS)
async def test_mentions_are_in_code(parser: ChildParser, path: str) -> None:
    text, lines = MENTIONS[path]
    assert await parser.mentions(path, text, "total") == tuple(lines)


@pytest.mark.parametrize(
    "name", ["x.*", "a b", "(", "\\", "[", "^", "$", "x\ny", "\ud800", "🎉", "-", "#", "~", "&", "\0"]
)
async def test_a_name_is_never_a_pattern(parser: ChildParser, name: str) -> None:
    assert await parser.mentions("a.py", "xyz = 1\n", name) == ()


@pytest.mark.parametrize("name", ["", "x" * 201])
async def test_what_is_no_name_has_no_answer(parser: ChildParser, name: str) -> None:
    assert await parser.mentions("a.py", "xyz = 1\n", name) is None


async def test_names_may_have_any_letters(parser: ChildParser) -> None:
    assert await parser.mentions("a.py", "größe = 1\n\n日本 = größe\r\n", "größe") == (1, 3)


@pytest.mark.parametrize("path", ["a.txt", "a.json", "a.yaml", "Makefile"])
async def test_data_has_no_names(parser: ChildParser, path: str) -> None:
    assert await parser.mentions(path, "total", "total") is None
