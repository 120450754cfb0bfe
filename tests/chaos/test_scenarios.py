"""Whatever happens in mid-run, in the end each pull request shows the truth about its newest head, once.

`make test` runs a fixed few of the scenarios, `make chaos` some hundreds. CHAOS_SEED=n,m,... replays some,
CHAOS_SCENARIOS=n runs the first n, and CHAOS_MUTATION=name runs them on a product that is broken on purpose, which some
must notice.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import pytest

from tests.chaos.conftest import HAPPENED
from tests.chaos.deployment import Deployment
from tests.chaos.plans import Plan, draw
from tests.chaos.scenario import Scenario

FEW = (
    *(19, 21, 35, 41, 43, 48, 49, 66, 81, 83, 87, 93),
    *(98, 104, 112, 122, 125, 140, 147, 177, 207, 208, 211, 213),
)
"""Chosen so that each kind of event and each station is among them."""

pytestmark = pytest.mark.chaos


def seeds(environ: Mapping[str, str]) -> list[int]:
    """Of the scenarios that are wanted: some by name, the first so many, or the few."""
    if named := environ.get("CHAOS_SEED"):
        return [int(seed) for seed in named.split(",")]
    many = environ.get("CHAOS_SCENARIOS")
    return list(range(int(many)) if many else FEW)


@pytest.mark.parametrize("seed", seeds(os.environ))
def test_scenario(deployment: Deployment, seed: int, record_property: Callable[[str, object], None]) -> None:
    scenario = Scenario(deployment, draw(seed))
    try:
        problems = scenario.run()
        record_property(HAPPENED, dict(scenario.happened))
        assert not problems, told(scenario.plan, problems, deployment)
    finally:
        deployment.clear()


def told(plan: Plan, problems: list[str], deployment: Deployment) -> str:
    logs = [deployment.tail(name) for name in ("web", f"workerdata{deployment.scenarios}")]
    return "\n".join([str(plan), "broken:", *(f"  * {problem}" for problem in problems), *logs])
