"""Placing: candidates checked against the diff and the file, ids that survive moves, merging and ranking."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.findings import Candidate, Evidence, Location
from app.domain.placing import NOWHERE, Source, place, seated
from app.domain.severity import Severity
from tests.build import diff_of, finding, settle


def candidate(**changes: object) -> Candidate:
    plain = Candidate(
        rule="",
        severity=Severity.P2,
        path="a.py",
        start_line=2,
        end_line=2,
        title="wrong",
        body="because",
        evidence=Evidence.REASONED,
        confidence=0.9,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


DIFFS = {"a.py": diff_of(" one", "+two", "+three", " four")}


def test_a_finding_on_an_added_line_is_inline_and_keeps_its_words() -> None:
    (found,), dropped = settle([candidate(suggestion="TWO")], DIFFS)

    assert dropped == ()
    assert found.inline
    assert (found.location.path, found.location.start_line, found.location.end_line) == ("a.py", 2, 2)
    assert found.suggestion == "TWO"
    assert found.title == "wrong"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"path": "other.py"}, "not a diffed file"),
        ({"start_line": 3, "end_line": 2}, "not a range"),
        ({"start_line": 0, "end_line": 0}, "not a range"),
        ({"start_line": -4, "end_line": 2}, "not a range"),
    ],
)
def test_what_cannot_stand_anywhere_is_dropped_with_its_reason(changes: dict[str, object], reason: str) -> None:
    found, (dropped,) = settle([candidate(**changes)], DIFFS)

    assert found == ()
    assert reason in dropped.reason


def test_a_line_outside_the_hunks_is_kept_but_not_inline() -> None:
    (found,), _ = settle([candidate(start_line=90, end_line=90, suggestion="x")], DIFFS)

    assert not found.inline
    assert found.suggestion is None


def test_a_range_that_leaves_its_hunk_shrinks_to_its_end_and_loses_its_suggestion() -> None:
    """GitHub refuses a comment whose start is not in the end's hunk; a suggestion would replace the wrong lines."""
    two_hunks = replace(DIFFS["a.py"], hunks=(*DIFFS["a.py"].hunks, *diff_of(" x", "+y", start=40).hunks))

    for start in (20, 2):
        (found,), _ = settle([candidate(start_line=start, end_line=41, suggestion="x")], {"a.py": two_hunks})
        assert (found.location.start_line, found.location.end_line, found.suggestion) == (41, 41, None)


def test_a_range_inside_one_hunk_stays_whole() -> None:
    (found,), _ = settle([candidate(start_line=2, end_line=3, suggestion="x")], DIFFS)

    assert (found.location.start_line, found.location.end_line, found.suggestion) == (2, 3, "x")


def test_ids_stay_when_lines_above_are_added_and_spaces_change() -> None:
    moved = {"a.py": diff_of(" zero", " half", " one", "+  two", "+three")}

    (before,), _ = settle([candidate()], DIFFS)
    (after,), _ = settle([candidate(start_line=4, end_line=4)], moved)

    assert before.id == after.id


def test_equal_lines_are_told_apart_by_their_order() -> None:
    diff = {"a.py": diff_of("+same", "-gone", "+same", "+other")}

    found, _ = settle([candidate(start_line=n, end_line=n, title=str(n)) for n in (1, 2)], diff)

    assert len({f.id for f in found}) == 2


def test_a_line_that_the_file_does_not_have_is_no_place() -> None:
    found, (dropped,) = settle([candidate(start_line=900, end_line=900)], DIFFS)

    assert found == ()
    assert dropped.reason == "the file has 104 lines, not 900"


def test_of_a_very_large_file_only_the_beginning_is_known_and_no_finding_is_lost() -> None:
    (one,), dropped = place([candidate(start_line=3, end_line=3)], DIFFS, {"a.py": Source(("one",), text=None)})

    assert dropped == ()
    assert (one.finding.location.end_line, one.finding.inline, one.finding.suggestion) == (3, True, None)


@pytest.mark.parametrize(
    ("lines", "now", "inline", "suggestion"),
    [
        ((2, 2), (2, 2), True, "TWO"),
        ((2, 3), (2, 3), True, "TWO"),
        ((0, 2), (2, 2), True, None),
        ((9, 9), (9, 9), False, None),
    ],
)
def test_a_known_finding_is_seated_where_a_comment_may_stand(
    lines: tuple[int, int], now: tuple[int, int], inline: bool, suggestion: str | None
) -> None:
    text = "one\ntwo\nthree\nfour\n" + "more\n" * 9
    source = Source(tuple(text.split("\n")[:-1]), text=text)
    told = replace(finding(), location=Location("a.py", *lines), suggestion="TWO")

    here = seated(told, DIFFS["a.py"], source)

    assert here == replace(told, location=Location("a.py", *now), inline=inline, suggestion=suggestion)
    assert seated(told, DIFFS["a.py"], None).suggestion is None


def test_what_is_said_of_a_deleted_file_is_told_in_the_summary() -> None:
    (one,), dropped = place([candidate()], {"a.py": diff_of("-one", "-two")}, {})

    assert dropped == ()
    assert (one.finding.inline, one.anchor) == (False, NOWHERE)


@pytest.mark.parametrize(
    ("other", "kept_title"),
    [
        ({"severity": Severity.P0, "title": "worse"}, "worse"),
        ({"severity": Severity.P3, "title": "milder"}, "wrong"),
        ({"evidence": Evidence.STATIC, "title": "static"}, "static"),
        ({"confidence": 0.99, "title": "surer"}, "surer"),
    ],
)
def test_two_claims_with_one_id_become_the_stronger_one(other: dict[str, object], kept_title: str) -> None:
    for pair in ([candidate(), candidate(**other)], [candidate(**other), candidate()]):
        (found,), _ = settle(pair, DIFFS)
        assert found.title == kept_title


def test_the_worst_and_surest_come_first() -> None:
    found, _ = settle(
        [
            candidate(start_line=3, end_line=3, title="p2 sure"),
            candidate(title="p2 less", confidence=0.6),
            candidate(start_line=4, end_line=4, severity=Severity.P0, title="p0"),
        ],
        DIFFS,
    )

    assert [f.title for f in found] == ["p0", "p2 sure", "p2 less"]


STATIC = candidate(rule="python/x", evidence=Evidence.STATIC, severity=Severity.P1, title="static")


def test_what_the_model_says_of_a_line_that_a_static_rule_flags_is_told_there() -> None:
    second = candidate(rule="python/y", evidence=Evidence.STATIC, title="another rule")
    model = candidate(severity=Severity.P1, title="by the model", body="its words")
    with_rule = candidate(rule="python/z", title="by the model, with a rule of its own")

    found, _ = settle([second, STATIC, model, with_rule], DIFFS)

    assert {f.rule for f in found} == {"python/x", "python/y", "python/z"}
    (host,) = (f for f in found if "by the model\n" in f.body)
    assert host.rule in {"python/x", "python/y"}
    assert host.body.endswith("The model says of this line (P1): by the model\n\nits words")


def test_a_worse_claim_of_the_model_leads_and_tells_of_the_rule() -> None:
    (found,), _ = settle([STATIC, candidate(severity=Severity.P0, title="worse", body="w")], DIFFS)

    assert (found.title, found.severity, found.evidence) == ("worse", Severity.P0, Evidence.REASONED)
    assert "The rule python/x says of this line (P1): static" in found.body


def test_two_claims_on_one_line_are_both_told() -> None:
    (found,), _ = settle([candidate(title="first"), candidate(title="second", body="other")], DIFFS)

    assert found.body == "because\n\nAlso: second\n\nother"


def test_the_same_claim_twice_is_told_once() -> None:
    (found,), _ = settle([candidate(), candidate()], DIFFS)

    assert found.body == "because"


@pytest.mark.parametrize("suggestion", ["", "  \n", "x" * 4_001, "password='[secret: password]'", "a<U+00AD>b"])
def test_what_no_button_should_write_is_no_suggestion(suggestion: str) -> None:
    (found,), _ = settle([candidate(suggestion=suggestion)], DIFFS)

    assert found.suggestion is None


def test_a_path_that_cannot_be_sent_is_told_in_the_summary() -> None:
    (found,), _ = settle([candidate(path="bad\udcff.py")], {"bad\udcff.py": DIFFS["a.py"]})

    assert not found.inline


def test_eight_thousand_claims_on_equal_lines_are_settled() -> None:
    many = diff_of(*["+same"] * 8_000)
    claims = [candidate(rule="python/x", evidence=Evidence.STATIC, start_line=n, end_line=n) for n in range(1, 8_001)]

    found, dropped = settle(claims, {"a.py": many})

    assert (len(found), len({f.id for f in found}), dropped) == (8_000, 8_000, ())
