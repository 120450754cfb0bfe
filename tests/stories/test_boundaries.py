"""SIGKILL of the worker or of the embedded server between any two stations loses nothing and says nothing twice.

Real processes: the worker is killed while GitHub or the model holds its answer back, or the server under it is.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.fakes.github import Repository
from tests.fakes.github.faults import Fault
from tests.fakes.model import Seen, Slow
from tests.fakes.model.replies import Reply
from tests.stories.processes import Deployment
from tests.stories.test_first_review import BUG

HOLD_SECONDS = 4.0


@contextmanager
def held(deployment: Deployment, station: str) -> Iterator[Callable[[], bool]]:
    """Holds the worker at a station; gives a function that says whether it is there."""
    faults = deployment.github.faults
    match station.split(" "):
        case ["model"]:
            behaviour, arrived = deployment.model.behaviour, list[Seen]()

            def hold_first(seen: Seen) -> Reply:
                arrived.append(seen)
                return Slow(HOLD_SECONDS, behaviour(seen)) if len(arrived) == 1 else behaviour(seen)

            deployment.model.behaviour = hold_first
            yield lambda: bool(arrived)
        case ["before", method, path]:
            fault = faults.add(method=method, path=path, delay=HOLD_SECONDS, drop=True, status=None)
            yield lambda: fault.hits > 0
        case ["after", method, path]:
            fault = faults.add(method=method, path=path, delay=HOLD_SECONDS, drop=True, status=None, when="after")
            yield lambda: fault.hits > 0 and _applied(deployment.repo, fault)
        case _:
            raise AssertionError(station)


def _applied(repo: Repository, fault: Fault) -> bool:
    """Whether the held write has had its effect."""
    written = {
        "check-runs$": repo.check_runs,
        "reviews$": repo.reviews,
        "comments$": repo.issue_comments,
        "check-runs/": any(run.status != "queued" for run in repo.check_runs.values()),
    }
    return bool(written[fault.path.pattern])


STATIONS = [
    "before POST check-runs$",
    "after POST check-runs$",
    "before POST access_tokens",
    "before GET pulls/",
    "after PATCH check-runs/",
    "model",
    "before POST reviews$",
    "after POST reviews$",
    "after POST comments$",
]


@pytest.mark.parametrize("station", STATIONS)
async def test_the_worker_is_killed_at_a_station(deployment: Deployment, station: str) -> None:
    with held(deployment, station) as there:
        deployment.start_worker()
        pull = await deployment.open_pull_request()
        await deployment.until(there)
        deployment.kill_worker()
        deployment.start_worker()
        await deployment.assert_reviewed_once(pull)


@pytest.mark.parametrize("station", ["before POST check-runs$", "model", "after POST reviews$", "after POST comments$"])
async def test_the_embedded_server_is_killed_at_a_station(deployment: Deployment, station: str) -> None:
    with held(deployment, station) as there:
        deployment.start_worker()
        pull = await deployment.open_pull_request()
        await deployment.until(there)
        await deployment.kill_server()
        await deployment.assert_reviewed_once(pull)


async def test_the_server_is_killed_before_any_worker_comes(deployment: Deployment) -> None:
    pull = await deployment.open_pull_request()
    await deployment.kill_server()
    deployment.start_worker()

    await deployment.assert_reviewed_once(pull)


async def test_the_worker_is_killed_after_the_conclusion_and_the_next_one_has_nothing_to_say(
    deployment: Deployment,
) -> None:
    deployment.start_worker()
    pull = await deployment.open_pull_request()
    await deployment.assert_reviewed_once(pull)
    deployment.kill_worker()
    deployment.start_worker()
    await asyncio.sleep(2)

    await deployment.assert_reviewed_once(pull)


async def test_a_stopped_worker_hands_its_review_over_at_once(deployment: Deployment) -> None:
    with held(deployment, "model") as there:
        deployment.start_worker()
        pull = await deployment.open_pull_request()
        await deployment.until(there)
        assert deployment.workers.pop().terminate() == 0
        deployment.start_worker()
        await deployment.assert_reviewed_once(pull)


async def test_a_delivery_while_the_server_is_away_is_503_and_taken_when_it_comes_again(
    deployment: Deployment,
) -> None:
    deployment.repo.commit("feature", {"app/price.py": BUG})
    pull = deployment.repo.open_pull_request(head="feature")
    delivery = deployment.github.deliveries.of("pull_request", "opened")[-1]
    os.kill(deployment.server.pid, signal.SIGKILL)
    await deployment.server.wait()

    refused = await deployment.web.post("/webhooks/github", content=delivery.body, headers=delivery.headers)
    await deployment.server.restart()
    taken = await deployment.web.post("/webhooks/github", content=delivery.body, headers=delivery.headers)

    assert (refused.status_code, taken.status_code) == (503, 202)
    deployment.start_worker()
    await deployment.assert_reviewed_once(pull)
