"""What the scenarios have found, each as the smallest plan that shows it."""

from __future__ import annotations

import pytest

from tests.chaos.deployment import Deployment
from tests.chaos.plans import Event, Kind, Plan, PullPlan
from tests.chaos.scenario import Scenario

pytestmark = pytest.mark.chaos

BUG, CLEAN = frozenset({0}), frozenset[int]()
FOUND = {
    "a token that GitHub refuses to git": (Event(Kind.REFUSED, 0, "connect git", "before", 1), (BUG,)),
    "Redis dies between a check run and our knowing it, and a push follows": (
        Event(Kind.PUSH_WITHOUT_REDIS, 0, "create a check run", "after", 1),
        (BUG, CLEAN),
    ),
    "the delivery of a push comes after its head was reviewed": (
        Event(Kind.PUSH_LATE, 0, "talk git", "before", 1),
        (CLEAN, CLEAN),
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found(deployment: Deployment, name: str) -> None:
    event, heads = FOUND[name]
    try:
        assert Scenario(deployment, Plan(0, 1, (PullPlan(0, heads),), (event,))).run() == []
    finally:
        deployment.clear()
