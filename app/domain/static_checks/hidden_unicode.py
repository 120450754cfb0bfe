"""Finds characters in added lines that make code read differently from what it does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from app.domain.diff import DiffLine, FileDiff
from app.domain.severity import Severity
from app.domain.static_checks.hit import StaticHit
from app.domain.visible import HiddenCharacter, hidden_characters

RULE_ID = "security/hidden-unicode"

MAX_LISTED = 10

_WORD = re.compile(r"[^\W\d]\w*")
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DIRECTION_MARKS = frozenset("\u200e\u200f\u061c")
_BRAILLE_BLANK = "\u2800"
_PREPENDED_SIGNS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u08e2")
_BYTE_ORDER_MARK = "\ufeff"
_UNASSIGNED_IGNORABLE = re.compile("[\u2065\ufff0-\ufff8\U000e0000-\U000e0fff]")
_PRIVATE_USE_PAYLOAD = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]{8,}")

# Hidden characters that some scripts are written with, by the first word of the name of the character before.
_JOINING = frozenset(
    {"ARABIC", "BENGALI", "DEVANAGARI", "GUJARATI", "GURMUKHI", "KANNADA", "KHMER", "MALAYALAM", "MYANMAR"}
    | {"ORIYA", "SINHALA", "SYRIAC", "TAMIL", "TELUGU"}
)
_SCRIPTS_WRITTEN_WITH = (
    (re.compile("[\u200c\u200d]"), _JOINING),
    (re.compile("\u200b"), frozenset({"KHMER", "LAO", "MYANMAR", "THAI", "TIBETAN"})),
    (re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]"), frozenset({"CJK"})),
    (re.compile("[\u180b-\u180f]"), frozenset({"MONGOLIAN"})),
)

# Letters drawn like a Latin one. Of the Greek small letters only those that formulas do not use.
_LOOK_ALIKES = frozenset(
    # Cyrillic
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u04cf"
    "\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420\u0405\u0422\u0425\u04ae\u04c0"
    # Greek
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u03f2"
    # Armenian
    "\u0555\u0585\u0578\u057d\u0570\u0566"
)
_STYLED = ("MATHEMATICAL", "FULLWIDTH")


def check(path: str, diff: FileDiff) -> Iterator[StaticHit]:
    """One hit for each line, listing what stands in it by code point and nothing else of the line."""
    for line in diff.added_lines():
        if line.new_number is None or (line.text.isascii() and line.text.isprintable()):
            continue
        hidden = _hidden(line)
        mixed = _mixed_scripts(line.text)
        if hidden or mixed:
            yield _hit(path, line.new_number, hidden, mixed)


def _hidden(line: DiffLine) -> list[HiddenCharacter]:
    found = hidden_characters(line.text)
    payload = _PRIVATE_USE_PAYLOAD.search(line.text) is not None
    written_right_to_left = any(unicodedata.bidirectional(c) in {"R", "AL"} for c in line.text) if found else False
    return [
        hidden
        for hidden in found
        if not (
            _harmless(hidden.character, payload=payload)
            or (hidden.character == _BYTE_ORDER_MARK and line.new_number == 1 and hidden.offset == 0)
            or (hidden.character in _DIRECTION_MARKS and written_right_to_left)
            or _belongs_to_its_script(line.text, hidden)
        )
    ]


def _harmless(character: str, *, payload: bool) -> bool:
    """Whether the character is seen (icons of fonts) or cannot mislead. Terminal codes in scripts and tables are
    honest; a lone carriage return is not: Python begins a new line after it, and the page shows none.
    """
    category = unicodedata.category(character)
    if category == "Co":
        return not payload
    if category == "Cn":
        return _UNASSIGNED_IGNORABLE.match(character) is None
    if category == "Cc":
        return character != "\r"
    return character == _BRAILLE_BLANK or character in _PREPENDED_SIGNS


def _belongs_to_its_script(text: str, hidden: HiddenCharacter) -> bool:
    before = _script(text[hidden.offset - 1]) if hidden.offset else ""
    return any(written.match(hidden.character) and before in scripts for written, scripts in _SCRIPTS_WRITTEN_WITH)


def _mixed_scripts(text: str) -> list[HiddenCharacter]:
    """Letters that pass for Latin in words with real Latin letters, where every foreign letter does so."""
    if text.isascii():
        return []
    found: list[HiddenCharacter] = []
    for word in _WORD.finditer(text):
        if word[0].isascii():
            continue
        foreign = [
            HiddenCharacter(word.start() + offset, letter)
            for offset, letter in enumerate(word[0])
            if letter.isalpha() and _script(letter) != "LATIN"
        ]
        letters = sum(letter.isalpha() for letter in word[0])
        if len(foreign) < letters and all(_passes_for_latin(letter.character) for letter in foreign):
            found += foreign
    return found


def _passes_for_latin(letter: str) -> bool:
    return letter in _LOOK_ALIKES or (_script(letter) in _STYLED and unicodedata.normalize("NFKC", letter).isascii())


def _script(character: str) -> str:
    """The first word of the character's name: its script, for letters."""
    return unicodedata.name(character, "").partition(" ")[0]


def _hit(path: str, number: int, hidden: list[HiddenCharacter], mixed: list[HiddenCharacter]) -> StaticHit:
    if any(h.character in _BIDI_CONTROLS for h in hidden):
        title = "Hidden characters change the order in which the line is shown"
    elif hidden:
        title = "Invisible characters in the line"
    else:
        title = "Look-alike letters of another script in a Latin word"
    listed = [f"{c.code_point} {c.name} at column {c.offset + 1}" for c in (*hidden, *mixed)]
    more = f"; and {len(listed) - MAX_LISTED} more" if len(listed) > MAX_LISTED else ""
    return StaticHit(
        line=number,
        rule_id=RULE_ID,
        path=path,
        severity=Severity.P1,
        title=title,
        body=f"What people see here is not what programs read: {'; '.join(listed[:MAX_LISTED])}{more}. "
        "Delete them or type the letters that are meant; where they are needed, write them as escapes.",
    )
