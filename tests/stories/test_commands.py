"""Commands in comments: who may, what comes of it, and that each is answered once and in its place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.domain.commands import Verb
from app.domain.runs import RunState
from tests.fakes.github import FakeGitHub
from tests.stories.pushes import asked, conclusion, first_comments, person, says
from tests.stories.saying import answered, replies, reply, reviewed_bug, said, signs, writer
from tests.stories.test_failures import row_key
from tests.world import World


async def test_help_is_answered_once_and_in_place(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)

    comment = await said(world, pull, ann, "@revwright help")

    assert signs(comment) == ["eyes", "rocket"]
    told = reply(pull)
    assert told.startswith(f"[`help`]({github.url}/acme/web/pull/1#issuecomment-{comment.id}), asked by ann:")
    for verb in Verb:
        assert f"| `{verb}" in told
    assert "| `dismiss <finding> <reason>` |" in told
    assert world.model is not None
    assert len(world.model.requests) == 2, "the review and its judge: no model was asked for this"


async def test_in_a_thread_the_answer_stands_in_the_thread(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    (first,) = first_comments(pull)

    comment = await answered(world, pull, ann, first, "@revwright help")

    assert signs(comment) == ["eyes", "rocket"]
    assert replies(pull) == []
    ours = [one for one in pull.review_comments if one.in_reply_to_id == first.id and one.user.type == "Bot"]
    assert [one.body.startswith("[`help`](") for one in ours] == [True]
    assert f"#discussion_r{comment.id}" in ours[0].body


async def test_status_tells_how_it_stands(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)

    await said(world, pull, ann, "@revwright status")

    told = reply(pull)
    for words in (
        "(open): **blocked by findings**",
        "1 of 1 changed entry looked at",
        "1 open, 1 of them blocking; 0 dismissed, 0 fixed",
        "Rounds: 1 of 6",
        "Spent on models:",
    ):
        assert words in told


async def test_config_tells_each_value_and_where_it_comes_from(github: FakeGitHub, world: World) -> None:
    world.repo.commit("main", {".github/revwright.yml": "version: 1\nlimits: {rounds: 3}\n"})
    pull, ann = await reviewed_bug(world), writer(github, world)

    await said(world, pull, ann, "@revwright config")

    told = reply(pull)
    assert "| `limits.rounds` | `3` | repository |" in told
    assert "| `review.block_at` | `P1` | built-in |" in told


async def test_review_looks_at_the_same_head_again(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    says(world, {})

    await said(world, pull, ann, "@revwright review")
    assert "is looked at again; what was covered keeps its coverage" in reply(pull)
    assert asked(world) == [], "its coverage is kept"
    assert len(world.checks(pull.head_sha)) == 2

    full = await said(world, pull, ann, "@revwright review full the locks")
    assert signs(full) == ["eyes", "rocket"]
    assert "all of it. What to look at in particular is not used" in replies(pull)[1]
    assert "review" in asked(world)


async def test_stop_pause_and_resume(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)

    await said(world, pull, ann, "@revwright stop")
    await said(world, pull, ann, "@revwright resume")
    await said(world, pull, ann, "@revwright pause")
    await said(world, pull, ann, "@revwright pause")
    await said(world, pull, ann, "@revwright review")
    await said(world, pull, ann, "@revwright status")
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    await world.settle()
    assert conclusion(world, pull) == "cancelled"
    await said(world, pull, ann, "@revwright resume")

    assert conclusion(world, pull) == "success"
    told = [one.partition("asked by ann:")[2].strip().splitlines()[0] for one in replies(pull)]
    assert [words.partition(":")[0].partition(".")[0] for words in told] == [
        "Nothing runs or waits here",
        "It is not paused",
        "Paused",
        "Nothing changed",
        "Reviews of this pull request are paused",
        "- Head `" + told[5].split("`")[1] + "` (open)",
        "Resumed",
    ]


async def test_a_stop_ends_a_review_that_waits(github: FakeGitHub, world: World) -> None:
    ann = writer(github, world)
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.deliver_new()
    assert await world.services.orders.pause(row_key(world, pull))
    pull.comment(ann, "@revwright review")
    await world.settle()
    assert "are paused" in reply(pull)


@pytest.mark.parametrize("role", ["none", "read", "triage", "write", "maintain", "admin"])
async def test_who_may_say_what(github: FakeGitHub, world_without_model: World, role: str) -> None:
    """Each verb by a person of its own; one of them is the author, who gains nothing by that."""
    world = world_without_model
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    people = {verb: person(github, world.repo, f"p-{verb}", role) for verb in Verb}
    pull = world.repo.open_pull_request(head="feature", user=people[Verb.REVIEW])
    await world.settle()
    before, checks = len(world.written()), len(world.checks(pull.head_sha))

    comments = {verb: pull.comment(people[verb], f"@revwright {verb} F000000000 because") for verb in Verb}
    await world.settle()

    least = {verb: "triage" if verb in {Verb.ASK, Verb.STATUS, Verb.HELP} else "write" for verb in Verb}
    ranks = ["none", "read", "triage", "write", "maintain", "admin"]
    may = {verb for verb in Verb if ranks.index(role) >= ranks.index(least[verb])}
    for verb, comment in comments.items():
        if verb in may:
            assert signs(comment)[0] == "eyes", verb
        else:
            assert signs(comment) == ["confused"], verb
    assert len(replies(pull)) == len(may)
    if role in {"none", "read"}:
        assert len(world.checks(pull.head_sha)) == checks, "no order"
        written = [call for call in world.written()[before:] if "/access_tokens" not in call]
        signed = [f"POST /repos/acme/web/issues/comments/{comment.id}/reactions" for comment in comments.values()]
        assert written == signed


async def test_a_person_who_may_not_gets_one_sign_and_no_word(github: FakeGitHub, world: World) -> None:
    pull, stranger = await reviewed_bug(world), person(github, world.repo, "stranger", "read")

    comments = [await said(world, pull, stranger, f"@revwright review {number}") for number in range(3)]

    assert [signs(comment) for comment in comments] == [["confused"], [], []]
    assert replies(pull) == []


@pytest.mark.parametrize(
    ("answer", "done"),
    [
        ({"status": 404, "body": {"message": "Not Found"}}, False),
        ({"status": 200, "body": {"permission": "owner", "role_name": "king", "user": {"id": 0}}}, False),
        ({"status": 200, "body": {"permission": "write", "role_name": "write", "user": {"id": 1}}}, False),
        ({"status": 200, "body": {"permission": "write", "role_name": "write", "user": None}}, False),
        ({"status": 500, "times": 4}, True),
        ({"status": 502, "times": 9}, True),
    ],
    ids=["gone", "a role that nobody knows", "another account has the login now", "a ghost", "away", "away for long"],
)
async def test_what_github_says_of_a_permission(
    github: FakeGitHub, world: World, answer: dict[str, Any], done: bool
) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    github.faults.add(path="/permission$", **answer)

    comment = await said(world, pull, ann, "@revwright pause")

    assert signs(comment) == (["eyes", "rocket"] if done else ["confused"])
    assert len(replies(pull)) == done
    row = await world.services.ledger.read(row_key(world, pull))
    assert row is not None
    assert row.paused is done


async def test_a_right_that_was_taken_before_the_job_ran_is_none(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    comment = pull.comment(ann, "@revwright pause")
    await world.deliver_new()
    world.repo.permissions[ann.id] = "read"
    await world.work()

    assert signs(comment) == ["confused"]


async def test_a_policy_tightens_and_never_loosens(github: FakeGitHub, world: World) -> None:
    policy = "version: 1\ncommands: {pause: maintain}\n"
    world.repo.commit("main", {".github/revwright.yml": policy})
    pull, ann = await reviewed_bug(world), writer(github, world)

    refused = await said(world, pull, ann, "@revwright pause")
    world.repo.permissions[ann.id] = "maintain"
    done = await said(world, pull, ann, "@revwright pause")

    assert (signs(refused), signs(done)) == (["confused"], ["eyes", "rocket"])


async def test_with_an_invalid_policy_nothing_is_done_that_it_could_hold_back(github: FakeGitHub, world: World) -> None:
    world.repo.commit("main", {".github/revwright.yml": "version: 2\n"})
    pull, ann = await reviewed_bug(world), writer(github, world)

    refused = await said(world, pull, ann, "@revwright review")
    told = await said(world, pull, ann, "@revwright config")

    assert (signs(refused), signs(told)) == (["eyes", "confused"], ["eyes", "rocket"])
    assert "The policy of the base branch is invalid" in replies(pull)[0]
    assert "What is invalid has no say" in replies(pull)[1]


async def test_an_unknown_verb_gets_help_once_for_each_person(github: FakeGitHub, world: World) -> None:
    pull, ann, bob = await reviewed_bug(world), writer(github, world), writer(github, world, "bob")

    comments = [await said(world, pull, who, "@revwright canary!") for who in (ann, ann, bob)]

    assert [signs(comment) for comment in comments] == [["eyes", "confused"]] * 3
    assert ["none of the commands" in one for one in replies(pull)] == [True, True]
    assert "canary" not in "".join(replies(pull)).replace("asked by", "")


async def test_a_closed_pull_request_answers_status_and_help_only(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    pull.close()
    await world.settle()

    assert signs(await said(world, pull, ann, "@revwright review")) == ["eyes", "confused"]
    assert "is closed" in replies(pull)[0]
    for verb in ("status", "help"):
        assert signs(await said(world, pull, ann, f"@revwright {verb}")) == ["eyes", "rocket"]


async def test_a_draft_is_not_reviewed_by_a_command_where_drafts_are_not(github: FakeGitHub, world: World) -> None:
    ann = writer(github, world)
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    pull = world.repo.open_pull_request(head="feature", draft=True)
    await world.settle()

    assert signs(await said(world, pull, ann, "@revwright review")) == ["eyes", "confused"]
    assert "Drafts are not reviewed here" in reply(pull)


async def test_what_was_asked_more_than_an_hour_ago_is_asked_again_by_who_still_wants_it(
    github: FakeGitHub, world: World
) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    now = github.clock
    github.clock = lambda: now() - timedelta(minutes=61)
    comment = pull.comment(ann, "@revwright pause")
    github.clock = now
    await world.settle()

    assert signs(comment) == ["eyes", "confused"]
    assert "more than an hour" in reply(pull)


@pytest.mark.parametrize("late", ["edited", "deleted", "given to another"])
async def test_a_comment_that_is_not_what_it_was_is_nothing(github: FakeGitHub, world: World, late: str) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    comment = pull.comment(ann, "@revwright pause")
    await world.deliver_new()
    if late == "edited":
        comment.body, comment.updated_at = "@revwright stop", comment.updated_at + timedelta(seconds=1)
    elif late == "deleted":
        del world.repo.issue_comments[comment.id]
    else:
        comment.user = writer(github, world, "bob")
    await world.work()

    assert (signs(comment), replies(pull)) == ([], [])


async def test_a_delivery_that_comes_five_times_has_one_effect(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    comment = pull.comment(ann, "@revwright help")
    await world.settle()
    (delivery,) = github.deliveries.of("issue_comment", "created")[-2:-1]
    for number in range(5):
        replayed = delivery.with_payload({**delivery.payload, "again": number})
        assert (await world.deliver(replayed, x_github_delivery=f"again-{number}")).json()["result"] == "queued"
    await world.work()

    assert signs(comment) == ["eyes", "rocket"]
    assert len(replies(pull)) == 1


async def test_more_than_twenty_an_hour_are_not_answered_and_that_is_told_once(
    github: FakeGitHub, world: World
) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    for _ in range(35):
        pull.comment(ann, "@revwright stop")
    await world.settle()

    assert len(replies(pull)) == 21
    assert [one for one in replies(pull) if "More than 20 commands" in one] == replies(pull)[20:]


async def test_two_comments_at_once_are_both_answered(github: FakeGitHub, world: World) -> None:
    pull, ann, bob = await reviewed_bug(world), writer(github, world), writer(github, world, "bob")
    first, second = pull.comment(ann, "@revwright help"), pull.comment(bob, "@revwright status")
    await world.settle()

    assert (signs(first), signs(second)) == (["eyes", "rocket"], ["eyes", "rocket"])
    assert ["[`help`]" in replies(pull)[0], "[`status`]" in replies(pull)[1]] == [True, True]


async def test_a_locked_conversation_is_no_reason_to_fail(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    github.faults.add(method="POST", path=r"/issues/1/comments$", status=403, times=9, body={"message": "locked"})

    comment = await said(world, pull, ann, "@revwright pause")

    assert signs(comment) == ["eyes", "rocket"]
    assert replies(pull) == []


async def test_the_record_of_a_command_is_one_of_the_runs(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    await said(world, pull, ann, "@revwright status")

    (run, *_) = await world.services.runs.recent(10)
    assert (run.state, run.outcome) == (RunState.DONE, "1 asked")
    assert any("status: done" in event.text for event in run.timeline)


async def test_without_a_model_endpoint_commands_work_unchanged(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    assert world.model is not None
    world.model.behaviour = None  # type: ignore[assignment]
    for verb in ("help", "status", "config", "stop", "pause", "resume"):
        assert signs(await said(world, pull, ann, f"@revwright {verb}"))[-1] == "rocket", verb
