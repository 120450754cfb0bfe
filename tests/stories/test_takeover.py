"""Real workers with their own defaults: another one takes over soon, and a newer head ends the old review at once."""

from __future__ import annotations

import asyncio
import time

from tests.fakes.model import Hang
from tests.stories.processes import Deployment
from tests.stories.test_first_review import BUG

WORKER = ("app.cli", "worker")


async def test_a_killed_worker_s_review_is_finished_by_another_within_ten_seconds(deployment: Deployment) -> None:
    """However long a review may take: the time limit is half an hour here."""
    behaviour, asked = deployment.model.behaviour, deployment.model.requests
    deployment.model.behaviour = lambda _seen: Hang()
    deployment.start_worker(*WORKER, REVWRIGHT_REVIEW_MINUTES="30")
    pull = await deployment.open_pull_request()
    await deployment.until(lambda: len(asked) == 1)
    deployment.model.behaviour = behaviour
    deployment.start_worker(*WORKER, REVWRIGHT_REVIEW_MINUTES="30")
    await deployment.until(lambda: deployment.log.read_text().count("worker: ready") == 2)

    deployment.workers.pop(0).kill()
    at = time.monotonic()
    await deployment.assert_reviewed_once(pull)

    assert time.monotonic() - at < 10


async def test_a_push_stops_the_old_review_s_model_call_within_a_second(deployment: Deployment) -> None:
    """The best of three counts, so that a pause of the machine is not taken for ours."""
    behaviour, asked = deployment.model.behaviour, deployment.model.requests
    deployment.model.behaviour = lambda _seen: Hang()
    deployment.start_worker(*WORKER)
    pull = await deployment.open_pull_request()
    stopped: list[float] = []
    for number in range(3):
        await deployment.until(lambda at=number: len(asked) == at + 1)  # type: ignore[misc]
        deployment.repo.commit("feature", {"app/price.py": BUG + f"# {number}\n"})
        await deployment.deliver("synchronize")
        taken = time.monotonic()
        await deployment.until(lambda at=number: asked[at].disconnected)  # type: ignore[misc]
        stopped.append(time.monotonic() - taken)
    deployment.model.behaviour = behaviour
    deployment.repo.commit("feature", {"app/price.py": BUG + "# last\n"})
    await deployment.deliver("synchronize")
    await deployment.until(lambda: deployment.repo.check_run("revwright/review", pull.head_sha) is not None)
    await deployment.until(
        lambda: getattr(deployment.repo.check_run("revwright/review", pull.head_sha), "conclusion", None) == "failure"
    )

    assert min(stopped) < 1, stopped
    others = [run for run in deployment.repo.check_runs.values() if run.head_sha != pull.head_sha]
    assert {run.conclusion for run in others} == {"cancelled"}
    assert {review.commit_id for review in pull.reviews} == {pull.head_sha}
    assert len(pull.comments) == 1


async def test_a_delivery_that_failed_while_everything_was_down_is_picked_up_after_the_start(
    deployment: Deployment,
) -> None:
    deployment.repo.commit("feature", {"app/price.py": BUG})
    pull = deployment.repo.open_pull_request(head="feature")
    deployment.github.deliveries.of("pull_request", "opened")[-1].status_code = 502
    deployment.start_worker(*WORKER)

    await deployment.assert_reviewed_once(pull)
    await asyncio.sleep(0.5)
    await deployment.assert_reviewed_once(pull)
