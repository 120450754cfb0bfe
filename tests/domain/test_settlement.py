"""People's words on findings: the last one counts, what is fixed stays fixed."""

from __future__ import annotations

import pytest

from app.domain.anchors import Anchor
from app.domain.commands.settlement import Settlement, decode, encode, settled
from app.domain.memory import FindingState, KnownFinding, PastReview
from tests.build import BASE, HEAD, finding

OPEN, FIXED, DISMISSED = FindingState.OPEN, FindingState.FIXED, FindingState.DISMISSED


def past(state: FindingState) -> PastReview:
    known = KnownFinding(finding("F1"), Anchor("", "x", 0, (), ()), state, HEAD, dismissed_by="zoe", reason="old")
    return PastReview(HEAD, BASE, BASE, "s", (), (known,), rounds=1, asked=False)


@pytest.mark.parametrize(
    ("before", "words", "after"),
    [
        (OPEN, [(DISMISSED, "ann")], (DISMISSED, "ann", "why")),
        (DISMISSED, [(DISMISSED, "ann")], (DISMISSED, "ann", "why")),
        (DISMISSED, [(OPEN, "ann")], (OPEN, "bob", "")),
        (OPEN, [(DISMISSED, "ann"), (OPEN, "ann")], (OPEN, "bob", "")),
        (OPEN, [(OPEN, "ann"), (DISMISSED, "ann")], (DISMISSED, "ann", "why")),
        (FIXED, [(DISMISSED, "ann")], (FIXED, "zoe", "old")),
        (OPEN, [], (OPEN, "zoe", "old")),
    ],
)
def test_the_last_word_counts(
    before: FindingState, words: list[tuple[FindingState, str]], after: tuple[FindingState, str, str]
) -> None:
    said = [Settlement("F1", state, by, "why") for state, by in words]

    (known,) = settled(past(before), [*said, Settlement("F9", DISMISSED, "eve")], {"F1": "bob"}).findings

    assert (known.state, known.dismissed_by, known.reason) == after


def test_a_word_comes_back_as_it_was_and_another_versions_is_none() -> None:
    word = Settlement("F1", DISMISSED, "ann", "it is meant, \u00e9")

    assert decode(encode(word)) == word
    for text in ("", "{}", "[]", '{"finding":1}', "[" * 100_000):
        assert decode(text) is None
