"""Globs over repository paths, matched in time that grows with path times pattern, never faster.

A pattern is anchored at the repository's root and compared with the whole path, segment by segment:

    *         any run of characters inside one segment, a leading dot included
    ?         one character that is not /
    [abc]     one of these characters; [a-z] a range; [!abc] any other character but /
    {a,b}     one of these texts (not nested, no classes inside)
    **        alone between slashes: any number of segments, none included
    dir/      the same as dir/**: everything below dir, and an entry named dir itself, because a submodule
              or a symbolic link may stand where the directory was

So `*.lock` matches at the root only, `**/*.lock` everywhere. A literal *, ?, [ or { is a class: [*].
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, product

from app.domain.visible import is_hidden

MAX_CHARACTERS = 256
MAX_STARS = 8
MAX_ALTERNATIVES = 32

_UNIT = re.compile(r"\[(?!!\])[^\]/]+\]|\{[^\[\]{}]*\}|[^\[{}]+|.", re.DOTALL)
_PIECE = re.compile(r"\*|\?|\[[^\]]+\]|[^*?\[]+")
_RANGE = re.compile(r".-.|.", re.DOTALL)
_STARS = re.compile(r"\*+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern that was checked and compiled; `text` is the pattern as written."""

    text: str
    _exact: re.Pattern[str] = field(repr=False, compare=False)
    _folded: re.Pattern[str] = field(repr=False, compare=False)

    @staticmethod
    def parse(text: str) -> Glob:
        """Raises ValueError with the reason, fit for the author of the pattern."""
        _refuse_bad_shape(text)
        return Glob(text, _compile(text), _compile(fold(text)))

    def matches(self, path: str) -> bool:
        """Whether the whole path fits, upper and lower case told apart."""
        return self._exact.fullmatch(f"{path}/") is not None

    def matches_folded(self, path: str) -> bool:
        """Whether the path fits exactly, or is `fold`ed or made `loosest` what the folded pattern fits: never narrower
        than `matches`.
        """
        if self.matches(path):
            return True
        return any(self._folded.fullmatch(f"{seen}/") for seen in dict.fromkeys((fold(path), loosest(path))))


def matches(pattern: str, path: str) -> bool:
    """`Glob.parse(pattern).matches(path)`; compiled patterns are kept."""
    return _parsed(pattern).matches(path)


def matches_folded(pattern: str, path: str) -> bool:
    """`Glob.parse(pattern).matches_folded(path)`; compiled patterns are kept."""
    return _parsed(pattern).matches_folded(path)


def stands_above(pattern: str, path: str) -> bool:
    """Whether an entry at `path` stands where the pattern wants a directory, as loosely as `matches_folded`: a link
    there leads to other files under the names that the pattern fits. What `**` stands for may be any directory, and
    none counts.
    """
    depth = path.count("/") + 1
    heads = (plain.split("/")[:depth] for plain in _without_braces(pattern) if plain.count("/") >= depth)
    return any(matches_folded("/".join(head), path) for head in heads if "**" not in head)


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Text as a case-insensitive, normalising file system sees it: NFC and case folded."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


@lru_cache(maxsize=16_384)
def loosest(path: str) -> str:
    """Folded, and each part without what HFS+ ignores or nobody sees, without an NTFS stream, and without dots and
    spaces at its end, as Windows takes it.
    """
    return "/".join(map(_loosest_part, path.split("/")))


def _loosest_part(part: str) -> str:
    seen = part if part.isascii() else "".join(character for character in part if not is_hidden(character))
    return fold(seen.partition(":")[0].rstrip(". "))


@lru_cache(maxsize=2_048)
def _parsed(text: str) -> Glob:
    return Glob.parse(text)


def _refuse_bad_shape(text: str) -> None:
    if not text:
        raise ValueError("a pattern must not be empty; `**` matches every path")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"a pattern has at most {MAX_CHARACTERS} characters, this one has {len(text)}")
    if text.startswith("/"):
        raise ValueError("a pattern starts at the repository's root by itself; leave out the leading /")
    if "\\" in text:
        raise ValueError("a pattern has no backslash; separate with /, and write [*] for a literal *")
    if _CONTROL.search(text):
        raise ValueError("a pattern has no control characters")
    if len(_STARS.findall(text)) > MAX_STARS:
        raise ValueError(f"a pattern has at most {MAX_STARS} groups of *; write several patterns instead")


def _compile(text: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{_path_regex(plain)})" for plain in _without_braces(text)))


def _without_braces(text: str) -> list[str]:
    choices = list(_choices(text))
    expanded = ["".join(parts) for parts in islice(product(*choices), MAX_ALTERNATIVES + 1)]
    if len(expanded) > MAX_ALTERNATIVES:
        raise ValueError(f"the braces of a pattern make at most {MAX_ALTERNATIVES} patterns; write several instead")
    return expanded


def _choices(text: str) -> Iterator[list[str]]:
    for unit in _UNIT.findall(text):
        if unit in {"[", "{", "}"}:
            raise ValueError(f"a pattern has an unpaired, empty or nested {unit}; write [{unit}] for a literal one")
        if unit.startswith("{"):
            inner = unit[1:-1].split(",")
            if len(inner) == 1:
                raise ValueError("braces hold at least two texts, separated by a comma: {a,b}")
            yield inner
        else:
            yield [unit]


def _path_regex(plain: str) -> str:
    """A regular expression for `path + "/"`, in which every segment ends in a slash.

    Whatever could be retried stands in an atomic group, `(?>...)`: the first fit of the segments between two
    `**`, and of the text between two `*`, leaves the most room for the rest, so no other fit needs trying.
    That bounds the time by path length times pattern length.
    """
    groups: list[str] = [""]
    for segment in _segments(plain):
        if segment == "**":
            groups.append("")
        else:
            groups[-1] += _segment_regex(segment) + "/"
    head, *rest = groups
    if not rest:
        return head
    *middle, tail = rest
    return head + "".join(f"(?>(?:[^/]*/)*?{group})" for group in middle if group) + f"(?:[^/]*/)*{tail}"


def _segments(plain: str) -> list[str]:
    segments = (f"{plain}**" if plain.endswith("/") else plain).split("/")
    for segment in segments:
        if segment in {"", ".", ".."}:
            raise ValueError("a pattern has no empty, `.` or `..` part between slashes")
        if "**" in segment and segment != "**":
            raise ValueError("`**` stands alone between slashes, as in `**/*.py` and `docs/**`")
    return segments


def _segment_regex(segment: str) -> str:
    first, *rest = (_fixed_regex(part) for part in _outside_classes(segment))
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>[^/]*?{part})" for part in middle) + f"[^/]*{last}"


def _outside_classes(segment: str) -> list[list[str]]:
    """The segment's pieces, cut at each `*` that is not inside a class."""
    parts: list[list[str]] = [[]]
    for piece in _PIECE.findall(segment):
        if piece == "*":
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts


def _fixed_regex(pieces: list[str]) -> str:
    return "".join(_piece_regex(piece) for piece in pieces)


def _piece_regex(piece: str) -> str:
    if piece == "?":
        return "[^/]"
    if not piece.startswith("["):
        return re.escape(piece)
    negated = piece.startswith("[!")
    members = _RANGE.findall(piece[2:-1] if negated else piece[1:-1])
    if any(len(member) > 1 and member[0] > member[2] for member in members):
        raise ValueError(f"the range in {piece} runs backwards")
    inside = "".join("-".join(re.escape(end) for end in (m[0], m[-1])) for m in members)
    return f"(?!/)[{'^' if negated else ''}{inside}]"
