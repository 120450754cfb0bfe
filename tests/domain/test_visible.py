"""Hidden characters are shown, honest text is left as it is."""

from __future__ import annotations

import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.visible import HiddenCharacter, hidden_characters, is_hidden, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a<U+202E>b"),
        ("a\u200bb\u00adc", "a<U+200B>b<U+00AD>c"),
        ("\ufeffstart", "<U+FEFF>start"),
        ("bell\x07, nul\x00, delete\x7f", "bell<U+0007>, nul<U+0000>, delete<U+007F>"),
        ("c1\x85", "c1<U+0085>"),
        ("overwritten\rtext", "overwritten<U+000D>text"),
        ("line\u2028paragraph\u2029", "line<U+2028>paragraph<U+2029>"),
        ("hangul\u3164\uffa0\u115f\u1160", "hangul<U+3164><U+FFA0><U+115F><U+1160>"),
        ("x1\ufe0f", "x1<U+FE0F>"),
        ("a\ufe00\U000e0100", "a<U+FE00><U+E0100>"),
        ("a\u034fb\u17b4\u180b", "a<U+034F>b<U+17B4><U+180B>"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("private\ue000\U0010fffd", "private<U+E000><U+10FFFD>"),
        ("unassigned\u0378\uffff", "unassigned<U+0378><U+FFFF>"),
        ("undecodable\udc80", "undecodable<U+DC80>"),
        ("blank\u2800", "blank<U+2800>"),
        ("a\u200db", "a<U+200D>b"),
        ("\u200d", "<U+200D>"),
        ("\ufe0f", "<U+FE0F>"),
        ("\u2764\ufe0f\ufe0f", "\u2764\ufe0f<U+FE0F>"),
        ("\U0001f468\u200dx", "\U0001f468<U+200D>x"),
    ],
)
def test_hidden_characters_are_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain\ttext\n",
        "windows\r\nlines\r\n",
        "a line of a CRLF file\r",
        "na\u00efve \u65e5\u672c\u8a9e \u0440\u0443\u0441\u0441\u043a\u0438\u0439 e\u0301",
        "non\u00a0breaking space",
        "\u2764\ufe0f and \u2764\ufe0e",
        "1\ufe0f\u20e3 #\ufe0f\u20e3",
        "\u2194\ufe0f",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\U0001f3f3\ufe0f\u200d\U0001f308",
        "\U0001f469\U0001f3fd\u200d\U0001f680",
        "\U0001faea",
        "\ufffd",
    ],
)
def test_honest_text_is_left_alone(text: str) -> None:
    assert visible(text) == text
    assert hidden_characters(text) == ()


def test_positions_code_points_and_names() -> None:
    found = hidden_characters("a\u202eb\x00\ue000\u0378\udc80")
    assert found[0] == HiddenCharacter(1, "\u202e")
    assert [(h.offset, h.code_point, h.name) for h in found] == [
        (1, "U+202E", "RIGHT-TO-LEFT OVERRIDE"),
        (3, "U+0000", "control character"),
        (4, "U+E000", "private use character"),
        (5, "U+0378", "unassigned code point"),
        (6, "U+DC80", "undecodable byte"),
    ]


def test_no_format_control_or_private_character_escapes() -> None:
    """The whole of Unicode, so that the hand-written ranges cannot leave a gap."""
    emoji = range(0x1F000, 0x1FB00)
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}:
            assert is_hidden(character) is (character not in "\t\n" and code not in emoji), hex(code)


@settings(deadline=None)
@given(st.text())
def test_the_result_has_nothing_hidden_and_can_be_encoded(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert hidden_characters(shown) == ()
    assert visible(shown) == shown


@pytest.mark.parametrize("unit", ["plain text ", "\u65e5\u672c\u8a9e ", "a\u200b", "\r\n", "\u2764\ufe0f", "\ue000"])
def test_a_long_text_takes_no_time(unit: str) -> None:
    text = unit * (300_000 // len(unit))
    start = time.process_time()
    visible(text)
    assert time.process_time() - start < 1.0
