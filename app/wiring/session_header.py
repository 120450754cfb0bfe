"""From the models and limits of a review to the header of its recording, and back."""

from __future__ import annotations

from dataclasses import asdict

from app import VERSION
from app.adapters.rules.syntax import installed
from app.domain.errors import SessionInvalid
from app.domain.money import Caps
from app.domain.session import Header
from app.domain.snapshot import Snapshot
from app.ports import Model
from app.usecases.agent import AgentLimits
from app.usecases.review.crew import ModelChoice


def header_of(snapshot: Snapshot, choice: ModelChoice, caps: Caps, *, sandbox: bool) -> Header:
    """Everything that a replay has to know before it begins."""
    return Header(
        version=VERSION,
        base=snapshot.base,
        head=snapshot.head,
        fast=choice.fast,
        main=choice.main,
        deep=choice.deep,
        chains=tuple(sorted(choice.chains.items())),
        prices=tuple(sorted(choice.prices.items())),
        limits=tuple(sorted(asdict(choice.limits).items())),
        group_characters=choice.group_characters,
        max_groups=choice.max_groups,
        cap_usd=caps.pull_request,
        sandbox=sandbox,
        parser=installed(),
    )


def choice_of(header: Header, model: Model) -> ModelChoice:
    """The models by name, all of them played by `model`. Raises SessionInvalid for limits that this version lacks."""
    return ModelChoice(
        model=model,
        fast=header.fast,
        main=header.main,
        deep=header.deep,
        prices=dict(header.prices),
        chains=dict(header.chains),
        limits=_limits(header),
        group_characters=header.group_characters,
        max_groups=header.max_groups,
    )


def _limits(header: Header) -> AgentLimits:
    given, usual = dict(header.limits), asdict(AgentLimits())
    if given.keys() != usual.keys() or min(given.values()) <= 0:
        raise SessionInvalid(f"its limits are not those of version {header.version}; record the review again")
    return AgentLimits(**{name: type(usual[name])(value) for name, value in given.items()})
