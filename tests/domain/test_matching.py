"""Matching across reviews: what is new, the same, moved, back, dismissed, or fixed; each finding in one class."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.anchors import anchor_of, finding_id
from app.domain.findings import Evidence, Finding, Location
from app.domain.matching import Matched, match
from app.domain.memory import FindingState, KnownFinding
from app.domain.report import Standing
from app.domain.severity import Severity
from app.domain.symbols import Symbol
from tests.build import HEAD, finding

CODE = """\
def total(cart):
    prices = load(cart)
    result = sum(prices)
    log(result)
    return result / len(prices)

def show(cart):
    render(total(cart))
""".splitlines()
SYMBOLS = (Symbol("total", "function", 1, 5), Symbol("show", "function", 7, 8))
DIVISION = 5
FILES = {"a.py": (CODE, SYMBOLS)}
TITLE = "Division by zero for an empty cart"


def found(
    line: int = DIVISION, *, title: str = TITLE, rule: str = "", path: str = "a.py", lines: list[str] | None = None
) -> Finding:
    """A new finding with the id that it has without any memory."""
    anchor = anchor_of(CODE if lines is None else lines, SYMBOLS if lines is None else (), line)
    return replace(finding(finding_id(rule, path, anchor), path=path, line=line), title=title, rule=rule)


def known(one: Finding | None = None, state: FindingState = FindingState.OPEN) -> KnownFinding:
    """A finding of an earlier review of CODE, under an id that no anchor gives."""
    one = one or found()
    anchor = anchor_of(CODE, SYMBOLS, one.location.end_line)
    by = "ann" if state is FindingState.DISMISSED else None
    return KnownFinding(
        replace(one, id=f"F{one.location.end_line}"), anchor, state, HEAD, HEAD if by is None else None, by
    )


def classes(matched: Matched) -> dict[str, list[str]]:
    """The ids in each class that is not empty."""
    listed = {
        "new": [one.finding.id for one in matched.new],
        "same": [one.known.finding.id for one in matched.same],
        "returned": [one.known.finding.id for one in matched.returned],
        "left out": [one.id for one in matched.left_out],
        "restated": [one.id for one in matched.restated],
        "unconfirmed": [one.known.finding.id for one in matched.unconfirmed],
        "fixed": [one.finding.id for one in matched.fixed],
        "closed": [one.finding.id for one in matched.closed],
    }
    return {name: ids for name, ids in listed.items() if ids}


def edited(old: str, new: str) -> dict[str, tuple[list[str], tuple[Symbol, ...]]]:
    """The file with lines replaced, read without a parser where their number changes."""
    lines = "\n".join(CODE).replace(old, new).split("\n")
    return {"a.py": (lines, SYMBOLS if len(lines) == len(CODE) else ())}


def test_the_same_finding_keeps_its_old_id_and_takes_the_new_words() -> None:
    again = replace(found(title="Empty carts divide by zero"), body="new words")

    matched = match([known()], [again], head=FILES.get)

    assert classes(matched) == {"same": ["F5"]}
    (kept,) = matched.same
    assert (kept.known.finding, kept.standing) == (replace(again, id="F5"), Standing.STILL_THERE)
    assert kept.known.anchor == anchor_of(CODE, SYMBOLS, DIVISION)


def test_a_milder_word_does_not_lower_what_is_open_and_a_worse_one_counts() -> None:
    def severity(old: Severity, new: Severity, state: FindingState = FindingState.OPEN) -> Severity:
        told = [replace(found(), severity=new)]
        matched = match([known(replace(found(), severity=old), state)], told, head=FILES.get)
        return (matched.same + matched.returned)[0].known.finding.severity

    assert severity(Severity.P1, Severity.P2) is Severity.P1
    assert severity(Severity.P2, Severity.P0) is Severity.P0
    assert severity(Severity.P0, Severity.P2, FindingState.FIXED) is Severity.P2


@pytest.mark.parametrize(
    ("severity", "title", "expected"),
    [
        (Severity.P1, "Secret in the log", {"new": ["Fworse"], "same": ["F5"]}),
        (Severity.P0, TITLE, {"same": ["F5"], "restated": ["F5"]}),
        (Severity.P0, "Secret in the log", {"new": ["Fworse"], "same": ["F5"]}),
    ],
)
def test_a_worse_defect_of_the_same_line_is_another_one(
    severity: Severity, title: str, expected: dict[str, list[str]]
) -> None:
    """The known one, under its rule, is found again as well."""
    again = found(rule="py/zero")
    beside = replace(found(title=title), id="Fworse", severity=severity)

    assert classes(match([known(found(rule="py/zero"))], [again, beside], head=FILES.get)) == expected


def test_lines_above_move_a_finding_and_a_new_wording_near_it_is_the_same() -> None:
    head = {"a.py": (["import os", "", *CODE], ())}
    again = replace(found(6, title="Empty cart makes a division by zero"), id="Fnew")

    (kept,) = match([known()], [again], head=head.get).same

    assert (kept.known.finding.id, kept.known.finding.location.end_line, kept.standing) == ("F5", 6, Standing.MOVED)
    assert kept.known.anchor == anchor_of(head["a.py"][0], (), 6)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {}, "same"),
        ({}, {"rule": "py/zero"}, "same"),
        ({"rule": "py/zero"}, {"title": "Something else entirely"}, "same"),
        ({"rule": "py/zero"}, {"rule": "py/zero", "title": "Other words here", "line": 3}, "same"),
        ({"rule": "py/zero"}, {"rule": "py/other"}, "same"),
        ({"rule": "py/zero"}, {"rule": "py/other", "title": "Secret in the log"}, "new"),
        ({}, {"title": "The cart is logged with its owner", "line": 4}, "new"),
        ({}, {"line": 2}, "same"),
        ({}, {"line": 1}, "new"),
        ({}, {"line": 7}, "new"),
        ({}, {"title": "Something else entirely"}, "same"),
    ],
)
def test_what_is_the_same_defect(old: dict[str, str], new: dict[str, str], expected: str) -> None:
    """On the same line unless two rules differ; within three lines of the same symbol by rule or title."""
    matched = match([known(found(**old))], [found(**new)], head=FILES.get)  # type: ignore[arg-type]

    assert expected in classes(matched)
    assert ("unconfirmed" in classes(matched)) == (expected == "new")


def test_what_stands_but_was_not_found_again_is_to_be_asked_about() -> None:
    (kept,) = match([known(replace(found(), suggestion="x"))], [], head=FILES.get).unconfirmed
    assert (kept.standing, kept.known.finding.suggestion) == (Standing.STILL_THERE, "x")

    head = {"a.py": (["import os", *CODE], ())}
    old = known(replace(found(), location=Location("a.py", 4, 5), suggestion="x"))
    (kept,) = match([old], [], head=head.get).unconfirmed
    assert (kept.standing, kept.known.finding.suggestion) == (Standing.MOVED, None)
    assert kept.known.finding.location == Location("a.py", 5, 6)


def test_a_changed_line_is_fixed_unless_the_same_is_said_of_what_stands_there_now() -> None:
    head = edited("return result / len(prices)", "return result / max(1, len(prices))")
    assert classes(match([known()], [], head=head.get)) == {"fixed": ["F5"]}
    other = replace(found(DIVISION, title="Rounds down"), id="Fnew")
    assert classes(match([known()], [other], head=head.get)) == {"new": ["Fnew"], "fixed": ["F5"]}

    head = edited("return result / len(prices)", "return float(result) / len(prices)")
    assert classes(match([known()], [replace(found(), id="Fnew")], head=head.get)) == {"same": ["F5"]}


def test_where_all_around_it_was_rewritten_the_symbol_and_the_title_tell() -> None:
    lines = [
        "def total(cart):",
        "    x = a(cart)",
        "    y = b(x)",
        "    return y / len(x)",
        "",
        "def display(cart):",
        "    z()",
    ]
    symbols = (Symbol("total", "function", 1, 4), Symbol("display", "function", 6, 7))
    old = known(found(rule="py/zero"))
    again = replace(found(4, rule="py/zero"), id="Fnew")
    head = {"a.py": (lines, symbols)}

    assert classes(match([old], [again], head=head.get)) == {"same": ["F5"]}
    other_words = replace(again, title="May fail")
    assert classes(match([old], [other_words], head=head.get)) == {"new": ["Fnew"], "fixed": ["F5"]}
    elsewhere = replace(again, location=Location("a.py", 7, 7))
    assert classes(match([old], [elsewhere], head=head.get)) == {"new": ["Fnew"], "fixed": ["F5"]}
    in_another_file = replace(again, location=Location("b.py", 4, 4))
    both = {**head, "b.py": (lines, symbols)}
    assert classes(match([old], [in_another_file], head=both.get)) == {"new": ["Fnew"], "fixed": ["F5"]}


def test_a_dismissed_finding_comes_back_only_when_its_line_or_what_is_around_it_changed() -> None:
    dismissed = known(state=FindingState.DISMISSED)

    matched = match([dismissed], [found()], head=FILES.get)
    assert classes(matched) == {"left out": ["F5"], "closed": ["F5"]}
    assert matched.closed == (dismissed,)

    head = {"a.py": (["import os", "", *CODE], ())}
    assert classes(match([dismissed], [found(7, lines=head["a.py"][0])], head=head.get)) == {
        "left out": ["F5"],
        "closed": ["F5"],
    }

    changed = edited("log(result)", "debug(result)")
    matched = match([dismissed], [found()], head=changed.get)
    assert classes(matched) == {"returned": ["F5"]}
    (kept,) = matched.returned
    assert (kept.known.state, kept.known.dismissed_by) == (FindingState.OPEN, None)
    assert classes(match([dismissed], [], head=changed.get)) == {"closed": ["F5"]}, "nobody says it again"

    gone = edited("return result / len(prices)", "return float(result) / len(prices)")
    again = replace(found(), id="Fnew")
    assert classes(match([dismissed], [again], head=gone.get)) == {"new": ["Fnew"], "closed": ["F5"]}


def test_a_worse_claim_in_other_words_is_not_what_was_dismissed() -> None:
    dismissed = known(replace(found(), severity=Severity.P3), FindingState.DISMISSED)
    hole = replace(found(title="The result leaks the key"), severity=Severity.P0, id="Fnew")

    assert classes(match([dismissed], [hole], head=FILES.get)) == {"new": ["Fnew"], "closed": ["F5"]}
    assert "left out" in classes(match([dismissed], [replace(hole, severity=Severity.P3)], head=FILES.get))
    assert "left out" in classes(match([dismissed], [replace(hole, title=TITLE)], head=FILES.get))


ZERO = ("Division by zero", "A cart without prices makes the divisor zero; guard it and give back nothing.")
REWORDED = ("Crash for an empty cart", "Dividing by the number of prices raises ZeroDivisionError when there are none.")
OTHER = ("Rounds to whole cents", "Money should be kept as a decimal, since a float loses pennies.")
NEARLY = ("Rounds to whole cents", "Money kept as a float loses pennies; guard the customer with decimals instead.")
SHORT = ("Rounds", "Use decimals.")
FOREIGN = ("金額は整数に丸められる", "小数は 誤差が 出る。 十進数を 使う こと。")


@pytest.mark.parametrize("state", FindingState)
@pytest.mark.parametrize(
    ("said", "rules", "same"),
    [
        (ZERO, ("", ""), {*FindingState}),
        (REWORDED, ("", ""), {*FindingState}),
        (REWORDED, ("", "py/zero"), {*FindingState}),
        (REWORDED, ("py/zero", "py/cart"), set()),
        (OTHER, ("", ""), set()),
        (OTHER, ("py/zero", ""), set()),
        (OTHER, ("", "py/money"), set()),
        (OTHER, ("py/zero", "py/zero"), {*FindingState}),
        (NEARLY, ("", ""), {FindingState.DISMISSED}),
        (SHORT, ("", ""), {*FindingState}),
        (FOREIGN, ("", ""), {*FindingState}),
    ],
)
def test_another_defect_of_the_same_line_is_another_one_whatever_became_of_the_first(
    state: FindingState, said: tuple[str, str], rules: tuple[str, str], same: set[FindingState]
) -> None:
    """What is in doubt is the same: for one that was dismissed earlier than for the others."""
    first = known(replace(found(title=ZERO[0], rule=rules[0]), body=ZERO[1]), state)
    now = replace(found(title=said[0], rule=rules[1]), body=said[1])

    matched = match([first], [now], head=FILES.get)

    assert ("new" not in classes(matched)) is (state in same)


def test_a_fixed_finding_is_back_only_with_its_very_line() -> None:
    fixed = known(state=FindingState.FIXED)

    (kept,) = match([fixed], [found()], head=FILES.get).returned
    assert (kept.known.state, kept.known.fixed_by, kept.known.finding.id) == (FindingState.OPEN, None, "F5")
    near = found(4)
    assert classes(match([fixed], [near], head=FILES.get)) == {"new": [near.id], "closed": ["F5"]}
    assert classes(match([fixed], [], head=FILES.get)) == {"closed": ["F5"]}


def test_second_wordings_are_not_told_and_other_defects_nearby_are() -> None:
    old = known(found(rule="py/zero"))
    exact = found(rule="py/zero")
    worded = replace(found(4), id="Fworded")
    same_line = replace(found(title="Other words"), id="Fline")
    near_rule = replace(found(3, rule="py/zero", title="Sums what may be None"), id="Fnear")
    static = replace(found(4, rule="py/zero"), evidence=Evidence.STATIC, id="Fstatic")

    matched = match([old], [exact, worded, same_line, near_rule, static], head=FILES.get)

    assert classes(matched) == {"same": ["F5"], "restated": ["F5"], "new": ["Fline", "Fnear", "Fstatic"]}
    assert [one.finding.id for one in matched.restated] == ["Fworded"]
    dismissed = match([replace(old, state=FindingState.DISMISSED)], [exact, worded], head=FILES.get)
    assert classes(dismissed) == {"left out": ["F5", "F5"], "closed": ["F5"]}


def test_two_findings_on_one_line_keep_their_own_ids() -> None:
    first, second = known(found(rule="a/a", title="One")), known(found(rule="b/b", title="Two"))
    second = replace(second, finding=replace(second.finding, id="Fother"))

    matched = match([first, second], [found(rule="b/b", title="X"), found(rule="a/a", title="Y")], head=FILES.get)

    assert [(one.known.finding.id, one.known.finding.rule) for one in matched.same] == [
        ("F5", "a/a"),
        ("Fother", "b/b"),
    ]


def test_an_equal_line_put_above_gets_an_id_of_its_own() -> None:
    old = known()
    old = replace(old, finding=replace(old.finding, id=found().id))
    above = [*CODE[:1], "    if quick: go()", "    return result / len(prices)", "    halt()", *CODE[1:]]
    symbols = (Symbol("total", "function", 1, 8), Symbol("show", "function", 10, 11))

    def new(line: int) -> Finding:
        anchor = anchor_of(above, symbols, line)
        return replace(found(), id=finding_id("", "a.py", anchor), location=Location("a.py", line, line))

    assert new(3).id == old.finding.id
    head = {"a.py": (above, symbols)}
    matched = match([old], [new(3), new(8)], head=head.get)
    (kept,), (fresh,) = matched.same, matched.new
    assert (kept.known.finding.id, kept.known.finding.location.end_line) == (old.finding.id, 8)
    assert fresh.finding.location.end_line == 3
    assert fresh.finding.id not in {new(3).id, new(8).id}
    assert match([old], [new(3), new(8)], head=head.get) == matched


def test_findings_follow_a_renamed_file() -> None:
    head = {"b.py": (CODE, SYMBOLS), "c.py": (["x"], ())}
    added = ["c.py", "b.py", "b.txt", "d.py"]

    (kept,) = match([known()], [found(path="b.py")], head=head.get, added=added).same
    assert (kept.known.finding.id, kept.known.finding.location.path, kept.standing) == ("F5", "b.py", Standing.MOVED)
    (kept,) = match([known()], [], head=head.get, added=added).unconfirmed
    assert kept.known.finding.location.path == "b.py"
    dismissed = known(state=FindingState.DISMISSED)
    assert "left out" in classes(match([dismissed], [found(path="b.py")], head=head.get, added=added))


def test_where_a_file_went_must_be_clear() -> None:
    twice = {"b.py": (CODE, SYMBOLS), "c.py": (CODE, SYMBOLS)}
    assert classes(match([known()], [], head=twice.get, added=["b.py", "c.py"])) == {"fixed": ["F5"]}
    lone = {"b.py": ([CODE[DIVISION - 1]], ())}
    assert classes(match([known()], [], head=lone.get, added=["b.py"])) == {"fixed": ["F5"]}, "no neighbour"
    there = {"a.py": (["x"], ()), "b.py": (CODE, SYMBOLS)}
    assert classes(match([known()], [], head=there.get, added=["b.py"])) == {"fixed": ["F5"]}, "a.py is there"


def test_among_very_many_added_files_only_those_of_the_same_name_are_looked_at() -> None:
    asked: list[str] = []

    def head(path: str) -> tuple[list[str], tuple[Symbol, ...]] | None:
        asked.append(path)
        return (CODE, SYMBOLS) if path == "new/a.py" else None

    many = [f"f{number}.py" for number in range(3_000)]
    assert "unconfirmed" in classes(match([known()], [], head=head, added=[*many, "new/a.py"]))
    assert asked == ["a.py", "new/a.py"]
    same_name = [f"{number}/a.py" for number in range(3_000)]
    assert "fixed" in classes(match([known()], [], head=head, added=[*same_name, "new/a.py"]))


def test_a_finding_about_a_deleted_file_stands_while_it_is_gone() -> None:
    deleted = replace(found(), id="F5", location=Location("gone.py", 1, 1))
    old = replace(known(), finding=deleted, anchor=anchor_of([], (), 1))

    def nothing(path: str) -> None:
        del path

    def back(path: str) -> tuple[list[str], tuple[Symbol, ...]]:
        del path
        return ["x"], ()

    assert classes(match([old], [], head=nothing)) == {"unconfirmed": ["F5"]}
    assert classes(match([old], [replace(deleted, id="Fx")], head=nothing)) == {"same": ["F5"]}
    assert classes(match([old], [], head=back)) == {"fixed": ["F5"]}
    dismissed = replace(old, state=FindingState.DISMISSED)
    assert "left out" in classes(match([dismissed], [replace(deleted, id="Fx")], head=nothing))
