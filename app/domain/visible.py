"""Makes characters that a reader cannot see visible as `<U+202E>`, chosen by Unicode property.

Hidden is what Unicode calls control (but for tab and line feed), format, private use, surrogate, unassigned,
line or paragraph separator, and everything it asks renderers to ignore: variation selectors, tags, soft
hyphens, fillers. The empty braille cell is added, because it looks like a space.

Not hidden, because people type them every day:

- a carriage return before a line feed or at the very end, as in a file with CRLF line ends;
- one variation selector 15 or 16 right after a character that has an emoji form (a digit, # and * have one
  only as a keycap, before U+20E3);
- a zero-width joiner between two emoji;
- code points of the emoji blocks that are younger than Python's Unicode tables.

Tags stay hidden even in the flags of England, Scotland and Wales: they can spell whole sentences. A text that
spells `<U+202E>` out is not told apart from a mark made here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})

# Letters and marks with the property Default_Ignorable_Code_Point; its other members have a hidden category.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_ASCII_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

_JOINER = "\u200d"
_PRESENTATION = frozenset("\ufe0e\ufe0f")
_KEYCAPS = frozenset("#*0123456789")
_EMOJI_BLOCKS = re.compile("[\U0001f000-\U0001faff]")
# Characters with an emoji form that Unicode does not file under "other symbol".
_EMOJI_BESIDE_SYMBOLS = frozenset("\u203c\u2049\u2139\u2194\u25fb\u25fc\u25fd\u25fe\u2934\u2935\u3030\u303d")
_KINDS = {
    "Cc": "control character",
    "Cn": "unassigned code point",
    "Co": "private use character",
    "Cs": "undecodable byte",
}


@dataclass(frozen=True, slots=True)
class HiddenCharacter:
    """One hidden character; `offset` counts characters from 0."""

    offset: int
    character: str

    @property
    def code_point(self) -> str:
        """As in `U+202E`."""
        return f"U+{ord(self.character):04X}"

    @property
    def name(self) -> str:
        """Unicode's name, or its kind where there is none."""
        return unicodedata.name(self.character, _KINDS.get(unicodedata.category(self.character), "invisible"))


def visible(text: str) -> str:
    """Text with `<U+XXXX>` in place of each hidden character; the result can always be encoded as UTF-8."""
    parts: list[str] = []
    end = 0
    for offset in _offsets(text):
        parts += (text[end:offset], f"<U+{ord(text[offset]):04X}>")
        end = offset + 1
    return "".join((*parts, text[end:]))


def hidden_characters(text: str) -> tuple[HiddenCharacter, ...]:
    """Each hidden character of the text, in order."""
    return tuple(HiddenCharacter(offset, text[offset]) for offset in _offsets(text))


def _offsets(text: str) -> list[int]:
    """Asks Unicode once for each distinct character, so that a long text costs little more than a scan."""
    if text.isascii() and not _ASCII_HIDDEN.search(text):
        return []
    suspects = frozenset(character for character in set(text) if is_hidden(character))
    if not suspects:
        return []
    return [offset for offset, character in enumerate(text) if character in suspects and not _expected(text, offset)]


def is_hidden(character: str) -> bool:
    """By property alone, without regard to the neighbours."""
    if character in "\t\n" or _EMOJI_BLOCKS.match(character):
        return False
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or _IGNORABLE.match(character) is not None


def _expected(text: str, offset: int) -> bool:
    """Whether a hidden character stands where honest text has it."""
    before, character, after = text[max(offset - 1, 0) : offset], text[offset], text[offset + 1 : offset + 2]
    if character == "\r":
        return after in {"", "\n"}
    if character in _PRESENTATION:
        return _has_emoji_form(before) or (before in _KEYCAPS and after == "\u20e3")
    if character == _JOINER:
        return (_has_emoji_form(before) or before in _PRESENTATION) and _has_emoji_form(after)
    return False


def _has_emoji_form(character: str) -> bool:
    return character != "" and (
        _EMOJI_BLOCKS.match(character) is not None
        or character in _EMOJI_BESIDE_SYMBOLS
        or unicodedata.category(character) == "So"
    )
