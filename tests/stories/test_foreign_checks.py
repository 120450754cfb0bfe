"""Somebody else sets a check with one of our names: it is put on record, and the gate does not pass beside it."""

from __future__ import annotations

import logging

import pytest

from app.domain.messages.check import REVIEW_CHECK
from app.domain.messages.gate import GATE_CHECK
from tests.fakes.github import CheckRun, PullRequest
from tests.fakes.github.records import App
from tests.stories.test_merge_queue import conclusions, opened
from tests.world import World

TITLE = "Another source set a check with a name of ours"


def forge(world: World, sha: str, name: str = GATE_CHECK, app: App | None = None) -> CheckRun:
    """What a job of that name in somebody's workflow makes."""
    workflows = app or world.github.apps.get(15368) or world.github.add_app("github-actions", app_id=15368)
    body = {"name": name, "head_sha": sha, "status": "completed", "conclusion": "success"}
    return world.repo.add_check_run(body, app=workflows)


def our_gate(world: World, pull: PullRequest) -> CheckRun:
    return [run for run in world.checks(pull.head_sha, GATE_CHECK) if run.app is world.github.app][-1]


def our_review(world: World, pull: PullRequest) -> CheckRun:
    return [run for run in world.checks(pull.head_sha, REVIEW_CHECK) if run.app is world.github.app][-1]


@pytest.mark.parametrize("name", [GATE_CHECK, REVIEW_CHECK, " Revwright/Gate"])
async def test_a_check_of_another_app_is_told_of_and_the_gate_does_not_pass(
    gated: World, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    pull = opened(gated, "one")
    await gated.settle()
    assert our_gate(gated, pull).conclusion == "success"
    forge(gated, pull.head_sha, name)
    await gated.settle()

    gate = our_gate(gated, pull)
    assert (gate.conclusion, gate.title) == ("action_required", TITLE)
    assert "the App github-actions (15368)" in (gate.summary or "")
    assert "choose this App as the source" in (gate.summary or "")
    assert our_review(gated, pull).conclusion == "success"
    assert "acme/web: the App github-actions (15368) set revwright/" in caplog.text


async def test_it_is_in_the_record_of_runs(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    forge(gated, pull.head_sha)
    await gated.settle()

    told = [record.outcome for record in await gated.services.runs.recent(20)]
    assert any(
        f"the App github-actions (15368) set {GATE_CHECK} on {pull.head_sha}; decided again: gate #{pull.number}" in one
        for one in told
    )


async def test_a_commit_status_is_another_source_as_well(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    gated.repo.add_status(pull.head_sha, GATE_CHECK, by=gated.github.add_user("mallory"))
    await gated.settle()

    assert our_gate(gated, pull).conclusion == "action_required"
    assert "a commit status by mallory" in (our_gate(gated, pull).summary or "")


async def test_what_was_set_before_the_pull_request_counts_as_well(gated: World) -> None:
    gated.repo.commit("one", {"app/one.py": "x = 1\n"})
    forge(gated, gated.repo.head("one"))
    await gated.settle()
    pull = gated.repo.open_pull_request(head="one")
    await gated.settle()

    assert our_gate(gated, pull).title == TITLE


async def test_a_push_leaves_it_behind(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    forge(gated, pull.head_sha)
    await gated.settle()
    gated.repo.commit("one", {"app/one.py": "z = 3\n"})
    await gated.settle()

    assert our_gate(gated, pull).conclusion == "success"


async def test_pinned_to_this_app_it_is_told_of_and_stands_in_no_ones_way(gated: World) -> None:
    gated.repo.required_checks = {REVIEW_CHECK: gated.github.app.id, GATE_CHECK: gated.github.app.id}
    pull = opened(gated, "one")
    await gated.settle()
    forge(gated, pull.head_sha)
    await gated.settle()

    gate = our_gate(gated, pull)
    assert gate.conclusion == "success"
    assert "It counts for nothing" in (gate.summary or "")
    assert "the App github-actions (15368)" in (gate.summary or "")


@pytest.mark.parametrize("source", [None, 15368])
async def test_pinned_to_nobody_or_to_another_app_it_does_not_pass(gated: World, source: int | None) -> None:
    gated.repo.required_checks = {GATE_CHECK: source}
    pull = opened(gated, "one")
    await gated.settle()
    forge(gated, pull.head_sha)
    await gated.settle()

    assert our_gate(gated, pull).conclusion == "action_required"


async def test_what_may_not_be_read_is_not_pinned(gated: World) -> None:
    gated.repo.required_checks = {GATE_CHECK: gated.github.app.id}
    gated.github.faults.add(method="GET", path="/branches/main$", status=403, body={"message": "no"}, times=9)
    pull = opened(gated, "one")
    await gated.settle()
    forge(gated, pull.head_sha)
    await gated.settle()

    assert our_gate(gated, pull).conclusion == "action_required"


async def test_once_it_is_pinned_a_re_run_lets_it_pass(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    forge(gated, pull.head_sha)
    await gated.settle()
    gated.repo.required_checks = {GATE_CHECK: gated.github.app.id}
    writer = gated.github.add_user("wanda")
    gated.repo.permissions[writer.id] = "write"
    gated.repo.rerequest(our_gate(gated, pull), by=writer)
    await gated.settle()

    assert our_gate(gated, pull).conclusion == "success"


async def test_our_own_checks_and_those_of_other_names_lead_to_nothing(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    forge(gated, pull.head_sha, "build")
    gated.repo.add_status(pull.head_sha, "lint", by=pull.user)
    before = len(gated.github.calls)
    answers = [answer.json() for answer in await gated.deliver_new()]
    await gated.work()

    assert len(answers) > 4
    assert {answer["result"] for answer in answers} == {"ignored"}
    assert len(gated.github.calls) == before


async def test_told_again_and_again_it_says_the_same_once(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    forge(gated, pull.head_sha)
    await gated.settle()
    before = our_gate(gated, pull).id
    forge(gated, pull.head_sha)
    await gated.settle()

    assert our_gate(gated, pull).id == before


@pytest.mark.parametrize("pinned", [False, True])
async def test_on_a_group_of_a_merge_queue_the_gate_does_not_pass_either(gated: World, *, pinned: bool) -> None:
    gated.repo.required_checks = {GATE_CHECK: gated.github.app.id if pinned else None}
    pull = opened(gated, "one")
    await gated.settle()
    gated.repo.commit("main", {"README.md": "# moved on\n"})
    group = gated.repo.queue(pull)
    await gated.settle()
    assert conclusions(gated, group) == ("success", "success")
    forge(gated, group.head_sha)
    await gated.settle()

    ours = [run for run in gated.checks(group.head_sha, GATE_CHECK) if run.app is gated.github.app][-1]
    assert ours.conclusion == ("success" if pinned else "failure")
    assert "(15368)" in (ours.summary or "")
