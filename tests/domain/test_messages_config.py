"""The effective policy in words: every key, its value, where it is from, and nothing that comes to life."""

from __future__ import annotations

from app.domain.messages.config import config_json, config_markdown, config_rows, config_text, narrowed_notes
from app.domain.policy import CoreRequirement
from app.domain.policy_keys import KEYS
from app.domain.policy_layers import Source, compose
from tests.domain.test_policy_layers import said

_EFFECTIVE = compose(
    [
        said(Source.DEPLOYMENT, {"limits.rounds": 3, "tiers.core": (CoreRequirement(("a/**",)),)}),
        said(
            Source.REPOSITORY,
            {
                "limits.rounds": 9,
                "tiers.core": (CoreRequirement(("b|c",), 2, ("@acme/sec",), "see #1\x1b[31m"),),
                "review.instructions": "Ask @alice.\n\n| x |\u202e",
            },
        ),
    ]
)


def test_every_key_has_a_row_and_every_added_item_one_of_its_own() -> None:
    rows = {row.key: row for row in config_rows(_EFFECTIVE)}

    items = {"tiers.core[0]", "tiers.core[1]"}
    assert set(rows) == {key.name for key in KEYS} - {"tiers.core"} | items
    assert [rows[item].source for item in sorted(items)] == ["deployment", "repository"]
    assert (rows["limits.rounds"].value, rows["limits.rounds"].source) == ("3", "deployment")
    assert rows["limits.rounds"].note == "the repository asks for 9 in line 2, the deployment sets a limit"
    assert (rows["review.drafts"].value, rows["review.drafts"].source) == ("false", "built-in")


def test_the_terminal_gets_one_line_for_each_and_no_control_characters() -> None:
    lines = config_text(_EFFECTIVE).split("\n")

    assert len(lines) == len(config_rows(_EFFECTIVE))
    assert "limits.rounds                deployment  3  (the repository asks for 9 in line 2" in lines[-1]
    assert any("Ask @alice. | x |<U+202E>" in line for line in lines)
    assert not any(character in line for line in lines for character in "\x1b\u202e")


def test_the_table_is_inert() -> None:
    table = config_markdown(_EFFECTIVE).split("\n")

    assert table[:2] == ["| key | value | source | note |", "| --- | --- | --- | --- |"]
    assert len(table) == 2 + len(config_rows(_EFFECTIVE))
    (core,) = (row for row in table if "tiers.core[1]" in row)
    assert core == ("| `tiers.core[1]` | `b\\|c; approvals: 2; from: @acme/sec; reason: see #1␛[31m` | repository |  |")
    assert any("`Ask @alice. \\| x \\|[U+202E]`" in row for row in table)


def test_machines_get_the_same() -> None:
    told = config_json(_EFFECTIVE)

    assert told["schema"] == 1
    assert told["values"][-1] == {
        "key": "limits.rounds",
        "value": "3",
        "source": ["deployment"],
        "note": "the repository asks for 9 in line 2, the deployment sets a limit",
    }


def test_a_review_notes_what_was_cut() -> None:
    assert narrowed_notes(_EFFECTIVE.narrowed) == (
        "limits.rounds is 3: the repository asks for 9 in line 2, the deployment sets a limit",
    )
