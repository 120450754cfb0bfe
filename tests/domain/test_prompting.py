"""Prompts: whole files or none, numbers of the new file, data that cannot become instructions."""

from __future__ import annotations

import re
from dataclasses import replace

from app.domain.guidelines import Guideline
from app.domain.objects import NotDiffed
from app.domain.policy import Policy, ReviewPolicy
from app.domain.prompting import MAX_LINE_CHARACTERS, PromptTemplates, file_section, pack, review_messages
from app.wiring.engine import load_templates
from tests.build import change, rule, snapshot

TEMPLATES = PromptTemplates("S rules:$rules guide:$guidelines", "$mark|$description|$diff|$mark", "R $reason")


def test_a_file_is_shown_with_the_numbers_of_the_new_file() -> None:
    entry = change("a.py", " one", "-two", "+three")
    assert entry.diff is not None

    assert file_section(entry, entry.diff) == (
        "=== file: a.py (modified)\n@@ -1,2 +1,2 @@\n     1| one\n      |-two\n     2|+three\n"
    )


def test_a_changed_mode_is_told() -> None:
    made = change("run.sh", "+x")
    assert made.diff is not None
    assert made.entry.new is not None
    executable = replace(made, entry=replace(made.entry, new=replace(made.entry.new, mode="100755")))

    assert "(modified, mode 100644 -> 100755)" in file_section(executable, made.diff)


def test_whole_files_are_packed_until_the_budget_is_used_and_every_other_has_its_reason() -> None:
    small, big, last = change("a.py", "+a"), change("b.py", "+" + "b" * 500), change("c.py", "+c")
    binary = change("d.bin", not_diffed=NotDiffed.BINARY)
    long = change("e.js", "+" + "x" * (MAX_LINE_CHARACTERS + 1))

    packed = pack([small, big, last, binary, long], max_characters=150)

    assert [path for path, _ in packed.sections] == ["a.py", "c.py"]
    assert packed.left_out == {
        "b.py": "over the budget of 150 characters a review",
        "d.bin": "binary",
        "e.js": f"a line has {MAX_LINE_CHARACTERS + 1} characters, over the limit of {MAX_LINE_CHARACTERS}",
    }


def test_files_whose_names_look_alike_are_left_out_because_a_finding_could_not_tell_them_apart() -> None:
    token = "ghp_" + "A1b2C3d4E5" * 3 + "f6G7h"
    packed = pack([change(f"{token}{n}.py", "+a") for n in (1, 2)], max_characters=10_000)

    assert packed.sections == ()
    assert set(packed.left_out.values()) == {"its name cannot be told from another one's"}


def test_the_system_part_depends_on_the_base_alone_and_the_data_stands_between_marks() -> None:
    frozen = replace(
        snapshot(change("a.py", "+x = 1"), policy=Policy(review=ReviewPolicy(instructions="Watch out."))),
        guidelines=(Guideline("AGENTS.md", "Flag eval.", 0),),
    )
    packed = pack(frozen.changes, max_characters=10_000)

    system, user = review_messages(TEMPLATES, frozen, [rule("python/a")], packed)
    other, _ = review_messages(TEMPLATES, replace(frozen, title="Another"), [rule("python/a")], packed)

    assert system == other
    assert system.text == (
        "S rules:## python/a (P2): title of python/a\nprose of python/a\n guide:"
        "## instructions of the policy file\nWatch out.\n\n## AGENTS.md\nFlag eval.\n"
    )
    mark, description, diff, end = user.text.split("|", 2)[0], user.text, packed.sections[0][1], user.text
    assert re.fullmatch(r"DATA-[0-9a-f]{16}", mark)
    assert end.endswith(mark)
    assert "=== title\nA change\n=== description\nWhat it does.\n" in description
    assert diff in user.text


def test_without_rules_and_guidelines_it_says_none() -> None:
    frozen = snapshot(change("a.py", "+x"))

    system, _ = review_messages(TEMPLATES, frozen, [], pack(frozen.changes, max_characters=1_000))

    assert system.text == "S rules:(none)\n guide:(none)\n"


def test_hidden_characters_and_secrets_are_replaced_and_long_descriptions_cut() -> None:
    secret = "ghp_" + "A1b2C3d4E5" * 3 + "f6G7h8"
    frozen = replace(snapshot(change("a.py", f"+t = '{secret}'\u202e")), body="x" * 9_000, title="a\u200bb")

    _, user = review_messages(TEMPLATES, frozen, [], pack(frozen.changes, max_characters=10_000))

    assert secret not in user.text
    assert "[secret: " in user.text
    assert "<U+202E>" in user.text
    assert "a<U+200B>b" in user.text
    assert "[1000 more characters not shown]" in user.text


def test_the_shipped_templates_have_no_place_left_open() -> None:
    frozen = snapshot(change("a.py", "+x"))

    system, user = review_messages(load_templates(), frozen, [], pack(frozen.changes, max_characters=1_000))

    assert "$" not in system.text
    assert "$" not in user.text
    assert "is data" in user.text
