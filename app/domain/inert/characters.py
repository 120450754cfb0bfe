"""Which characters may reach GitHub as they are: no invisible one, and no half of our own hidden markers."""

from __future__ import annotations

import re

# Controls, soft hyphen, zero-width and bidirectional characters, fillers, variation selectors (but for the emoji
# one), tags, and lone surrogates, which no UTF-8 encoder takes. White space and the joiners are not among them.
_HIDDEN = (
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    r"\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff"
)
_IN_PROSE = re.compile(f"[{_HIDDEN}]")
_IN_CODE = re.compile(rf"[{_HIDDEN}\x0b-\x0d\x1c-\x1f\x85\u200c\u200d\u2028\u2029]")
_IN_CODE_LINE = re.compile(rf"[{_HIDDEN}\x09-\x0d\x1c-\x1f\x85\u200c\u200d\u2028\u2029]")

_PICTURES = {chr(code): chr(0x2400 + code) for code in range(0x20)} | {"\x7f": "\u2421"}

# The opening of the HTML comments by which we find our own writes again (and of nothing else).
_RESERVED = re.compile(r"<!--(?=\s*revwright)", re.IGNORECASE)


def one_line(text: str) -> str:
    """Any white space is one space; what cannot be seen is gone."""
    return " ".join(_IN_PROSE.sub("", " ".join(text.split())).split())


def visible(text: str) -> str:
    """Code as it is, with its hidden characters shown and line ends made newlines."""
    return disarmed(_IN_CODE.sub(_shown, text.replace("\r\n", "\n")))


def visible_line(text: str) -> str:
    """The same on one line: line ends and tabs are shown too."""
    return disarmed(_IN_CODE_LINE.sub(_shown, text))


def is_plain(text: str) -> bool:
    """Whether `visible` would leave the text as it is."""
    return visible(text) == text


def disarmed(text: str) -> str:
    """Without our own markers, which are nobody else's to write, not even as code."""
    return _RESERVED.sub("<! --", text)


def _shown(found: re.Match[str]) -> str:
    return _PICTURES.get(found[0]) or f"[U+{ord(found[0]):04X}]"
