"""The policy file's format as JSON Schema, for editors; `docs/policy.schema.json` is made from it.

The schema says what can be said of one value at a time. `parse_policy` is stricter: it knows YAML's pitfalls, reads
patterns to the end and counts `{a,b}` out.
"""

from __future__ import annotations

import json

from app.adapters.rules import policy_file as limits
from app.domain.globs import MAX_CHARACTERS
from app.domain.policy import LEAST_PERMISSIONS, Delivery, FixPolicy, LimitsPolicy, ReviewPolicy, Trigger
from app.domain.severity import Severity

Schema = dict[str, object]

_NOT_BLANK = r"\S"


def policy_schema() -> Schema:
    """A JSON Schema (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Revwright repository policy",
        "description": "What a repository chooses in .github/revwright.yml.",
        **_mapping(
            {
                "version": {"const": 1, "type": "integer", "description": "The format of this file."},
                "review": _review(),
                "tiers": _tiers(),
                "rules": _rules(),
                "fix": _fix(),
                "commands": _commands(),
                "limits": _limits(),
            },
            required=("version",),
        ),
    }


def policy_schema_json() -> str:
    """The schema as the text of a file."""
    return json.dumps(policy_schema(), indent=2) + "\n"


def _review() -> Schema:
    default = ReviewPolicy()
    return _mapping(
        {
            "triggers": _words([trigger.value for trigger in Trigger], "What starts a review without a command."),
            "drafts": _flag(default.drafts, "Review draft pull requests too."),
            "block_at": {
                "enum": [severity.value for severity in Severity],
                "default": default.block_at.value,
                "description": "The mildest severity that keeps the review check from passing.",
            },
            "max_findings": _whole(default.max_findings, 1, limits.MAX_FINDINGS, "Findings shown for one review."),
            "instructions": _text(limits.MAX_INSTRUCTIONS_CHARACTERS, "Added to the guidelines of the repository."),
        }
    )


def _tiers() -> Schema:
    core = _mapping(
        {
            "paths": {**_patterns("Paths that wait for a human."), "minItems": 1},
            "approvals": _whole(1, 1, limits.MAX_APPROVALS, "How many humans must approve."),
            "from": _fitting(
                limits.APPROVER_PATTERN, limits.MAX_APPROVERS, "Whose approval counts: @name or @organisation/team."
            ),
            "reason": _text(limits.MAX_REASON_CHARACTERS, "Why these paths are core; shown to the people asked."),
        },
        required=("paths",),
    )
    return _mapping(
        {
            "skip": _patterns("Paths that are not reviewed."),
            "light": _patterns("Paths that are reviewed quickly."),
            "core": {"type": "array", "items": core, "maxItems": limits.MAX_CORE_REQUIREMENTS},
        }
    )


def _rules() -> Schema:
    return _mapping(
        {
            "packs": _words(list(limits.PACKS), "The packs of rules to use; all of them if left out."),
            "disable": _fitting(limits.RULE_ID_PATTERN, limits.MAX_RULE_IDS, "Ids of rules to turn off."),
            "extra": _fitting(
                limits.DIRECTORY_PATTERN, limits.MAX_DIRECTORIES, "Directories with the repository's own rules."
            ),
        }
    )


def _fix() -> Schema:
    default = FixPolicy()
    shell = {
        "type": "array",
        "maxItems": limits.MAX_COMMANDS,
        "items": _text(limits.MAX_COMMAND_CHARACTERS, "A shell command."),
    }
    return _mapping(
        {
            "enabled": _flag(default.enabled, "Whether fixes may be asked for."),
            "verify": {**shell, "description": "Commands that must succeed for a fix to count."},
            "setup": {**shell, "description": "Commands that prepare the workspace."},
            "deliver": {
                "enum": [delivery.value for delivery in Delivery],
                "default": default.deliver.value,
                "description": "How a fix arrives: a push, a pull request of its own, or suggestions.",
            },
            "max_attempts": _whole(default.max_attempts, 1, limits.MAX_ATTEMPTS, "Attempts for one pull request."),
            "max_changed_lines": _whole(
                default.max_changed_lines, 1, limits.MAX_CHANGED_LINES, "The largest fix, in changed lines."
            ),
        }
    )


def _commands() -> Schema:
    return _mapping(
        {
            verb: {"enum": list(limits.enough_for(verb)), "description": f"The least permission for `{verb}`."}
            for verb in LEAST_PERMISSIONS
        }
    )


def _limits() -> Schema:
    default = LimitsPolicy()
    return _mapping(
        {
            "usd_per_pull_request": {
                "type": "number",
                "minimum": 0,
                "maximum": limits.MAX_USD,
                "default": default.usd_per_pull_request,
                "description": "What models may cost for one pull request, in US dollars.",
            },
            "rounds": _whole(
                default.rounds, 1, limits.MAX_ROUNDS, "Reviews of one pull request before a human is asked."
            ),
        }
    )


def _mapping(properties: Schema, *, required: tuple[str, ...] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def _flag(default: bool, description: str) -> Schema:  # noqa: FBT001 - the default is the value
    return {"type": "boolean", "default": default, "description": description}


def _whole(default: int, low: int, high: int, description: str) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high, "default": default, "description": description}


def _text(max_characters: int, description: str) -> Schema:
    return {"type": "string", "pattern": _NOT_BLANK, "maxLength": max_characters, "description": description}


def _words(known: list[str], description: str) -> Schema:
    return {"type": "array", "items": {"enum": known}, "uniqueItems": True, "description": description}


def _fitting(pattern: str, max_items: int, description: str) -> Schema:
    item = {"type": "string", "pattern": f"^(?:{pattern})$", "maxLength": limits.MAX_NAME_CHARACTERS}
    return {"type": "array", "items": item, "maxItems": max_items, "description": description}


def _patterns(description: str) -> Schema:
    item = {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_CHARACTERS,
        "pattern": r"^[^/\\][^\\]*$",
    }
    return {"type": "array", "items": item, "maxItems": limits.MAX_PATTERNS, "description": description}
