"""Who commits, when and in which words: only what git takes as it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.commits import LONGEST_MESSAGE, CommitText, Person

SOMEBODY = Person("A B", "a@b")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["A B", "x[bot]", "J\u00f6rg", "O'Neil", "-rf", "$(id)", "1+x[bot]@example.org"])
def test_names(name: str) -> None:
    assert str(Person(name, name)) == f"{name} <{name}>"


@pytest.mark.parametrize(
    "name", ["", " ", "a\nb", "a\0b", "a<b", "a>b", " a", "a.", "'a'", "a\rb", "\x1b[31m", "caf\udce9", ";", "a\x7f"]
)
def test_what_is_no_name(name: str) -> None:
    for parts in ((name, "a@b"), ("a", name)):
        with pytest.raises(ValueError, match="not the name or address of somebody who commits"):
            Person(*parts)


def text(*, message: str = "x\n", at: datetime = NOW) -> CommitText:
    return CommitText(author=SOMEBODY, committer=SOMEBODY, at=at, message=message)


def test_the_time_in_seconds() -> None:
    assert text(at=datetime(2026, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)).seconds == 1767225601


@pytest.mark.parametrize("at", [datetime(2026, 1, 1), datetime(1969, 12, 31, tzinfo=UTC)])  # noqa: DTZ001
def test_what_is_no_time(at: datetime) -> None:
    with pytest.raises(ValueError, match="not the time of a commit"):
        text(at=at)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("", "has words"),
        (" \n", "has words"),
        ("x", "exactly one line feed"),
        ("x\n\n", "exactly one line feed"),
        ("x\0\n", "without NUL"),
        ("caf\udce9\n", "without NUL"),
        ("x" * LONGEST_MESSAGE + "\n", "has 65537 characters, over 65536"),
    ],
)
def test_what_is_no_message(message: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        text(message=message)
