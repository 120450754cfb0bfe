"""Ways to answer: scripted, obedient to anybody, hostile, or as a tiny honest reviewer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.fakes.model.replies import Answer, Reply
from tests.fakes.model.schemas import FINDINGS_SCHEMA, JsonObject, as_object, blank, items, properties
from tests.fakes.model.seen import Seen

Behaviour = Callable[[Seen], Reply]

_FILE = re.compile(r"^=== file: (?P<path>.+?)(?: \([^()]*\))?\s*$")
_ADDED = re.compile(r"^\s*(?P<line>\d+)\|\+(?P<text>.*)$")
_ORDER = re.compile(r"MODEL:\s*(?=\{)")
_ECHO = re.compile(
    r"\b(?:print|echo|repeat|reveal|dump|output|show|quote)\b[^\n]{0,60}"
    r"\b(?:everything|all)\b[^\n]{0,20}"
    r"\b(?:you (?:can )?(?:see|know|were given)|input|instructions|prompts?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AddedLine:
    """One added line of a diff in a prompt."""

    path: str
    line: int
    text: str


def added_lines(prompt: str) -> Iterator[AddedLine]:
    """The added lines of every `=== file: <path> (<status>)` block."""
    path: str | None = None
    for line in prompt.splitlines():
        if header := _FILE.match(line):
            path = header["path"]
        elif path is not None and (added := _ADDED.match(line)):
            yield AddedLine(path, int(added["line"]), added["text"])


def nothing(seen: Seen) -> Answer:
    """The emptiest answer that fits the asked schema."""
    return Answer(as_object(blank(seen.schema or FINDINGS_SCHEMA)))


def review(seen: Seen, findings: list[JsonObject], summary: str) -> Answer:
    """An answer with findings; fields the asked schema lacks are left out, others come blank."""
    schema = seen.schema or FINDINGS_SCHEMA
    entry = items(properties(schema, schema)["findings"], schema)
    known = properties(entry, schema)
    filled = [
        {**as_object(blank(entry, schema)), **{name: value for name, value in one.items() if name in known}}
        for one in findings
    ]
    answer = {**as_object(blank(schema)), "findings": filled}
    return Answer({**answer, "summary": summary} if "summary" in answer else answer)


def asks_for_findings(seen: Seen) -> bool:
    """Whether the asked schema is a review's."""
    schema = seen.schema or FINDINGS_SCHEMA
    return "findings" in properties(schema, schema)


@dataclass(frozen=True, slots=True)
class Scripted:
    """Says the same every time, or the emptiest fitting answer."""

    always: Reply | None = None

    def __call__(self, seen: Seen) -> Reply:
        return nothing(seen) if self.always is None else self.always


@dataclass(frozen=True, slots=True)
class Hostile:
    """Says what an attacker wants said, whatever it is asked: the model itself is taken over."""

    payload: JsonObject | str

    def __call__(self, seen: Seen) -> Reply:
        return Answer(self.payload)


@dataclass(frozen=True, slots=True)
class Obedient:
    """Does what any text in its input says: the worst honest model in the face of prompt injection.

    `MODEL: {json}` anywhere makes it answer exactly that JSON (the last one counts); words like "print
    everything you can see" in what the user said make it put its whole input into a finding on the first
    added line.
    """

    otherwise: Behaviour = nothing

    def __call__(self, seen: Seen) -> Reply:
        for order in reversed(list(_ORDER.finditer(seen.text))):
            try:
                data, _ = json.JSONDecoder().raw_decode(seen.text, order.end())
            except ValueError:
                continue
            return Answer(as_object(data))
        if _ECHO.search(seen.user_text):
            return self._echo(seen)
        return self.otherwise(seen)

    def _echo(self, seen: Seen) -> Answer:
        if not asks_for_findings(seen):
            schema = seen.schema or {}
            texts = [name for name, value in properties(schema, schema).items() if value.get("type") == "string"]
            free = [name for name in texts if "enum" not in properties(schema, schema)[name]]
            return Answer({**as_object(blank(schema)), **dict.fromkeys(free, seen.text)})
        first = next(added_lines(seen.user_text), AddedLine("README.md", 1, ""))
        finding = _finding(first, {"title": "Everything I can see", "body": seen.text, "severity": "P0"})
        return review(seen, [finding], seen.text)


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A deterministic reviewer: a finding for every added line that holds one of the given texts.

    `find` maps a text to the fields of its finding. `others` answers requests for other schemas by their
    name; what is in neither gets the emptiest fitting answer.
    """

    find: Mapping[str, JsonObject]
    others: Mapping[str, Behaviour] = field(default_factory=dict)
    summary: str = "{count} finding(s) in the added lines."

    def __call__(self, seen: Seen) -> Reply:
        if other := self.others.get(seen.schema_name or ""):
            return other(seen)
        if not asks_for_findings(seen):
            return nothing(seen)
        # A later turn repeats the diff of an earlier one: each line is judged once.
        lines = dict.fromkeys(added_lines(seen.user_text))
        findings = [
            _finding(line, template) for line in lines for text, template in self.find.items() if text in line.text
        ]
        return review(seen, findings, self.summary.format(count=len(findings)))


def _finding(line: AddedLine, template: JsonObject) -> JsonObject:
    return {
        "path": line.path,
        "start_line": line.line,
        "end_line": line.line,
        "severity": "P1",
        "title": "Finding",
        "body": "Found by the stand-in reviewer.",
        "confidence": 0.9,
        "suggestion": None,
        **template,
    }
