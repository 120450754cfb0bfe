"""A question about the code: how a model has to answer it, and which of its quotes stand in the code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.findings import Quote
from app.domain.lines import split_lines
from app.domain.model import AnswerSchema
from app.domain.static_checks import redact_secrets
from app.domain.strict_json import AnswerInvalid, integer_of, object_with, parsed, text_of
from app.domain.visible import visible

MAX_QUOTES = 10

ASK_SCHEMA = AnswerSchema(
    "answer",
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["answer", "quotes"],
        "properties": {
            "answer": {"type": "string", "description": "a few sentences of Markdown"},
            "quotes": {
                "type": "array",
                "description": "the lines that the answer rests on, repeated exactly",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["path", "line", "text"],
                    "properties": {
                        "path": {"type": "string"},
                        "line": {"type": "integer", "description": "line number at the head"},
                        "text": {"type": "string"},
                    },
                },
            },
        },
    },
)


@dataclass(frozen=True, slots=True)
class AskTexts:
    """The texts of app/usecases/prompts/ask_*.md."""

    system: str
    task: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a model answered. Nothing of it is proven yet."""

    answer: str
    quotes: tuple[Quote, ...]


def decode_told(text: str) -> Told:
    """Raises AnswerInvalid. Of more quotes than asked for the first are taken."""
    fields = object_with(parsed(text), "the answer", frozenset(("answer", "quotes")))
    quotes = fields["quotes"]
    if not isinstance(quotes, list):
        raise AnswerInvalid("the answer.quotes must be a list")
    return Told(text_of(fields, "answer", "the answer"), tuple(_quote(one) for one in quotes[:MAX_QUOTES]))


def _quote(value: object) -> Quote:
    fields = object_with(value, "a quote", frozenset(("path", "line", "text")))
    return Quote(
        text_of(fields, "path", "a quote"),
        integer_of(fields, "line", "a quote"),
        text_of(fields, "text", "a quote", empty=True),
    )


def standing(quotes: Iterable[Quote], files: Mapping[str, str]) -> tuple[Quote, ...]:
    """The quotes that are lines of these files, as they are or as a model was shown them; each line once."""
    found: dict[tuple[str, int], Quote] = {}
    for quote in quotes:
        text = files.get(quote.path, "")
        for lines in (split_lines(text), split_lines(visible(redact_secrets(text, keep_lines=True)))):
            if (
                1 <= quote.line <= len(lines)
                and quote.text.strip()
                and lines[quote.line - 1].strip() == quote.text.strip()
            ):
                found.setdefault((quote.path, quote.line), quote)
    return tuple(found.values())
