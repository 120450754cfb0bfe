"""Where a reviewer writes findings down while it works, so that none is lost when its conversation is cut short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from app.domain.answers import FINDING_SCHEMA, MAX_FINDINGS, AnswerInvalid, decode_candidate
from app.domain.errors import ToolRefused
from app.domain.findings import Candidate
from app.domain.model import ToolSpec

_TITLE = 200


class Notebook:
    """The tool `record_finding`, and what was recorded with it."""

    repeatable: ClassVar[bool] = False
    spec: ClassVar[ToolSpec] = ToolSpec(
        "record_finding",
        "Records one finding for good. Do it as soon as you are sure; what is recorded need not be repeated in the "
        f"answer. At most {MAX_FINDINGS}.",
        FINDING_SCHEMA,
    )

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, int, int, str], Candidate] = {}

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """In the order in which they were recorded. Paths are as the model wrote them."""
        return tuple(self._found.values())

    async def call(self, arguments: Mapping[str, object]) -> str:
        """Raises ToolRefused for what is no finding, and for one too many."""
        try:
            candidate = decode_candidate(arguments, "finding")
        except AnswerInvalid as error:
            raise ToolRefused(str(error)) from None
        key = _key(candidate)
        if key in self._found:
            return f"it was recorded before, as number {list(self._found).index(key) + 1}"
        if len(self._found) >= MAX_FINDINGS:
            raise ToolRefused(f"{MAX_FINDINGS} findings are recorded, and no more are taken: answer now")
        self._found[key] = candidate
        return f"recorded as number {len(self._found)}"

    def kept(self) -> str:
        """One line for each finding, for `Task.kept`; empty when there is none."""
        rows = [_row(number, candidate) for number, candidate in enumerate(self._found.values(), 1)]
        return "\n".join(["Findings recorded with record_finding:", *rows]) if rows else ""


def _key(candidate: Candidate) -> tuple[str, str, int, int, str]:
    title = " ".join(candidate.title.casefold().split())
    return candidate.rule, candidate.path, candidate.start_line, candidate.end_line, title


def _row(number: int, candidate: Candidate) -> str:
    where = f"{candidate.path}:{candidate.start_line}-{candidate.end_line}"
    rule = f" [{candidate.rule}]" if candidate.rule else ""
    return f"{number}. {candidate.severity} {where}{rule} {' '.join(candidate.title.split())[:_TITLE]}"
