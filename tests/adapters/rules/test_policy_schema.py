"""The published schema and the parser take and refuse the same files."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.rules.policy_file import parse_policy
from app.adapters.rules.policy_schema import policy_schema, policy_schema_json
from app.adapters.rules.strict_yaml import YamlList, YamlMap, YamlNode, read_yaml
from app.domain.errors import PolicyInvalid

_ROOT = Path(__file__).parents[3]
_PATH = ".github/revwright.yml"

GOOD = [
    b"version: 1\nreview: {triggers: [opened, push], drafts: true, block_at: P2, max_findings: 5, instructions: x}",
    b"version: 1\ntiers: {skip: ['**/*.lock'], light: [docs/]}",
    b"version: 1\ntiers: {core: [{paths: [a], approvals: 2, from: ['@a/b', '@c'], reason: x}]}",
    b"version: 1\nfix: {enabled: false, verify: [pytest -q], setup: [], deliver: suggest, max_attempts: 1}",
    b"version: 1",
    b"version: 1\nreview: {triggers: []}",
    b"version: 1\nlimits: {usd_per_pull_request: 2}",
    b"version: 1\nlimits: {usd_per_pull_request: 0, rounds: 50}",
    b"version: 1\ntiers: {core: []}",
    b"version: 1\ntiers: {core: [{paths: ['**']}]}",
    b"version: 1\nrules: {packs: [], extra: [a.b/c-d/]}",
    b"version: 1\ncommands: {help: admin, review: write}",
]
BAD = [
    b"",
    b"[]",
    b"version: 2",
    b"version: '1'",
    b"review: {}",
    b"version: 1\nreveiw: {}",
    b"version: 1\nreview:",
    b"version: 1\nreview: {drafts: yes}",
    b"version: 1\nreview: {block_at: p1}",
    b"version: 1\nreview: {max_findings: 51}",
    b"version: 1\nreview: {max_findings: 1.5}",
    b"version: 1\nreview: {triggers: [push, push]}",
    b"version: 1\nreview: {instructions: ''}",
    b"version: 1\nreview: {instructions: '  '}",
    b"version: 1\ntiers: {skip: a}",
    b"version: 1\ntiers: {skip: ['']}",
    b"version: 1\ntiers: {skip: [/a]}",
    b"version: 1\ntiers: {skip: ['a\\b']}",
    b"version: 1\ntiers: {core: [{approvals: 1}]}",
    b"version: 1\ntiers: {core: [{paths: []}]}",
    b"version: 1\ntiers: {core: [{paths: [a], approvals: 0}]}",
    b"version: 1\ntiers: {core: [{paths: [a], from: [alice]}]}",
    b"version: 1\ntiers: {core: [{paths: [a], from: ['@a/b/c']}]}",
    b"version: 1\nrules: {packs: [ruby]}",
    b"version: 1\nrules: {disable: [Python/x]}",
    b"version: 1\nrules: {extra: [..]}",
    b"version: 1\nrules: {extra: [a/../b]}",
    b"version: 1\nrules: {extra: [/a]}",
    b"version: 1\nfix: {deliver: pr}",
    b"version: 1\nfix: {verify: [1]}",
    b"version: 1\nfix: {verify: ['']}",
    b"version: 1\nfix: {max_attempts: 0}",
    b"version: 1\ncommands: {fix: triage}",
    b"version: 1\ncommands: {foo: write}",
    b"version: 1\nlimits: {usd_per_pull_request: -0.1}",
    b"version: 1\nlimits: {rounds: 0}",
]


def _plain(node: YamlNode) -> object:
    if isinstance(node, YamlMap):
        return {field.key: _plain(field.value) for field in node.fields}
    if isinstance(node, YamlList):
        return [_plain(item) for item in node.items]
    return node.value


@pytest.mark.parametrize("data", GOOD)
def test_schema_and_parser_take_the_same_good_files(data: bytes) -> None:
    parse_policy(data, _PATH)
    jsonschema.validate(_plain(read_yaml(data)), policy_schema())


@pytest.mark.parametrize("data", BAD)
def test_schema_and_parser_refuse_the_same_bad_files(data: bytes) -> None:
    with pytest.raises(PolicyInvalid):
        parse_policy(data, _PATH)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_plain(read_yaml(data)), policy_schema())


def test_the_schema_is_valid_and_the_published_one_is_current() -> None:
    jsonschema.Draft202012Validator.check_schema(policy_schema())
    published = (_ROOT / "docs/policy.schema.json").read_text(encoding="utf-8")
    assert published == policy_schema_json(), "write the text of policy_schema_json() to docs/policy.schema.json"


@settings(deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2_000) | st.floats(0, 10) | st.text("ab*/@P1", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["version", "review", "tiers", "core", "paths", "skip", "rules", "commands", "limits", "x"]),
        inner, max_size=4,
    ),
    max_leaves=12,
))  # fmt: skip
def test_any_document_is_a_policy_or_a_list_of_problems(document: object) -> None:
    """JSON is YAML, so any JSON document will do; what the parser takes, the schema takes too."""
    try:
        parse_policy(json.dumps(document).encode(), _PATH)
    except PolicyInvalid as refused:
        assert refused.problems  # noqa: PT017 - both outcomes are right
    else:
        jsonschema.validate(document, policy_schema())
