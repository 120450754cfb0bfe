"""The layers of a policy: who stands lower can only narrow what was set above; each value tells where it is from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from app.domain.policy import ParsedPolicy, Policy
from app.domain.policy_keys import KEYS, Key, shown


class Source(StrEnum):
    """Who said it, from the top. What is built in are defaults, no ceiling."""

    BUILT_IN = "built-in"
    DEPLOYMENT = "deployment"
    ORGANISATION = "organisation"
    DEFAULT_BRANCH = "default branch"
    REPOSITORY = "repository"


@dataclass(frozen=True, slots=True)
class Layer:
    """What one file says. Keys that it leaves out keep what stands above."""

    source: Source
    policy: Policy
    given: Mapping[str, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    """The keys that stand in the file, each with its line and column."""
    complete: bool = False
    """Whether what it leaves out is a ceiling for those below as well, and not only what it says."""

    @staticmethod
    def of(source: Source, parsed: ParsedPolicy, *, complete: bool = False) -> Layer:
        return Layer(source, parsed.policy, parsed.given, complete)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A layer asked for more than it may, or did without what it must have. Values are in words."""

    key: str
    asked: str
    got: str
    layer: Source
    """Who asked."""
    line: int
    """Where, in the file of that layer."""
    by: tuple[Source, ...]
    """Whose ceiling it was."""


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """What holds."""

    policy: Policy
    sources: Mapping[str, tuple[Source, ...]]
    """For each key, where its value comes from, top first; also for each item of a list to which layers add, as in
    `tiers.core[0]`.
    """
    narrowed: tuple[Narrowed, ...] = ()


def compose(layers: Iterable[Layer]) -> EffectivePolicy:
    """What holds when the layers are laid below one another, in the order of their sources."""
    sources = {key.name: (Source.BUILT_IN,) for key in KEYS}
    effective = EffectivePolicy(Policy(), MappingProxyType(sources))
    floor: Source | None = None
    for layer in sorted(layers, key=lambda layer: tuple(Source).index(layer.source)):
        for key in KEYS:
            if key.name in layer.given:
                effective = _laid(effective, key, layer, floor)
        floor = layer.source if layer.complete else floor
    return effective


def _laid(above: EffectivePolicy, key: Key, layer: Layer, floor: Source | None) -> EffectivePolicy:
    """One key of one layer below all that stands above it. `floor`: whose ceiling a built-in value is, if anybody's."""
    asked, ceiling = key.of(layer.policy), key.of(above.policy)
    by = above.sources[key.name]
    if by == (Source.BUILT_IN,):
        by = () if floor is None else (floor,)
    got = key.join(ceiling, asked) if by else asked
    told = {**above.sources}
    if got != ceiling or not by:
        alone = got == asked and not (key.adds and ceiling)
        told[key.name] = (layer.source,) if alone else tuple(dict.fromkeys((*by, layer.source)))
    if key.adds and isinstance(got, tuple):  # what is added stands behind what was there
        known = len(ceiling) if by else 0
        told |= {f"{key.name}[{number}]": (layer.source,) for number in range(known, len(got))}
    notes = above.narrowed
    if got != asked and not key.adds:
        line, _ = layer.given[key.name]
        notes = (*notes, Narrowed(key.name, shown(asked), shown(got), layer.source, line, by))
    return EffectivePolicy(key.put(above.policy, got), MappingProxyType(told), notes)
