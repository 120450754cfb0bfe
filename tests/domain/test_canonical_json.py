"""Canonical JSON: one spelling for each value, and none for what readers of JSON do not agree on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.canonical_json import MAX_INTEGER, canonical_json, digest, settled, text_digest
from app.domain.policy import Policy, ReviewPolicy, Trigger
from app.domain.tiers import Tier

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


@given(VALUES)
def test_it_reads_back_as_the_value_and_is_spelt_the_same_again(value: object) -> None:
    text = canonical_json(value)

    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(KEYS, VALUES, min_size=2))
def test_the_order_in_which_keys_came_does_not_matter(value: dict[str, object]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


def test_the_example_of_the_standard_for_strings_is_spelt_as_there() -> None:
    """RFC 8785, section 3.2.2.2 and its example: the shortest escapes, and every other character as it is."""
    value = {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", "literals": (None, True, False)}

    expected = '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical_json(value) == expected.encode()


def test_enumerations_and_read_only_mappings_are_plain() -> None:
    assert canonical_json(MappingProxyType({"tier": Tier.CORE})) == b'{"tier":"core"}'


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), MAX_INTEGER + 1, -MAX_INTEGER - 1, {"é": 1}, {1: 1}, "\ud800", {"a": ["\udc80"]}, b"x", {1}],
)
def test_what_readers_do_not_agree_on_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"canonical JSON|ASCII|surrogates"):
        canonical_json(value)


def test_digests_are_those_of_the_bytes() -> None:
    assert digest({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()
    assert text_digest("é\udc80") == hashlib.sha256(b"\xc3\xa9\x80").hexdigest()


def test_a_policy_settles_with_every_value_of_it() -> None:
    """Sets have an order, fractions are text, and half characters do no harm."""
    told = settled(
        Policy(review=ReviewPolicy(instructions="\ud800", triggers=frozenset({Trigger.PUSH, Trigger.OPENED})))
    )

    assert isinstance(told, Mapping)
    assert told["review"] == {
        "block_at": "P1",
        "drafts": False,
        "instructions": "?",
        "max_findings": 10,
        "triggers": ["opened", "push"],
    }
    assert told["limits"] == {"rounds": 6, "usd_per_pull_request": "2.0"}
    assert settled({Tier.CORE: [1]}) == {"core": [1]}
    assert digest(told) != digest(settled(Policy()))
