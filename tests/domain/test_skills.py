"""Skills: the name and description of each, from whatever its file says, in bounded room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.skills import MAX_SKILLS, Skill, read_skill, skill_paths

PATH = ".agents/skills/db/SKILL.md"


def test_the_first_directories_by_name_count() -> None:
    assert skill_paths([".agents/skills/b", ".agents/skills/a"]) == (
        ".agents/skills/a/SKILL.md",
        ".agents/skills/b/SKILL.md",
    )
    assert len(skill_paths(f"{n}" for n in range(MAX_SKILLS + 5))) == MAX_SKILLS


@pytest.mark.parametrize(
    ("text", "name", "description"),
    [
        ("---\nname: migrations\ndescription: How to migrate.\n---\n# Body\n", "migrations", "How to migrate."),
        ("\ufeff---\r\nname: m\r\ndescription: d\r\n---\r\n", "m", "d"),
        ("---\nname: \"a \\\"b\\\"\"\ndescription: 'it''s'\n---\n", 'a "b"', "it's"),
        ("---\nname: a\ndescription: >-\n  one\n\n  two\nlicense: MIT\n---\n", "a", "one two"),
        ("---\nname: a\ndescription: |\n\tone\n---\n", "a", "one"),
        ("---\nname: a\ndescription: one\n  goes on\n---\n", "a", "one goes on"),
        ("---\nname: a\nname: b\ndescription:\n---\n\n# T\n\nFirst words.\nMore.\n", "a", "First words."),
        ("---\nmetadata:\n  name: inner\n---\n", "db", ""),
        ("---\nname: never closed\n", "db", "name: never closed"),
        ("---\n" + "x: y\n" * 100 + "---\n", "db", "x: y"),
        ("# Title\n\nWhat it does.\n", "db", "What it does."),
        ("", "db", ""),
        ('---\nname: "\n---\n', '"', ""),
    ],
)
def test_front_matter_and_plain_text(text: str, name: str, description: str) -> None:
    assert read_skill(PATH, text) == Skill(name, description, PATH)


def test_long_words_are_cut() -> None:
    skill = read_skill(PATH, f"---\nname: {'n' * 100}\ndescription: {'d ' * 1_000}\n---\n")

    assert len(skill.name) == 64
    assert skill.name.endswith(" …")
    assert len(skill.description) <= 400


@given(st.text(alphabet=st.sampled_from("-\n: \"'|>namedscriptio#\r\t"), max_size=200))
def test_whatever_it_says_it_becomes_two_short_lines(text: str) -> None:
    skill = read_skill(PATH, "---\n" + text)

    assert len(skill.name) <= 64
    assert len(skill.description) <= 400
    assert "\n" not in skill.name + skill.description
