"""Tries a policy on the past of a local clone: no GitHub, no Redis, nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.adapters.git.local import open_local
from app.adapters.rules.policy_file import parse_policy
from app.domain.gate.simulation import MAX_MERGES, Simulation
from app.domain.objects import Blob
from app.domain.policy import POLICY_PATH, Policy
from app.domain.policy_layers import Layer
from app.usecases.gate.simulate import OnProgress, Past, Simulator
from app.usecases.policies import READ_BYTES, Above, settle


@dataclass(frozen=True, slots=True)
class PastRange:
    """`branch` is any name of a commit in the clone."""

    repository: Path
    branch: str
    since: datetime
    most: int = MAX_MERGES


@dataclass(frozen=True, slots=True)
class Trial:
    """The policy to try: `own`, read from `file`, or that of the branch where it is None; below a ceiling."""

    file: str = ""
    own: Layer | None = None
    deployment: Layer | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """`problems`: what is wrong with the branch's policy, and then there is no simulation."""

    simulation: Simulation | None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TriedPolicy:
    """What holds, what it is called, and what is wrong with the branch's file."""

    policy: Policy
    name: str
    problems: tuple[str, ...]


async def simulate_locally(where: PastRange, trial: Trial, progress: OnProgress) -> Tried:
    """Raises GitFailed when the clone or the branch cannot be read."""
    clone = await open_local(where.repository)
    tip = await clone.resolve(where.branch)
    blob = None
    if trial.own is None:
        blob = (await clone.blobs(tip, (POLICY_PATH,), max_bytes=READ_BYTES)).get(POLICY_PATH)
    tried = tried_policy(trial, blob)
    if tried.problems:
        return Tried(None, tried.problems)
    past = Past(where.branch, tip, where.since)
    return Tried(await Simulator(clone, tried.policy, tried.name).simulate(past, progress, most=where.most))


def tried_policy(trial: Trial, blob: Blob | None) -> TriedPolicy:
    """`blob`: the branch's own file, which is for trials that name none."""
    above = Above(tuple(layer for layer in (trial.deployment, trial.own) if layer is not None))
    name = trial.file
    if trial.own is None:
        name = f"the built-in policy: there is no {POLICY_PATH}" if blob is None else POLICY_PATH
    effective, problems = settle(above, None if trial.own is not None else blob, parse_policy)
    if trial.deployment is not None:
        name += ", below the deployment's policy"
    return TriedPolicy(effective.policy, name, problems)
