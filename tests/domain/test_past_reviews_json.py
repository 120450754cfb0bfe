"""Past reviews as JSON: there and back without loss, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.anchors import Anchor
from app.domain.findings import Evidence, Location, Proof, ProofRun
from app.domain.memory import EntryMemory, FindingState, KnownFinding, PastReview, Unpublished
from app.domain.past_reviews_json import VERSION, decode, encode, lessened
from app.domain.severity import Severity
from app.domain.tiers import Tier
from tests.build import BASE, HEAD, finding

PROOF = Proof("pytest", (("t.py", "x"),), "boom", ProofRun(HEAD, "exit 1", "boom"), ProofRun(BASE, "exit 0", ""))
FOUND = replace(
    finding(), evidence=Evidence.REPRODUCED, suggestion="y", location=Location("\udcff.py", 1, 2), proof=PROOF
)
KNOWN = KnownFinding(FOUND, Anchor("f", "x = 1", 0, ("a",), ("b", "c")), FindingState.OPEN, HEAD)
DISMISSED = replace(KNOWN, state=FindingState.DISMISSED, dismissed_by="ann", posted=False)
PAST = PastReview(
    head=HEAD,
    base=BASE,
    merge_base=BASE,
    steering="s",
    entries=(EntryMemory("a.py", "i", Tier.CORE, ("b.py",), ("f", "g")),),
    findings=(KNOWN, DISMISSED),
    rounds=2,
    asked=True,
    walkthrough="changes a\u2028\U0001f600",
)


def test_a_past_review_survives_the_way_there_and_back() -> None:
    empty = PastReview(HEAD, BASE, BASE, "", (), (), 0, asked=False)

    assert decode(encode(PAST)) == PAST
    assert decode(encode(empty)) == empty
    for before in (None, empty):
        on_its_way = replace(PAST, unpublished=Unpublished(before))
        assert decode(encode(on_its_way)) == on_its_way
    assert decode(encode(replace(PAST, findings=(replace(KNOWN, finding=finding()),)))).findings[0].finding == finding()


def test_a_field_with_a_default_may_be_missing_and_a_whole_number_is_a_number() -> None:
    document = json.loads(encode(PAST))
    del document["past"]["walkthrough"], document["past"]["entries"][0]["defines"]
    document["past"]["findings"][0]["finding"]["confidence"] = 1

    past = decode(json.dumps(document).encode())

    assert (past.walkthrough, past.entries[0].defines) == ("", ())
    assert past.findings[0].finding.confidence == 1.0
    assert isinstance(past.findings[0].finding.confidence, float)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("version", VERSION + 1, "not a past review of version"),
        ("past", None, "the whole is no object"),
        ("past.more", 1, "a field that is not known: 'more'"),
        ("past.head", 7, ".head is no str"),
        ("past.rounds", True, ".rounds is no int"),
        ("past.rounds", "2", ".rounds is no int"),
        ("past.asked", 1, ".asked is no bool"),
        ("past.entries", {}, ".entries is no list"),
        ("past.entries", [7], ".entries[] is no object: '7'"),
        ("past.entries", [{"path": "a"}], "lacks 'identity'"),
        ("past.findings.0.state", "gone", ".state is no FindingState: 'gone'"),
        ("past.findings.0.state", 1, ".state is no FindingState"),
        ("past.findings.0.fixed_by", 1, ".fixed_by is no str"),
        ("past.findings.0.finding.severity", "P9", ".severity is no Severity"),
        ("past.findings.0.finding.confidence", "high", ".confidence is no float"),
        ("past.findings.0.finding.proof.files", [["a"]], ".files[] has 1 parts, not 2"),
        ("past.findings.0.finding.proof.base", "x", ".base is no object"),
    ],
)
def test_another_shape_is_refused_and_named(path: str, value: object, words: str) -> None:
    document = json.loads(encode(PAST))
    node, *rest = path.split(".")
    at = document
    for step in rest:
        at = at[int(node) if node.isdigit() else node]
        node = step
    at[node] = value

    with pytest.raises(ValueError, match=words.replace("[", r"\[").replace(".", r"\.")):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"past": {}}', b"NaN", b"\xff", b"[" * 100_000, b'{"version": NaN}']
)
def test_what_is_no_past_review_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - several, of json and ours
        decode(data)


@given(st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()))
def test_random_json_is_refused_in_words(junk: object) -> None:
    with pytest.raises(ValueError, match=r"no object|not a past"):
        decode(json.dumps({"version": VERSION, "past": junk}).encode())


def test_where_room_is_short_the_oldest_closed_findings_go_first_and_open_ones_never() -> None:
    closed = [replace(DISMISSED, finding=replace(FOUND, id=f"C{number}")) for number in range(10)]
    long = replace(KNOWN, finding=replace(FOUND, body="b" * 9_000, failing_case="c" * 9_000))
    past = replace(PAST, findings=(*closed[:5], long, *closed[5:]))

    steps = list(lessened(past))

    sizes = [len(encode(step)) for step in steps]
    assert sizes == sorted(sizes, reverse=True)
    assert all(any(one.finding.id == FOUND.id for one in step.findings) for step in steps)
    first = [one.finding.id for one in steps[0].findings if one.finding.id != FOUND.id]
    assert first == [f"C{number}" for number in range(2, 10)]
    assert [len(step.entries) for step in steps] == [1] * 8 + [0, 0]
    (last,) = steps[-1].findings
    assert (len(last.finding.body), len(last.finding.failing_case), last.finding.proof) == (500, 500, None)
    assert last.anchor == KNOWN.anchor
    assert last.finding.severity is Severity.P1
    assert [len(step.findings) for step in lessened(replace(past, findings=(long,)))] == [1, 1]
    assert list(lessened(replace(past, unpublished=Unpublished(PAST)))) == [past, *steps], "the one before goes first"
