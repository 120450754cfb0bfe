"""A stand-in model that reviews as one would: it looks something up, claims a little, and judges what was claimed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.fakes.model import AddedLine, Answer, Reply, Seen, ToolCall, added_lines, claim, confirm, nothing, reject
from tests.fakes.model.behaviours import finding_at, review

_AROUND = 30
_NAME = re.compile(r"(?:def|class|function|public|const|resource|variable)\W+(?:\w+\s+)*?(\w{4,})")
_WORD = re.compile(r"[A-Za-z_]\w{4,}")
_CLAIMING = (" 1/",)
"""Reviewers of the first group of a tier claim something: one in the light tier, two elsewhere."""


def answer(seen: Seen) -> Reply:
    """The same to the same request. Where there are no tools it answers at once."""
    match seen.task:
        case "review":
            return _calls(seen, _look(seen)) or _claims(seen)
        case "security":
            return _calls(seen, _search(seen)) or nothing(seen)
        case "judge":
            return _calls(seen, _read_claim(seen)) or _judged(seen)
        case _:
            return nothing(seen)


def _calls(seen: Seen, turns: list[tuple[ToolCall, ...]]) -> Reply | None:
    """The calls of this turn, while there are any. An answer may come with none at all."""
    offered = seen.tool_names
    wanted = [tuple(call for call in turn if call.name in offered) for turn in turns]
    wanted = [turn for turn in wanted if turn]
    return Answer(tool_calls=wanted[seen.turn]) if seen.turn < len(wanted) else None


def _look(seen: Seen) -> list[tuple[ToolCall, ...]]:
    """What surrounds the first change of the largest file and what else that file has, then who uses its first name."""
    lines = list(added_lines(seen.user_text))
    if not lines:
        return []
    by_file: dict[str, list[AddedLine]] = {}
    for line in lines:
        by_file.setdefault(line.path, []).append(line)
    largest = max(by_file.values(), key=len)
    first = largest[0]
    return [
        (_read(first), ToolCall("symbols", {"path": first.path})),
        (ToolCall("references", {"name": _name(largest)}),),
    ]


def _search(seen: Seen) -> list[tuple[ToolCall, ...]]:
    lines = list(added_lines(seen.user_text))
    if not lines:
        return []
    return [
        (ToolCall("grep", {"pattern": rf"\b{_name(lines)}\(", "glob": ""}),),
        (_read(lines[len(lines) // 2]),),
    ]


def _read_claim(seen: Seen) -> list[tuple[ToolCall, ...]]:
    claimed = claim(seen) or {}
    at = AddedLine(str(claimed.get("path")), int(str(claimed.get("start_line", 1))), "")
    return [(_read(at), ToolCall("base_version", _part(at)))]


def _read(line: AddedLine) -> ToolCall:
    return ToolCall("read_file", _part(line))


def _part(line: AddedLine) -> dict[str, object]:
    return {"path": line.path, "start_line": max(1, line.line - _AROUND), "end_line": line.line + _AROUND}


def _name(lines: list[AddedLine]) -> str:
    text = "\n".join(line.text for line in lines)
    found = _NAME.search(text) or _WORD.search(text)
    return found[found.re.groups] if found else "name"


def _claims(seen: Seen) -> Reply:
    first = any(mark in seen.task_message.partition("hunk")[0] for mark in _CLAIMING)
    chosen = list(_telling(seen))[: (2 if seen.tools else 1) if first else 0]
    claims = [
        finding_at(
            line,
            {
                "severity": "P2",
                "title": f"The new value is not checked ({number})",
                "body": "It is used as it comes. An absent value fails later, where nobody knows whence it came.",
                "failing_case": "The value is absent.",
            },
        )
        for number, line in enumerate(chosen, 1)
    ]
    return review(seen, claims, "Moves the handling of options, and adds what is new in this release.")


def _telling(seen: Seen) -> Iterator[AddedLine]:
    """One line of each file, so that no two claims are one."""
    told: set[str] = set()
    for line in added_lines(seen.user_text):
        if line.path not in told and len(_WORD.findall(line.text)) > 1:
            told.add(line.path)
            yield line


def _judged(seen: Seen) -> Reply:
    """The first claim of a group holds and the others do not."""
    claimed = claim(seen) or {}
    return confirm(seen) if str(claimed.get("title", "")).endswith("(1)") else reject(seen)
