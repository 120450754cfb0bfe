"""Any text at all: inert on GitHub, exact where exactness is promised, within its limit."""

from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.inert import (
    block,
    cell,
    cell_code,
    cell_phrase,
    code_span,
    fence,
    inline,
    link,
    phrase,
    suggestion,
)
from app.domain.inert.characters import is_plain, one_line, visible, visible_line
from tests.domain.test_inert_reading import read

# Pieces that mean something to a Markdown parser or to GitHub: chance alone would hardly put them together.
PIECES = r"""* ** *** _ __ ~~ ` `` ``` ```` ~~~ - + 1. 2) > # ## === --- | |---|---| [ ] ( ) ]( ![ [^1] [x]:http://e.test
    < > </details> <!-- --> <!--revwright: <img/src=x> <b> &amp; &#35;1 & @ @bob @org/team # 1 #12 GH-3 o/r#4 deadbeef
    https:// http://e.test/x www.e.test www. a@b.test mailto:a@b.c :tada: : $ $x$ $` `$ \ \* ! a b word . , … é { } ' "
    = / /merge suggestion mermaid 7654321 ^ ftp://x.y xmpp:a@b"""
TOKENS = [
    *PIECES.split(),
    "\n",
    "\n\n",
    " ",
    "  ",
    "    ",
    "\t",
    "\n- ",
    "\n  - ",
    "\n   1. ",
    "\n```\n",
    "\n~~~ py\n",
    "\n---\n",
    "\n===\n",
    "| a | b |\n",
    "```suggestion\n",
    "\r",
    "\r\n",
    "\x00",
    "\u200b",
    "\u202e",
    "\u2028",
    "\xa0",
    "\ufffc",
    "\ud800",
]

texts = st.one_of(
    st.lists(st.sampled_from(TOKENS), max_size=25).map("".join),
    st.lists(st.one_of(st.sampled_from(TOKENS), st.characters()), max_size=25).map("".join),
)
limits = st.one_of(st.integers(0, 60), st.just(10_000))
words = re.compile(r"[^\W_]+")


@given(texts, limits)
@example("0mailto:a@b.c", 9)
@settings(max_examples=400)
def test_a_line_is_inert(text: str, limit: int) -> None:
    line = inline(text, limit=limit)
    assert len(line) <= limit
    assert "\n" not in line
    for body in (line, f"**{line}** x", f"- {line}", f"before\n{line}"):
        seen = read(body)
        assert seen.alive == []
    assert read(line).kinds <= {"paragraph", "inline", "text", "code_inline"}


@given(texts, limits)
@settings(max_examples=600)
def test_a_phrase_is_inert(text: str, limit: int) -> None:
    line = phrase(text, limit=limit)
    assert len(line) <= limit
    assert "\n" not in line
    for body in (line, f"**{line}** x", f"**P1 · {line}**", f"- {line}", f"before\n{line}"):
        seen = read(body)
        assert seen.alive == []
        assert not re.search(r"<!--\s*revwright", body, re.IGNORECASE)
    assert read(line).kinds <= {"paragraph", "inline", "text", "code_inline"}


@given(st.lists(texts, min_size=3, max_size=3), limits)
@settings(max_examples=400)
def test_a_row_of_phrases_has_its_columns(row: list[str], limit: int) -> None:
    made = [cell_phrase(text, limit=limit) for text in row]
    for line in ("| " + " | ".join(made) + " |", "|" + "|".join(made) + "|"):
        seen = read(f"| a | b | c |\n| --- | --- | --- |\n{line}\n")
        assert seen.cells == (3, 3)
        assert seen.alive == []


@given(texts)
@settings(max_examples=300)
def test_a_line_says_what_was_said(text: str) -> None:
    """Every word is still there, in its order."""
    assert words.findall(inline(text, limit=10_000)) == words.findall(one_line(text))


@given(texts, limits)
@settings(max_examples=400)
def test_prose_is_inert(text: str, limit: int) -> None:
    body = block(text, limit=limit)
    assert len(body) <= limit
    for whole in (body, f"Before\n\n{body}\n\nAfter"):
        seen = read(whole)
        assert seen.alive == []
        assert not re.search(r"<!--\s*revwright", whole, re.IGNORECASE)
    assert "After" in read(f"{body}\n\nAfter").text


@given(st.lists(texts, min_size=3, max_size=3), limits)
@example(["", "", "/mergemailto:a@b.c"], 16)
@settings(max_examples=300)
def test_a_row_of_cells_has_its_columns(row: list[str], limit: int) -> None:
    made = [cell(row[0], limit=limit), cell_code(row[1], limit=limit), cell(row[2], limit=limit)]
    assert all(len(one) <= limit for one in made)
    for line in ("| " + " | ".join(made) + " |", "|" + "|".join(made) + "|"):
        seen = read(f"| a | b | c |\n| --- | --- | --- |\n{line}\n")
        assert seen.cells == (3, 3)
        assert seen.alive == []


@given(texts)
def test_cells_of_code_are_exact(text: str) -> None:
    seen = read(f"| a |\n| --- |\n| {cell_code(text, limit=10_000)} |\n")
    assert seen.code == (visible_line(text) or " ",)


@given(texts, limits)
@settings(max_examples=300)
def test_a_code_span_is_exact(text: str, limit: int) -> None:
    assert read(code_span(text, limit=10_000)).code == (visible_line(text) or " ",)
    short = code_span(text, limit=limit)
    assert len(short) <= limit
    assert read(f"a {short} b").kinds <= {"paragraph", "inline", "text", "code_inline"}
    assert len(read(short).code) == (1 if short else 0)


@given(texts, st.sampled_from(["", "py", "suggestion", "Mermaid", "`", "c#"]), limits)
@settings(max_examples=300)
def test_a_fence_is_exact(text: str, language: str, limit: int) -> None:
    seen = read(fence(text, language, limit=10_000) + "\n\nafter")
    assert seen.code == (with_end(visible(text)),)
    assert seen.languages in {("",), ("py",), ("c#",)}
    assert "after" in seen.text
    short = fence(text, language, limit=limit)
    assert len(short) <= limit
    assert len(read(short).code) == (1 if short else 0)


@given(texts)
@settings(max_examples=300)
def test_a_suggestion_is_exact_or_refused(text: str) -> None:
    if is_plain(text):
        seen = read(suggestion(text) + "\n\nafter")
        assert (seen.code, seen.languages) == ((with_end(text),), ("suggestion",))
        assert "after" in seen.text


@given(texts)
def test_a_link_leads_only_where_we_say(text: str) -> None:
    label = inline(text, limit=200) or code_span(text, limit=200)
    seen = read(link(label, "https://github.com/o/r"))
    assert seen.alive == ["link"]


def with_end(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"
