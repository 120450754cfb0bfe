"""Which comments begin with plain text: the placements in which a command must not fire, and those in which it does."""

from __future__ import annotations

import time

import pytest

from app.adapters.markdown.first_paragraph import MAX_BODY, MAX_PARAGRAPH, FirstParagraph
from app.domain.commands import Command, Review, Unknown, parse
from tests.adapters.markdown.placements import NOT_SAID, SAID


@pytest.mark.parametrize("body", NOT_SAID.values(), ids=NOT_SAID.keys())
def test_what_only_looks_like_a_command_is_none(body: str) -> None:
    paragraph = FirstParagraph()(body)

    assert paragraph is None or parse(paragraph, "revwright") is None


@pytest.mark.parametrize(
    ("body", "command"),
    [
        (SAID, Review(full=False, focus="")),
        (f"\n\n  {SAID}  \n", Review(full=False, focus="")),
        (f"{SAID}\n\n> quoted\n\n`more`", Review(full=False, focus="")),
        (f"{SAID}\r\n\r\nThank you!", Review(full=False, focus="")),
        (f"{SAID}\n- and a list", Review(full=False, focus="")),
        (f"{SAID} full", Review(full=True, focus="")),
        (f"{SAID} the locks\nand the queue  \nplease", Review(full=False, focus="the locks\nand the queue  \nplease")),
        ("@RevWright Review", Review(full=False, focus="")),
        ("@revwright re&#118;iew", Unknown()),
    ],
)
def test_a_plain_paragraph_at_the_beginning_is_one(body: str, command: Command | Unknown) -> None:
    paragraph = FirstParagraph()(body)

    assert paragraph is not None
    assert parse(paragraph, "revwright") == command


@pytest.mark.parametrize("piece", ["*a **", "[", "`", "![", "<", "&", "\\", "~", "a|b\n", "_a_", "](", "\t", "@"])
def test_a_hostile_comment_is_read_in_a_moment(piece: str) -> None:
    begun = time.monotonic()
    FirstParagraph()(SAID + " " + (piece * MAX_BODY)[: MAX_PARAGRAPH - 100])
    FirstParagraph()(SAID + "\n\n" + (piece * MAX_BODY)[: MAX_BODY - 100])

    assert time.monotonic() - begun < 10
