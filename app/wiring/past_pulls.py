"""Tries a policy on the pull requests that GitHub knows: calls that only read, no Redis, no model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from app.adapters.github.client import Client
from app.adapters.github.past_pulls import PastPullReader
from app.adapters.github.repositories import RepositoryFinder
from app.adapters.github.tokens import InstallationTokens
from app.adapters.github.transport import open_transport
from app.domain.policy import POLICY_PATH
from app.domain.pull_request import RepositoryName
from app.settings import GitHubSettings
from app.usecases.gate.simulate import OnProgress, Past
from app.usecases.gate.simulate_pulls import MOST_PULLS, PullSimulator
from app.usecases.policies import READ_BYTES
from app.wiring.simulation import Trial, Tried, tried_policy

_RESERVE = 5_000
"""The reviews of the same installation live on the same calls, so that a tenth of the hour is left to them: no more can
be kept.
"""


@dataclass(frozen=True, slots=True)
class PastPulls:
    """`branch`: None for the default branch."""

    repository: RepositoryName
    branch: str | None
    since: datetime
    most: int = MOST_PULLS


async def simulate_on_github(github: GitHubSettings, where: PastPulls, trial: Trial, progress: OnProgress) -> Tried:
    """Raises GitHubError when the repository, the branch or the list of pull requests cannot be read."""
    async with open_transport(github.api_url, now=_now, reserve=_RESERVE) as transport:
        key = github.private_key.expose()
        client = Client(transport, InstallationTokens(transport, app_id=github.app_id, private_key_pem=key, now=_now))
        finder = RepositoryFinder(client)
        found = await finder.find(where.repository)
        branch = where.branch or found.default_branch
        tip = await finder.branch(found.place, branch)
        reader = PastPullReader(client, found.place, branch)
        blob = None
        if trial.own is None:
            blob = (await reader.blobs(tip, (POLICY_PATH,), max_bytes=READ_BYTES)).get(POLICY_PATH)
        tried = tried_policy(trial, blob)
        if tried.problems:
            return Tried(None, tried.problems)
        simulator = PullSimulator(reader, tried.policy, tried.name, found.place.repository)
        return Tried(await simulator.simulate(Past(branch, tip, where.since), progress, most=where.most))


def _now() -> datetime:
    return datetime.now(UTC)
