"""Conflict markers, hidden Unicode, hidden diffs and rule detectors, over the lines a change adds."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from app.domain.diff import DiffLine, FileDiff, Hunk, LineKind
from app.domain.rules import OVERLAP_CHARACTERS, WINDOW_CHARACTERS, Detector, Rule
from app.domain.severity import Severity
from app.domain.static_checks import BUILT_IN_CHECKS, StaticHit, check_file

_KINDS = {"+": LineKind.ADDED, "-": LineKind.REMOVED, " ": LineKind.CONTEXT}


def _diff(*rows: str, start: int = 1) -> FileDiff:
    """One hunk; each row begins with its `+`, `-` or blank."""
    lines: list[DiffLine] = []
    old = new = start
    for row in rows:
        kind = _KINDS[row[0]]
        in_old, in_new = kind is not LineKind.ADDED, kind is not LineKind.REMOVED
        lines.append(DiffLine(kind, old if in_old else None, new if in_new else None, row[1:]))
        old, new = old + in_old, new + in_new
    return FileDiff((Hunk(start, old - start, start, new - start, "", tuple(lines)),))


def _added(*lines: str) -> FileDiff:
    return _diff(*(f"+{line}" for line in lines))


@dataclass(frozen=True)
class _Regex:
    text: str

    def found_in(self, text: str) -> bool:
        return re.search(self.text, text) is not None


def _rule(detector: Detector | None, *globs: str) -> Rule:
    return Rule(
        id="python/example",
        title="An example",
        severity=Severity.P2,
        globs=globs,
        prose="",
        fix="Write it differently.",
        detector=detector,
        must_hit=(),
        must_not=(),
    )


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (["+<<<<<<< HEAD", "+a", "+=======", "+b", "+>>>>>>> theirs"], [1]),
        (["+<<<<<<<", "+=======", "+>>>>>>>\r"], [1]),
        (["+<<<<<<< HEAD", "+a", "+||||||| base", "+o", "+=======", "+b", "+>>>>>>> x"], [1]),
        ([" a", "+<<<<<<< HEAD", " a", "+=======", " b", "+>>>>>>> x"], [2]),
        (["+x", "+<<<<<<< A", "+=======", "+>>>>>>> B", "+<<<<<<< C", "+=======", "+>>>>>>> D"], [2, 5]),
        (["+<<<<<<< torn", "+<<<<<<< HEAD", "+=======", "+>>>>>>> x"], [2]),
        (["-<<<<<<< HEAD", " <<<<<<< HEAD", "+=======", " >>>>>>> x"], [2]),
        ([" <<<<<<< HEAD", " =======", "+new line beside it", " >>>>>>> x"], []),
        (["-<<<<<<< HEAD", "-=======", "->>>>>>> x"], []),
        (["+Heading", "+=======", "+text"], []),
        (["+>>>>>>> x", "+=======", "+<<<<<<< HEAD"], []),
        (["+<<<<<<< HEAD", "+>>>>>>> x"], []),
        (["+<<<<<<< HEAD", "+========", "+>>>>>>> x"], []),
        (["+ <<<<<<< HEAD", "+ =======", "+ >>>>>>> x"], []),
        (["+<<<<<<<<<< HEAD", "+=======", "+>>>>>>>>>> x"], []),
    ],
)
def test_conflict_markers(rows: list[str], lines: list[int]) -> None:
    """Three markers in order, at the margin, at least one of them added."""
    hits = check_file("docs/a.rst", _diff(*rows), [])
    assert [(h.rule_id, h.line, h.severity) for h in hits] == [
        ("general/conflict-marker", line, Severity.P0) for line in lines
    ]


def test_a_conflict_may_reach_over_hunks() -> None:
    a, b = _diff(" x", "+<<<<<<< HEAD", " y"), _diff(" z", "+=======", "+q", "+>>>>>>> b", start=90)
    assert [h.line for h in check_file("a.py", FileDiff((*a.hunks, *b.hunks)), [])] == [2]


@pytest.mark.parametrize(
    ("line", "title", "listed"),
    [
        ("access = 'user\u202e \u2066// admin\u2069'", "order", "U+202E RIGHT-TO-LEFT OVERRIDE at column 15"),
        ("x\u200b = 1", "Invisible", "U+200B ZERO WIDTH SPACE at column 2"),
        ("p\u0430yload = 1", "Look-alike", "U+0430 CYRILLIC SMALL LETTER A at column 2"),
        ("is_\u0430 = 1", "Look-alike", "U+0430 CYRILLIC SMALL LETTER A at column 4"),
        ("\u0391dmin", "Look-alike", "U+0391 GREEK CAPITAL LETTER ALPHA at column 1"),
        ("al\U0001d41ert", "Look-alike", "U+1D41E MATHEMATICAL BOLD SMALL E at column 3"),
        ("\uff45val", "Look-alike", "U+FF45 FULLWIDTH LATIN SMALL LETTER E at column 1"),
        ("const \u3164 = 1", "Invisible", "U+3164 HANGUL FILLER at column 7"),
        ("a\u00adb", "Invisible", "U+00AD SOFT HYPHEN at column 2"),
        ("x1\ufe0f = 2", "Invisible", "U+FE0F VARIATION SELECTOR-16 at column 3"),
        ("tag \U000e0041", "Invisible", "U+E0041 TAG LATIN CAPITAL LETTER A at column 5"),
        ("tag \U000e0000", "Invisible", "U+E0000 unassigned code point at column 5"),
        ("# note\rimport os", "Invisible", "U+000D control character at column 7"),
        ("'" + "\ue001" * 8 + "'", "Invisible", "U+E001 private use character at column 2"),
        ("'\ufeff'", "Invisible", "U+FEFF ZERO WIDTH NO-BREAK SPACE at column 2"),
        ("a\u200cb", "Invisible", "U+200C ZERO WIDTH NON-JOINER at column 2"),
        ("\u200cb", "Invisible", "U+200C ZERO WIDTH NON-JOINER at column 1"),
        ("left\u200eright", "Invisible", "U+200E LEFT-TO-RIGHT MARK at column 5"),
    ],
)
def test_hidden_unicode_is_shown_by_code_point(line: str, title: str, listed: str) -> None:
    hits = check_file("src/a.js", _added("fine", line), [])
    assert [(h.rule_id, h.line, h.severity) for h in hits] == [("security/hidden-unicode", 2, Severity.P1)]
    assert title in hits[0].title
    assert listed in hits[0].body
    assert hits[0].body.isascii()


@pytest.mark.parametrize(
    "line",
    [
        "plain\tcode\r",
        "\ufeff# a byte order mark opens the file",
        "caf\u00e9 na\u00efve \u00e6on",
        "\u043f\u0440\u0438\u0432\u0435\u0442 = '\u043c\u0438\u0440'",
        "\u0441\u043e\u0440\u0443",
        "API-\u043a\u043b\u044e\u0447",
        "URL\u044b",
        "\u0394t = t1 - t0",
        "\u03bbx, \u03c3_max, \u00b5s",
        "\u65e5\u672c\u8a9eABC",
        "\u845b\U000e0100",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
        "\u0e2a\u0e27\u0e31\u200b\u0e2a\u0e14\u0e35",
        "\u1820\u180b",
        "\u05e9\u05dc\u05d5\u05dd\u200f!",
        "\u2764\ufe0f \U0001f468\u200d\U0001f469\u200d\U0001f467 1\ufe0f\u20e3",
        "icon: '\ue0b0'",
        "\x1b[31mred\x1b[0m",
        "\x0c",
        "\u28ff\u2800\u28ff",
        "\u0600 12",
        "\u0378 is not assigned",
        "x\u00b2 + y\u00b2",
    ],
)
def test_honest_text_is_not_hidden_unicode(line: str) -> None:
    assert check_file("src/a.py", _added(line), []) == ()


def test_hidden_and_look_alike_characters_of_a_line_are_one_hit_and_the_list_is_capped() -> None:
    (hit,) = check_file("a.py", _added("p\u0430th" + "\u200b" * 12), [])
    assert hit.title == "Invisible characters in the line"
    assert hit.body.count("U+200B") == 10
    assert "; and 3 more. " in hit.body


def test_only_added_lines_count() -> None:
    assert check_file("a.py", _diff("-x\u200b", " y\u200b", "+z"), []) == ()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("*.py -diff", "`-diff`"),
        ("src/** binary", "`binary`"),
        ("app/*.py text linguist-generated eol=lf", "`linguist-generated`"),
        ("app/*.py\tlinguist-vendored=true\r", "`linguist-vendored`"),
        ('"a b/*.py" -diff linguist-generated=true', "`-diff` and `linguist-generated`"),
        ("*.png linguist-generated", "`linguist-generated`"),
        ("[attr]quiet -diff", "`-diff`"),
        ("* binary", "`binary`"),
    ],
)
@pytest.mark.parametrize("path", [".gitattributes", "deep/down/.GitAttributes"])
def test_hidden_diffs(path: str, line: str, named: str) -> None:
    (hit,) = check_file(path, _added("* text=auto", line), [])
    assert (hit.rule_id, hit.line, hit.severity) == ("security/hidden-diff", 2, Severity.P1)
    assert hit.body.startswith(f"This line sets {named}, so")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# *.py -diff",
        "*.py",
        "*.PNG binary",
        "*.zip -diff",
        "*.py diff=python",
        "*.py diff",
        "*.py -linguist-generated",
        "*.py linguist-generated=false",
        "*.py !binary",
        "*.py -text",
    ],
)
def test_attributes_that_hide_nothing(line: str) -> None:
    assert check_file(".gitattributes", _added(line), []) == ()


def test_attributes_count_in_gitattributes_only() -> None:
    assert check_file("docs/gitattributes", _added("*.py -diff"), []) == ()


def test_rule_detectors_run_over_added_lines_of_paths_they_apply_to() -> None:
    rule = _rule(Detector((_Regex("bad$"),), (_Regex("^#"),)), "**/*.py")
    diff = _diff("-bad", " bad", "+bad", "+# bad", "+good", "+also bad\r")
    assert check_file("a.py", diff, [rule, _rule(None)]) == (
        StaticHit("python/example", "a.py", 2, "An example", Severity.P2, "Write it differently."),
        StaticHit("python/example", "a.py", 5, "An example", Severity.P2, "Write it differently."),
    )
    assert check_file("a.js", diff, [rule]) == ()


def test_hits_come_by_line_and_built_in_checks_can_be_turned_off() -> None:
    diff = _added("bad", "<<<<<<< a", "=======", ">>>>>>> b", "\u200b")
    rules = [_rule(Detector((_Regex("bad|="),)))]
    found = [(h.line, h.rule_id) for h in check_file("a", diff, rules)]
    assert found == [
        (1, "python/example"),
        (2, "general/conflict-marker"),
        (3, "python/example"),
        (5, "security/hidden-unicode"),
    ]
    assert {h.rule_id for h in check_file("a", diff, rules, disabled=BUILT_IN_CHECKS)} == {"python/example"}


@pytest.mark.parametrize("length", [0, 1, WINDOW_CHARACTERS - 3, WINDOW_CHARACTERS, 3_333, 20_000])
def test_nothing_is_hidden_in_a_long_line(length: int) -> None:
    detector = Detector((_Regex("x" + "y" * (OVERLAP_CHARACTERS - 2) + "z"),), (_Regex("fine"),))
    needle = "x" + "y" * (OVERLAP_CHARACTERS - 2) + "z"
    assert detector.hits("-" * length + needle)
    assert detector.hits("-" * length + needle + "-" * length)
    assert not detector.hits("-" * length + needle[1:])


def test_an_excuse_counts_near_the_match_only() -> None:
    detector = Detector((_Regex("bad"),), (_Regex("fine"),))
    assert not detector.hits("bad, but fine")
    assert detector.hits("bad" + " " * 2 * WINDOW_CHARACTERS + "fine")
