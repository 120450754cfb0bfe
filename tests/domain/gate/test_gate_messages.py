"""What the gate's check and comment say, in every state; words of others are inert in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.entries import Entry, Side, Status
from app.domain.entries import Kind as EntryKind
from app.domain.gate.asking import Ask
from app.domain.gate.decision import COMMITS_UNREAD, GateDecision, Refused, RequirementState, Why
from app.domain.gate.reading import Place, ReadingList
from app.domain.gate.requirements import ANYONE, Eligible, Requirement, Source
from app.domain.gate.reviews import Person
from app.domain.messages import gate as words
from app.domain.messages.gate import GateStory
from app.domain.messages.origin import Origin
from app.domain.pull_request import RepositoryName, Sha
from tests.build import HEAD

ORIGIN = Origin("0123456789abcdef", "https://github.example", RepositoryName("acme", "web"), HEAD)
NOTHING = ReadingList(())


def entry(path: str) -> Entry:
    return Entry(path, Status.ADDED, None, Side("100644", "a" * 40, EntryKind.FILE))


def requirement(*paths: str, who: Eligible = ANYONE, approvals: int = 1, reason: str = "") -> Requirement:
    entries = tuple(map(entry, paths or ("a.py",)))
    return Requirement("0" * 12, Source.POLICY, reason, approvals, who, ("tiers.core: a (policy)",), entries)


def story(
    *states: RequirementState, ask: Ask | None = None, reading: ReadingList = NOTHING, unrequested: bool = False
) -> GateStory:
    decision = GateDecision(all(state.missing == 0 for state in states), states)
    return GateStory(decision, ask or Ask(), reading, unrequested=unrequested)


def waiting(asked: Requirement, *refused: Refused) -> RequirementState:
    return RequirementState(asked, (), asked.approvals, refused)


def text(told: GateStory) -> str:
    check = words.concluded(told, ORIGIN)
    return f"{check.title}\n{check.summary}\n{check.text}\n{words.comment(told, ORIGIN, '<!-- mark -->')}"


MANY = Eligible(users=frozenset(f"user-{n:02d}" for n in range(15)), unresolvable=("x@example.com",))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (story(waiting(requirement("a.py", approvals=2))), ["Waiting for 2 approvals", "0 of 2", "anyone with write"]),
        (story(waiting(requirement(*(f"{n}.py" for n in range(7))))), ["`0.py`", "… and 2 more"]),
        (story(waiting(requirement(who=MANY))), ["`@user-00`", "… and 3 more", "`x@example.com` (an address"]),
        (story(waiting(requirement(reason="Money | <b>"))), ["Money \\|"]),
        (
            story(waiting(requirement()), ask=Ask(users=("ann",), teams=("acme/core",))),
            ["Review requested from `@ann`, `@acme/core`."],
        ),
        (story(waiting(requirement()), ask=Ask(users=("ann",)), unrequested=True), ["please ask them yourself"]),
        (story(waiting(requirement()), ask=Ask(nobody=(requirement("a", "b"),))), ["`a` and 1 more**: everybody who"]),
        (
            story(waiting(requirement()), ask=Ask(nobody=(requirement(who=Eligible(unresolvable=("x@y.z",))),))),
            ["only e-mail addresses are named"],
        ),
        (
            story(waiting(requirement()), ask=Ask(too_few=(requirement(approvals=3),))),
            ["fewer people may approve than the policy asks for (3)"],
        ),
        (
            story(waiting(requirement(), Refused(None, Why.GHOST), Refused(Person(1, "eve"), Why.AUTHOR))),
            ["somebody has no account any more", "`eve` opened the pull request"],
        ),
        (
            story(
                waiting(requirement()),
                reading=ReadingList((Place("a.py", 3, 5, 2), Place("b.bin", None, None, 0, "binary")), 4),
            ),
            ["1. [`a.py:3`](https://github.example/acme/web/blob/", "2. `b.bin`: 0 changed lines (binary)", "4 more"],
        ),
        (
            story(RequirementState(requirement(), (Person(1, "ann"),), 0, ())),
            ["Approved: 1 requirement", "1 of 1: `ann`"],
        ),
    ],
)
def test_what_is_told(told: GateStory, expected: list[str]) -> None:
    for word in expected:
        assert word in text(told), word


def test_a_review_that_does_not_count_is_told_once_with_where() -> None:
    ann, bob = Refused(Person(1, "ann"), Why.COMMENTED), Refused(Person(2, "bob"), Why.NOT_ELIGIBLE)
    states = [waiting(requirement(f"{n}.py"), ann, *([bob] if n else [])) for n in range(8)]
    check = words.concluded(story(*states), ORIGIN)

    assert check.summary.endswith(
        "Reviews that do not count:\n\n- `ann` commented without approving.\n"
        "- `bob` is not among those who may approve this: `1.py`, `2.py`, `3.py`, `4.py`, `5.py`, … and 2 more."
    )


def test_where_a_team_may_be_unread_it_says_what_the_app_needs() -> None:
    told = story(waiting(requirement()), ask=Ask(nobody=(requirement(who=Eligible(teams=frozenset({"acme/x"}))),)))
    assert "organisation permission *Members: read*" in text(told)


def test_an_invalid_policy_comes_first() -> None:
    told = replace(story(waiting(requirement())), problems=("x.yml:1:1: no @all",))
    check = words.concluded(told, ORIGIN)

    assert check.title == "The policy of the base branch is invalid"
    assert check.summary.startswith("The check cannot pass until")
    assert "`@all`" in check.summary


def test_where_nobodys_approval_counts_it_says_why() -> None:
    decision = GateDecision(met=False, requirements=(waiting(requirement()),), problem=COMMITS_UNREAD)

    assert "Nobody's approval counts: the pull request has more commits" in text(GateStory(decision, Ask(), NOTHING))


def test_a_huge_list_is_cut_to_what_github_takes() -> None:
    asked = tuple(waiting(requirement(f"{'d/' * 80}{n}.py")) for n in range(600))
    told = story(*asked)

    assert len(words.comment(told, ORIGIN, "<!-- mark -->")) <= 60_000
    assert len(words.concluded(told, ORIGIN).summary.encode()) <= 65_000


def test_what_else_it_says() -> None:
    assert words.untouched().title == "No core path is changed"
    assert words.closed().title == "The pull request is closed"
    assert words.superseded().title == "Superseded by a newer head"
    assert "`@all`" in words.failed("ask @all", run_id="run").summary
    assert Sha(ORIGIN.head) == HEAD
