"""Matching of arbitrary findings over arbitrary files and pushes: each in one class, ids that last."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.domain.anchors import anchor_of
from app.domain.findings import Evidence, Finding, Location
from app.domain.matching import match
from app.domain.memory import FindingState, KnownFinding
from app.domain.severity import Severity
from app.domain.symbols import Symbol
from tests.build import HEAD, finding

TITLES = ["Division by zero for an empty cart", "Leaks a secret key", ""]
LINE = st.sampled_from(["a = 1", "b = 2", "return a / b", "", "}"])
FILE = st.one_of(st.none(), st.lists(LINE, max_size=8))


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    start = draw(st.integers(1, 9))
    return replace(
        finding(f"F{draw(st.integers(0, 20))}", path=draw(st.sampled_from(["a.py", "b.py", "c.py"]))),
        location=Location(draw(st.sampled_from(["a.py", "b.py", "c.py"])), start, start + draw(st.integers(0, 2))),
        rule=draw(st.sampled_from(["", "r/one", "r/two"])),
        title=draw(st.sampled_from(TITLES)),
        severity=draw(st.sampled_from(list(Severity))),
        evidence=draw(st.sampled_from(list(Evidence))),
    )


@given(
    st.lists(st.tuples(findings(), st.sampled_from(list(FindingState)), st.integers(0, 9)), max_size=6),
    st.lists(findings(), max_size=6),
    st.fixed_dictionaries(dict.fromkeys(("a.py", "b.py", "c.py"), FILE)),
    st.lists(LINE, max_size=8),
)
def test_every_finding_ends_in_exactly_one_class(
    before: list[tuple[Finding, FindingState, int]],
    new: list[Finding],
    files: dict[str, list[str] | None],
    old: list[str],
) -> None:
    past = [
        KnownFinding(replace(one, id=f"K{number}"), anchor_of(old, (), line), state, HEAD)
        for number, (one, state, line) in enumerate(before)
    ]
    found_now = [replace(one, body=f"number {number}") for number, one in enumerate(new)]

    def head(path: str) -> tuple[list[str], tuple[Symbol, ...]] | None:
        lines = files[path]
        return None if lines is None else (lines, ())

    matched = match(past, found_now, head=head, added=("c.py",))

    kept = [*matched.same, *matched.returned]
    of_known = [one.known.finding.id for one in [*kept, *matched.unconfirmed]]
    of_known += [one.finding.id for one in [*matched.fixed, *matched.closed]]
    assert sorted(of_known) == sorted(one.finding.id for one in past)
    told = [one.finding.body for one in matched.new]
    told += [one.finding.body for one in [*matched.left_out, *matched.restated]]
    assert sorted(told + [one.known.finding.body for one in kept]) == sorted(one.body for one in found_now)
    ids = [one.finding.id for one in matched.new]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & set(of_known)
    assert all(one.known.state is FindingState.OPEN for one in [*kept, *matched.unconfirmed])
    assert all(one.state is not FindingState.OPEN for one in matched.closed)
    assert match(past, found_now, head=head, added=("c.py",)) == matched


PUSH = st.lists(
    st.tuples(st.sampled_from(["insert", "delete", "indent", "swap"]), st.integers(0, 30), LINE), max_size=9
)


@given(st.lists(LINE, max_size=12), st.integers(0, 12), st.lists(PUSH, max_size=4))
def test_a_finding_keeps_its_id_and_place_over_pushes_that_leave_its_line(
    lines: list[str], at: int, pushes: list[list[tuple[str, int, str]]]
) -> None:
    """Whatever force pushes and rebases do around it."""
    flagged = "danger = eval(request.body)"
    lines = [*lines[:at], flagged, *lines[at:]]
    line = lines.index(flagged) + 1
    told = KnownFinding(
        replace(finding("F0", line=line), location=Location("a.py", line, line)),
        anchor_of(lines, (), line),
        FindingState.OPEN,
        HEAD,
    )
    for push in pushes:
        for what, place, text in push:
            lines = _edited(lines, what, place % len(lines), text)
        (kept,) = match([told], [], head={"a.py": (lines, ())}.get).unconfirmed
        told = kept.known
        assert told.finding.id == "F0"
        assert lines[told.finding.location.end_line - 1].strip() == flagged


def _edited(lines: list[str], what: str, place: int, text: str) -> list[str]:
    match what:
        case "insert":
            return [*lines[:place], text, *lines[place:]]
        case "delete" if "eval" not in lines[place]:
            return [*lines[:place], *lines[place + 1 :]]
        case "indent":
            return [f"    {one}" for one in lines]
        case _:
            return [*lines[place:], *lines[:place]]
