"""What no delivery told of is found by comparing open pull requests with the ledger, and taken in once."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.store import keys
from app.adapters.store.ledger import RedisLedger
from app.domain.errors import GitHubRefused
from app.domain.jobs import JobKind, RowKey
from app.domain.missed import KnownRepository
from app.domain.row import Row
from app.usecases.reconcile import AGAIN, SETTLED
from tests.fakes.github import PullRequest
from tests.fakes.github.installations import remove_repository, suspend, uninstall
from tests.usecases.missing import Missing

PULLS = "/pulls"


async def compared(missing: Missing) -> int:
    """A comparison some time after the last change, an hour after the one before."""
    missing.now += SETTLED + timedelta(seconds=1)
    await missing.due(missing.repo)
    return await missing.reconciliation().compare_due()


async def heard(missing: Missing, pull: PullRequest) -> None:
    """The ledger has the pull request as it is now, as if its delivery had come."""
    missing.missed()
    assert (await missing.recovery().scan()).recovered == 1
    assert await missing.row(pull) is not None


async def test_a_pull_request_that_was_opened_unheard_is_taken_in_once(missing: Missing) -> None:
    one = await missing.know(missing.repo)
    missing.later(seconds=2)
    pull = missing.open_pull()

    assert await compared(missing) == 1
    row = await missing.row(pull)
    assert row is not None
    assert (row.generation, row.wanted.head, row.wanted.trigger) == (1, pull.head_sha, "opened")
    assert row.wanted.repository == one.name
    assert await compared(missing) == 0
    assert await missing.row(pull) == row


async def test_what_was_open_before_we_came_nobody_asked_for(missing: Missing) -> None:
    pull = missing.open_pull()
    missing.later(seconds=2)
    await missing.know(missing.repo)

    assert await compared(missing) == 0
    assert await missing.row(pull) is None


async def test_a_pull_request_whose_row_is_forgotten_by_now_is_not_taken_for_new(missing: Missing) -> None:
    """Everything that was said on it would be said once more."""
    await missing.know(missing.repo)
    pull = missing.open_pull()
    await heard(missing, pull)
    missing.later(days=91)
    await missing.redis.delete(keys.row(str(RowKey(JobKind.REVIEW, missing.ref(pull)))))

    assert await compared(missing) == 0
    assert await missing.row(pull) is None


async def test_a_push_that_nobody_told_of_is_taken_in_once(missing: Missing) -> None:
    await missing.know(missing.repo)
    pull = missing.open_pull()
    await heard(missing, pull)
    missing.repo.commit(pull.head_ref, {"more.txt": "1\n"})

    assert await compared(missing) == 1
    row = await missing.row(pull)
    assert row is not None
    assert (row.generation, row.wanted.head, row.wanted.trigger) == (2, pull.head_sha, "push")
    assert await compared(missing) == 0


async def test_a_branch_that_goes_back_to_an_earlier_head_unheard_is_taken_in_again(missing: Missing) -> None:
    await missing.know(missing.repo)
    pull = missing.open_pull()
    await heard(missing, pull)
    first = pull.head_sha
    second = missing.repo.commit(pull.head_ref, {"more.txt": "1\n"})
    assert await compared(missing) == 1
    missing.repo.force_push(pull.head_ref, first)
    assert await compared(missing) == 1
    missing.repo.force_push(pull.head_ref, second)

    assert await compared(missing) == 1
    row = await missing.row(pull)
    assert row is not None
    assert (row.generation, row.wanted.head) == (4, second)


@pytest.mark.parametrize("finished", [False, True])
async def test_a_head_that_the_ledger_has_is_left_alone(missing: Missing, finished: bool) -> None:
    await missing.know(missing.repo)
    pull = missing.open_pull()
    await heard(missing, pull)
    if finished:
        row = await missing.row(pull)
        assert row is not None
        assert await missing.ledger.take(row.key, "me") is not None
        await missing.ledger.done(row.key, "me", row.generation)
    before = await missing.row(pull)

    assert await compared(missing) == 0
    assert await missing.row(pull) == before


async def test_a_draft_that_became_ready_unheard_is_taken_in_once(missing: Missing) -> None:
    await missing.know(missing.repo)
    pull = missing.open_pull(draft=True)
    await heard(missing, pull)
    assert await compared(missing) == 0
    pull.mark_ready()

    assert await compared(missing) == 1
    row = await missing.row(pull)
    assert row is not None
    assert (row.wanted.trigger, row.wanted.draft) == ("ready_for_review", False)
    assert await compared(missing) == 0


async def test_a_change_of_this_minute_may_still_be_on_its_way(missing: Missing) -> None:
    await missing.know(missing.repo)
    pull = missing.open_pull()

    assert await missing.reconciliation().compare_due() == 0
    assert await missing.row(pull) is None
    assert await compared(missing) == 1


async def test_closed_pull_requests_are_not_compared(missing: Missing) -> None:
    await missing.know(missing.repo)
    missing.open_pull().close()

    assert await compared(missing) == 0


async def test_an_account_that_may_not_use_us_any_more_does_not_come_in_this_way(missing: Missing) -> None:
    await missing.know(missing.repo)
    pull = missing.open_pull()
    missing.now += SETTLED + timedelta(seconds=1)

    assert await missing.reconciliation(allowed=frozenset((1,))).compare_due() == 0
    assert await missing.row(pull) is None
    await missing.due(missing.repo)
    owner = frozenset((missing.repo.owner.id,))
    assert await missing.reconciliation(allowed=owner).compare_due() == 1


class ReadBefore(RedisLedger):
    """A worker that read the row before the other one wrote it."""

    async def read(self, row: RowKey) -> Row | None:
        return None


async def test_two_workers_that_see_the_same_take_it_in_once(missing: Missing) -> None:
    await missing.know(missing.repo)
    pull = missing.open_pull()
    assert await compared(missing) == 1
    await missing.due(missing.repo)

    assert await replace(missing.reconciliation(), ledger=ReadBefore(missing.redis)).compare_due() == 0
    row = await missing.row(pull)
    assert row is not None
    assert row.generation == 1


async def test_a_repository_is_compared_once_an_hour_and_so_many_in_a_pass(missing: Missing) -> None:
    others = [missing.github.create_repository(f"acme/r{n}", installation=missing.installation) for n in range(3)]
    known = [await missing.know(repo) for repo in others]
    reconciliation = missing.reconciliation(most=2)
    passes = []
    for _ in range(3):
        before = len(missing.asked(PULLS))
        await reconciliation.compare_due()
        passes.append(len(missing.asked(PULLS)) - before)

    assert passes == [2, 1, 0]
    now = datetime.now(UTC)
    for one in known:
        turn = await missing.turn(one)
        assert turn is not None
        assert timedelta(minutes=59) < turn - now < timedelta(minutes=66)


async def test_a_renamed_repository_is_found_by_the_name_that_github_gives(missing: Missing) -> None:
    await missing.know(missing.repo, name="acme/old-name")
    missing.open_pull()

    assert await compared(missing) == 1


# Repositories that are gone, and a GitHub that does not answer.


async def test_a_repository_that_left_the_installation_is_forgotten(
    missing: Missing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    one = await missing.know(missing.repo)
    remove_repository(missing.github, missing.installation, missing.repo)

    await assert_forgotten(missing, one)
    assert "acme/web is not ours any more" in caplog.text
    missing.github.unprocessable.clear()  # the tokens that it refused


async def test_a_suspended_installation_is_forgotten(missing: Missing) -> None:
    one = await missing.know(missing.repo)
    suspend(missing.github, missing.installation)

    await assert_forgotten(missing, one)


async def test_an_uninstalled_app_forgets_the_repository(missing: Missing) -> None:
    one = await missing.know(missing.repo)
    uninstall(missing.github, missing.installation)

    await assert_forgotten(missing, one)


async def test_a_repository_that_github_does_not_find_is_forgotten(missing: Missing) -> None:
    one = await missing.know(missing.repo)
    missing.github.faults.add(path=r"/pulls$", times=1, status=404, body={"message": "Not Found"})

    await assert_forgotten(missing, one)


async def assert_forgotten(missing: Missing, one: KnownRepository) -> None:
    assert await missing.reconciliation().compare_due() == 0
    assert await missing.turn(one) is None
    assert await missing.redis.keys("revwright:repositor*") == []


async def test_a_key_that_github_does_not_accept_forgets_nothing(missing: Missing) -> None:
    one = await missing.know(missing.repo)
    missing.github.faults.add(path="access_tokens", times=1, status=401, body={"message": "Bad credentials"})
    with pytest.raises(GitHubRefused):
        await missing.reconciliation().compare_due()

    assert await missing.turn(one) is not None


async def test_a_rate_limit_stops_the_installation_and_no_other(missing: Missing) -> None:
    sibling = missing.github.create_repository("acme/sibling", installation=missing.installation)
    other = missing.github.create_repository("other/app", installation=missing.github.add_installation("other"))
    other.commit("main", {"README.md": "# app\n"})
    limited = [await missing.know(missing.repo), await missing.know(sibling)]
    await missing.know(other)
    pull = missing.open_pull(other)
    missing.now += SETTLED + timedelta(seconds=1)
    missing.github.faults.secondary_rate_limit(600, path=r"/acme/[a-z]+/pulls$")

    assert await missing.reconciliation().compare_due() == 1
    assert len(missing.asked("/acme/")) == 1
    assert await missing.row(pull) is not None
    for one in limited:
        turn = await missing.turn(one)
        assert turn is not None
        assert abs(turn - (missing.now + timedelta(seconds=600))) < timedelta(milliseconds=2)


async def test_a_repository_that_github_cannot_tell_about_comes_again_soon_and_holds_up_no_other(
    missing: Missing,
) -> None:
    sibling = missing.github.create_repository("acme/sibling", installation=missing.installation)
    bad = await missing.know(missing.repo)
    await missing.know(sibling)
    missing.open_pull(missing.repo)
    missing.now += SETTLED + timedelta(seconds=1)
    missing.github.faults.add(path=r"/acme/web/pulls$", times=3, status=502)

    assert await missing.reconciliation().compare_due() == 0
    assert missing.asked("/sibling/pulls") != []
    turn = await missing.turn(bad)
    assert turn is not None
    assert abs(turn - (missing.now + AGAIN)) < timedelta(milliseconds=2)
    assert await compared(missing) == 1
