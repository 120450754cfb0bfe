"""Whatever happens in mid-run, in the end each pull request shows the truth about its newest head, once.

`make test` runs a fixed few of the scenarios, `make chaos` some hundreds. CHAOS_SEED=n replays one, CHAOS_SCENARIOS=n
runs the first n, and CHAOS_MUTATION=name runs them on a product that is broken on purpose, which most must notice.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import pytest

from tests.chaos.conftest import HAPPENED
from tests.chaos.deployment import Deployment
from tests.chaos.plans import Plan, draw
from tests.chaos.scenario import Scenario

FEW = 24

pytestmark = pytest.mark.chaos


def seeds(environ: Mapping[str, str]) -> list[int]:
    if seed := environ.get("CHAOS_SEED"):
        return [int(seed)]
    return list(range(int(environ.get("CHAOS_SCENARIOS", FEW))))


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
