"""What a task of the agent needs in tests: our own texts, an opening, and an answer that is one number."""

from __future__ import annotations

import json
from pathlib import Path

from app.domain.answers import AnswerInvalid
from app.domain.model import AnswerSchema, Message, Role
from app.usecases.agent import AgentTexts

PROMPTS = Path(__file__).parents[2] / "app" / "usecases" / "prompts"
TEXTS = AgentTexts(**{name: (PROMPTS / f"agent_{name}.md").read_text() for name in ("repair", "compact", "last_step")})
OPENING = (Message(Role.SYSTEM, "You review."), Message(Role.USER, "# Task: review\nThe diff."))
SCHEMA = AnswerSchema("answer", {"type": "object", "properties": {"value": {"type": "integer"}}})


def decode(text: str) -> int:
    try:
        return int(json.loads(text)["value"])
    except ValueError as error:
        raise AnswerInvalid(f"not JSON: {error}") from None
