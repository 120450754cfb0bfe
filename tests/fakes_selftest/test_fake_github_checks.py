"""The stand-in for GitHub: check runs, statuses, and merging past required checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.github.small_world import SmallWorld, small_world

RUNS = "/repos/acme/web/check-runs"
PULL = "/repos/acme/web/pulls/1"
NOTE = {"path": "a.txt", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "Look."}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small_world(tmp_path) as made:
        yield made
        assert made.fake.violations == []


def start_check(world: SmallWorld, **fields: Any) -> dict[str, Any]:
    body = {"name": "revwright/review", "head_sha": world.pull.head_sha, "status": "in_progress", **fields}
    reply = world.as_installation()("POST", RUNS, body)
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


def test_a_check_run_goes_from_start_to_end(world: SmallWorld) -> None:
    made, api = start_check(world), world.as_installation()
    assert (made["status"], made["conclusion"], made["app"]["id"]) == ("in_progress", None, world.fake.app.id)
    assert made["pull_requests"][0]["number"] == 1
    path = f"{RUNS}/{made['id']}"
    output = {"title": "Found 2", "summary": "Two remarks.", "annotations": [NOTE]}
    api("PATCH", path, {"output": output})
    done = api("PATCH", path, {"conclusion": "neutral", "output": output}).json()
    assert (done["status"], done["conclusion"], done["output"]["annotations_count"]) == ("completed", "neutral", 2)
    assert [one["message"] for one in api("GET", f"{path}/annotations").json()] == ["Look.", "Look."]
    assert world.events()[-2:] == ["check_run created", "check_run completed"]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "completed"},
        {"head_sha": "0" * 40},
        {"output": {"title": "t", "summary": "s", "annotations": [NOTE] * 51}},
        {"output": {"title": "t", "summary": "s" * 65536}},
        {"output": {"title": "t", "summary": "s", "text": "t" * 65536}},
        {"actions": [{"label": "Fix", "description": "Fix it", "identifier": "fix"}] * 4},
        {"actions": [{"label": "x" * 21, "description": "Fix it", "identifier": "fix"}]},
        {"actions": [{"label": "Fix", "description": "x" * 41, "identifier": "fix"}]},
        {"actions": [{"label": "Fix", "description": "Fix it", "identifier": "x" * 21}]},
    ],
)
def test_check_runs_have_limits(world: SmallWorld, fields: dict[str, Any]) -> None:
    body = {"name": "revwright/review", "head_sha": world.pull.head_sha, **fields}
    assert world.as_installation()("POST", RUNS, body).status_code == 422
    assert world.repository.check_runs == {}


def test_only_the_app_that_made_a_check_run_may_change_it(world: SmallWorld) -> None:
    other = world.fake.add_app("other-ci")
    body = {"name": "build", "head_sha": world.pull.head_sha, "conclusion": "success", "status": "completed"}
    theirs = world.repository.add_check_run(body, app=other)
    refused = world.as_installation()("PATCH", f"{RUNS}/{theirs.id}", {"conclusion": "failure"})
    assert refused.status_code == 403
    assert "can only be modified by the GitHub App that created it" in refused.json()["message"]
    assert theirs.conclusion == "success"
    assert world.as_user(world.developer)("POST", RUNS, body).status_code == 403


def test_people_ask_for_a_check_again_and_press_its_buttons(world: SmallWorld) -> None:
    actions = [{"label": "Fix", "description": "Fix it", "identifier": "fix"}]
    made = start_check(world, actions=actions)
    run = world.repository.check_runs[made["id"]]
    world.repository.rerequest(run, by=world.developer)
    assert world.fake.deliveries[-1].payload["sender"]["login"] == "dev"
    world.repository.request_action(run, "fix", by=world.developer)
    assert world.fake.deliveries[-1].payload["requested_action"] == {"identifier": "fix"}
    world.repository.rerequest_suite(run.suite, by=world.developer)
    assert world.as_installation()("POST", f"{RUNS}/{run.id}/rerequest").status_code == 201
    assert world.events()[-4:] == [
        "check_run rerequested",
        "check_run requested_action",
        "check_suite rerequested",
        "check_run rerequested",
    ]


def test_check_runs_of_a_commit_are_filtered(world: SmallWorld) -> None:
    first, second = start_check(world), start_check(world)
    start_check(world, name="revwright/security")
    api, path = world.as_installation(), f"/repos/acme/web/commits/{world.pull.head_sha}/check-runs"

    def ids(**query: str) -> list[int]:
        return [run["id"] for run in api("GET", path, **query).json()["check_runs"]]

    assert ids(check_name="revwright/review") == [second["id"]]
    assert ids(check_name="revwright/review", filter="all") == [second["id"], first["id"]]
    assert ids(app_id="1") == []
    suites = api("GET", f"/repos/acme/web/commits/{world.pull.head_sha}/check-suites").json()
    assert suites["total_count"] == 1
    assert suites["check_suites"][0]["latest_check_runs_count"] == 3


def test_statuses_combine(world: SmallWorld) -> None:
    api, head = world.as_installation(), world.pull.head_sha
    states = []
    for context, state in (("build", "pending"), ("build", "success"), ("lint", "failure")):
        reply = api("POST", f"/repos/acme/web/statuses/{head}", {"state": state, "context": context})
        assert reply.status_code == 201
        states.append(api("GET", f"/repos/acme/web/commits/{head}/status").json()["state"])
    assert states == ["pending", "success", "failure"]
    assert len(api("GET", f"/repos/acme/web/commits/{head}/statuses").json()) == 3


@pytest.mark.parametrize("conclusion", ["success", "neutral", "skipped"])
def test_a_required_check_that_passes_lets_it_merge(world: SmallWorld, conclusion: str) -> None:
    world.repository.required_checks = {"revwright/review": world.fake.app.id}
    start_check(world, status="completed", conclusion=conclusion)
    merged = world.as_installation()("PUT", f"{PULL}/merge", {"sha": world.pull.head_sha})
    assert (merged.status_code, merged.json()["merged"]) == (200, True)
    assert world.repository.head("main") == merged.json()["sha"]
    assert world.pull.merged_at is not None
    assert world.events()[-2:] == ["pull_request closed", "push"]
    assert world.as_installation()("GET", PULL).json()["merged"] is True


def test_a_required_check_that_is_missing_or_fails_does_not(world: SmallWorld) -> None:
    other = world.fake.add_app("other-ci")
    world.repository.required_checks = {"revwright/review": world.fake.app.id}
    api = world.as_installation()
    body = {"name": "revwright/review", "head_sha": world.pull.head_sha, "conclusion": "success"}
    world.repository.add_check_run(body, app=other)
    missing = api("PUT", f"{PULL}/merge", {})
    assert (missing.status_code, missing.json()["message"]) == (
        405,
        'Required status check "revwright/review" is expected.',
    )
    start_check(world, conclusion="failure", status="completed")
    failing = api("PUT", f"{PULL}/merge", {})
    assert (failing.status_code, failing.json()["message"]) == (
        405,
        'Required status check "revwright/review" is failing.',
    )
    assert api("PUT", f"{PULL}/merge", {"sha": world.repository.head("main")}).status_code == 409
    assert world.pull.state == "open"


def test_branch_protection_tells_what_is_required(world: SmallWorld) -> None:
    api, branch = world.as_installation(), "/repos/acme/web/branches/main"
    assert api("GET", f"{branch}/protection").json()["message"] == "Branch not protected"
    world.repository.required_checks = {"revwright/review": world.fake.app.id, "build": None}
    required = api("GET", f"{branch}/protection/required_status_checks").json()
    assert required["contexts"] == ["revwright/review", "build"]
    (rule,) = api("GET", "/repos/acme/web/rules/branches/main").json()
    assert rule["parameters"]["required_status_checks"] == [
        {"context": "revwright/review", "integration_id": world.fake.app.id},
        {"context": "build"},
    ]
    assert api("GET", branch).json()["protected"] is True
    assert world.as_installation(permissions={"contents": "read"})("GET", f"{branch}/protection").status_code == 403
