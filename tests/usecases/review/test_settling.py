"""Conversations are brought to where their findings are: answered once, resolved once, opened again, one question."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from app.domain.anchors import Anchor
from app.domain.errors import GitHubRefused
from app.domain.memory import FindingState, KnownFinding, PastReview
from app.domain.messages.comments import InlineComment
from app.domain.messages.origin import Origin
from app.domain.pull_request import PullRequestRef, Sha
from app.domain.threads import ReviewThread
from app.ports import Begun, Place
from app.usecases.review.around import Around
from app.usecases.review.settling import Settling
from tests.build import BASE, HEAD, REF, REPOSITORY, finding
from tests.reports import passed

KEY = b"k" * 32
PLACE = Place(REF, REPOSITORY)
FIX = Sha("f" * 40)
ORIGIN = Origin("0123456789abcdef", "https://github.test", REPOSITORY, HEAD)
OPEN, FIXED, DISMISSED = FindingState.OPEN, FindingState.FIXED, FindingState.DISMISSED


@dataclass
class GitHub:
    """Implements ports.Conversation, ports.Threads and ports.Outbox. `refuses` names what GitHub answers 403 to."""

    refuses: frozenset[str] = frozenset()
    said: list[str] = field(default_factory=list)
    writes: dict[str, int | None] = field(default_factory=dict)

    def _say(self, what: str, text: str = "") -> int:
        if what in self.refuses:
            raise GitHubRefused("Resource not accessible by integration", status=403)
        self.said.append(f"{what} {text}".strip())
        return len(self.said)

    async def review(self, place: Place, *, head: Sha, body: str, comments: tuple[InlineComment, ...]) -> int:
        raise AssertionError("not here")

    async def comment(self, place: Place, body: str) -> int:
        return self._say("comment", body.partition("?")[0])

    async def edit(self, place: Place, comment: int, body: str) -> bool:
        raise AssertionError("not here")

    async def find_review(self, place: Place, marker: str) -> int | None:
        raise AssertionError("not here")

    async def find_comment(self, place: Place, marker: str) -> int | None:
        return None

    async def reply(self, place: Place, *, comment_id: int, body: str) -> int:
        return self._say("reply", " ".join(body.split()[:3]).partition(" [")[0])

    async def find_reply(self, place: Place, marker: str) -> int | None:
        return None

    async def all(self, place: Place) -> tuple[ReviewThread, ...]:
        raise AssertionError("not here")

    async def resolve(self, place: Place, thread: str) -> bool:
        return bool(self._say("resolve"))

    async def reopen(self, place: Place, thread: str) -> bool:
        return bool(self._say("reopen"))

    async def begin(self, ref: PullRequestRef, write: str) -> Begun:
        known = write in self.writes
        self.writes.setdefault(write, None)
        return Begun(self.writes[write], known)

    async def finish(self, ref: PullRequestRef, write: str, id_: int) -> None:
        self.writes[write] = id_

    async def forget(self, ref: PullRequestRef, write: str) -> None:
        self.writes.pop(write, None)

    async def open(self, ref: PullRequestRef, prefix: str) -> tuple[str, ...]:
        raise AssertionError("not here")

    async def finished(self, ref: PullRequestRef, prefix: str) -> dict[str, int]:
        return {key: id_ for key, id_ in self.writes.items() if key.startswith(prefix) and id_ is not None}


def known(state: FindingState, *, fixed_by: Sha | None = None) -> KnownFinding:
    return KnownFinding(finding("F1"), Anchor("", "x", 0, (), ()), state, BASE, fixed_by)


async def settled(github: GitHub, one: KnownFinding, *, resolved: bool, ours: bool = True) -> list[str]:
    """What is said and done when the finding is so and its conversation is resolved or not."""
    github.said.clear()
    thread = ReviewThread("T1", 71, "a.py", None, 1, resolved, None, "revwright", ours=True, body="")
    around = Around(own={"F1" if ours else "F2": thread})
    past = PastReview(HEAD, BASE, BASE, "s", (), (one,), rounds=1, asked=False)

    async def guard() -> None:
        """Still wanted."""

    await Settling(github, github, github, KEY).settle(PLACE, past, around, ORIGIN, guard)
    return github.said[:]


@pytest.mark.parametrize(
    ("state", "resolved", "done"),
    [
        (FIXED, False, ["reply Fixed by", "resolve"]),
        (FIXED, True, []),
        (OPEN, False, []),
        (OPEN, True, ["reopen", "reply Still there on"]),
        (DISMISSED, False, []),
        (DISMISSED, True, []),
    ],
)
async def test_a_conversation_follows_its_finding(state: FindingState, resolved: bool, done: list[str]) -> None:
    fixed_by = FIX if state is FIXED else None
    assert await settled(GitHub(), known(state, fixed_by=fixed_by), resolved=resolved) == done
    assert await settled(GitHub(), known(state), resolved=resolved, ours=False) == []


async def test_where_no_commit_is_known_none_is_named() -> None:
    assert await settled(GitHub(), known(FIXED), resolved=False) == ["reply No longer there", "resolve"]


async def test_what_is_fixed_is_answered_and_resolved_once() -> None:
    github = GitHub()
    fixed = known(FIXED, fixed_by=FIX)
    await settled(github, fixed, resolved=False)
    assert await settled(github, fixed, resolved=False) == []


async def test_what_came_back_in_between_is_resolved_once_more() -> None:
    github = GitHub()
    fixed = known(FIXED, fixed_by=FIX)
    await settled(github, fixed, resolved=False)
    assert await settled(github, known(OPEN), resolved=True) == ["reopen", "reply Still there on"]
    assert await settled(github, fixed, resolved=False) == ["resolve"]
    assert await settled(github, known(OPEN), resolved=False) == []
    assert await settled(github, fixed, resolved=False) == ["resolve"]


@pytest.mark.parametrize(
    ("refused", "done"),
    [("resolve", ["reply Fixed by"]), ("reply", ["resolve"])],
)
async def test_what_github_refuses_is_no_failure_and_not_tried_for_ever(refused: str, done: list[str]) -> None:
    github = GitHub(frozenset({refused}))
    fixed = known(FIXED, fixed_by=FIX)
    assert await settled(github, fixed, resolved=False) == done
    assert await settled(github, fixed, resolved=False) == []


async def test_one_that_may_not_be_opened_again_is_answered() -> None:
    assert await settled(GitHub(frozenset({"reopen"})), known(OPEN), resolved=True) == ["reply Still there on"]


async def asked(github: GitHub, *, blocks: bool = True, person: str | None = "dev") -> list[str]:
    told = replace(passed(), findings=(finding("F1"),) if blocks else (), round_limit=2)
    await Settling(github, github, github, KEY).ask(PLACE, told, ORIGIN, person)
    return github.said


async def test_the_question_is_asked_once_and_while_something_blocks() -> None:
    github = GitHub()
    assert await asked(github, blocks=False) == []
    assert await asked(github) == ["comment @dev, how shall this go on"]
    assert await asked(github) == ["comment @dev, how shall this go on"]


@pytest.mark.parametrize("person", [None, "updates[bot]"])
async def test_where_there_is_no_person_nobody_is_named(person: str | None) -> None:
    assert await asked(GitHub(), person=person) == ["comment How shall this go on"]


async def test_a_question_that_github_refuses_is_no_failure() -> None:
    assert await asked(GitHub(frozenset({"comment"}))) == []
