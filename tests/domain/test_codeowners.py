"""CODEOWNERS as GitHub documents it, against a naive reading of each pattern, and never slowly."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.codeowners import LOCATIONS, MAX_BYTES, MAX_SKIPPED, Codeowners, Owner, OwnerKind, parse_codeowners
from app.domain.owner_patterns import parse_pattern
from tests.examples import examples


def _owns(pattern: str, path: str) -> bool:
    return parse_codeowners(f"{pattern} @x".encode()).owners_of(path) != ()


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("*", ["a", "a/b", ".x/.y"], []),
        ("/*", ["a", ".b"], ["a/b"]),
        ("*.js", ["a.js", ".js", "x/y/a.js", "a.js/b"], ["a.jsx", "ajs", "A.JS"]),
        ("/*.js", ["a.js"], ["x/a.js"]),
        ("docs/*", ["docs/a", "docs/.b"], ["docs", "docs/a/b", "x/docs/a"]),
        ("docs/*.md", ["docs/a.md", "docs/a.md/b"], ["docs/a/b.md"]),
        ("docs/**", ["docs/a", "docs/a/b"], ["docs", "x/docs/a"]),
        ("/docs/**/", ["docs/a", "docs/a/b"], ["docs"]),
        ("apps/", ["apps/a", "apps/a/b", "x/apps/y"], ["apps", "x/apps", "apps2/a"]),
        ("/apps/", ["apps/a", "apps/a/b"], ["x/apps/y", "apps"]),
        ("/build/logs/", ["build/logs/a"], ["x/build/logs/a", "build/a"]),
        ("build/logs", ["build/logs", "build/logs/a"], ["x/build/logs"]),
        ("logs", ["logs", "a/logs", "a/logs/b"], ["logs2", "a/blogs"]),
        ("**/logs", ["logs", "a/logs", "a/b/logs/c"], ["alogs"]),
        ("/**/logs", ["logs", "a/logs"], ["alogs"]),
        ("**", ["a", "a/b"], []),
        ("/**", ["a", "a/b"], []),
        ("**/", ["a/b", "a/b/c"], ["a"]),
        ("**/**", ["a", "a/b"], []),
        ("/**/**/", ["a/b"], ["a"]),
        ("**/*", ["a", "a/b/c"], []),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b", "a/b/c"], ["ab", "x/a/b", "a/xb"]),
        ("a/**/**/b", ["a/b", "a/x/y/b"], ["a/c"]),
        ("a?c", ["abc", "x/a-c"], ["ac", "abbc", "abd"]),
        ("?", ["a", "x/b"], ["ab"]),
        ("a*b?c*d", ["ab1cd", "axxbxcyyd", "abbxcd", "abxcbxcd"], ["abcd", "ab1c", "ab1cdx"]),
        ("a*?", ["ab", "abc"], ["a"]),
        ("*a*", ["a", "bab"], ["b"]),
        ("a**b", ["ab", "axb"], ["a/b", "axbc"]),
        ("aa*aa", ["aaaa", "aaxaa"], ["aaa", "aa"]),
        ("{a,b}", ["{a,b}"], ["a", "b"]),
        (r"a\ b/c", ["a b/c"], ["a", "b/c"]),
        (r"\*", ["*"], ["a"]),
        (r"a\\b", ["a\\b"], ["ab"]),
        (r"a\[1\]", ["a[1]"], ["a1"]),
        ("a#b", ["a#b"], ["a"]),
        ("a//b", [], ["a/b", "a"]),
        ("caf\u00e9", ["caf\u00e9"], ["cafe\u0301", "CAF\u00c9"]),
    ],
)
def test_patterns(pattern: str, hits: list[str], misses: list[str]) -> None:
    assert [path for path in hits if not _owns(pattern, path)] == []
    assert [path for path in misses if _owns(pattern, path)] == []


def test_bytes_that_are_not_utf8_fit_themselves() -> None:
    codeowners = parse_codeowners(b"/caf\xe9/ @x\n")
    assert codeowners.owners_of("caf\udce9/a") == (Owner(OwnerKind.USER, "x"),)


_EXAMPLE = b"""\xef\xbb\xbf# This is a comment.
*       @global-owner1 @global-owner2

*.js    @js-owner #This is an inline comment.\r
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/scripts/ @doctocat @octocat @doctocat
**/logs @octocat
\t/apps/ @octocat
/apps/github
  # indented
/empty/#x @doctocat
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("a.py", "@global-owner1 @global-owner2"),
        ("deep/a.js", "@js-owner"),
        ("a.go", "docs@example.com"),
        ("x/a.txt", "@octo-org/octocats"),
        ("build/logs/a.txt", "@octocat"),
        ("build/log", "@global-owner1 @global-owner2"),
        ("docs/getting-started.md", "docs@example.com"),
        ("docs/build-app/troubleshooting.md", "@global-owner1 @global-owner2"),
        ("x/apps/y", "@octocat"),
        ("scripts/x", "@doctocat @octocat"),
        ("deeply/nested/logs/x", "@octocat"),
        ("apps/x", "@octocat"),
        ("apps/github", ""),
        ("apps/github/x.js", ""),
        ("empty/x", "@global-owner1 @global-owner2"),
        ("empty/#x", "@doctocat"),
    ],
)
def test_the_example_of_githubs_documentation(path: str, owners: str) -> None:
    codeowners = parse_codeowners(_EXAMPLE)
    assert " ".join(map(str, codeowners.owners_of(path))) == owners
    assert codeowners.skipped == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("!a @x", "cannot be negated"),
        (r"\#a @x", "cannot begin with an escaped #"),
        ("a[bc] @x", "no ranges"),
        ("a] @x", "no ranges"),
        ("a/***/b @x", "no more than two \\*"),
        ("/ @x", "names at least one file"),
        ("// @x", "names at least one file"),
        ("a\0b @x", "no NUL"),
        ("a x", "not 'x'"),
        ("a @", "not '@'"),
        ("a @x/y/z", "not '@x/y/z'"),
        ("a @x @-y", "not '@-y'"),
        ("a @x,@y", "not '@x,@y'"),
        ("a @x#y", "not '@x#y'"),
        ("a b @x", "not 'b'"),
    ],
)
def test_lines_that_are_not_understood_are_skipped_and_listed(line: str, reason: str) -> None:
    codeowners = parse_codeowners(f"* @before\n\n{line}\n".encode())

    assert [skipped.line for skipped in codeowners.skipped] == [3]
    assert re.search(reason, codeowners.skipped[0].reason)
    assert codeowners.owners_of("a") == (Owner(OwnerKind.USER, "before"),)


def test_only_so_many_lines_are_listed() -> None:
    codeowners = parse_codeowners(b"!a @x\n" * (MAX_SKIPPED + 5) + b"a @x\n")
    assert len(codeowners.skipped) == MAX_SKIPPED
    assert codeowners.owners_of("a") != ()


def test_a_file_of_3_mb_is_ignored_and_this_is_said() -> None:
    codeowners = parse_codeowners(b"* @x\n" + b"#" * (MAX_BYTES - 5))
    assert codeowners.owners_of("a") == ()
    assert [(skipped.line, "3 MB" in skipped.reason) for skipped in codeowners.skipped] == [(1, True)]
    assert parse_codeowners(b"* @x\n" + b"#" * (MAX_BYTES - 6)).owners_of("a") != ()


def test_nothing_is_owned_by_an_empty_file() -> None:
    assert parse_codeowners(b"") == Codeowners()
    assert Codeowners().owners_of("a") == Codeowners().owners_of_lookalike("a") == ()


def test_a_line_that_ends_in_a_backslash_is_a_pattern() -> None:
    assert parse_codeowners(b"a\\").skipped == ()


@pytest.mark.parametrize(
    ("pattern", "path", "owned"),
    [
        ("/App/Auth/", "app/auth/x", True),
        ("/app/auth/", "APP/Auth/x", True),
        ("/app/auth/", "app/auth", True),
        ("/app/auth/", "App/Auth", True),
        ("app/", "x/app", True),
        ("/caf\u00e9", "CAFE\u0301", True),
        ("/stra\u00dfe", "STRASSE", True),
        ("docs/*", "DOCS/a", True),
        ("docs/*", "DOCS", False),
        ("/app/", "app2", False),
    ],
)
def test_lookalikes(pattern: str, path: str, *, owned: bool) -> None:
    codeowners = parse_codeowners(f"{pattern} @x".encode())
    assert bool(codeowners.owners_of_lookalike(path)) is owned
    assert not codeowners.owners_of(path)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("@Octo-cat", OwnerKind.USER, "Octo-cat"),
        ("@short_acme", OwnerKind.USER, "short_acme"),
        ("@acme/Sec.ops_1", OwnerKind.TEAM, "acme/Sec.ops_1"),
        ("a.b+c@example.com", OwnerKind.EMAIL, "a.b+c@example.com"),
    ],
)
def test_owners(text: str, kind: OwnerKind, name: str) -> None:
    owner = Owner.parse(text)
    assert owner == Owner(kind, name)
    assert str(owner) == text


def test_github_looks_in_three_places() -> None:
    assert LOCATIONS == (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


_SEGMENT = st.lists(st.sampled_from(["a", "b", "*", "?"]), min_size=1, max_size=4).map("".join)
_PATTERN = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "/"]),
    st.lists(st.one_of(st.just("**"), _SEGMENT), min_size=1, max_size=4).map("/".join),
    st.sampled_from(["", "/"]),
).filter(lambda pattern: not re.search(r"\*\*\*", pattern))
_PATH = st.lists(st.text(alphabet="ab", min_size=1, max_size=4), min_size=1, max_size=5).map("/".join)


@settings(deadline=None, max_examples=examples(200, search=5_000))
@given(st.lists(_PATTERN, min_size=1, max_size=5), st.lists(_PATH, min_size=1, max_size=5))
def test_the_tree_agrees_with_a_naive_reading_of_each_pattern(patterns: list[str], paths: list[str]) -> None:
    text = "".join(f"{pattern} @u{number}\n" for number, pattern in enumerate(patterns))
    codeowners = parse_codeowners(text.encode())
    for path in paths:
        fitting = [f"u{number}" for number, pattern in enumerate(patterns) if _fits(pattern, path)]
        assert [owner.name for owner in codeowners.owners_of(path)] == fitting[-1:]


def _fits(pattern: str, path: str) -> bool:
    """Straight from the page: the pattern names the path itself, or a directory above it."""
    named, names = re.sub(r"(?<![^/])(\*\*/)+\*\*(?=/|$)", "**", pattern).strip("/").split("/"), path.split("/")
    directory = pattern.endswith("/")
    if named != ["**"] and named[-1] == "**":
        named, directory = named[:-1], True
    if len(named) == 1 and not pattern.startswith("/") and "/" not in pattern.rstrip("/"):
        named = ["**", *named]
    if not directory and _names(tuple(named), tuple(names)):
        return True
    above = (tuple(names[:depth]) for depth in range(1, len(names)))
    return (directory or named[-1] != "*") and any(_names(tuple(named), upper) for upper in above)


def _names(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return _names(pattern[1:], path) or (bool(path) and _names(pattern, path[1:]))
    segment = "".join({"*": "[^/]*", "?": "[^/]"}.get(character, character) for character in pattern[0])
    return bool(path) and re.fullmatch(segment, path[0]) is not None and _names(pattern[1:], path[1:])


@settings(deadline=None, max_examples=examples(100, search=5_000))
@given(st.binary(max_size=80), st.text(max_size=20))
def test_any_bytes_are_read(data: bytes, path: str) -> None:
    codeowners = parse_codeowners(data)
    assert isinstance(codeowners.owners_of(path), tuple)
    assert isinstance(codeowners.owners_of_lookalike(path), tuple)


@settings(deadline=None, max_examples=examples(100, search=5_000))
@given(st.text(max_size=30))
def test_any_pattern_is_parsed_or_refused(text: str) -> None:
    try:
        pattern = parse_pattern(text)
    except ValueError:
        return
    assert pattern.segments


def test_a_large_file_is_not_tried_line_by_line() -> None:
    """20,000 lines and 2,000 paths would be 40 million attempts."""
    text = "".join(f"/services/s{n}/ @acme/team{n}\n" for n in range(20_000))
    codeowners = parse_codeowners(text.encode())
    start = time.process_time()
    assert all(codeowners.owners_of(f"services/s{n}/a/b/c.py")[0].name == f"acme/team{n}" for n in range(2_000))
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize(
    "pattern", ["*a" * 60 + "b", "*?a" * 40 + "b", "**/" + "**/a/" * 20 + "b", "**/*a*/" * 12 + "b", "*?" * 90 + "b"]
)
def test_hostile_names_take_no_time(pattern: str) -> None:
    codeowners = parse_codeowners(f"{pattern} @x".encode())
    names = ["a" * (200 - n % 3) for n in range(50)] + ["a/" * 98 + "a" * (2 + n % 3) for n in range(50)]
    start = time.process_time()
    assert not any(codeowners.owners_of(name) for name in names)
    assert time.process_time() - start < 2.0
