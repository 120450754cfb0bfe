"""A tiny honest reviewer that always says the same of the same change."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.fakes.model.behaviours import Behaviour, added_lines, asks_for_findings, finding_at, nothing, review
from tests.fakes.model.replies import Reply
from tests.fakes.model.schemas import JsonObject, as_object
from tests.fakes.model.seen import Seen

_CLAIM_FIELDS = frozenset({"path", "start_line", "end_line", "severity", "title"})


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A deterministic reviewer: a finding for every added line that holds one of the given texts.

    `find` maps a text to the fields of its finding, for the task `review` and for requests that name no task;
    `security` does so for the task `security`, which finds nothing by default. A claim to be judged is confirmed as it
    stands, and nothing is found across. `others` answers requests for other schemas by their name; what is in neither
    gets the emptiest fitting answer.
    """

    find: Mapping[str, JsonObject]
    others: Mapping[str, Behaviour] = field(default_factory=dict)
    summary: str = "{count} finding(s) in the added lines."
    security: Mapping[str, JsonObject] = field(default_factory=dict)
    judge: Behaviour | None = None
    prove: Behaviour | None = None
    across: Behaviour | None = None

    def __call__(self, seen: Seen) -> Reply:
        if other := self.others.get(seen.schema_name or ""):
            return other(seen)
        match seen.task:
            case "judge":
                return (self.judge or confirm)(seen)
            case "prove":
                return (self.prove or nothing)(seen)
            case "across":
                return (self.across or nothing)(seen)
            case "security":
                return self._search(seen, self.security)
            case _:
                return self._search(seen, self.find)

    def _search(self, seen: Seen, texts: Mapping[str, JsonObject]) -> Reply:
        if not asks_for_findings(seen):
            return nothing(seen)
        # A later turn repeats the diff of an earlier one: each line is judged once.
        lines = dict.fromkeys(added_lines(seen.user_text))
        findings = [
            finding_at(line, template) for line in lines for text, template in texts.items() if text in line.text
        ]
        return review(seen, findings, self.summary.format(count=len(findings)))


@dataclass(slots=True)
class InTurn:
    """The reviewers say this, one reply for each request, and then nothing. A claim to be judged is confirmed as it
    stands, and nothing is proven by running it.
    """

    replies: deque[Reply]
    judge: Behaviour | None = None

    def __call__(self, seen: Seen) -> Reply:
        match seen.task:
            case "judge":
                return (self.judge or confirm)(seen)
            case "prove":
                return nothing(seen)
            case _:
                return self.replies.popleft() if self.replies else nothing(seen)


def claim(seen: Seen) -> JsonObject | None:
    """The claim that a task carries: the first JSON object in it that is a finding."""
    text, decoder = seen.task_message, json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            end = at + 1
        else:
            if as_object(value).keys() >= _CLAIM_FIELDS:
                return as_object(value)
        at = text.find("{", end)
    return None


def confirm(seen: Seen) -> Reply:
    """The claim of a judge's task, as it stands, with the lines that the diff shows for it."""
    claimed = claim(seen)
    if claimed is None:
        return nothing(seen)
    return review(seen, [{**claimed, "quotes": claimed["quotes"] or quotes_for(claimed, seen)}], "Confirmed.")


def quotes_for(claimed: JsonObject, seen: Seen) -> list[JsonObject]:
    """The added lines that the claim points at; where the diff shows none there, its file's first one that says
    something.
    """
    lines = [line for line in added_lines(seen.user_text) if line.path == claimed["path"]]
    start, end = int(str(claimed["start_line"])), int(str(claimed["end_line"]))
    at = [line for line in lines if start <= line.line <= end]
    telling = at or [line for line in lines if len(line.text.split()) > 1][:1]
    return [{"path": line.path, "line": line.line, "text": line.text} for line in telling]


def reject(seen: Seen) -> Reply:
    """The claim of a judge's task is not proven."""
    return review(seen, [], "Not proven: no input reaches this line.")
