"""Reads `.github/revwright.yml` into a Policy, or says everything that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType

from app.adapters.rules.fields import Fields, Problems
from app.adapters.rules.strict_yaml import YamlList, YamlMap, YamlNode, YamlRefused, YamlScalar, read_yaml
from app.adapters.rules.wording import quoted
from app.domain.errors import PolicyInvalid, PolicyProblem
from app.domain.policy import (
    LEAST_PERMISSIONS,
    PERMISSIONS,
    CoreRequirement,
    Delivery,
    FixPolicy,
    LimitsPolicy,
    ParsedPolicy,
    Policy,
    ReviewPolicy,
    RulesPolicy,
    TierPolicy,
    Trigger,
)
from app.domain.severity import Severity

PACKS = (
    "general",
    "security",
    "python",
    "javascript",
    "go",
    "java",
    "sql",
    "docker",
    "github-actions",
    "terraform",
)
"""The packs of rules that we ship."""

MAX_PATTERNS = 100
MAX_CORE_REQUIREMENTS = 50
MAX_APPROVERS = 50
MAX_RULE_IDS = 200
MAX_DIRECTORIES = 10
MAX_COMMANDS = 20
MAX_INSTRUCTIONS_CHARACTERS = 4_000
MAX_REASON_CHARACTERS = 500
MAX_COMMAND_CHARACTERS = 1_000
MAX_NAME_CHARACTERS = 141

MAX_FINDINGS = 50
MAX_APPROVALS = 10
MAX_ATTEMPTS = 10
MAX_CHANGED_LINES = 10_000
MAX_USD = 1_000
MAX_ROUNDS = 50

APPROVER_PATTERN = r"@[A-Za-z0-9][A-Za-z0-9_-]{0,38}(/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?"
RULE_ID_PATTERN = r"[a-z][a-z0-9-]{0,39}/[a-z][a-z0-9-]{0,79}"
DIRECTORY_PATTERN = r"(?!.*(^|/)\.{1,2}(/|$))[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*/?"

ROOT_KEYS = ("version", "review", "tiers", "rules", "fix", "commands", "limits")
REVIEW_KEYS = ("triggers", "drafts", "block_at", "max_findings", "instructions")
TIER_KEYS = ("skip", "light", "core")
CORE_KEYS = ("paths", "approvals", "from", "reason")
RULES_KEYS = ("packs", "disable", "extra")
FIX_KEYS = ("enabled", "verify", "setup", "deliver", "max_attempts", "max_changed_lines")
LIMITS_KEYS = ("usd_per_pull_request", "rounds")


def parse_policy(data: bytes, path: str) -> ParsedPolicy:
    """The policy in the file's bytes. Raises PolicyInvalid with every problem; `path` is how it names the file."""
    try:
        root = read_yaml(data)
    except YamlRefused as refused:
        raise PolicyInvalid(path, (PolicyProblem(refused.at.line, refused.at.column, refused.message),)) from None
    problems = Problems()
    policy = _policy(Fields(root, "", ROOT_KEYS, problems))
    if problems:
        raise PolicyInvalid(path, tuple(PolicyProblem(p.at.line, p.at.column, p.message) for p in problems.in_order()))
    return ParsedPolicy(policy, MappingProxyType(dict(_given(root))))


def _given(root: YamlNode) -> Iterator[tuple[str, tuple[int, int]]]:
    """The keys of the sections, which are the same two levels everywhere."""
    for section in root.fields if isinstance(root, YamlMap) else ():
        for field in section.value.fields if isinstance(section.value, YamlMap) else ():
            yield f"{section.key}.{field.key}", (field.at.line, field.at.column)


def _policy(root: Fields) -> Policy:
    _check_version(root)
    return Policy(
        review=_review(root.section("review", REVIEW_KEYS)),
        tiers=_tiers(root.section("tiers", TIER_KEYS)),
        rules=_rules(root.section("rules", RULES_KEYS)),
        fix=_fix(root.section("fix", FIX_KEYS)),
        commands=_commands(root.section("commands", tuple(LEAST_PERMISSIONS))),
        limits=_limits(root.section("limits", LIMITS_KEYS)),
    )


def _check_version(root: Fields) -> None:
    root.require("version", "version: 1")
    node = root.node("version")
    if node is not None and not (isinstance(node, YamlScalar) and type(node.value) is int and node.value == 1):
        root.refuse(node.at, "this version of the policy format is not known; write `version: 1`")


def _review(fields: Fields) -> ReviewPolicy:
    default = ReviewPolicy()
    triggers = fields.words("triggers", Trigger)
    block_at = fields.word("block_at", Severity)
    return ReviewPolicy(
        triggers=default.triggers if triggers is None else frozenset(Trigger(word) for word in triggers),
        drafts=fields.flag("drafts", default.drafts),
        block_at=default.block_at if block_at is None else Severity(block_at),
        max_findings=fields.whole("max_findings", default.max_findings, low=1, high=MAX_FINDINGS),
        instructions=fields.text("instructions", default.instructions, max_characters=MAX_INSTRUCTIONS_CHARACTERS),
    )


def _tiers(fields: Fields) -> TierPolicy:
    core = fields.maps("core", CORE_KEYS, max_items=MAX_CORE_REQUIREMENTS)
    return TierPolicy(
        skip=fields.globs("skip", max_items=MAX_PATTERNS),
        light=fields.globs("light", max_items=MAX_PATTERNS),
        core=tuple(_core_requirement(requirement) for requirement in core),
    )


def _core_requirement(fields: Fields) -> CoreRequirement:
    fields.require("paths", 'paths: ["app/auth/**"]')
    paths = fields.globs("paths", max_items=MAX_PATTERNS)
    node = fields.node("paths")
    if isinstance(node, YamlList) and not node.items:
        fields.refuse(node.at, f"{fields.path_of('paths')} is empty; name at least one path")
    return CoreRequirement(
        paths=paths,
        approvals=fields.whole("approvals", 1, low=1, high=MAX_APPROVALS),
        from_=_fitting(
            fields,
            "from",
            APPROVER_PATTERN,
            "a person as @name or a team as @organisation/team",
            max_items=MAX_APPROVERS,
        ),
        reason=fields.text("reason", "", max_characters=MAX_REASON_CHARACTERS),
    )


def _rules(fields: Fields) -> RulesPolicy:
    return RulesPolicy(
        packs=fields.words("packs", PACKS),
        disable=_fitting(fields, "disable", RULE_ID_PATTERN, "a rule's id as pack/name", max_items=MAX_RULE_IDS),
        extra=_directories(fields),
    )


def _directories(fields: Fields) -> tuple[str, ...]:
    wanted = "a directory of this repository as rules/python/, without * and .."
    found = _fitting(fields, "extra", DIRECTORY_PATTERN, wanted, max_items=MAX_DIRECTORIES)
    return tuple(f"{directory.rstrip('/')}/" for directory in found)


def _fix(fields: Fields) -> FixPolicy:
    default = FixPolicy()
    deliver = fields.word("deliver", Delivery)
    return FixPolicy(
        enabled=fields.flag("enabled", default.enabled),
        verify=fields.texts("verify", max_items=MAX_COMMANDS, max_characters=MAX_COMMAND_CHARACTERS),
        setup=fields.texts("setup", max_items=MAX_COMMANDS, max_characters=MAX_COMMAND_CHARACTERS),
        deliver=default.deliver if deliver is None else Delivery(deliver),
        max_attempts=fields.whole("max_attempts", default.max_attempts, low=1, high=MAX_ATTEMPTS),
        max_changed_lines=fields.whole("max_changed_lines", default.max_changed_lines, low=1, high=MAX_CHANGED_LINES),
    )


def _commands(fields: Fields) -> tuple[tuple[str, str], ...]:
    chosen = ((verb, fields.word(verb, enough_for(verb))) for verb in LEAST_PERMISSIONS)
    return tuple((verb, permission) for verb, permission in chosen if permission is not None)


def enough_for(verb: str) -> tuple[str, ...]:
    """The permissions that a policy may ask for the command: the built-in one and those above it."""
    return PERMISSIONS[PERMISSIONS.index(LEAST_PERMISSIONS[verb]) :]


def _limits(fields: Fields) -> LimitsPolicy:
    default = LimitsPolicy()
    return LimitsPolicy(
        usd_per_pull_request=fields.number("usd_per_pull_request", default.usd_per_pull_request, low=0, high=MAX_USD),
        rounds=fields.whole("rounds", default.rounds, low=1, high=MAX_ROUNDS),
    )


def _fitting(fields: Fields, key: str, pattern: str, wanted: str, *, max_items: int) -> tuple[str, ...]:
    """Texts that fit a regular expression as a whole."""
    kept: list[str] = []
    for item in fields.items(key, max_items=max_items, max_characters=MAX_NAME_CHARACTERS):
        if re.fullmatch(pattern, item.text):
            kept.append(item.text)
        else:
            fields.refuse(item.at, f"{item.name} is {quoted(item.text)}; write {wanted}")
    return tuple(kept)
