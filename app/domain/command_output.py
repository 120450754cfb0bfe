"""From what a command printed to text that a model or a person can be shown: cleaned, bounded, with how it ended.

What is printed in a sandbox is data of whoever wrote the pull request. A terminal's escape sequences go, for they can
hide and overwrite; what cannot be seen otherwise is made visible or goes.
"""

from __future__ import annotations

import codecs
import re
import signal
from dataclasses import dataclass
from typing import assert_never

from app.domain.sandbox import CommandLimits, Ended, Limit
from app.domain.visible import visible

# ECMA-48, 5.4 and 8.3.89, in 7 and 8 bits. A sequence with a string of its own ends at a terminator, and here at a line
# feed and at a length too: else one that never ends would hide all that follows.
_PARAMETERS = r"[0-?]{0,64}[ -/]{0,16}"
_STRING = r"[^\x07\x18\x1a\x1b\x9c\n]{0,4096}"
_CONTROL, _CONTROL_STRING = r"(?:\x1b\[|\x9b)", r"(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])"
_OTHER = r"\x1b[ -/]{0,16}"
_SEQUENCE = re.compile(
    rf"{_CONTROL}{_PARAMETERS}[@-~]?|{_CONTROL_STRING}{_STRING}(?:\x1b\\|[\x07\x18\x1a\x9c])?|{_OTHER}[0-~]?|\r\n?"
)
_UNFINISHED = re.compile(rf"{_CONTROL}{_PARAMETERS}|{_CONTROL_STRING}{_STRING}|{_OTHER}|\r")
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])
_PRESENTATION = dict.fromkeys([0x200D, 0xFE0E, 0xFE0F])
"""Joiners and selectors that only choose between looks of what is seen without them, too."""
_GONE = {code: None for code in (_CONTROLS | _PRESENTATION) if chr(code) not in "\t\n"}


class Cleaner:
    """Bytes as they come, in any pieces, to text: UTF-8 with U+FFFD for what is none, lines that end in a line feed."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""

    def feed(self, chunk: bytes) -> str:
        """The text so far certain."""
        return self._clean(self._decoder.decode(chunk), final=False)

    def finish(self) -> str:
        """What was still open."""
        return self._clean(self._decoder.decode(b"", final=True), final=True)

    def _clean(self, text: str, *, final: bool) -> str:
        text, self._pending = self._pending + text, ""

        def replacement(found: re.Match[str]) -> str:
            if not final and found.end() == len(text) and _UNFINISHED.fullmatch(found[0]):
                self._pending = found[0]
                return ""
            return "\n" if found[0][0] == "\r" else ""

        return visible(_SEQUENCE.sub(replacement, text).translate(_GONE))


@dataclass(frozen=True, slots=True)
class Kept:
    """The beginning and the end of a text; all of it when nothing was left out."""

    head: str
    tail: str
    left_out_bytes: int

    def __str__(self) -> str:
        if not self.left_out_bytes:
            return self.head + self.tail
        return f"{self.head}\n[... {self.left_out_bytes:,} bytes left out ...]\n{self.tail}"


class Keeper:
    """Keeps the first and the last bytes of a text that comes in pieces, and knows how many there were between."""

    def __init__(self, *, head_bytes: int, tail_bytes: int) -> None:
        """How much is kept, in bytes of UTF-8. ValueError for less than one of either."""
        if min(head_bytes, tail_bytes) < 1:
            raise ValueError(f"head_bytes is {head_bytes} and tail_bytes {tail_bytes}: keep at least one of each")
        self._head_bytes, self._tail_bytes = head_bytes, tail_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self._bytes = 0

    def feed(self, text: str) -> None:
        """Take the next piece."""
        data = text.encode()
        self._bytes += len(data)
        room = self._head_bytes - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._tail_bytes:  # now and then, for it moves what stays
            del self._tail[: -self._tail_bytes]

    def kept(self) -> Kept:
        """What was kept so far; a character that a cut goes through is left out."""
        if self._bytes <= self._head_bytes + self._tail_bytes:
            return Kept((self._head + self._tail).decode(), "", 0)
        head = self._head.decode(errors="ignore")
        tail = self._tail[-self._tail_bytes :].decode(errors="ignore")
        return Kept(head, tail, self._bytes - len(head.encode()) - len(tail.encode()))


def for_model(ended: Ended, limits: CommandLimits, kept: Kept) -> str:
    """How a command ended, the limit it ran into, and what it printed, cleaned and kept from `ended.output_bytes`."""
    lines = [end_words(ended, limits)]
    text = str(kept)
    if text.strip():
        lines += ["output:", text.rstrip("\n")]
    elif ended.output_bytes:
        lines.append(f"no visible output ({ended.output_bytes:,} bytes printed)")
    else:
        lines.append("no output")
    return "\n".join(lines)


def end_words(ended: Ended, limits: CommandLimits) -> str:
    """How a command ended and the limit it ran into: one line, or two."""
    words = f"{_end(ended)} after {ended.seconds:.1f} s"
    return words if ended.limit is None else f"{words}\nlimit reached: {limit_words(ended.limit, limits)}"


def _end(ended: Ended) -> str:
    if ended.signal is None:
        return f"exit status {ended.status}"
    try:
        return f"ended by {signal.Signals(ended.signal).name}"
    except ValueError:  # a real-time signal
        return f"ended by signal {ended.signal}"


def limit_words(limit: Limit, limits: CommandLimits) -> str:
    """Which limit it is, and what its value was."""
    return f"{limit}{_value(limit, limits)}"


def _value(limit: Limit, limits: CommandLimits) -> str:
    match limit:
        case Limit.TIME:
            return f" ({limits.seconds:g} s)"
        case Limit.CPU:
            return f" ({limits.cpu_seconds} s)"
        case Limit.PROCESSES:
            return f" ({limits.processes:,})"
        case Limit.FILES:
            return f" ({limits.files:,})"
        case Limit.MEMORY:
            return f" ({_size(limits.memory_bytes)})"
        case Limit.FILE_SIZE:
            return f" ({_size(limits.file_bytes)})"
        case Limit.OUTPUT:
            return f" ({_size(limits.output_bytes)})"
        case Limit.DISK:
            return f" ({_size(limits.disk_bytes)})"
        case Limit.SCRATCH:
            return ""
    assert_never(limit)


def _size(count: int) -> str:
    mebibytes, rest = divmod(count, 1 << 20)
    return f"{count:,} bytes" if rest else f"{mebibytes:,} MiB"
