"""The stand-in for GitHub: buttons of suggestions are applied, and a 422 is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.github.small_world import SmallWorld, small_world
from tests.fakes.github.suggestions import applied

PULL = "/repos/acme/web/pulls/1"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small_world(tmp_path) as made:
        yield made


def suggest(world: SmallWorld, block: str, **where: object) -> list[str]:
    """What is wrong with a suggestion that our App posts."""
    comment = {"path": "a.txt", "line": 5, "body": f"Do:\n\n```suggestion\n{block}```", **where}
    body = {"event": "COMMENT", "body": "See below.", "comments": [comment]}
    assert world.as_installation()("POST", f"{PULL}/reviews", body).status_code == httpx.codes.OK
    return [violation.reason for violation in world.fake.violations]


@pytest.mark.parametrize(
    ("block", "where", "wrong"),
    [
        ("line 5\n", {}, []),
        ("", {}, []),
        ("line five\n", {}, ["it changes nothing"]),
        ("line thirty\n", {"start_line": 30, "line": 31}, []),
        ("line 5\n", {"side": "LEFT"}, ["the comment is not on lines of the new file"]),
        (
            "a\n```\n```suggestion\nb\n",
            {},
            ["there is more than one suggestion, and each would replace the same lines"],
        ),
    ],
)
def test_a_suggestion_that_would_not_do_what_it_says_is_a_violation(
    world: SmallWorld, block: str, where: dict[str, object], wrong: list[str]
) -> None:
    assert suggest(world, block, **where) == wrong


@pytest.mark.parametrize(
    ("before", "lines", "block", "after"),
    [
        (b"a\nb\nc\n", (2, 2), "x\ny\n", b"a\nx\ny\nc\n"),
        (b"a\r\nb\r\n", (1, 2), "x\n", b"x\r\n"),
        (b"a\nb", (2, 2), "x\n", b"a\nx"),
        (b"a\nb", (2, 2), "", b"a\n"),
        (b"a\nb\n", (2, 3), "x\n", None),
    ],
)
def test_lines_are_replaced_with_the_ends_that_they_had(
    before: bytes, lines: tuple[int, int], block: str, after: bytes | None
) -> None:
    assert applied(before, *lines, block) == after


def test_every_422_is_remembered(world: SmallWorld) -> None:
    comment = {"path": "a.txt", "line": 15, "body": "Where?"}
    reply = world.as_installation()("POST", f"{PULL}/reviews", {"event": "COMMENT", "comments": [comment], "body": "x"})

    assert reply.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    (told,) = world.fake.unprocessable
    assert told.startswith(f"POST {PULL}/reviews: ")
    assert "line must be part of the diff" in told
