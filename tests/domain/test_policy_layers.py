"""Layers of a policy: what is set above is a ceiling, what is built in is none, and every value has its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.policy import LEAST_PERMISSIONS, PERMISSIONS, CoreRequirement, Delivery, Policy, Trigger
from app.domain.policy_keys import KEYS, shown
from app.domain.policy_layers import EffectivePolicy, Layer, Narrowed, Source, compose
from app.domain.severity import Severity

_BY_NAME = {key.name: key for key in KEYS}
_PATHS = st.lists(st.sampled_from(["a/**", "b/**", "c", "**"]), unique=True, max_size=3).map(tuple)
_CORE = st.lists(st.builds(CoreRequirement, st.sampled_from([("a/**",), ("b",)]), st.integers(1, 2)), max_size=3).map(
    tuple
)
_VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "review.triggers": st.frozensets(st.sampled_from(Trigger)),
    "review.drafts": st.booleans(),
    "review.block_at": st.sampled_from(Severity),
    "review.max_findings": st.integers(1, 50),
    "review.instructions": st.sampled_from(["one", "two", "one\n\ntwo", "three"]),
    "tiers.skip": _PATHS,
    "tiers.light": _PATHS,
    "tiers.core": _CORE,
    "rules.packs": st.lists(st.sampled_from(["go", "sql", "java"]), unique=True).map(tuple),
    "rules.disable": st.lists(st.sampled_from(["go/a", "sql/b"]), unique=True).map(tuple),
    "rules.extra": st.lists(st.sampled_from(["x/", "y/"]), unique=True).map(tuple),
    "fix.enabled": st.booleans(),
    "fix.verify": st.lists(st.sampled_from(["v", "w"]), max_size=3).map(tuple),
    "fix.setup": st.lists(st.sampled_from(["s", "t"]), unique=True).map(tuple),
    "fix.deliver": st.sampled_from(Delivery),
    "fix.max_attempts": st.integers(1, 10),
    "fix.max_changed_lines": st.integers(1, 10_000),
    **{
        f"commands.{verb}": st.sampled_from(PERMISSIONS[PERMISSIONS.index(least) :])
        for verb, least in LEAST_PERMISSIONS.items()
    },
    "limits.usd_per_pull_request": st.integers(0, 8).map(lambda number: number / 4),
    "limits.rounds": st.integers(1, 50),
}


def said(source: Source, values: Mapping[str, Any], *, complete: bool = False) -> Layer:
    """A layer of a file in which each key stands on a line of its own, from line 2 on."""
    policy = Policy()
    for name, value in values.items():
        policy = _BY_NAME[name].put(policy, value)
    places = {name: (line, 3) for line, name in enumerate(values, 2)}
    return Layer(source, policy, places, complete)


def layer_of(source: Source) -> st.SearchStrategy[Layer]:
    return st.fixed_dictionaries({}, optional=dict(_VALUES)).map(lambda values: said(source, values))


deployments, organisations, repositories = (
    layer_of(source) for source in (Source.DEPLOYMENT, Source.ORGANISATION, Source.REPOSITORY)
)


def value(effective: EffectivePolicy, key: str) -> Any:
    return _BY_NAME[key].of(effective.policy)


def no_more_permissive(key: str, held: Any, ceiling: Any) -> bool:
    """Written a second time, from what the words of the documentation say."""
    match key.split("."):
        case ["limits", _] | ["fix", "max_attempts" | "max_changed_lines"] | ["review", "max_findings"]:
            return bool(held <= ceiling)
        case ["review", "block_at"]:
            return str(held) >= str(ceiling)
        case ["review", "triggers"]:
            return set(ceiling) <= set(held)
        case ["review", "drafts"]:
            return held or not ceiling
        case ["review", "instructions"]:
            return set(ceiling.split("\n\n")) <= set(held.split("\n\n"))
        case ["tiers", "skip" | "light"] | ["rules", "disable"]:
            return set(held) <= set(ceiling)
        case ["tiers", "core"] | ["rules", "extra"] | ["rules", "packs"]:
            return set(ceiling) <= set(held)
        case ["fix", "enabled"]:
            return ceiling or not held
        case ["fix", "verify"]:
            return bool(held[: len(ceiling)] == ceiling)
        case ["fix", "setup"]:
            return bool(held == ceiling)
        case ["fix", "deliver"]:
            order = ["push", "pull_request", "suggest"]
            return order.index(held) >= order.index(ceiling)
        case ["commands", _]:
            order = ["triage", "write", "maintain", "admin"]
            return order.index(held) >= order.index(ceiling)
    raise AssertionError(key)


def test_every_key_of_the_table_is_tried() -> None:
    assert set(_VALUES) == set(_BY_NAME)


@given(deployments, organisations, repositories)
def test_no_layer_makes_anything_more_permissive_than_a_ceiling(one: Layer, two: Layer, three: Layer) -> None:
    effective = compose([one, two, three])

    for above in ([one], [one, two]):
        ceiling = compose(above)
        for key in {name for layer in above for name in layer.given}:
            assert no_more_permissive(key, value(effective, key), value(ceiling, key)), key


@given(repositories)
def test_alone_a_layer_says_what_its_file_says(layer: Layer) -> None:
    effective = compose([layer])

    assert effective.policy == layer.policy
    assert effective.narrowed == ()
    for key in _VALUES:
        assert effective.sources[key] == (Source.REPOSITORY if key in layer.given else Source.BUILT_IN,)


@given(deployments)
def test_the_same_words_once_more_change_nothing(layer: Layer) -> None:
    again = Layer(Source.REPOSITORY, layer.policy, layer.given)

    assert compose([layer, again]) == compose([layer])


@given(deployments, organisations, repositories)
def test_it_makes_no_difference_which_layers_are_joined_first(one: Layer, two: Layer, three: Layer) -> None:
    def joined(*layers: Layer) -> Layer:
        places = {name: place for layer in layers for name, place in layer.given.items()}
        return Layer(layers[-1].source, compose(layers).policy, places)

    whole = compose([one, two, three]).policy
    assert compose([joined(one, two), three]).policy == whole
    assert compose([one, joined(two, three)]).policy == whole


@given(deployments, organisations, repositories)
def test_the_order_is_that_of_the_sources(one: Layer, two: Layer, three: Layer) -> None:
    assert compose([three, one, two]) == compose([one, two, three])


@given(deployments, repositories)
def test_who_does_not_get_what_it_asked_for_is_told(one: Layer, two: Layer) -> None:
    effective = compose([one, two])

    told = {note.key for note in effective.narrowed}
    for key in set(two.given) - {key.name for key in KEYS if key.adds}:
        assert (key in told) == (value(effective, key) != _BY_NAME[key].of(two.policy)), key


@given(repositories, repositories)
def test_the_default_branch_is_a_floor_with_what_is_built_in_as_well(default: Layer, base: Layer) -> None:
    """A branch that somebody prepared never gets more than the default branch would."""
    floor = Layer(Source.DEFAULT_BRANCH, default.policy, default.given, complete=True)
    effective, alone = compose([floor, base]), compose([floor])

    for key in _BY_NAME:
        held, ceiling = value(effective, key), value(alone, key)
        if ceiling is None:
            assert held is None, "all packs"
        elif key != "review.instructions" or ceiling:
            assert no_more_permissive(key, held, ceiling), key


def test_what_is_built_in_is_no_ceiling() -> None:
    asked = {"limits.usd_per_pull_request": 900.0, "review.block_at": Severity.P0, "tiers.skip": ("**",)}

    effective = compose([said(Source.REPOSITORY, asked)])

    assert {key: value(effective, key) for key in asked} == asked
    assert effective.narrowed == ()


def test_a_cut_names_who_asked_where_for_what_and_whose_ceiling_it_is() -> None:
    effective = compose(
        [
            said(Source.DEPLOYMENT, {"limits.usd_per_pull_request": 1.0, "tiers.skip": ("a/**", "b/**")}),
            said(Source.ORGANISATION, {"tiers.skip": ("b/**", "c")}),
            said(Source.REPOSITORY, {"limits.usd_per_pull_request": 5.0, "tiers.skip": ("a/**",)}),
        ]
    )

    assert effective.narrowed == (
        Narrowed("tiers.skip", "b/**, c", "b/**", Source.ORGANISATION, 2, (Source.DEPLOYMENT,)),
        Narrowed("tiers.skip", "a/**", "none", Source.REPOSITORY, 3, (Source.DEPLOYMENT, Source.ORGANISATION)),
        Narrowed("limits.usd_per_pull_request", "5", "1", Source.REPOSITORY, 2, (Source.DEPLOYMENT,)),
    )
    assert effective.sources["limits.usd_per_pull_request"] == (Source.DEPLOYMENT,)


def test_lists_to_which_layers_add_tell_the_source_of_each_item() -> None:
    security, team = CoreRequirement(("auth/**",), 2), CoreRequirement(("db/**",))
    effective = compose(
        [
            said(Source.ORGANISATION, {"tiers.core": (security,), "fix.verify": ("make lint",)}),
            said(Source.REPOSITORY, {"tiers.core": (team, security), "fix.verify": ()}),
        ]
    )

    assert effective.policy.tiers.core == (security, team)
    assert effective.sources["tiers.core"] == (Source.ORGANISATION, Source.REPOSITORY)
    assert effective.sources["tiers.core[0]"] == (Source.ORGANISATION,)
    assert effective.sources["tiers.core[1]"] == (Source.REPOSITORY,)
    assert effective.sources["fix.verify"] == (Source.ORGANISATION,)
    assert effective.narrowed == ()


@given(deployments, organisations, repositories)
def test_every_item_that_was_added_has_the_source_that_gave_it(one: Layer, two: Layer, three: Layer) -> None:
    effective = compose([one, two, three])

    for key in ("tiers.core", "fix.verify", "rules.extra"):
        for number, item in enumerate(value(effective, key)):
            (source,) = effective.sources[f"{key}[{number}]"]
            giving = next(layer for layer in (one, two, three) if item in _BY_NAME[key].of(layer.policy))
            assert source is giving.source
            assert source in effective.sources[key]


def test_where_nothing_stands_above_what_is_added_has_one_source() -> None:
    floor = Layer(Source.DEFAULT_BRANCH, Policy(), complete=True)

    effective = compose([floor, said(Source.REPOSITORY, {"review.instructions": "Be kind.", "fix.verify": ("v",)})])

    assert effective.sources["review.instructions"] == (Source.REPOSITORY,)
    assert effective.sources["fix.verify"] == (Source.REPOSITORY,)


def test_a_ceiling_imposes_no_patterns_on_who_wants_fewer_and_gives_them_to_who_says_nothing() -> None:
    ceiling = said(Source.DEPLOYMENT, {"tiers.light": ("docs/**", "**/*.md")})

    assert compose([ceiling, said(Source.REPOSITORY, {"tiers.light": ()})]).policy.tiers.light == ()
    assert compose([ceiling, said(Source.REPOSITORY, {})]).policy.tiers.light == ("docs/**", "**/*.md")


def test_all_packs_of_the_default_branch_stay_on() -> None:
    floor = Layer(Source.DEFAULT_BRANCH, Policy(), complete=True)

    effective = compose([floor, said(Source.REPOSITORY, {"rules.packs": ("go",), "tiers.skip": ("**",)})])

    assert (effective.policy.rules.packs, effective.policy.tiers.skip) == (None, ())
    assert [(note.key, note.got, note.by) for note in effective.narrowed] == [
        ("tiers.skip", "none", (Source.DEFAULT_BRANCH,)),
        ("rules.packs", "all", (Source.DEFAULT_BRANCH,)),
    ]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (None, "all"),
        (True, "true"),
        (2.0, "2"),
        (7, "7"),
        ("", "none"),
        ((), "none"),
        (("a", "b"), "a, b"),
        (frozenset({Trigger.PUSH, Trigger.OPENED}), "opened, push"),
        (frozenset(), "none"),
        (Severity.P2, "P2"),
        (CoreRequirement(("a", "b")), "a, b; approvals: 1"),
        (CoreRequirement(("a",), 2, ("@x",), "why"), "a; approvals: 2; from: @x; reason: why"),
    ],
)
def test_values_in_words(one: Any, words: str) -> None:
    assert shown(one) == words
