"""What a run asked of its models, worked out from the requests that arrived: tokens, repetition, and what was sent."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.fakes.model import Seen
from tests.fakes.model.tokens import CHARACTERS_PER_TOKEN, common_prefix, count

PASSES = ("light", "standard", "core", "security", "across", "judge", "prove")
"""Reviews go by their tier, the others by their task."""

_DATA = re.compile(r"^# Files of group (?P<label>(?P<tier>\w+) \d+/\d+)$", re.MULTILINE)
_FILE = re.compile(r"^=== file: (?P<path>.+?) \([^()]*\)$")
_ROW = re.compile(r"^ *(?P<number>\d*)\|(?P<bar>[+-])(?P<text>.*)$", re.DOTALL)
_HUNK = re.compile(r"^@@ -[\d,]+ \+(?P<new>\d+)")
_NEW_PATH = re.compile(r"^\+\+\+ b/(.+)$", re.MULTILINE)
_OLD_PATH = re.compile(r"^--- a/(.+)$", re.MULTILINE)

Line = tuple[str, str, int, str]
"""Path, `+` or `-`, number in the new file (0 for a removed line), text."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """`fresh` is what no earlier call to the same model began with: the least that a perfect cache leaves over."""

    calls: int
    input: int
    cached: int
    """As the provider reports it: by blocks, and only for beginnings that are long enough."""
    fresh: int
    output: int
    later_input: int
    """Of the second and later calls to each model."""
    later_fresh: int

    @property
    def prefix_share(self) -> float:
        """Of the input of second and later calls, in percent: what an earlier call began with."""
        return 100 * (1 - self.later_fresh / self.later_input) if self.later_input else 0.0


def tokens(requests: Sequence[Seen]) -> Tokens:
    """All calls together, in the order in which they arrived."""
    earlier: dict[str, list[str]] = defaultdict(list)
    fresh = later = later_fresh = 0
    for seen in requests:
        prompt, known = seen.prompt, earlier[seen.model]
        rest = len(prompt) - max((common_prefix(prompt, other) for other in known), default=0)
        fresh += rest
        if known:
            later += len(prompt)
            later_fresh += rest
        known.append(prompt)
    usages = [seen.usage for seen in requests if seen.usage is not None]
    return Tokens(
        calls=len(requests),
        input=sum(one.input_tokens for one in usages),
        cached=sum(one.cached_tokens for one in usages),
        fresh=fresh // CHARACTERS_PER_TOKEN,
        output=sum(one.output_tokens for one in usages),
        later_input=later // CHARACTERS_PER_TOKEN,
        later_fresh=later_fresh // CHARACTERS_PER_TOKEN,
    )


def by_pass(requests: Iterable[Seen]) -> Mapping[str, int]:
    """How often models were asked in each pass; passes that there were none of count 0."""
    counted = dict.fromkeys(PASSES, 0)
    for seen in requests:
        counted[_pass(seen)] += 1
    return counted


def of_tools(requests: Iterable[Seen]) -> int:
    """Tokens of everything that tools said, each answer once, and of the calls that asked for it.

    A call's id is one of its conversation's, so the task that began that is a part of its name here.
    """
    said = {
        (seen.task_message, one.id): f"{one.name}{one.arguments}{one.result or ''}"
        for seen in requests
        for one in seen.exchanges
    }
    return sum(count(text) for text in said.values())


@dataclass(frozen=True, slots=True)
class Sent:
    """What one tier was sent: bytes of each file's diff, and how often each changed line was."""

    bytes: dict[str, int]
    lines: Counter[Line]

    def most(self, changed: Counter[Line]) -> int:
        """How often the line that was sent most often was sent for each time that it is in the change."""
        return max((-(-times // changed[line]) for line, times in self.lines.items() if line in changed), default=0)


def sent(requests: Iterable[Seen]) -> Mapping[str, Sent]:
    """By tier. Calls about the same group repeat its message word for word, and count once."""
    found: dict[str, Sent] = {}
    for tier, text in _groups(requests):
        here = found.setdefault(tier, Sent(defaultdict(int), Counter()))
        for path, rows in _files(text):
            here.bytes[path] += sum(len(row.encode()) + 1 for row in rows)
            here.lines.update(_lines(path, rows))
    return found


def changed_lines(diff: str) -> Counter[Line]:
    """Of a diff as git prints it."""
    found: Counter[Line] = Counter()
    for block in re.split(r"(?m)^(?=diff --git )", diff)[1:]:
        head, _, body = block.partition("\n@@ ")
        named = _NEW_PATH.search(head) or _OLD_PATH.search(head)
        path = named[1] if named else ""
        number = 0
        for row in f"@@ {body}".split("\n") if body else ():
            if hunk := _HUNK.match(row):
                number = int(hunk["new"])
            elif row.startswith("-"):
                found[path, "-", 0, row[1:]] += 1
            elif row.startswith(("+", " ")):
                if row.startswith("+"):
                    found[path, "+", number, row[1:]] += 1
                number += 1
    return found


def _pass(seen: Seen) -> str:
    if seen.task != "review":
        return seen.task or ""
    return next(tier for tier, _ in _groups([seen]))


def _groups(requests: Iterable[Seen]) -> Iterator[tuple[str, str]]:
    """Tier and text of each message that carries the files of a group; the same message once."""
    texts = dict.fromkeys(one["content"] for seen in requests for one in seen.messages if one["role"] == "user")
    for text in texts:
        if told := _DATA.match(text):
            yield told["tier"], text


def _files(text: str) -> Iterator[tuple[str, list[str]]]:
    path, rows = "", list[str]()
    for row in text.split("\n"):
        if header := _FILE.match(row):
            if path:
                yield path, rows
            path, rows = header["path"], []
        elif path:
            rows.append(row)
    if path:
        yield path, rows


def _lines(path: str, rows: Iterable[str]) -> Iterator[Line]:
    for row in rows:
        if line := _ROW.match(row):
            yield path, line["bar"], int(line["number"] or 0), line["text"]
