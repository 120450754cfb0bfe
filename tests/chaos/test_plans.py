"""Plans are the same on every machine, and together they let everything happen."""

from __future__ import annotations

from collections import Counter

from tests.chaos.plans import FAULTS, PUSHES, Kind, Plan, draw
from tests.chaos.test_scenarios import FEW

MANY = range(216)


def kinds(plans: list[Plan]) -> Counter[Kind]:
    return Counter(event.kind for plan in plans for event in plan.events)


def test_a_seed_always_draws_the_same_plan() -> None:
    assert str(draw(3)) == (
        "plan 3 (replay it with CHAOS_SEED=3): 1 worker(s)\n"
        "  pull request 0 in repository 0; bugs by head: []\n"
        "  - the connection breaks, before call 1 to connect git (pull request 0)\n"
        "  - SIGKILL of the web process, after call 1 to post a comment (pull request 0)"
    )


def test_the_many_let_each_kind_happen_often_and_the_few_at_least_once() -> None:
    often = kinds([draw(seed) for seed in MANY])

    assert {kind for kind in Kind if often[kind] >= 10} == set(Kind)
    assert set(kinds([draw(seed) for seed in FEW])) == set(Kind)


def test_the_many_have_one_to_three_pull_requests_and_one_or_two_workers() -> None:
    plans = [draw(seed) for seed in MANY]

    assert {len(plan.pulls) for plan in plans} == {1, 2, 3}
    assert {len({pull.repository for pull in plan.pulls}) for plan in plans} == {1, 2, 3}
    assert {plan.workers for plan in plans} == {1, 2}
    assert {len(plan.events) for plan in plans} == {1, 2, 3, 4}


def test_a_plan_can_be_carried_out() -> None:
    for plan in map(draw, MANY):
        for number, pull in enumerate(plan.pulls):
            pushes = sum(PUSHES.get(event.kind, 0) for event in plan.events if event.pull == number)
            assert len(pull.heads) == pushes + 1
            assert all(max(bugs, default=0) <= head for head, bugs in enumerate(pull.heads))
        for event in plan.events:
            assert event.station in FAULTS.get(event.kind, (event.station,))
