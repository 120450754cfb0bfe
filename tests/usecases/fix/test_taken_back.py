"""Which of our commits people took back: over the head's history, what its commits say, and what its files are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.fix.memory import FixMemory, FixRound, RoundState
from app.domain.pull_request import Sha
from tests.build import HEAD
from tests.usecases.fix.doubles import AGAIN, DRAFT
from tests.usecases.fix.stand import AFTER, ORDER, Stand

OURS = FixRound("5", HEAD, RoundState.ENDED, 9, branch="topic", commit=DRAFT, paths=("shop.py", "new.py"))
NEWER = replace(OURS, wish="6", head=DRAFT, commit=AGAIN, paths=("shop.py",))
BEFORE = b"total = 2\n"


def with_head(*rounds: FixRound, **files: bytes) -> Stand:
    """After these rounds, the head has those files in place of its own. The first commit was made on `HEAD`."""
    stand = Stand()
    stand.memory.fixes = FixMemory(rounds)
    stand.git.inside = {DRAFT, AGAIN}
    first = Sha("9" * 40)
    stand.commits[first] = {**stand.commits[HEAD], **AFTER}
    stand.memory.fixes = FixMemory(tuple(replace(one, head=first) if one.head == HEAD else one for one in rounds))
    stand.commits[DRAFT] = {**stand.commits[HEAD], "shop.py": b"total = 3\n", "new.py": b"new\n"}
    stand.commits[HEAD] |= {f"{name}.py": content for name, content in files.items()}
    return stand


@pytest.mark.parametrize(
    ("files", "back"),
    [
        ({"shop": b"total = 4\n", "new": b"newer\n"}, False),
        ({"shop": BEFORE, "new": b"new\n"}, True),
        ({"shop": b"total = 3\n"}, True),
    ],
    ids=["worked on", "one file as before", "a new file gone"],
)
async def test_one_file_that_is_what_it_was_is_enough(files: dict[str, bytes], *, back: bool) -> None:
    stand = with_head(OURS, **files)

    assert ("was taken back" in await stand.attend()) is back
    assert stand.memory.fixes.off is back


async def test_what_our_own_newer_commit_changed_again_says_nothing_of_the_older_one() -> None:
    stand = with_head(OURS, NEWER, shop=BEFORE, new=b"new\n")

    assert await stand.attend() == "delivered"


async def test_an_older_commit_is_taken_back_too() -> None:
    stand = with_head(OURS, NEWER, shop=b"total = 5\n")

    assert f"`{DRAFT[:12]}`" in await stand.attend()


async def test_what_a_later_commit_says_it_reverts_was_taken_back() -> None:
    stand = with_head(OURS, NEWER, shop=b"total = 5\n", new=b"new\n")
    stand.git.undone = {DRAFT}

    assert f"`{DRAFT[:12]}`" in await stand.attend()
    stand.git.undone = set()
    assert f"`{AGAIN[:12]}`" in await stand.attend(replace(ORDER, wish="8")), "it stays off"
