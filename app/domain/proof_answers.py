"""The shape of a proposal for a proof, and its strict decoding: what it writes and runs happens in a sandbox only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.model import AnswerSchema
from app.domain.strict_json import AnswerInvalid, object_with, parsed, text_of
from app.domain.tree_paths import collisions, is_protected, problem_with

MAX_FILES = 5
MAX_FILE_CHARACTERS = 20_000
MAX_COMMAND = 2_000
MAX_EXPECTED = 400
LEAST_EXPECTED = 8
"""Shorter text is found in any output by chance."""

PROOF_SCHEMA = AnswerSchema(
    name="proof",
    json_schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["command", "files", "expected", "why_not"],
        "properties": {
            "command": {"type": ["string", "null"], "description": "one line for sh -c, or null: it cannot be shown"},
            "files": {
                "type": "array",
                "description": "new files that the command needs",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["path", "text"],
                    "properties": {"path": {"type": "string"}, "text": {"type": "string"}},
                },
            },
            "expected": {"type": "string", "description": "an exact piece of a line that only faulty code prints"},
            "why_not": {"type": "string", "description": "without a command: why it cannot be shown; else empty"},
        },
    },
)


@dataclass(frozen=True, slots=True)
class ProofPlan:
    """What is to be run. `files` are (path, text) pairs; only a faulty version prints `expected`."""

    command: str
    files: tuple[tuple[str, str], ...]
    expected: str


@dataclass(frozen=True, slots=True)
class NoProof:
    """It cannot be shown by running something; `reason` is the model's."""

    reason: str


def decode_proof(text: str) -> ProofPlan | NoProof:
    """Decodes an answer to PROOF_SCHEMA. Raises AnswerInvalid; never repairs, never guesses."""
    top = object_with(parsed(text), "answer", {"command", "files", "expected", "why_not"})
    if top["command"] is None:
        if top["files"] != [] or top["expected"] != "":
            raise AnswerInvalid("without a command, answer.files must be empty and answer.expected be empty")
        return NoProof(text_of(top, "why_not", "answer"))
    text_of(top, "why_not", "answer", empty=True)
    return ProofPlan(_command(top), _files(top["files"]), _expected(top))


def _command(top: Mapping[str, object]) -> str:
    command = text_of(top, "command", "answer", longest=MAX_COMMAND)
    if "\n" in command or "\0" in command:
        raise AnswerInvalid("answer.command must be one line: put what is longer into a file")
    return command


def _expected(top: Mapping[str, object]) -> str:
    expected = text_of(top, "expected", "answer", longest=MAX_EXPECTED).strip()
    if "\n" in expected or "\r" in expected:
        raise AnswerInvalid("answer.expected must be a piece of one line")
    if len(expected) < LEAST_EXPECTED:
        raise AnswerInvalid(f"answer.expected must have at least {LEAST_EXPECTED} characters")
    return expected


def _files(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or len(value) > MAX_FILES:
        raise AnswerInvalid(f"answer.files must be an array of at most {MAX_FILES} files")
    files: list[tuple[str, str]] = []
    for i, item in enumerate(value):
        where = f"answer.files[{i}]"
        fields = object_with(item, where, {"path", "text"})
        path = text_of(fields, "path", where)
        if problem := problem_with(path) or is_protected(path):
            raise AnswerInvalid(f"{where}.path {problem}")
        files.append((path, text_of(fields, "text", where, empty=True, longest=MAX_FILE_CHARACTERS)))
    paths = [path for path, _ in files]
    if len(set(paths)) < len(paths) or collisions(paths):
        raise AnswerInvalid("answer.files has paths that cannot stand side by side")
    return tuple(files)
