"""The suite can fail: each way to break the product on purpose breaks a promise that a scenario tells of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.deployment import Deployment
from tests.chaos.plans import Event, Kind, Plan, PullPlan
from tests.chaos.scenario import PATIENCE_SECONDS, Scenario
from tests.chaos.stations import When
from tests.worker_process import MUTATIONS

pytestmark = pytest.mark.chaos

OPEN_SECONDS = 10.0
"""Some mutations leave something open for ever; the others come to rest, however slow the machine is."""

_OPEN = {"begin-always-fresh", "dead-owners-keep-their-rows", "older-checks-left"}
BUG, CLEAN = frozenset({0}), frozenset[int]()


def at(kind: Kind, station: str, when: When = "after") -> Event:
    return Event(kind, 0, station, when, 1)


def plan(*events: Event, heads: tuple[frozenset[int], ...] = (BUG,)) -> Plan:
    return Plan(0, 1, (PullPlan(0, heads),), events)


PLANS: dict[str, tuple[Plan, str]] = {
    "begin-always-fresh": (plan(at(Kind.KILL_WORKER, "post a review")), "inline comments"),
    "finish-dropped": (plan(at(Kind.PUSH, "post a comment"), heads=(BUG, BUG)), "inline comments"),
    "dead-owners-keep-their-rows": (plan(at(Kind.KILL_WORKER, "ask the model")), "is in_progress"),
    "own-words-not-found": (plan(at(Kind.DROP, "post a comment")), "2 summary comments"),
    "older-checks-left": (plan(at(Kind.PUSH, "ask the model"), heads=(BUG, CLEAN)), "is in_progress"),
    "newer-heads-unheeded": (
        plan(at(Kind.PUSH, "ask the model"), heads=(BUG, CLEAN)),
        "a review was posted for head 0",
    ),
}


@pytest.fixture
def cleared(deployment: Deployment) -> Iterator[Deployment]:
    yield deployment
    deployment.mutation = ""
    deployment.clear()


def test_every_mutation_has_a_plan() -> None:
    assert PLANS.keys() == MUTATIONS.keys()


@pytest.mark.parametrize("mutation", PLANS)
def test_a_broken_product_is_noticed(cleared: Deployment, mutation: str) -> None:
    drawn, told = PLANS[mutation]
    cleared.mutation = mutation
    patience = OPEN_SECONDS if mutation in _OPEN else PATIENCE_SECONDS
    problems = Scenario(cleared, drawn, patience_seconds=patience).run()

    assert any(told in problem for problem in problems), f"{drawn}\n{problems}"


@pytest.mark.parametrize("mutation", PLANS)
def test_the_same_plan_is_fine_without_the_mutation(cleared: Deployment, mutation: str) -> None:
    drawn, _ = PLANS[mutation]

    assert Scenario(cleared, drawn).run() == []
