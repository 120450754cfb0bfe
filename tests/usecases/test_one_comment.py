"""The one comment of ours: edited where it stands, said anew where somebody deleted it, found again after a crash."""

from __future__ import annotations

from typing import Any, cast

import pytest

from app.domain.pull_request import RepositoryName
from app.ports import Begun, Conversation, Outbox, Place
from app.usecases.one_comment import keep_comment
from tests.build import REF

PLACE = Place(REF, RepositoryName("acme", "web"))


class Written:
    """Implements what is needed of ports.Outbox."""

    def __init__(self, *, known: int | None = None, uncertain: bool = False) -> None:
        self.known, self.uncertain = known, uncertain

    async def finished(self, _ref: object, prefix: str) -> dict[str, int]:
        return {} if self.known is None else {prefix: self.known}

    async def begin(self, _ref: object, _write: str) -> Begun:
        return Begun(self.known, uncertain=self.uncertain)

    async def finish(self, _ref: object, _write: str, id_: int) -> None:
        self.known = id_

    async def forget(self, _ref: object, _write: str) -> None:
        self.known = None


class Talk:
    """Implements what is needed of ports.Conversation: comments by number."""

    def __init__(self, **comments: str) -> None:
        self.comments = {int(name.removeprefix("c")): body for name, body in comments.items()}

    async def edit(self, _place: object, comment: int, body: str) -> bool:
        if comment not in self.comments:
            return False
        self.comments[comment] = body
        return True

    async def comment(self, _place: object, body: str) -> int:
        self.comments[max(self.comments, default=0) + 1] = body
        return max(self.comments)

    async def find_comment(self, _place: object, mark: str) -> int | None:
        return next((number for number, body in self.comments.items() if mark in body), None)


@pytest.mark.parametrize(
    ("written", "before", "after"),
    [
        (Written(), {}, {1: "new <mark>"}),
        (Written(known=1), {"c1": "old <mark>"}, {1: "new <mark>"}),
        (Written(known=1), {"c2": "somebody's"}, {2: "somebody's", 3: "new <mark>"}),
        (Written(uncertain=True), {"c5": "old <mark>"}, {5: "new <mark>"}),
        (Written(uncertain=True), {"c5": "somebody's"}, {5: "somebody's", 6: "new <mark>"}),
    ],
    ids=["first", "edited", "deleted by somebody", "found after a crash", "not there after a crash"],
)
async def test_there_is_one_comment_and_it_says_the_newest(
    written: Written, before: dict[str, str], after: dict[int, str]
) -> None:
    talk: Any = Talk(**before)
    outbox, conversation = cast("Outbox", written), cast("Conversation", talk)

    await keep_comment(outbox, conversation, PLACE, key="summary", mark="<mark>", body="new <mark>")

    assert talk.comments == after
    assert after[cast("int", written.known)] == "new <mark>"
