"""How tools tell a model of their arguments, and how they take them."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.errors import ToolRefused
from app.domain.model import ToolSpec


def tool_spec(name: str, description: str, /, **arguments: Mapping[str, object]) -> ToolSpec:
    """A tool whose arguments are all required, and no others."""
    return ToolSpec(
        name,
        description,
        {"type": "object", "additionalProperties": False, "required": list(arguments), "properties": arguments},
    )


def string(description: str) -> Mapping[str, object]:
    """The schema of a text."""
    return {"type": "string", "description": description}


def integer(description: str) -> Mapping[str, object]:
    """The schema of a whole number."""
    return {"type": "integer", "description": description}


def text_of(arguments: Mapping[str, object], name: str) -> str:
    """A text among the arguments. Raises ToolRefused for anything else."""
    value = arguments.get(name)
    if not isinstance(value, str):
        raise ToolRefused(f"{name} must be a string")
    return value


def number_of(arguments: Mapping[str, object], name: str) -> int:
    """A whole number among the arguments. Raises ToolRefused for anything else."""
    value = arguments.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ToolRefused(f"{name} must be an integer")
    return value
