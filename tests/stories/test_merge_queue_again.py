"""GitHub's "Re-run" on a group of a merge queue: both checks are decided once more, by what is so now."""

from __future__ import annotations

import pytest

from app.domain.messages.check import REVIEW_CHECK
from app.domain.messages.gate import GATE_CHECK
from tests.fakes.github import CheckRun, User
from tests.fakes.github.merge_queue import MergeGroup
from tests.stories.test_gate import approve, open_core
from tests.stories.test_gate import people as people  # noqa: PLC0414 - the fixture
from tests.stories.test_merge_queue import conclusions, of_group, opened
from tests.world import World


def newest(world: World, group: MergeGroup) -> tuple[CheckRun, CheckRun]:
    return world.checks(group.head_sha, REVIEW_CHECK)[-1], world.checks(group.head_sha, GATE_CHECK)[-1]


@pytest.mark.parametrize("whole", [False, True], ids=["one check", "all checks"])
async def test_run_once_more_a_group_is_decided_once_more(
    gated: World, people: dict[str, User], *, whole: bool
) -> None:
    pull = open_core(gated, people)
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.settle()
    before = of_group(gated, group)
    assert conclusions(gated, group) == ("success", "failure")
    approve(pull, people["alice"])
    await gated.settle()
    if whole:
        gated.repo.rerequest_suite(before[1].suite, by=people["bob"])
    else:
        gated.repo.rerequest(before[1], by=people["bob"])
    await gated.settle()

    again = newest(gated, group)
    assert [run.conclusion for run in again] == ["success", "success"]
    assert again[1].id != before[1].id


async def test_it_may_fail_now_and_vouches_for_nothing_then(gated: World) -> None:
    one, two = opened(gated, "one"), opened(gated, "two")
    await gated.settle()
    first = gated.repo.queue(one)
    await gated.settle()
    gated.repo.commit("one", {"app/one.py": "evil = 1\n"})
    gated.repo.rerequest(of_group(gated, first)[0], by=one.user)
    second = gated.repo.queue(two, onto=first)
    await gated.settle()

    assert [run.conclusion for run in newest(gated, first)] == ["failure", "failure"]
    assert conclusions(gated, second) == ("failure", "failure")


async def test_of_a_group_that_is_gone_nothing_is_decided(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.settle()
    group.destroy("merged")
    await gated.settle()
    before = gated.written()
    gated.repo.rerequest(of_group(gated, group)[1], by=pull.user)
    await gated.settle()

    assert gated.written() == before


async def test_what_cannot_be_told_this_time_fails(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.settle()
    gated.github.faults.add(method="GET", path=f"/pulls/{pull.number}$", status=403, body={"message": "no"})
    gated.repo.rerequest(of_group(gated, group)[1], by=pull.user)
    await gated.settle()

    assert [run.conclusion for run in newest(gated, group)] == ["failure", "failure"]
    assert newest(gated, group)[0].title == "Not decided: the look at the group failed"
