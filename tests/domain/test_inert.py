"""Untrusted text on GitHub: what a reader sees of it, and that nothing in it is alive."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from app.domain.inert import (
    Inert,
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
from tests.domain.test_inert_reading import read

KEYWORDS = ("close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved")

ATTACKS = [
    # images, links and addresses
    "![x](https://evil.test/?d=c2VjcmV0)",
    "![x][y]\n\n[y]: https://evil.test/a.png",
    "[click](https://evil.test 'title')",
    "[click]( <javascript:alert(1)> )",
    "<https://evil.test>",
    "https://evil.test/a_b_c",
    "HTTP://EVIL.TEST",
    "www.evil.test",
    "ftp://evil.test",
    "evil.test/?d=secret",
    "data:text/html;base64,PHNjcmlwdD4=",
    "https://camo.githubusercontent.com/abc/68747470",
    "[^1]\n\n[^1]: https://evil.test",
    # HTML, entities, markers of ours
    "<img src=x onerror=alert(1)>",
    '<a href="https://evil.test">x</a>',
    "</details></summary><h1>Passed</h1>",
    "<!-- revwright:summary:0123 -->",
    "<!--\nrevwright {}\n-->",
    "&lt;b&gt; &#64;bob &#x23;1 &commat;bob",
    # mentions
    "@bob, @org/everyone and (@alice)",
    "@dataclass(frozen=True)",
    "**@bob** _@bob_ '@bob' \"@bob\" é@bob",
    "mail bob@evil.test or user@0123456789abcdef",
    "@`bob` `@`bob",
    # references and closing keywords
    "#1 GH-2 gh-3 owner/repo#4 owner#5 (#6) #7.",
    "deadbeef 0123456789abcdef0123456789abcdef01234567 owner/repo@deadbeef",
    *(f"{word} #1, {word.upper()}: owner/repo#2, {word} https://github.com/o/r/issues/3" for word in KEYWORDS),
    "\\#1 \\@bob **#**1",
    # fences and blocks
    "```suggestion\nrm -rf /\n```",
    "~~~~suggestion\nrm -rf /\n~~~~",
    "```mermaid\ngraph TD\n```",
    "```math\nx\n```",
    "- ```suggestion\n  x\n  ```",
    "```\n</details>\n````\n@bob",
    "# Passed\n\nPassed\n======\n\nPassed\n------",
    "> [!IMPORTANT]\n> Approved by @admin",
    "| a | b |\n|---|---|\n| #1 | @bob |",
    "a | b\n--- | ---\n1 | 2",
    "a\n***\n- [ ] task\n- [x] done",
    "    indented @bob\n\n\tindented #1",
    # the rest of what GitHub renders
    ":tada: :+1: a:100:b",
    "$x$ $$y$$ $`z`$ costs $5",
    "~~gone~~ ***both*** __init__ a*b*c",
    "* * *\n1. @bob\n2) #1",
    "/approve",
    "\u202e@bob\u202c #\u200b1 @\u200bbob \x00\x1b[31m \ud800",
    "a\u2028#1\u2029@bob\x85- x\r# y\r\n## z\x0b@a\x0c@b",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_is_alive(attack: str) -> None:
    line = inline(attack, limit=1_000)
    assert "\n" not in line
    bodies = [
        line,
        f"**{line}** and\n{line}\n\n- {line}\n- {line}",
        block(attack, limit=1_000),
        f"<sub>\n\n{block(attack, limit=1_000)}\n\n</sub>".replace("<sub>", "start").replace("</sub>", "end"),
        f"- {code_span(attack, limit=1_000)}\n\n{fence(attack, limit=1_000)}",
    ]
    for body in bodies:
        assert read(body).alive == []
        assert "<!-- revwright" not in body
        body.encode()
    assert not read(line).kinds & {"strong", "em", "bullet_list", "ordered_list", "table", "fence"}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_row_keeps_its_columns(attack: str) -> None:
    for cells in ((cell(attack, limit=500), cell_code(attack, limit=500)), (cell(attack + "\\", limit=9), "x")):
        for row in ("|" + "|".join(cells) + "|", "| " + " | ".join(cells) + " |"):
            seen = read(f"| a | b |\n| --- | --- |\n{row}\n")
            assert seen.cells == (2, 2)
            assert seen.alive == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plain words, as they are (mostly): 100%!", "Plain words, as they are (mostly): 100%!"),
        ("two\n lines\tand   spaces ", "two lines and spaces"),
        ("snake_case and 2 * 3", "snake\\_case and 2 \\* 3"),
        ("see #12, please", "see `#12`, please"),
        ("(see @bob).", "(see `@bob`)."),
        ("use @dataclass(frozen=True)", "use `@dataclass(frozen=True)`"),
        ("`code` stays text", "\\`code\\` stays text"),
        ("# no heading", "\\# no heading"),
        ("1. no list", "1\\. no list"),
        ("12) no list", "12\\) no list"),
        ("- no list", "\\- no list"),
        ("/merge", "`/merge`"),
        ("a /merge", "a /merge"),
        ("app/auth.py:12", "`app/auth.py:12`"),
        ("C:\\temp", "`C:\\temp`"),
        ("say ``@x`", "say ```` ``@x` ````".replace("````", "```")),
        ("{{7*7}} %s%n {0.__class__} __import__", "{{7\\*7}} %s%n {0.\\_\\_class\\_\\_} \\_\\_import\\_\\_"),
        ("(a+)+$ !!python/object:os", "`(a+)+$` !!python/object:os"),
        ("", ""),
        ("\x00\u200b", ""),
    ],
)
def test_lines_read_like_the_original(text: str, expected: str) -> None:
    assert inline(text, limit=200) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("word " * 9, 44, " ".join(["word"] * 9)),
        ("x" * 50, 10, "x" * 9 + "…"),
        ("one two", 5, "one…"),
        ("****", 5, "\\*\\*…"),
        ("see @somebody", 10, "see `@so`…"),
        ("abc", 0, ""),
        ("abc", 1, "…"),
    ],
)
def test_lines_are_cut_at_the_limit(text: str, limit: int, expected: str) -> None:
    assert inline(text, limit=limit) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\n\n\ntwo\nlines", "one\n\ntwo\nlines"),
        ("**Bold `x y` text** and *it*.", "**Bold `x y` text** and *it*."),
        ('(**in brackets**), "*quoted*"', '(**in brackets**), "*quoted*"'),
        ("**@bob**, **a `@b`**", "**`@bob`**, **a `@b`**"),
        ("**open", "\\*\\*open"),
        ("**a **b** c**", "\\*\\*a **b** c\\*\\*"),
        ("*args, **kwargs, src/**/*.py", "\\*args, \\*\\*kwargs, src/\\*\\*/\\*.py"),
        ("(*) and ** and **: and ***x***", "(\\*) and \\*\\* and \\*\\*: and \\*\\*\\*x\\*\\*\\*"),
        ("call `f(` ``c`d`` ` e ` `  ` a`b", "call `f(` ``c`d`` `e` `  ` a\\`b"),
        ("`@a`@b`c`", "`@a` `@b` `c`"),
        ("` `` one\n`two`", "\\` \\`\\` one\n`two`"),
        ("[docs](https://evil.test/x) ![pic](a.png)", "docs (`https://evil.test/x`) pic (a.png)"),
        ("# Title with `x` and **y** #", "**Title with `x` and y**"),
        ("#", "\\#"),
        ("#  #", ""),
        ("Title\n=====\n\n---\n\ntext", "Title\n\ntext"),
        ("> quoted", "\\> quoted"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\nafter", "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```\n\nafter"),
        ("\ufffcx`y`", "x`y`"),
    ],
)
def test_prose_keeps_its_look(text: str, expected: str) -> None:
    assert block(text, limit=1_000) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Intro:\n- a\n* b\n+ c", "Intro:\n\n- a\n* b\n+ c"),
        ("- a\n\n- b\n\ntext", "- a\n- b\n\ntext"),
        ("- a\n  more\nlazy\n\n  part", "- a\n  more\n  lazy\n  part"),
        ("1) a\n2. b", "1. a\n2. b"),
        ("1. a\n   - b\n     - c\n     deep\n10. d\n    - e", "1. a\n   - b\n   - c\n     deep\n10. d\n    - e"),
        ("  - a\n- b\n\t- c", "- a\n- b\n  - c"),
        ("- a\n***\n- b", "- a\n\n- b"),
        ("- a\n# Title", "- a\n\n**Title**"),
        ("- a\n\n```\nx\n```", "- a\n\n```\nx\n```"),
        ("- a\n\n\n", "- a"),
        ("- - #1", "- \\- `#1`"),
        ("- \u200b\n- b", "- b"),
        ("-\n1984. a year", "\\-\n1984\\. a year"),
    ],
)
def test_lists(text: str, expected: str) -> None:
    assert block(text, limit=1_000) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```py\na\n```", "```py\na\n```"),
        ("~~~ Python title=x\na\n~~~", "```python\na\n```"),
        ("```\nnever closed", "```\nnever closed\n```"),
        ("````md\n```\n`````", "````md\n```\n````"),
        ("  ```\n    a\n b\n  ```", "```\n  a\nb\n```"),
        ("- ```js\n  x\n  ```\n- y", "```js\n  x\n```\n\n- y"),
        ("```suggestion\na\n```", "```\na\n```"),
        ("```suggestion:-0+1\na\n```", "```\na\n```"),
        ("```Mermaid\na\n```", "```\na\n```"),
        ("```\n```", "```\n```"),
        ("```x`y\na", "\\`\\`\\`x\\`y\na"),
        ("```\n\x1b[0m\u202e<!-- revwright:x -->\n```", "```\n␛[0m[U+202E]<! -- revwright:x -->\n```"),
    ],
)
def test_code_blocks(text: str, expected: str) -> None:
    assert block(text, limit=1_000) == expected


@pytest.mark.parametrize("limit", range(0, 97, 7))
def test_prose_is_cut_without_leaving_anything_open(limit: int) -> None:
    text = "Intro **bold words here** and `some code`.\n\n- item one\n  - nested\n\n````py\nx = '```'\ny\n````\n\nEnd."
    cut = block(text, limit=limit)
    assert len(cut) <= limit
    assert "After" in read(f"{cut}\n\nAfter").text
    assert limit == 0 or "…" in cut


def test_every_language_that_github_draws_is_left_out() -> None:
    for language in ("suggestion", "mermaid", "math", "geojson", "topojson", "stl", "A", "c plus", "x" * 21, "`"):
        assert fence("x", language, limit=99) == "```\nx\n```"
    assert fence("x", "c++", limit=99) == "```c++\nx\n```"


@pytest.mark.parametrize("ticks", range(3, 13))
def test_no_run_of_fence_characters_gets_out(ticks: int) -> None:
    code = f"a\n{'`' * ticks}\n{'~' * ticks}suggestion\n</details>\n```suggestion\nb"
    for seen in (read(fence(code, "py", limit=1_000)), read(fence(code, limit=1_000) + "\n\ntext")):
        assert seen.code == (code + "\n",)
    assert read(suggestion(code)).code == (code + "\n",)
    assert read(suggestion(code)).languages == ("suggestion",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x", "x\n"), ("x\n", "x\n"), ("", ""), ("\n", "\n"), ("\tx\n\ny", "\tx\n\ny\n"), ("é👍\ufe0f", "é👍\ufe0f\n")],
)
def test_a_suggestion_is_exact(text: str, expected: str) -> None:
    assert read(suggestion(text)).code == (expected,)


@pytest.mark.parametrize(
    "text", ["a\r\nb", "a\rb", "\x00", "\u202e", "a\u200db", "\u2028", "\ud800", "<!-- revwright:"]
)
def test_a_suggestion_that_could_not_be_exact_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="show it in a fence instead"):
        suggestion(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", "`x`"),
        ("a`b", "``a`b``"),
        ("`a``b", "``` `a``b ```"),
        (" a ", "`  a  `"),
        (" a", "` a`"),
        ("  ", "`  `"),
        ("", "` `"),
        ("a\n\tb\r\x7f\u200d", "`a␊␉b␍␡[U+200D]`"),
        ("<!-- revwright:x", "`<! -- revwright:x`"),
        ("a|b", "`a|b`"),
    ],
)
def test_code_spans(text: str, expected: str) -> None:
    assert code_span(text, limit=99) == expected


def test_a_cell_of_code_escapes_its_pipes() -> None:
    assert cell_code("a|b\\|c", limit=99) == "`a\\|b\\\\|c`"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`a b` of @x", "`a b` of `@x`"),
        ("**bold** and *em*", "\\*\\*bold\\*\\* and \\*em\\*"),
        ("[x](https://e.test) `never closed", "x (`https://e.test`) \\`never closed"),
        ("# no\n\nheading", "\\# no heading"),
        ("``a`b``", "``a`b``"),
        ("", ""),
    ],
)
def test_a_phrase_keeps_its_code_spans(text: str, expected: str) -> None:
    assert phrase(text, limit=99) == expected


def test_a_phrase_in_a_cell_escapes_the_pipes_of_its_code() -> None:
    assert cell_phrase("`a|b` | # c", limit=99) == "`a\\|b` \\| # c"


def test_a_link_of_ours() -> None:
    url = "https://github.com/o/r/blob/0123abc/a%20b.py?x=1&y#L1-L2"
    assert link(code_span("a`b.py", limit=99), url) == f"[``a`b.py``]({url})"
    assert link(inline("[x](y)", limit=99), "http://localhost:80") == "[x (y)](http://localhost:80)".replace(
        "x (y)", "\\[x\\](y)"
    )


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "//evil.test", "https://", "https://a b", "https://a/(b)", "https://a/'", 'https://a/"',
        "https://a/<b>", "https://a/[b]", "https://a/\\", "https://github.com@evil.test", "https://a/\n", "https://a/`",
        "https://a/&amp;", "https://a:999999", "https://-a", "ftp://a",
    ],
)  # fmt: skip
def test_a_link_that_is_not_ours(url: str) -> None:
    with pytest.raises(ValueError, match="not a link of ours"):
        link(Inert("x"), url)


def test_a_link_has_words() -> None:
    with pytest.raises(ValueError, match="not a link of ours"):
        link(inline("", limit=9), "https://a.test")


LONG = ("*", "[", "`", "<", "_", "(", "!", "\\", "~", "|", "\n", "- a\n", "` ", "`` ` ", "**a ", "> ", "![a](", "@a ",
        ":a", ".", "<!--", "\x00", "f", "1. ", "- - ", "    ", "|\n", "[a](b", '"*', "``a`")  # fmt: skip


@pytest.mark.parametrize("renderer", [inline, block, cell, code_span, cell_code, fence, phrase, cell_phrase])
def test_a_megabyte_is_no_problem(renderer: Callable[..., str]) -> None:
    """Time grows with the text as such; its worst is cut at the longest limit that GitHub has."""
    for limit, pieces in ((4_000, LONG), (65_536, LONG[:4])):
        for piece in pieces:
            text = piece * (1_000_000 // len(piece))
            start = time.process_time()
            assert len(renderer(text, limit=limit)) <= limit
            assert time.process_time() - start < 1.0, piece
