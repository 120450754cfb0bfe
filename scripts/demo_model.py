"""The stand-in for a model in the demo: it looks things up, makes a true claim and a false one, and judges both."""

from __future__ import annotations

from tests.fakes.model import Answer, Reply, Reviewer, Seen, ToolCall, claim, confirm, nothing, review

NAME = "stand-in-model"
PRICES = f'{{"{NAME}": {{"input": 1.25, "cached": 0.125, "output": 10}}}}'
"""Invented, so that there is something to add up."""

_BUG = "    if severity not in {s.value for s in Severity}:"
FIX = "    if not isinstance(severity, str) or severity not in {s.value for s in Severity}:"
"""What the suggestion makes of the line."""

_FIND = {
    _BUG: {
        "severity": "P1",
        "title": "A severity that is a list or an object raises TypeError",
        "body": 'Set membership hashes its operand. For an answer such as `{"severity": ["P0"]}` this line raises '
        "`TypeError: unhashable type: 'list'` instead of `AnswerInvalid`, so one odd answer ends the whole run.\n\n"
        "Check `isinstance(severity, str)` first.",
        "failing_case": "An answer whose severity is a list or an object.",
        "confidence": 0.95,
        "suggestion": FIX,
    },
    "json.loads(text, parse_constant=_no_constant)": {
        "severity": "P1",
        "title": "NaN passes as a confidence",
        "body": "Python's JSON reader takes `NaN`, which is no JSON and compares with nothing.",
        "failing_case": 'An answer with "confidence": NaN.',
        "confidence": 0.6,
    },
}
_LOOKS = {
    "review": (
        ToolCall("references", {"name": "Severity"}),
        ToolCall("grep", {"pattern": "class Severity", "glob": ""}),
    ),
    "judge": (ToolCall("grep", {"pattern": "_no_constant|hash", "glob": "app/**/*.py"}),),
}
_REVIEWER = Reviewer(_FIND, summary="Adds a strict decoder for a reviewer's answer, with tests.")


def answer(seen: Seen) -> Reply:
    """By task. Reviewers and judges look something up before they say anything."""
    looks = tuple(call for call in _LOOKS.get(seen.task or "", ()) if call.name in seen.tool_names)
    if looks and seen.turn == 0:
        return Answer(tool_calls=looks)
    return _judged(seen) if seen.task == "judge" else _REVIEWER(seen)


def told(seen: Seen) -> str:
    """What a request came to, in a line."""
    looked = [f"{one.name}({one.arguments})" for one in seen.exchanges]
    usage = seen.usage
    tokens = f"{usage.input_tokens:,} tokens in, {usage.cached_tokens:,} of them cached" if usage else "no answer"
    return f"{seen.task}: {tokens}" + "".join(f"\n    after {call}" for call in looked)


def _judged(seen: Seen) -> Reply:
    claimed = claim(seen)
    if claimed is None:
        return nothing(seen)
    if claimed["title"] == "NaN passes as a confidence":
        return review(seen, [], "`_no_constant` is called for NaN and raises, so no answer with it gets further.")
    if _BUG not in seen.user_text.replace("|+", "\n"):
        return review(seen, [], "The line is not there any more.")
    return confirm(seen)
