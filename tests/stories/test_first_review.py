"""From a signed webhook to a published review."""

from __future__ import annotations

import json
import re

from redis import Redis

from app.domain.jobs import Queue
from tests.fakes.github import PullRequest
from tests.fakes.model import Answer, Reviewer
from tests.world import World

BUG = "def price(items):\n    return sum(items) / len(items)\n"
DIVISION = {
    "len(items)": {"title": "Division by zero for an empty list", "severity": "P1", "body": "`price([])` fails."}
}


def open_bug(world: World, **changes: str) -> PullRequest:
    """A pull request that adds one function with one bug."""
    files = {"app/price.py": BUG} | changes
    world.repo.commit("feature", files, message="add price")
    return world.repo.open_pull_request(head="feature", title="Add price", body="Averages.")


async def test_a_clean_change_passes_with_full_coverage(world: World) -> None:
    pull = open_bug(world)
    answers = await world.deliver_new()
    await world.work()

    assert [answer.json()["result"] for answer in answers] == ["ignored", "queued"]
    check = world.check(pull.head_sha)
    assert (check.name, check.status, check.conclusion) == ("revwright/review", "completed", "success")
    assert check.title == "Passed: every changed file was covered, nothing blocks"
    assert world.summary(pull).startswith("### Passed: every changed file was covered, nothing blocks")
    assert "Coverage: 1 of 1 files reviewed" in world.summary(pull)
    assert pull.reviews == []


async def test_a_bug_is_one_inline_comment_one_summary_and_a_failing_check(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    pull = open_bug(world)
    await world.settle()

    (review,) = pull.reviews
    (comment,) = pull.review_comments
    assert (review.state, review.commit_id, review.user.type) == ("COMMENTED", pull.head_sha, "Bot")
    assert (comment.path, comment.original_line, comment.side) == ("app/price.py", 2, "RIGHT")
    assert "**P1 · Division by zero for an empty list**" in comment.body
    assert "Division by zero" in world.summary(pull)
    check = world.check(pull.head_sha)
    assert (check.conclusion, check.title) == ("failure", "Blocked by 1 finding")
    (annotation,) = check.annotations
    assert (annotation["path"], annotation["start_line"], annotation["annotation_level"]) == (
        "app/price.py",
        2,
        "failure",
    )
    machine = json.loads(re.findall(r"<!-- revwright (\{.*\}) -->", check.text or "")[-1])
    assert (machine["conclusion"], machine["head"], machine["unreviewed"]) == ("failure", pull.head_sha, 0)


async def test_one_small_pull_request_needs_at_most_eight_calls(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    pull = open_bug(world)
    await world.settle()

    calls = [f"{call.method} {call.operation_id}" for call in world.github.calls]
    assert calls == [
        "POST apps/create-installation-access-token",
        "POST checks/create",
        "POST apps/create-installation-access-token",
        "GET pulls/get",
        "PATCH checks/update",
        "POST apps/create-installation-access-token",  # refused: acme has no repository .github; asked once a minute
        "POST pulls/create-review",
        "POST issues/create-comment",
        "PATCH checks/update",
    ]
    assert len([call for call in calls if "access-token" not in call]) <= 8
    assert world.check(pull.head_sha).conclusion == "failure"


async def test_tokens_are_for_one_repository_and_one_stage(world: World) -> None:
    open_bug(world)
    await world.settle()

    mints = [call.body for call in world.github.calls if call.path.endswith("/access_tokens")]
    assert [mint.get("repository_ids", mint.get("repositories")) for mint in mints] == [
        [world.repo.id],
        [world.repo.id],
        [".github"],
    ]
    assert [mint["permissions"] for mint in mints] == [
        {"checks": "write", "issues": "write", "pull_requests": "write"},
        {"contents": "read", "pull_requests": "read"},
        {"contents": "read"},
    ]
    # git first asks without credentials and is told 401.
    used = [call.token_permissions for call in world.github.git_calls if call.status != 401]
    assert used
    assert all(permissions and permissions.get("contents") == "read" for permissions in used)


async def test_the_check_is_queued_then_running_then_concluded(world: World) -> None:
    pull = open_bug(world)
    await world.settle()

    states = [
        call.body.get("status")
        for call in world.github.calls
        if call.operation_id in {"checks/create", "checks/update"}
    ]
    assert states == ["queued", "in_progress", "completed"]
    assert world.check(pull.head_sha).external_id.endswith(pull.head_sha)


async def test_a_push_adds_what_is_new_and_edits_the_summary(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer({**DIVISION, "eval(": {"title": "Runs any text as code", "severity": "P0"}})
    pull = open_bug(world)
    await world.settle()
    first = pull.head_sha
    world.repo.commit("feature", {"app/price.py": BUG + "\n\ndef run(text):\n    return eval(text)\n"})
    await world.settle()

    assert pull.head_sha != first
    assert [world.check(sha).conclusion for sha in (first, pull.head_sha)] == ["failure", "failure"]
    assert len(pull.comments) == 1
    assert "Blocked by 2 findings" in world.summary(pull)
    bodies = [comment.body for comment in pull.review_comments]
    assert sum("Division by zero" in body for body in bodies) == 1
    assert len(pull.reviews) == 2


async def test_fixing_the_bug_turns_the_new_head_green(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    pull = open_bug(world)
    await world.settle()
    world.repo.commit("feature", {"app/price.py": "def price(items):\n    return mean(items)\n"})
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "success"
    assert "Passed" in world.summary(pull)


async def test_without_a_model_static_rules_run_and_the_check_says_that_ai_did_not_look(
    world_without_model: World,
) -> None:
    world = world_without_model
    pull = open_bug(world)
    await world.settle()

    check = world.check(pull.head_sha)
    assert check.conclusion == "action_required"
    assert "no model is configured" in (check.summary or "")
    assert "AI did not look" in world.summary(pull)


async def test_static_findings_need_no_model(world_without_model: World) -> None:
    world = world_without_model
    world.repo.commit("feature", {"app/merge.py": "<<<<<<< ours\na = 1\n=======\na = 2\n>>>>>>> theirs\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "failure"
    assert [(c.path, c.original_line) for c in pull.review_comments] == [("app/merge.py", 1)]
    assert "found without a model" in pull.review_comments[0].body


async def test_an_unreadable_file_blocks_success_and_is_named(world: World) -> None:
    world.repo.commit("feature", {"data.bin": b"\x00\x01\x02" * 100, "app/x.py": "x = 1\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    check = world.check(pull.head_sha)
    assert check.conclusion == "action_required"
    assert "data.bin" in (check.text or "")
    assert "1 of 2 changed files not reviewed: binary" in (check.title or "")


async def test_a_draft_that_was_announced_as_ready_gets_its_check_cancelled(world: World) -> None:
    pull = open_bug(world)
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)
    pull.convert_to_draft()
    await world.work()

    assert world.check(pull.head_sha).conclusion == "cancelled"


async def test_a_pull_request_that_closed_meanwhile_is_left_alone(world: World) -> None:
    pull = open_bug(world)
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)
    pull.close()
    await world.work()

    assert world.check(pull.head_sha).conclusion == "cancelled"
    assert pull.comments == []


async def test_reopening_reviews_the_same_head_again_with_a_new_check(world: World) -> None:
    pull = open_bug(world)
    await world.settle()
    pull.close()
    pull.reopen()
    await world.settle()

    assert [run.conclusion for run in world.checks(pull.head_sha)] == ["success", "success"]
    assert len(pull.comments) == 1


async def test_two_pushes_before_the_worker_comes_give_one_review(world: World) -> None:
    assert world.model is not None
    pull = open_bug(world)
    old = pull.head_sha
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    await world.settle()

    assert world.check(old).conclusion == "cancelled"
    assert world.check(pull.head_sha).conclusion == "success"
    assert len(world.model.requests) == 1


async def test_the_head_moving_during_the_review_silences_the_old_run(world: World) -> None:
    assert world.model is not None
    pull = open_bug(world)
    old = pull.head_sha

    def push_meanwhile(_seen: object) -> Answer:
        if pull.head_sha == old:
            world.repo.commit("feature", {"app/price.py": "x = 2\n"})
        return Answer({"findings": [], "summary": "", "diagram": None})

    world.model.behaviour = push_meanwhile
    await world.settle()
    await world.settle()

    assert world.check(old).conclusion == "cancelled"
    assert world.checks(pull.head_sha)[-1].conclusion == "success"
    assert len(pull.comments) == 1


async def test_a_model_is_not_asked_when_there_is_nothing_to_read(world: World) -> None:
    world.repo.commit("feature", {"data.bin": b"\x00\x01"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    assert world.model is not None
    assert world.model.requests == []
    assert world.check(pull.head_sha).conclusion == "action_required"


async def test_a_history_without_a_common_ancestor_is_said(world: World) -> None:
    pull = open_bug(world)
    orphan = world.repo.commit("orphan", {"a.py": "x = 1\n"}, parent="")
    world.repo.force_push("feature", orphan)
    await world.settle()

    check = world.check(pull.head_sha)
    assert check.conclusion == "action_required"
    assert "no common ancestor" in (check.summary or "")


async def test_a_run_that_lost_its_row_writes_nothing_more(world: World) -> None:
    assert world.model is not None
    pull = open_bug(world)
    row = f"revwright:row:review:{world.repo.installation.id if world.repo.installation else 0}:{world.repo.id}:1"

    def taken_over(_seen: object) -> Answer:
        with Redis(unix_socket_path=world.redis_settings.unix_socket_path) as client:
            client.hset(row, "owner", "another worker")
        return Answer({"findings": [], "summary": "", "diagram": None})

    world.model.behaviour = taken_over
    await world.deliver_new()
    for queue in Queue:
        await world.work_queue(queue)

    assert world.check(pull.head_sha).status == "in_progress"
    assert pull.comments == []
