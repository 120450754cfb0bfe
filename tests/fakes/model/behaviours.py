"""Ways to answer by script, and what every way of answering a review is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.fakes.model.replies import Answer, Reply, ToolCall
from tests.fakes.model.schemas import FINDINGS_SCHEMA, JsonObject, as_object, blank, items, properties
from tests.fakes.model.seen import Seen

Behaviour = Callable[[Seen], Reply]

_FILE = re.compile(r"^=== file: (?P<path>.+?)(?: \([^()]*\))?\s*$")
_ADDED = re.compile(r"^\s*(?P<line>\d+)\|\+(?P<text>.*)$")


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


_NO_PROOF: JsonObject = {"command": None, "files": [], "expected": "", "why_not": "The stand-in runs nothing."}


def nothing(seen: Seen) -> Answer:
    """The emptiest answer that fits the asked schema, or the task where no schema was sent."""
    fields = properties(seen.schema, seen.schema).keys() if seen.schema is not None else _NO_PROOF.keys()
    if seen.task == "prove" and fields == _NO_PROOF.keys():
        return Answer(_NO_PROOF)
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


Step = Reply | tuple[ToolCall, ...] | Behaviour


@dataclass(frozen=True, slots=True)
class Steps:
    """Goes through the steps of a task, one each time it is asked: calls of tools, a final answer, any failure.

    Which step is next is read off the conversation, so that tasks of one name may run side by side, and again. The
    last step stays. A step that is a function sees what the tools have said, in `Seen.exchanges`.
    """

    of: Mapping[str, tuple[Step, ...]]
    otherwise: Behaviour = nothing

    def __call__(self, seen: Seen) -> Reply:
        steps = self.of.get(seen.task or "", ())
        if not steps:
            return self.otherwise(seen)
        step = steps[min(seen.turn, len(steps) - 1)]
        if isinstance(step, tuple):
            return Answer(tool_calls=step)
        return step(seen) if callable(step) else step


def finding_at(line: AddedLine, template: JsonObject) -> JsonObject:
    """A finding on one added line, quoted as it stands there; `template` has what it says differently."""
    return {
        "rule": None,
        "path": line.path,
        "start_line": line.line,
        "end_line": line.line,
        "severity": "P1",
        "title": "Finding",
        "body": "Found by the stand-in reviewer.",
        "failing_case": "Any input that reaches this line.",
        "quotes": [{"path": line.path, "line": line.line, "text": line.text}],
        "confidence": 0.9,
        "suggestion": None,
        **template,
    }
