"""What is kept of a transcript and how it is shown: no secret, nothing that steers a terminal or passes for ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from app.domain.terminal import Style
from app.domain.transcript import MOST_TEXT, EntryKind, Gap, Missing, Transcript, TranscriptEntry, entry_of, joined
from app.domain.transcript_text import transcript_json, transcript_text

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
NOW = datetime(2026, 11, 22, 12, 56, 4, tzinfo=UTC)
PLAIN = Style(colour=False, width=80)


def made(text: str, *, step: str = "run", note: str = "") -> TranscriptEntry:
    return entry_of(NOW, EntryKind.TOOL, step, text, note=note)


def shown(*parts: TranscriptEntry | Gap, style: Style = PLAIN) -> str:
    return "\n".join(transcript_text(Transcript(parts), style))


def test_what_is_short_is_kept_whole_but_for_secrets() -> None:
    assert made("a\x1b[2J\r\n\udc80b") == TranscriptEntry(NOW, EntryKind.TOOL, "run", "a\x1b[2J\r\n\udc80b")
    entry = made(f"one {TOKEN}\ntwo", step=TOKEN, note=TOKEN)

    assert TOKEN not in f"{entry}"
    assert entry.text.splitlines()[1] == "two"


@pytest.mark.parametrize("characters", [MOST_TEXT + 1, 3 * MOST_TEXT, 5 * MOST_TEXT, 40 * MOST_TEXT])
def test_the_middle_of_what_is_long_goes_with_a_mark_that_says_how_much(characters: int) -> None:
    text = "begin" + "x" * (characters - 8) + "end"
    kept = made(text).text

    assert (kept[:5], kept[-3:]) == ("begin", "end")
    assert kept.count("x") == MOST_TEXT - 8
    assert f"\n[... {characters - MOST_TEXT:,} characters left out ...]\n" in kept


@pytest.mark.parametrize("at", [0, MOST_TEXT // 2 - 20, 2 * MOST_TEXT - 20, 6 * MOST_TEXT - 60])
@pytest.mark.parametrize("length", [3 * MOST_TEXT, 6 * MOST_TEXT])
def test_no_part_of_a_secret_is_left_at_a_cut(at: int, length: int) -> None:
    text = "x " * (length // 2)
    text = f"{text[:at]} {TOKEN} {text[at:]}"

    assert TOKEN[:8] not in made(text).text


def test_gaps_for_the_same_reason_are_one() -> None:
    entry = made("x")
    room, foreign = Gap(1, Missing.ROOM), Gap(1, Missing.FOREIGN)

    assert joined([room, Gap(2, Missing.ROOM), foreign, entry, foreign]) == (
        Gap(3, Missing.ROOM),
        foreign,
        entry,
        foreign,
    )
    assert Transcript((room, entry, foreign)).entries == (entry,)


def test_entries_are_told_with_their_time_kind_and_step_and_only_what_is_ours_begins_at_the_margin() -> None:
    imitates = "2026-11-22 12:56:04Z  report\n\n    Fixed.\r\n\x1b]0;x\x07\u202e\n"

    assert shown(
        Gap(1, Missing.ROOM),
        made(imitates, step="run \x1b[2J\nls", note="refused:\nat \x9b once"),
        TranscriptEntry(NOW, EntryKind.REPORT, "", " \n", ""),
        Gap(2_000, Missing.FOREIGN),
    ) == (
        "(1 entry taken out, for there is a limit to the length of a transcript)\n"
        "\n"
        "2026-11-22 12:56:04Z  tool    run <U+001B>[2J ls\n"
        "  # refused:\n"
        "  # at <U+009B> once\n"
        "    2026-11-22 12:56:04Z  report\n"
        "\n"
        "        Fixed.\n"
        "    <U+001B>]0;x<U+0007><U+202E>\n"
        "\n"
        "2026-11-22 12:56:04Z  report\n"
        "\n"
        "(2,000 entries not shown: they are not sealed with this deployment's key, or another version wrote them)"
    )


def test_headings_are_bold_where_there_are_colours() -> None:
    assert shown(made("x"), style=Style(colour=True, width=80)) == (
        "\x1b[1m2026-11-22 12:56:04Z  tool    run\x1b[0m\n    x"
    )


def test_machines_get_texts_as_they_were() -> None:
    told = transcript_json("ab", Transcript((made("a\x1b\r\n\udc80", note="n"), Gap(2, Missing.ROOM))))

    printed = json.dumps(told)
    assert printed.isascii()
    assert json.loads(printed) == {
        "schema": 1,
        "id": "ab",
        "entries": [
            {"kind": "tool", "at": "2026-11-22T12:56:04Z", "step": "run", "note": "n", "text": "a\x1b\r\n\udc80"},
            {"kind": "missing", "count": 2, "why": str(Missing.ROOM)},
        ],
    }
