"""Examines a range of commits of a local clone: the engine without GitHub, Redis or anything to write to."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from app.adapters.git.local import open_local
from app.adapters.rules.policy_file import parse_policy
from app.domain.errors import GitFailed
from app.domain.money import caps_for
from app.domain.report import Report
from app.domain.rules import Rule
from app.domain.session import Session
from app.domain.snapshot import Snapshot
from app.ports import Model, Repository, Sandboxes
from app.settings import Settings
from app.usecases.metered import MeteredModel
from app.usecases.review.engine import Engine
from app.usecases.review.examination import Matter
from app.usecases.review.gather import gather
from app.usecases.sessions import RecordingModel, RecordingSandboxes
from app.wiring.engine import open_engine
from app.wiring.sandboxes import open_sandboxes

CACHE_KEY = "revwright-local"


@dataclass(frozen=True, slots=True)
class Range:
    """Two names of commits in a clone."""

    repository: Path
    base: str
    head: str


async def freeze(where: Range) -> tuple[Snapshot, Repository]:
    """The change that the head makes to the base. Raises GitFailed when there is none."""
    repository = await open_local(where.repository)
    base = await repository.resolve(where.base)
    head = await repository.resolve(where.head)
    snapshot = await gather(repository, parse_policy, base=base, head=head, title="", body="")
    if snapshot.merge_base == head:
        raise GitFailed(
            f"{where.head!r} has no commit that {where.base!r} does not have, so there is nothing to review; "
            "changes that are not committed are not looked at"
        )
    return snapshot, repository


async def review_locally(
    settings: Settings, where: Range, *, static: bool, session: Session | None = None
) -> tuple[Report, Mapping[str, Rule]]:
    """The report, and the rules it may name. With `session` everything that is asked and answered is written there."""
    snapshot, repository = await freeze(where)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(settings))
        rules = {rule.id: rule for rule in engine.rules}
        if static or engine.choice is None:
            reason = "only static rules were asked for" if static else engine.no_model
            engine = replace(engine, choice=None, no_model=reason)
            return (await engine.examine(Matter(snapshot, repository))).report, rules
        sandboxes: Sandboxes | None = await stack.enter_async_context(open_sandboxes(settings))
        choice = engine.choice
        caps = caps_for(snapshot.policy.limits, settings.caps)
        meter = MeteredModel(choice.model, None, None, caps, choice.prices, chains=choice.chains)
        model: Model = meter
        if session is not None:
            model = RecordingModel(meter, session)
            sandboxes = None if sandboxes is None else RecordingSandboxes(sandboxes, session)
        matter = Matter(snapshot, repository, model=model, sandboxes=sandboxes, cache_key=CACHE_KEY)
        return await examined(engine, matter, meter), rules


async def examined(engine: Engine, matter: Matter, meter: MeteredModel) -> Report:
    """The report with what the models cost."""
    report = (await engine.examine(matter)).report
    return replace(report, models=meter.uses(), calls=tuple(meter.calls), bill=await meter.bill())
