"""Examines a range of commits of a local clone: the engine without GitHub, Redis or anything to write to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from app.adapters.git.local import open_local
from app.adapters.rules.policy_file import parse_policy
from app.domain.comparable import comparable
from app.domain.errors import GitFailed
from app.domain.money import Caps, caps_for
from app.domain.policy import POLICY_PATH
from app.domain.policy_layers import Layer, Source
from app.domain.report import Report
from app.domain.report_json import report_json
from app.domain.rules import Rule
from app.domain.session import Session
from app.domain.snapshot import Snapshot
from app.domain.verdict import Incomplete
from app.ports import Model, Repository, RulesReader, Sandboxes
from app.settings import Settings
from app.usecases.metered import MeteredModel
from app.usecases.policies import READ_BYTES, Above, read_layer
from app.usecases.recording import RecordingModel, RecordingSandboxes
from app.usecases.review.crew import ModelChoice
from app.usecases.review.engine import Engine
from app.usecases.review.examination import Matter
from app.usecases.review.gather import gather
from app.wiring.engine import open_engine, rules_reader
from app.wiring.lazy_sandboxes import sandboxes_when_asked
from app.wiring.session_header import header_of

CACHE_KEY = "revwright-local"

OpenSandboxes = Callable[[Settings], AbstractAsyncContextManager[Sandboxes | None]]


@dataclass(frozen=True, slots=True)
class Range:
    """Two names of commits in a clone."""

    repository: Path
    base: str
    head: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A report, the rules that it may name, and what was recorded if that was asked for."""

    report: Report
    rules: Mapping[str, Rule]
    session: Session | None = None


async def freeze(
    where: Range, read_rules: RulesReader, *, deployment: Layer | None = None
) -> tuple[Snapshot, Repository]:
    """The change that the head makes to the base. Raises GitFailed when there is none.

    `deployment` is a ceiling for the policy of the base.
    """
    repository = await open_local(where.repository)
    base = await repository.resolve(where.base)
    head = await repository.resolve(where.head)
    above = Above(() if deployment is None else (deployment,))
    snapshot = await gather(
        repository, parse_policy, base=base, head=head, title="", body="", read_rules=read_rules, above=above
    )
    if snapshot.merge_base == head:
        raise GitFailed(
            f"{where.head!r} has no commit that {where.base!r} does not have, so there is nothing to review; "
            "changes that are not committed are not looked at"
        )
    return snapshot, repository


async def policy_at(repository: Path, revision: str) -> Above:
    """The layer of the repository's own policy at a commit, or what is wrong with it. Raises GitFailed."""
    clone = await open_local(repository)
    commit = await clone.resolve(revision)
    blob = (await clone.blobs(commit, (POLICY_PATH,), max_bytes=READ_BYTES)).get(POLICY_PATH)
    return read_layer(blob, Source.REPOSITORY, POLICY_PATH, parse_policy)


async def review_locally(
    settings: Settings,
    where: Range,
    *,
    static: bool,
    record: bool = False,
    open_boxes: OpenSandboxes = sandboxes_when_asked,
) -> Looked:
    """`record` keeps what is asked and answered; without a model there is nothing to record."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(settings))
        snapshot, repository = await freeze(where, rules_reader(engine.rules), deployment=settings.policy.deployment)
        rules = {rule.id: rule for rule in (*engine.rules, *snapshot.own_rules)}
        if static or engine.choice is None:
            reason = "only static rules were asked for" if static else engine.no_model
            engine = replace(engine, choice=None, no_model=reason)
            return Looked((await engine.examine(Matter(snapshot, repository, again=False))).report, rules)
        sandboxes = await stack.enter_async_context(open_boxes(settings))
        meter = local_meter(engine.choice, caps_for(snapshot.policy.limits, settings.caps))
        matter = Matter(snapshot, repository, model=meter, sandboxes=sandboxes, cache_key=CACHE_KEY, again=False)
        if not record:
            return Looked(await examined(engine, matter, meter), rules)
        header = header_of(snapshot, engine.choice, settings.caps, sandbox=sandboxes is not None)
        session = Session(header)
        report = await examined(engine, recorded(matter, meter, sandboxes, session), meter)
        session.report = report_json(comparable(report, refused=session.refused))
        return Looked(report, rules, session)


def local_meter(choice: ModelChoice, caps: Caps) -> MeteredModel:
    """Keeps account of one review in memory."""
    return MeteredModel(choice.model, None, None, caps, choice.prices, chains=choice.chains)


def recorded(matter: Matter, model: Model, sandboxes: Sandboxes | None, session: Session) -> Matter:
    """The same, with everything that is said written into the session."""
    boxes = None if sandboxes is None else RecordingSandboxes(sandboxes, session)
    return replace(matter, model=RecordingModel(model, session), sandboxes=boxes)


async def examined(engine: Engine, matter: Matter, meter: MeteredModel) -> Report:
    """The report with what the models cost. Here nothing is tried again by itself, so it names no time for that."""
    report = (await engine.examine(matter)).report
    verdict = report.verdict
    if isinstance(verdict, Incomplete):
        verdict = replace(verdict, retry_at=None)
    return replace(report, verdict=verdict, models=meter.uses(), calls=tuple(meter.calls), bill=await meter.bill())
