"""What becomes of commands when something is in the way: lost answers, attempts used up, an operator's word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from app.domain.commands.asked import Who
from app.domain.commands.verbs import Verb
from app.domain.errors import GitFailed
from app.domain.jobs import JobKind, RowKey
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.domain.row import Order, Row
from app.domain.runs import RunState
from app.ports import Mirrors, Place, Repository
from app.usecases.commands.desk import Desk
from app.usecases.commands.run import CommandRun
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.github.installations import change_permissions
from tests.stories.pushes import (
    answers,
    conclusion,
    first_comments,
    machine,
    person,
    push_what_git_refuses,
    resolvers,
)
from tests.stories.saying import replies, reply, reviewed_bug, said, signs, writer
from tests.stories.test_failures import row_key
from tests.world import World


def command_key(world: World, pull: PullRequest) -> RowKey:
    return RowKey(JobKind.COMMAND, row_key(world, pull).ref)


def job_of(world: World) -> CommandRun:
    job = world.services.jobs[JobKind.COMMAND]
    assert isinstance(job, CommandRun)
    return job


async def row_of(world: World, pull: PullRequest) -> Row:
    row = await world.services.ledger.read(command_key(world, pull))
    assert row is not None
    return row


@pytest.mark.parametrize("path", [r"/issues/1/comments$", r"/reactions$"])
async def test_an_answer_that_was_lost_is_not_given_twice(github: FakeGitHub, world: World, path: str) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    github.faults.add(method="POST", path=path, status=502, times=1, when="after")

    comment = await said(world, pull, ann, "@revwright pause")

    assert signs(comment) == ["eyes", "rocket"]
    assert len(replies(pull)) == 1


async def test_who_was_told_that_it_was_seen_is_told_that_nothing_comes_of_it(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    comment, silent = pull.comment(ann, "@revwright help"), pull.comment(ann, "@revwright status")
    await world.deliver_new()
    job, row = job_of(world), await row_of(world, pull)
    await job.parts.outbox.finish(row.key.ref, f"seen:comment:{comment.id}", comment.id)

    await job.waits(row, "no reason", github.now())
    await job.superseded(row)
    await job.give_up(row, "no reason")
    await world.work()

    assert "This could not be done" in reply(pull)
    assert f"issuecomment-{comment.id}" in reply(pull)
    assert signs(silent) == []
    (run, *_) = await world.services.runs.recent(1)
    assert (run.state, run.outcome) == (RunState.DONE, "nothing is left to do")


async def test_commits_that_git_does_not_take_are_told_of_and_keep_nobody_from_stopping(
    github: FakeGitHub, world: World
) -> None:
    """Whoever may push to the branch can push one; who may not ask is told nothing."""
    pull, ann = await reviewed_bug(world), writer(github, world)
    push_what_git_refuses(world, pull.head_ref)
    await world.settle()

    asked = await said(world, pull, ann, "@revwright review")
    stop = await said(world, pull, ann, "@revwright stop")
    reader = await said(world, pull, person(github, world.repo, "eve", "read"), "@revwright review")

    first, second = replies(pull)
    assert "The commits of this pull request cannot be read, so nothing is done with them: git fetch" in first
    assert "cannot be read" not in second
    assert (signs(asked), signs(stop), signs(reader)) == (["confused"], ["eyes", "rocket"], ["confused"])


@dataclass(frozen=True, slots=True)
class Down:
    """Implements ports.Mirrors: the server does not answer."""

    mirrors: Mirrors

    async def fetch(
        self, ref: PullRequestRef, repository: RepositoryName, *, head: Sha, base: Sha, floor: Sha | None = None
    ) -> Repository:
        raise GitFailed("it is down", retry=True)

    async def branch_head(self, ref: PullRequestRef, repository: RepositoryName, branch: str) -> Sha | None:
        return await self.mirrors.branch_head(ref, repository, branch)

    async def pull_request_head(self, ref: PullRequestRef, repository: RepositoryName) -> Sha | None:
        return await self.mirrors.pull_request_head(ref, repository)


async def test_a_git_server_that_is_down_is_waited_for(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    parts, row = job_of(world).parts, row_key(world, pull)
    place = Place(row.ref, RepositoryName("acme", "web"))
    desk = Desk(replace(parts, mirrors=Down(parts.mirrors)))

    with pytest.raises(GitFailed, match="it is down"):
        await desk.may(await parts.pull_requests.read(row.ref, place.repository), Who(ann.id, ann.login), Verb.STOP)


@pytest.mark.parametrize(("order", "left"), [(Order.STOP, 0), (Order.PAUSE, 1)])
async def test_an_operator_drops_what_is_asked_or_lets_it_wait(
    github: FakeGitHub, world: World, order: Order, left: int
) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    pull.comment(ann, "@revwright help")
    await world.deliver_new()
    job, row = job_of(world), await row_of(world, pull)

    await job.end_early(row, order)

    assert len(await job.parts.notes.of(row.key)) == left


async def test_what_another_version_wrote_is_passed_over(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    pull.comment(ann, "@revwright help")
    (delivery,) = github.deliveries.of("issue_comment", "created")[-1:]
    await world.deliver_new()
    job, row = job_of(world), await row_of(world, pull)
    (kept,) = await job.parts.notes.of(row.key)
    await job.parts.notes.done(row.key, kept.note)
    strange = world.redis.hset(f"revwright:notes:{row.key}", "strange", "\n1000\n[]")
    assert await strange == 1  # type: ignore[misc]  # redis types it as maybe not awaitable
    await world.work()

    assert await job.parts.notes.of(row.key) == ()
    assert replies(pull) == []
    assert delivery.status_code == 202


async def test_wishes_of_more_than_an_hour_ago_count_no_more(github: FakeGitHub, world: World) -> None:
    pull = await reviewed_bug(world)
    parts, place = job_of(world).parts, Place(row_key(world, pull).ref, RepositoryName("acme", "web"))
    who, now = Who(9, "ann"), parts.now()
    assert [await Desk(parts).count(place, who, f"w{number}") for number in (1, 2, 2)] == [0, 1, 1]
    assert await Desk(parts).count(place, Who(99, "zoe"), "w") == 0

    later = replace(parts, now=lambda: now + timedelta(minutes=61))
    assert await Desk(later).count(place, who, "w3") == 0
    assert set(await parts.outbox.finished(place.ref, "asked:9:")) == {"asked:9:w3"}


async def test_an_app_that_may_not_resolve_dismisses_all_the_same(github: FakeGitHub, world: World) -> None:
    github.app.events.append("pull_request_review_thread")
    pull, ann = await reviewed_bug(world), writer(github, world)
    (first,) = first_comments(pull)
    (one,) = machine(world, pull)["findings"]
    installation = world.repo.installation
    assert installation is not None
    change_permissions(github, installation, {**installation.permissions, "contents": "read"})
    stranger = person(github, world.repo, "stranger", "read")
    pull.resolve_thread(first, by=stranger)
    await world.settle()
    assert (resolvers(pull), conclusion(world, pull)) == (["stranger"], "failure")
    assert [line.startswith("Still there on") for line in answers(pull)] == [True]
    pull.reopen_thread(first)

    comment = await said(world, pull, ann, f"@revwright dismiss {one['id']} no")

    assert signs(comment) == ["eyes", "rocket"]
    assert (resolvers(pull), conclusion(world, pull)) == ([None], "success")
    github.unprocessable.clear()


async def test_a_finding_whose_conversation_is_gone_is_dismissed_by_its_id(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    (one,) = machine(world, pull)["findings"]
    world.repo.review_comments.clear()

    comment = await said(world, pull, ann, f"@revwright dismiss {one['id']} no")

    assert (signs(comment), conclusion(world, pull)) == (["eyes", "rocket"], "success")


async def test_a_review_that_waits_or_runs_is_the_one_that_is_asked_for(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    world.repo.commit("feature", {"app/other.py": "x = 1\n"})
    pull.comment(ann, "@revwright review")
    await world.deliver_new()
    runs = len(await world.services.runs.recent(50))
    await world.work()

    assert "is under way or in line already" in reply(pull)
    assert len(await world.services.runs.recent(50)) == runs + 2


async def test_a_stop_of_what_waits_says_so(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    world.repo.commit("feature", {"app/other.py": "x = 1\n"})
    pull.comment(ann, "@revwright stop")
    await world.deliver_new()
    await world.work()

    assert "Stopped: what ran or waited here ends" in reply(pull)
    assert conclusion(world, pull) == "cancelled"


async def test_a_locked_conversation_hides_what_a_button_says(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    github.faults.add(method="POST", path=r"/issues/1/comments$", status=403, times=9, body={"message": "locked"})
    world.repo.request_action(world.check(pull.head_sha), "human", by=ann)
    await world.settle()

    assert replies(pull) == []
    (run, *_) = await world.services.runs.recent(1)
    assert run.state is RunState.DONE


async def test_a_refusal_that_is_no_missing_permission_ends_the_command(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    github.faults.add(method="GET", path=r"/git/matching-refs", status=400, times=9)

    comment = await said(world, pull, ann, "@revwright remember Use the clock.")

    assert signs(comment) == ["eyes"]
    assert "This could not be done" in reply(pull)
