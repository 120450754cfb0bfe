"""Anchors: where a line stands after others moved, were added, indented or renamed, and when it is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.anchors import Anchor, anchor_of, finding_id, locate, neighbours_shared, same_surroundings, symbol_at
from app.domain.symbols import Symbol, enclosing

CODE = """\
import os

def total(cart):
    prices = load(cart)
    result = 0
    for price in prices:
        result += price
    return result

def average(cart):
    prices = load(cart)
    result = 0
    for price in prices:
        result += price
    return result / len(prices)
""".splitlines()
SYMBOLS = (Symbol("total", "function", 3, 8), Symbol("average", "function", 10, 15))
SUM = 7
SUM_OF_AVERAGE = 14


def shifted(by: int, *, only: str = "") -> tuple[Symbol, ...]:
    return tuple(
        replace(s, start_line=s.start_line + by, end_line=s.end_line + by) if only in s.name else s for s in SYMBOLS
    )


def id_of(lines: list[str], symbols: tuple[Symbol, ...], line: int) -> str:
    return finding_id("r", "a.py", anchor_of(lines, symbols, line))


def test_an_anchor_has_the_symbol_the_text_and_the_neighbours_without_blank_lines() -> None:
    assert anchor_of(CODE, SYMBOLS, SUM) == Anchor(
        symbol="total",
        text="result += price",
        ordinal=0,
        before=("for price in prices:", "result = 0", "prices = load(cart)"),
        after=("return result", "def average(cart):", "prices = load(cart)"),
    )
    assert anchor_of(CODE, (), SUM_OF_AVERAGE).ordinal == 1, "without a parser the file is one place"
    assert anchor_of(CODE, SYMBOLS, 1) == Anchor(
        "", "import os", 0, (), ("def total(cart):", "prices = load(cart)", "result = 0")
    )


def test_the_innermost_symbol_counts_and_odd_ranges_do_no_harm() -> None:
    symbols = (
        Symbol("Cart.total", "method", 3, 8),
        Symbol("Cart", "class", 2, 99),
        Symbol("nowhere", "function", 50, 60),
        Symbol("before", "function", -3, 1),
    )

    assert [symbol_at(CODE, symbols, line) for line in (1, 2, 3, 8, 9, 15)] == [
        "before",
        "Cart",
        "Cart.total",
        "Cart.total",
        "Cart",
        "Cart",
    ]
    assert (symbol_at(CODE, symbols, 0), symbol_at(CODE, symbols, 16)) == ("", "")


EDITS = {
    "lines above": (["# one", "# two", *CODE], shifted(2), SUM + 2),
    "an equal line in another symbol": (
        [*CODE[:2], "def first():", "    result += price", "", *CODE[2:]],
        (Symbol("first", "function", 3, 4), *shifted(3)),
        SUM + 3,
    ),
    "other lines around it": (
        [*CODE[:5], "    check(prices)", CODE[5], "        log(price)", CODE[6], "        log()", *CODE[7:]],
        (Symbol("total", "function", 3, 11), *shifted(3)[1:]),
        SUM + 2,
    ),
    "reindented": (["    " + line for line in CODE], SYMBOLS, SUM),
    "another function gone": (CODE[:8], SYMBOLS[:1], SUM),
    "moved below the other": ([*CODE[9:], "", *CODE[2:8]], (replace(SYMBOLS[0], start_line=8, end_line=13),), 12),
}


@pytest.mark.parametrize("edit", EDITS)
def test_the_id_and_the_line_survive_edits_around_it(edit: str) -> None:
    lines, symbols, line = EDITS[edit]
    anchor = anchor_of(CODE, SYMBOLS, SUM)

    assert locate(anchor, lines, symbols) == line
    assert id_of(lines, symbols, line) == id_of(CODE, SYMBOLS, SUM)


def test_the_id_differs_by_rule_path_symbol_text_and_ordinal_and_not_by_neighbours() -> None:
    anchor = anchor_of(CODE, SYMBOLS, SUM)
    ids = {
        finding_id("r", "a.py", anchor),
        finding_id("s", "a.py", anchor),
        finding_id("r", "b.py", anchor),
        finding_id("r", "\udcff.py", anchor),
        finding_id("r", "a.py", replace(anchor, symbol="x")),
        finding_id("r", "a.py", replace(anchor, text="x")),
        finding_id("r", "a.py", replace(anchor, ordinal=1)),
    }

    assert len(ids) == 7
    assert all(len(id_) == 10 and id_.startswith("F") for id_ in ids)
    assert finding_id("r", "a.py", replace(anchor, before=(), after=())) in ids


def test_a_renamed_symbol_and_a_missing_parser_leave_the_line_where_it_is() -> None:
    anchor = anchor_of(CODE, SYMBOLS, SUM)
    renamed = (replace(SYMBOLS[0], name="sum_of"), SYMBOLS[1])

    assert locate(anchor, CODE, renamed) == SUM
    assert locate(anchor, CODE, ()) == SUM
    assert locate(anchor_of(CODE, (), SUM_OF_AVERAGE), CODE, SYMBOLS) == SUM_OF_AVERAGE
    assert locate(anchor_of(CODE, SYMBOLS, 8), ["x", "    return result"], ()) == 2, "the only one there is"


def test_a_line_that_is_gone_is_not_found_in_another_function_that_has_an_equal_one() -> None:
    anchor = anchor_of(CODE, SYMBOLS, 8)
    other = [*CODE[:7], "    return max(result, 0)", "", "def raw(cart):", "    x = 1", "    return result"]
    symbols = (SYMBOLS[0], Symbol("raw", "function", 10, 12))

    assert locate(anchor, other, symbols) is None
    assert locate(anchor, [], ()) is None
    moved = [*other[:10], "        result += price", "    return result"]
    assert locate(anchor, moved, symbols) == 12, "with a neighbour beside it, it was moved there"


def test_of_equal_lines_the_neighbours_decide_and_then_the_ordinal() -> None:
    lines = ["start()", "step(1)", "work(item)", "step(2)", "work(item)", "step(3)"]
    anchor = anchor_of(lines, (), 5)

    assert locate(anchor, ["new()", "work(item)", *lines], ()) == 7, "an equal line put above does not take the place"
    twins = ["open()", "work(item)", "close()", "open()", "work(item)", "close()"]
    assert [locate(anchor_of(twins, (), line), twins, ()) for line in (2, 5)] == [2, 5]


@pytest.mark.parametrize("text", ["}", "else:", "return"])
def test_a_line_that_says_little_needs_a_neighbour(text: str) -> None:
    anchor = anchor_of(["a = f()", text, "b = g()"], (), 2)

    assert locate(anchor, ["c = h()", text, "d = i()"], ()) is None
    assert locate(anchor, ["c = h()", text, "b = g()"], ()) == 2
    assert locate(anchor_of([text], (), 1), ["x", text], ()) == 2, "it never had one"


def test_a_blank_line_is_a_line_too() -> None:
    anchor = anchor_of(["a", "", "b"], (), 2)

    assert (anchor.text, locate(anchor, ["x", "a", "   ", "b"], ())) == ("", 3)


def test_a_finding_about_a_deletion_stands_while_the_file_is_gone() -> None:
    anchor = anchor_of([], (), 3)

    assert locate(anchor, [], ()) == 3
    assert locate(anchor, ["a", "b", "c"], ()) is None
    assert anchor_of(["a"], (), 0) != anchor_of(["a"], (), 2)
    assert same_surroundings(anchor, [], 3)


def test_long_lines_and_names_are_bounded_and_still_told_apart() -> None:
    one, other = "x = '" + "a" * 2_000_000 + "1'", "x = '" + "a" * 2_000_000 + "2'"
    word = "b" * 1_000_000
    lines = [one, other, "\ud800" + word, word]
    symbols = (Symbol("n" * 100_000, "function", 1, 4),)
    anchors = [anchor_of(lines, symbols, line) for line in (1, 2, 3, 4)]

    assert [locate(anchor, lines, symbols) for anchor in anchors] == [1, 2, 3, 4]
    assert all(len(text) < 400 for a in anchors for text in (a.symbol, a.text, *a.before, *a.after))


def test_the_surroundings_are_three_lines_on_either_side() -> None:
    anchor = anchor_of(CODE, SYMBOLS, SUM)

    assert same_surroundings(anchor, ["", *CODE], SUM + 1)
    assert not same_surroundings(anchor, CODE, SUM_OF_AVERAGE)
    assert not same_surroundings(anchor, [*CODE[:5], "x", *CODE[5:]], SUM + 1)
    assert not same_surroundings(anchor, CODE, 1)
    assert neighbours_shared(anchor, CODE, SUM) == 12
    assert neighbours_shared(anchor, ["result += price"], 1) == 0


LINES = st.lists(st.sampled_from(["", "a = 1", "b = 2", "    a  = 1", "}", "return total", "while x:", "\u2028"]))


@given(LINES, LINES, st.data())
def test_an_anchor_is_found_in_its_own_file_whatever_is_put_above_and_below(
    lines: list[str], more: list[str], data: st.DataObject
) -> None:
    line = data.draw(st.integers(1, len(lines) + 2))
    start = data.draw(st.integers(1, len(lines) + 1))
    symbols = (Symbol("f", "function", start, data.draw(st.integers(start, len(lines) + 1))),)
    anchor = anchor_of(lines, symbols, line)
    marked = ["def unique_line():", *more]

    found = locate(anchor, lines, symbols)
    assert found is not None
    assert found == line or lines[found - 1].split() == lines[line - 1].split()
    elsewhere = locate(anchor, [*lines, *marked], symbols)
    assert line > len(lines) or elsewhere is not None


@given(LINES.filter(bool), st.integers(1, 20), st.data())
def test_other_symbols_and_moves_leave_the_id_as_it_is(lines: list[str], above: int, data: st.DataObject) -> None:
    line = data.draw(st.integers(1, len(lines)))
    before = finding_id("", "p", anchor_of(lines, (Symbol("f", "function", 1, len(lines)),), line))
    moved = [*lines * above, *("\t" + text for text in lines)]
    start = len(lines) * above + 1
    symbols = (Symbol("f", "function", start, len(moved)), Symbol("g", "function", 1, start - 1))

    assert finding_id("", "p", anchor_of(moved, symbols, start + line - 1)) == before


SPANS = st.tuples(st.integers(-2, 9), st.integers(-2, 12))


@given(st.lists(SPANS, max_size=6), st.integers(1, 8))
def test_the_symbol_of_a_line_is_the_innermost_around_it(spans: list[tuple[int, int]], line: int) -> None:
    symbols = tuple(Symbol(f"s{number}", "class", start, end) for number, (start, end) in enumerate(spans))
    innermost = enclosing(symbols, line)
    name = symbol_at([""] * 8, symbols, line)

    if innermost is None:
        assert name == ""
    else:
        (chosen,) = (symbol for symbol in symbols if symbol.name == name)
        assert (chosen.start_line, chosen.end_line) == (innermost.start_line, innermost.end_line)
