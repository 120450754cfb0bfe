"""What a judge is asked about findings new and known, and what their answers come to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.anchors import Anchor
from app.domain.findings import Evidence, Finding, Location
from app.domain.matching import Fresh, Kept, Matched
from app.domain.memory import FindingState, KnownFinding, PastReview
from app.domain.placing import Source
from app.domain.pull_request import Sha
from app.domain.report import Standing
from app.domain.severity import Severity
from app.usecases.agent import Unfinished, Why
from app.usecases.review.recollection import (
    Questions,
    Recollection,
    on_their_lines,
    questions,
    recollect,
    with_dismissals,
)
from app.usecases.review.verifying import Verified
from tests.build import BASE, HEAD, diff_of, finding

ANCHOR = Anchor("", "x", 0, (), ())
NOTHING = Matched((), (), (), (), (), (), (), ())
OUTAGE = Unfinished(Why.OUTAGE, "the model's server is away")


def known(
    id_: str = "F1", state: FindingState = FindingState.OPEN, *, path: str = "a.py", since: Sha = BASE, **more: object
) -> KnownFinding:
    told: Finding = replace(finding(id_, path=path), **more)  # type: ignore[arg-type]
    return KnownFinding(told, ANCHOR, state, since)


def kept(one: KnownFinding, standing: Standing = Standing.STILL_THERE) -> Kept:
    return Kept(one, standing)


def asked(matched: Matched, *before: KnownFinding, looked_at: str = "a.py", changed: str = "a.py") -> Questions:
    diffed, looked = frozenset(changed.split()), frozenset(looked_at.split())
    return questions(matched, before, looked_at=looked, finished=looked, diffed=diffed, undiffed=frozenset())


def ids(findings: tuple[KnownFinding, ...]) -> list[str]:
    return [one.finding.id for one in findings]


def test_only_what_is_open_is_dismissed_by_resolving() -> None:
    findings = (known("F1"), known("F2", FindingState.FIXED), known("F3"))
    past = PastReview(HEAD, BASE, BASE, "s", (), findings, rounds=1, asked=False)

    now = with_dismissals(past, {"F1": "ann", "F2": "ann"})

    assert [(one.state, one.dismissed_by) for one in now] == [("dismissed", "ann"), ("fixed", None), ("open", None)]
    assert with_dismissals(None, {}) == ()


@pytest.mark.parametrize(
    ("evidence", "path", "looked_at", "where"),
    [
        (Evidence.REASONED, "a.py", "a.py", "doubts"),
        (Evidence.REPRODUCED, "a.py", "a.py", "doubts"),
        (Evidence.REASONED, "a.py", "b.py", "settled"),
        (Evidence.REASONED, "b.py", "a.py b.py", "gone"),
        (Evidence.STATIC, "a.py", "a.py", "gone"),
        (Evidence.STATIC, "a.py", "b.py", "gone"),
    ],
)
def test_what_was_not_found_again(evidence: Evidence, path: str, looked_at: str, where: str) -> None:
    one = known(path=path, evidence=evidence)
    said = asked(replace(NOTHING, unconfirmed=(kept(one),)), one, looked_at=looked_at)

    assert {name: len(getattr(said, name)) for name in ("claims", "doubts", "settled", "gone")} == {
        "claims": 0,
        "doubts": 0,
        "settled": 0,
        "gone": 0,
    } | {where: 1}


@pytest.mark.parametrize(
    ("evidence", "path", "looked_at", "where"),
    [
        (Evidence.REASONED, "a.py", "a.py", "gone"),
        (Evidence.REASONED, "a.py", "b.py", "settled"),
        (Evidence.REASONED, "b.py", "", "gone"),
        (Evidence.STATIC, "a.py", "", "gone"),
    ],
)
def test_a_line_that_changed_is_fixed_only_where_somebody_looked(
    evidence: Evidence, path: str, looked_at: str, where: str
) -> None:
    one = known(path=path, evidence=evidence)
    said = asked(replace(NOTHING, fixed=(one,)), one, looked_at=looked_at)

    assert (len(said.gone), len(said.settled)) == ((1, 0) if where == "gone" else (0, 1))


def test_what_was_found_again_keeps_what_was_judged() -> None:
    before = known(title="As judged", suggestion="x = 1")
    again = known(title="Other words", severity=Severity.P3, location=Location("a.py", 7, 7))
    said = asked(replace(NOTHING, same=(kept(again, Standing.MOVED),)), before)

    (one,) = said.settled
    told = one.known.finding
    assert (told.title, told.severity, told.location.end_line, told.suggestion) == ("As judged", "P1", 7, None)
    assert said.claims == ()
    (same,) = asked(replace(NOTHING, same=(kept(known(title="Other words")),)), before).settled
    assert same.known.finding.suggestion == "x = 1"
    (wider,) = asked(replace(NOTHING, same=(kept(known(location=Location("a.py", 0, 1))),)), before).settled
    assert wider.known.finding.suggestion is None  # it was made for one line


def test_a_rules_finding_needs_no_judge() -> None:
    static = known(evidence=Evidence.STATIC, severity=Severity.P0)
    said = asked(replace(NOTHING, same=(kept(static),)), known(evidence=Evidence.STATIC))

    assert (said.claims, [one.known for one in said.settled]) == ((), [static])
    fresh = Fresh(static.finding, ANCHOR)
    new = replace(NOTHING, new=(fresh,), returned=(kept(known("F2", evidence=Evidence.STATIC)),))
    fixed = known("F2", FindingState.FIXED)
    assert asked(new, fixed).claims == ()
    told = recollect(new, asked(new, fixed), Verified(), Verified(), head=HEAD)
    assert ids(told.open) == ["F2", "F1"]


@pytest.mark.parametrize(
    ("proven", "title", "severity"),
    [
        (("Worse", Severity.P0), "Worse", Severity.P0),
        (("Worse", Severity.P2), "As judged", Severity.P1),
        (None, "As judged", Severity.P1),
    ],
)
def test_what_is_called_worse_than_it_was_is_judged_anew(
    proven: tuple[str, Severity] | None, title: str, severity: Severity
) -> None:
    before, worse = known(title="As judged", severity=Severity.P1), known(title="Worse", severity=Severity.P0)
    matched = replace(NOTHING, same=(kept(worse),))
    said = asked(matched, before)
    assert said.claims == (worse.finding,)

    answered = () if proven is None else (replace(worse.finding, title=proven[0], severity=proven[1]),)
    told = recollect(matched, said, Verified(kept=answered), Verified(), head=HEAD)

    (one,) = told.open
    assert (one.finding.title, one.finding.severity) == (title, severity)
    assert told.standing == {"F1": Standing.STILL_THERE}


def test_what_is_new_is_told_when_it_is_proven() -> None:
    matched = replace(NOTHING, new=(Fresh(finding("F1"), ANCHOR), Fresh(finding("F2"), ANCHOR)))
    said = asked(matched)
    assert [one.id for one in said.claims] == ["F1", "F2"]

    lowered = replace(finding("F1"), severity=Severity.P3)
    told = recollect(matched, said, Verified(kept=(lowered,)), Verified(), head=HEAD)

    (one,) = told.open
    assert one == KnownFinding(lowered, ANCHOR, FindingState.OPEN, HEAD, posted=False)
    assert told.standing == {}


def test_what_is_back_is_open_when_it_is_proven_and_stays_closed_when_not() -> None:
    matched = replace(NOTHING, returned=(kept(known("F1")), kept(known("F2")), kept(known("F3"))))
    fixed = replace(known("F2", FindingState.FIXED), fixed_by=BASE)
    dismissed = replace(known("F3", FindingState.DISMISSED), dismissed_by="ann")
    said = asked(matched, known("F1", FindingState.FIXED), fixed, dismissed)
    told = recollect(matched, said, Verified(kept=(finding("F1"),)), Verified(), head=HEAD)

    assert ids(told.open) == ["F1"]
    assert told.closed == (fixed, dismissed), "as they were"
    assert told.standing == {}


@pytest.mark.parametrize(
    ("rechecked", "is_open"),
    [
        (Verified(), False),
        (Verified(kept=(finding("F1"),)), True),
        (Verified(open=((finding("F1"), OUTAGE),)), True),
    ],
)
def test_a_doubt_is_fixed_only_when_a_judge_says_so(rechecked: Verified, is_open: bool) -> None:
    one = known()
    matched = replace(NOTHING, unconfirmed=(kept(one, Standing.MOVED),))
    told = recollect(matched, asked(matched, one), Verified(), rechecked, head=HEAD)

    assert (ids(told.open), ids(told.fixed)) == ((["F1"], []) if is_open else ([], ["F1"]))
    assert told.standing == ({"F1": Standing.MOVED} if is_open else {})


def test_what_was_first_found_on_this_head_is_new_when_it_is_looked_at_again() -> None:
    one = known(since=HEAD)
    matched = replace(NOTHING, same=(kept(one),))

    assert recollect(matched, asked(matched, one), Verified(), Verified(), head=HEAD).standing == {}


def test_what_is_open_is_commented_only_where_the_diff_is() -> None:
    diff = diff_of(" a", "+b", " c")
    source = Source(("a", "b", "c", "d", "e"), text="a\nb\nc\nd\ne\n")
    here = known("F1", location=Location("a.py", 2, 2), suggestion="B")
    gone = known("F2", location=Location("a.py", 5, 5), suggestion="E")
    partly = known("F3", location=Location("a.py", 0, 2), suggestion="B")
    told = Recollection((here, gone, partly), {}, (), (), ())

    now = on_their_lines(told, {"a.py": diff}, {"a.py": source}).open

    assert [(one.finding.inline, one.finding.suggestion, one.finding.location.start_line) for one in now] == [
        (True, "B", 2),
        (False, None, 5),
        (True, None, 2),
    ]
