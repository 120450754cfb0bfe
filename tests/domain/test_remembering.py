"""A rule in AGENTS.md: one line in the section that reviews read, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands.remembering import MAX_RULE, bullet, with_rule

RULE = "- Use the clock."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"## Review guidelines\n\n{RULE}\n"),
        ("# A\n\nwords\n", f"# A\n\nwords\n\n## Review guidelines\n\n{RULE}\n"),
        ("# A\n\n## Review guidelines\n", f"# A\n\n## Review guidelines\n\n{RULE}\n"),
        ("## Review Guidelines ##\n\n- One.\n", f"## Review Guidelines ##\n\n- One.\n{RULE}\n"),
        ("## Review guidelines\n- One.", f"## Review guidelines\n- One.\n{RULE}\n"),
        (
            "## Review guidelines\n\n- One.\n\n### More\n\n- Two.\n\n## Next\n\nend\n",
            f"## Review guidelines\n\n- One.\n\n### More\n\n- Two.\n{RULE}\n\n## Next\n\nend\n",
        ),
        (
            "```\n## Review guidelines\n```\n",
            f"```\n## Review guidelines\n```\n\n## Review guidelines\n\n{RULE}\n",
        ),
        (
            "# Review guidelines\r\n\r\n- One.\r\n# End\r\n",
            f"# Review guidelines\r\n\r\n- One.\r\n{RULE}\r\n# End\r\n",
        ),
        (
            "## Review guidelines\n\n```\n## Not a heading\n```\n## End\n",
            f"## Review guidelines\n\n```\n## Not a heading\n```\n{RULE}\n## End\n",
        ),
    ],
)
def test_the_rule_stands_at_the_end_of_its_section(before: str, after: str) -> None:
    assert with_rule(before, RULE) == after
    assert with_rule(after, RULE) is None, "it stands there already"


def test_a_rule_is_one_inert_line() -> None:
    assert bullet("use  the\nclock") == "- use the clock"
    assert bullet("# no <!-- x --> @alice \u202e") not in {"", "- "}
    assert "@alice" not in bullet("ask @alice").replace("`@alice`", "")
    assert len(bullet("x " * 5_000)) <= MAX_RULE + 2


@given(st.text(max_size=200), st.text(max_size=80))
def test_no_line_of_the_file_is_lost(before: str, rule: str) -> None:
    before = before.replace("\r", "")
    line = bullet(rule)
    after = with_rule(before, line)

    if after is not None:
        rest = after.split("\n")
        rest.remove(line)
        assert [one for one in before.split("\n") if one] == [
            one for one in rest if one and not (one == "## Review guidelines" and one not in before)
        ]
