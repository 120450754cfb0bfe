"""Globs match what a plain reading of them says, refuse what is unclear, and never take long."""

from __future__ import annotations

import re
import time
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.globs import MAX_ALTERNATIVES, MAX_CHARACTERS, Glob, matches, matches_folded, stands_above


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("README.md", ["README.md"], ["docs/README.md", "readme.md", "README.md/x", "README.mdx"]),
        ("*.lock", ["a.lock", ".lock"], ["sub/a.lock", "a.lock/b"]),
        ("**/*.lock", ["a.lock", "sub/a.lock", "a/b/c.lock"], ["a.locks"]),
        ("docs/**", ["docs/a", "docs/a/b.md", "docs"], ["docs2/a", "a/docs/b", "Docs/a"]),
        ("docs/", ["docs/a", "docs/a/b.md", "docs"], ["doc", "docsa"]),
        ("docs", ["docs"], ["docs/a"]),
        ("**", ["a", "a/b/c", ".x"], []),
        ("**/**", ["a", "a/b/c"], []),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb", "a/b/c", "x/a/b"]),
        ("**/a/**", ["a", "x/a", "a/y", "x/a/y"], ["ab", "x/ab"]),
        ("**/a/*/c/**/d", ["a/b/c/d", "x/a/b/c/y/d"], ["a/c/d", "a/b/c"]),
        ("*", ["a", ".hidden"], ["a/b"]),
        ("*/", ["a", "a/b", "a/b/c"], []),
        ("a*b*c", ["abc", "axbxc", "abbcc"], ["ab", "a/bc", "abcd"]),
        ("a?c", ["abc", "a?c", "a\u20acc"], ["ac", "a/c", "abbc"]),
        ("[ab]x", ["ax", "bx"], ["cx", "x"]),
        ("[a-c]x", ["bx"], ["dx", "-x"]),
        ("[a-]x", ["ax", "-x"], ["bx"]),
        ("[!ab]x", ["cx", "!x"], ["ax", "/x"]),
        ("a[--:]b", ["a-b", "a.b", "a:b"], ["a/b"]),
        ("[^a]", ["^", "a"], ["b"]),
        ("[*]", ["*"], ["a"]),
        ("[?][{][}]", ["?{}"], []),
        ("app/[[]id]/page.tsx", ["app/[id]/page.tsx"], ["app/i/page.tsx"]),
        ("*.{js,ts}", ["a.js", "a.ts"], ["a.jts", "a.{js,ts}"]),
        ("{a,b/c}/d{,x}", ["a/d", "b/c/dx"], ["b/d"]),
        ("a.b+(c)", ["a.b+(c)"], ["axb+(c)", "a.bb(c)"]),
        ("&&~~||[&&~~||-]", ["&&~~||-", "&&~~||&"], []),
    ],
)
def test_matches(pattern: str, hits: list[str], misses: list[str]) -> None:
    assert [path for path in hits if not matches(pattern, path)] == []
    assert [path for path in misses if matches(pattern, path)] == []


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        (".github/workflows/**", ".GitHub/Workflows/ci.yml", True),
        ("**/AGENTS.md", "docs/agents.MD", True),
        ("caf\u00e9", "CAFE\u0301", True),
        ("stra\u00dfe", "STRASSE", True),
        ("?x", "\u00dfx", True),
        ("[A-C]x", "bx", True),
        ("a", "b", False),
        ("**/\u212a", "k", True),
    ],
)
def test_folded_comparison(pattern: str, path: str, expected: bool) -> None:
    """`?x` fits `ßx` as it stands, although folding makes two letters of ß."""
    assert matches_folded(pattern, path) is expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "must not be empty"),
        ("a" * (MAX_CHARACTERS + 1), "at most 256 characters, this one has 257"),
        ("/etc", "leave out the leading /"),
        ("/", "leave out the leading /"),
        ("a\\b", "no backslash"),
        ("a\x00b", "control characters"),
        ("a\nb", "control characters"),
        ("*a*a*a*a*a*a*a*a*", "at most 8 groups of *"),
        ("../x", "no empty, `.` or `..` part"),
        ("a/./b", "no empty, `.` or `..` part"),
        ("a//b", "no empty, `.` or `..` part"),
        ("a/{,b}/c", "no empty, `.` or `..` part"),
        ("a**", "`**` stands alone"),
        ("***", "`**` stands alone"),
        ("[", r"unpaired, empty or nested \["),
        ("[]", r"unpaired, empty or nested \["),
        ("[!]", r"unpaired, empty or nested \["),
        ("[a/b]", r"unpaired, empty or nested \["),
        ("{a", r"unpaired, empty or nested \{"),
        ("a}", r"unpaired, empty or nested \}"),
        ("{a,{b,c}}", r"unpaired, empty or nested \{"),
        ("{a}", "at least two texts"),
        ("{a,b}" * 6, f"at most {MAX_ALTERNATIVES} patterns"),
        ("{a,b,c,d,e,f,g,h}" * 12, f"at most {MAX_ALTERNATIVES} patterns"),
        ("[z-a]", "runs backwards"),
        ("[Z-a]", "runs backwards"),
    ],
)
def test_refusals(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason.replace("*", r"\*").replace("..", r"\.\.")):
        Glob.parse(pattern)


def test_the_text_is_kept_and_decides_equality() -> None:
    assert Glob.parse("a/*").text == "a/*"
    assert Glob.parse("a/*") == Glob.parse("a/*")
    assert Glob.parse("a/*") != Glob.parse("a/?")


_PATTERNS = st.lists(
    st.one_of(
        st.just("**"),
        st.lists(st.sampled_from(["a", "b", "*", "?", "[ab]", "[!a]"]), min_size=1, max_size=4).map("".join),
    ),
    min_size=1,
    max_size=5,
).map("/".join)
_PATHS = st.lists(st.text(alphabet="abc", min_size=1, max_size=4), min_size=1, max_size=5).map("/".join)


@settings(deadline=None)
@given(
    _PATTERNS.filter(lambda p: not re.search(r"\*\*[^/]|[^/]\*\*", p) and len(re.findall(r"\*+", p)) <= 8),
    _PATHS,
)
def test_agrees_with_a_naive_reading(pattern: str, path: str) -> None:
    assert matches(pattern, path) is _naive(tuple(pattern.split("/")), tuple(path.split("/")))
    assert matches_folded(pattern, path) is matches(pattern, path)


def _naive(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        if pattern[1:] == () and not path:
            return True
        return _naive(pattern[1:], path) or (bool(path) and _naive(pattern, path[1:]))
    return bool(path) and _naive_segment(pattern[0], path[0]) and _naive(pattern[1:], path[1:])


@cache
def _naive_segment(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(_naive_segment(pattern[1:], name[i:]) for i in range(len(name) + 1))
    if not name:
        return False
    if pattern[0] == "[":
        inside, _, rest = pattern[1:].partition("]")
        fits = name[0] not in inside[1:] if inside.startswith("!") else name[0] in inside
        return fits and _naive_segment(rest, name[1:])
    return pattern[0] in ("?", name[0]) and _naive_segment(pattern[1:], name[1:])


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_either_parses_or_is_refused_with_a_value_error(pattern: str, path: str) -> None:
    try:
        glob = Glob.parse(pattern)
    except ValueError:
        return
    assert glob.matches_folded(path) or not glob.matches(path)


@pytest.mark.parametrize(
    "pattern",
    [
        "*a*a*a*a*a*a*a*b",
        "**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b",
        "**/*a*a*a*a*a*a*b",
        "**/a?a/**/a?a/**/*a?a*b",
        "**/" + "a/" * 110 + "b",
        "*" + "?" * 200 + "b",
        "*" + "[a]" * 60 + "b*" + "a" * 40 + "c",
        "{a,b,c,d,e,f}*a*a*a*a*a*a*a*z",
    ],
)
def test_hostile_names_take_no_time(pattern: str) -> None:
    """3,000 names of 200 characters that nearly match: a matcher that tries again needs minutes for them."""
    glob = Glob.parse(pattern)
    names = ["a" * (200 - i % 3) for i in range(1_500)] + ["a/" * 98 + "a" * (2 + i % 3) for i in range(1_500)]
    start = time.process_time()
    assert not any(glob.matches_folded(name) for name in names)
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize(
    ("pattern", "above", "not_above"),
    [
        ("app/auth/**", ["app", "APP", "app/auth"], ["app/auth/x", "ap", "x/app"]),
        ("app/*/keys.py", ["app", "app/x"], ["app/x/keys.py", "db"]),
        ("{app,db/sql}/x/*.py", ["app", "db", "db/sql", "app/x"], ["sql", "db/x"]),
        ("app/**/keys.py", ["app"], ["app/x", "x"]),
        ("**/keys.py", [], ["app", "keys.py"]),
        ("app", [], ["app"]),
    ],
)
def test_what_stands_where_a_pattern_wants_a_directory(pattern: str, above: list[str], not_above: list[str]) -> None:
    assert [path for path in (*above, *not_above) if stands_above(pattern, path)] == above
