"""What a person means by `fix`, and what is remembered of fixes: tables."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.domain.commands.asked import Who
from app.domain.entries import Kind
from app.domain.fix.answer import MAX_ITEMS, FixAnswer, FixItem, decode_fix
from app.domain.fix.meaning import MAX_FINDINGS, Meant, NothingMeant, meant
from app.domain.fix.memory import MAX_REQUESTERS, MAX_ROUNDS, FixMemory, FixRound, RoundState, digest_of, taken_back
from app.domain.fix.order import FixOrder, decode, encode
from app.domain.objects import Blob
from app.domain.severity import Severity
from app.domain.strict_json import AnswerInvalid
from tests.build import HEAD, finding
from tests.reports import FIXING

WORST = finding("Fa", severity=Severity.P0)
BAD = finding("Fb", severity=Severity.P1)
MINOR = finding("Fc", severity=Severity.P3)
OPEN = (WORST, BAD, MINOR)

MEANINGS: dict[str, tuple[str, str | None, Meant | NothingMeant]] = {
    "nothing more": ("", None, Meant((WORST, BAD), "", again=False)),
    "again": ("--again", None, Meant((WORST, BAD), "", again=True)),
    "all": ("ALL", None, Meant(OPEN, "", again=False)),
    "a severity": ("p0", None, Meant((WORST,), "", again=False)),
    "an id": ("fc", None, Meant((MINOR,), "", again=False)),
    "ids": ("Fc, Fa; Fc", None, Meant((MINOR, WORST), "", again=False)),
    "an id again": ("Fc --again", None, Meant((MINOR,), "", again=True)),
    "words": ("the loop is slow", None, Meant((), "the loop is slow", again=False)),
    "words and an id": ("Fb with a lock", None, Meant((BAD,), "Fb with a lock", again=False)),
    "an id that is none": ("F0", None, Meant((), "F0", again=False)),
    "here": ("", "Fc", Meant((MINOR,), "", again=False)),
    "here, with words": ("with a lock", "Fc", Meant((MINOR,), "with a lock", again=False)),
    "here, and another": ("like Fa", "Fc", Meant((MINOR, WORST), "like Fa", again=False)),
    "in a thread of no finding": ("", "", NothingMeant("open finding in this thread", again=False)),
    "in the thread of one that is closed": ("--again", "Fx", NothingMeant("open finding in this thread", again=True)),
    "all, in a thread": ("all", "Fc", Meant(OPEN, "", again=False)),
}


@pytest.mark.parametrize(("said", "here", "expected"), MEANINGS.values(), ids=MEANINGS.keys())
def test_what_is_meant(said: str, here: str | None, expected: Meant | NothingMeant) -> None:
    assert meant(said, OPEN, block_at=Severity.P1, here=here) == expected


def test_a_plain_wish_without_a_grave_finding_is_for_what_fails_elsewhere() -> None:
    assert meant("--again", (MINOR,), block_at=Severity.P1, here=None) == Meant((), "", again=True, ci=True)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("P2", "open finding of P2 or worse"),
        ("all --again", "open finding"),
    ],
)
def test_nothing_of_it_is_open(said: str, asked: str) -> None:
    is_open = () if "all" in said else (MINOR,)

    assert meant(said, is_open, block_at=Severity.P1, here=None) == NothingMeant(asked, again="--again" in said)


def test_one_fix_has_so_many_findings_and_no_more() -> None:
    many = [finding(f"F{number}") for number in range(MAX_FINDINGS + 5)]
    for said in ("all", " ".join(one.id for one in many), "please " + " ".join(one.id for one in many)):
        found = meant(said, many, block_at=Severity.P1, here=None)
        assert isinstance(found, Meant)
        assert found.findings == tuple(many[:MAX_FINDINGS])


ORDER = FixOrder("7", HEAD, ("Fa",), Who(9, "ann"), comment=7, thread=3, words=True, again=True)


@pytest.mark.parametrize("order", [ORDER, FixOrder("p", HEAD, (), Who(9, "ann"))])
def test_an_order_is_read_as_it_was_written(order: FixOrder) -> None:
    assert decode(encode(order)) == order
    assert "\n" not in encode(order)


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, encode(ORDER).replace('"wish"', '"wants"')])
def test_what_another_version_wrote_is_no_order(text: str) -> None:
    assert decode(text) is None


def round_of(wish: str, state: RoundState = RoundState.ENDED, **changes: object) -> FixRound:
    plain = FixRound(wish, HEAD, state, requester=9)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_round_has_its_place_in_memory() -> None:
    one, two = round_of("1"), round_of("2", commit=FIXING)
    memory = FixMemory().having(one).having(two)
    changed = memory.having(replace(one, branch="b"))

    assert (memory.of("1"), memory.of("3"), memory.attempts) == (one, None, 2)
    assert changed.rounds == (replace(one, branch="b"), two)
    assert (memory.delivered, FixMemory((one,)).delivered) == ((two,), ())
    three = round_of("3", RoundState.PUSHED, commit=HEAD)
    assert FixMemory((two, three, round_of("4", RoundState.PUSHING, commit=HEAD))).delivered == (three, two)


def test_the_oldest_rounds_are_forgotten() -> None:
    memory = FixMemory()
    for number in range(MAX_ROUNDS + 1):
        memory = memory.having(round_of(str(number)))

    assert len(memory.rounds) == MAX_ROUNDS
    assert memory.of("0") is None


WANTED = digest_of(("Fb", "Fa"), "the sum")
LEFT = round_of("1", paths=("a.py",), wanted=WANTED)


@pytest.mark.parametrize(
    ("rounds", "requester", "wanted", "left"),
    [
        ((LEFT,), 9, digest_of(("Fa", "Fb", "Fa"), "the sum"), ("a.py",)),
        ((LEFT,), 8, WANTED, ()),
        ((LEFT,), 9, digest_of(("Fa", "Fb"), "the sums"), ()),
        ((LEFT,), 9, digest_of(("Fa",), "the sum"), ()),
        ((replace(LEFT, head=FIXING),), 9, WANTED, ()),
        ((replace(LEFT, commit=FIXING),), 9, WANTED, ()),
        ((replace(LEFT, wanted=""),), 9, digest_of((), ""), ()),
        ((LEFT, round_of("2")), 9, WANTED, ()),
        ((), 9, WANTED, ()),
    ],
)
def test_what_is_left_of_a_try_is_for_the_same_person_and_the_same_wish(
    rounds: tuple[FixRound, ...], requester: int, wanted: str, left: tuple[str, ...]
) -> None:
    assert FixMemory(rounds).left_at(HEAD, requester=requester, wanted=wanted) == left


def test_nothing_is_left_any_more_but_what_a_commit_changed() -> None:
    memory = FixMemory((round_of("1", paths=("a.py",), commit=FIXING), LEFT), off=True).with_nothing_left()

    assert [one.paths for one in memory.rounds] == [("a.py",), ()]
    assert memory.off


def test_who_asked_for_a_commit_is_known_when_its_round_is_settled_or_forgotten() -> None:
    asked = [round_of("1", commit=FIXING), round_of("2", RoundState.PUSHING, requester=8, commit=HEAD)]
    memory = FixMemory((*asked, round_of("3", requester=7)))
    assert memory.requesters == {8, 9}
    assert memory.on_again().on_again().requesters == {8, 9}
    for number in range(MAX_ROUNDS):
        memory = memory.having(round_of(f"later {number}"))
    assert (len(memory.rounds), memory.settled) == (MAX_ROUNDS, (9, 8))

    many = FixMemory((round_of("1", requester=900, commit=HEAD),), settled=tuple(range(MAX_REQUESTERS)))
    assert many.on_again().settled == (*range(1, MAX_REQUESTERS), 900)


def test_after_it_was_said_again_nothing_is_taken_back_any_more() -> None:
    memory = FixMemory((round_of("1", commit=FIXING),), off=True).on_again()

    assert (memory.off, memory.delivered, memory.attempts) == (False, (), 1)


@pytest.mark.parametrize(
    ("before", "now", "back"),
    [
        ({"a": b"1"}, {"a": b"1", "b": b"new"}, True),
        ({"a": b"1"}, {"a": b"2"}, True),
        ({"a": b"1"}, {"a": b"2", "b": b"new"}, False),
        ({"a": b"1", "b": b"1"}, {"a": b"2"}, False),
        ({"a": b"1", "c": b"1"}, {"a": b"2", "b": b"1", "c": b"1"}, False),
    ],
)
def test_a_commit_is_taken_back_when_a_file_of_it_is_what_it_was(
    before: dict[str, bytes], now: dict[str, bytes], *, back: bool
) -> None:
    old, new = ({path: blob(content) for path, content in side.items()} for side in (before, now))

    assert taken_back(("a", "b"), old, new) is back
    assert not taken_back((), old, new)


def test_of_a_large_file_its_size_counts_too() -> None:
    assert not taken_back(("a",), {"a": large(5)}, {"a": large(6)})


def large(size: int) -> Blob:
    return Blob(b"1", size, truncated=True, kind=Kind.FILE)


def blob(content: bytes) -> Blob:
    return Blob(content, len(content), truncated=False, kind=Kind.FILE)


ITEM = {"what": "Fa", "how": ""}
SAID = {"summary": "s", "fixed": [ITEM], "not_fixed": [], "test": ""}


def test_an_answer_is_read_whole_and_its_lists_only_so_far() -> None:
    assert decode_fix(json.dumps(SAID)) == FixAnswer("s", (FixItem("Fa", ""),), (), "")
    assert len(decode_fix(json.dumps(SAID | {"fixed": [ITEM] * 40})).fixed) == MAX_ITEMS


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"summary": ""}, "summary"),
        ({"fixed": "all"}, "the answer.fixed must be a list"),
        ({"not_fixed": [{"what": "Fa"}]}, "how"),
        ({"fixed": ["Fa"]}, r"the answer.fixed\[\]"),
        ({"test": None}, "test"),
        ({"more": 1}, "not asked for"),
    ],
)
def test_an_answer_in_another_form_is_refused_with_words(changed: dict[str, object], why: str) -> None:
    with pytest.raises(AnswerInvalid, match=why):
        decode_fix(json.dumps(SAID | changed))
