"""While an installation is limited nothing is sent for it: GitHub may ban an App that calls on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.adapters.github.tokens import Stage
from app.domain.errors import GitHubRefused, GitHubUnavailable, Limit, RateLimited, WriteUncertain
from app.domain.messages.check import CheckOutput
from app.domain.pull_request import Sha
from tests.fakes.github import FakeGitHub
from tests.installed import Installed, installed

OUTPUT = CheckOutput("Waiting for GitHub", "The rate limit ends at 12:10 UTC.")


async def read(setting: Installed) -> None:
    await setting.client.call(setting.place.ref, Stage.PUBLISH, "GET", f"/repos/{setting.place.repository}/pulls/1")


async def write_check(setting: Installed) -> int:
    head = Sha(setting.pull.head_sha)
    return await setting.checks.create(setting.place, head=head, name="c", external_id="e", output=OUTPUT)


async def test_nothing_is_sent_while_the_primary_limit_lasts_not_even_a_mint(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        await read(setting)
        github.faults.calls_left(0, installation=next(iter(github.installations.values())))
        with pytest.raises(RateLimited) as refused:
            await read(setting)
        sent = len(github.calls)
        setting.clock.now += timedelta(minutes=58)  # the token is too old by now
        for call in (read, write_check):
            with pytest.raises(RateLimited) as caught:
                await call(setting)
            assert caught.value.retry_at == refused.value.retry_at
            assert caught.value.installation_id == setting.place.ref.installation_id
        with pytest.raises(RateLimited, match=r"primary rate limit for installation \d+: no calls before .* UTC"):
            await setting.conversation.comment(setting.place, "hello")

        assert len(github.calls) == sent
        github.faults.clear()
        setting.clock.now = refused.value.retry_at
        await read(setting)


async def test_a_401_counts_for_our_address_and_limits_no_installation(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        spent = {"x-ratelimit-remaining": "0", "x-ratelimit-limit": "60", "x-ratelimit-reset": "9999999999"}
        github.faults.add(path=r"/pulls/1$", status=401, headers=spent, body={"message": "Bad credentials"})
        await read(setting)
        await read(setting)


async def test_another_installation_and_the_app_itself_go_on(github: FakeGitHub) -> None:
    async with installed(github) as ours, installed(github, account="umbrella") as theirs:
        github.faults.secondary_rate_limit(60, path="/repos/acme/")
        with pytest.raises(RateLimited):
            await read(ours)
        theirs.client = type(theirs.client)(ours.transport, ours.tokens)
        await read(theirs)
        await ours.client.as_app("/app")
        with pytest.raises(RateLimited):
            await read(ours)


async def test_the_last_calls_of_the_hour_are_for_check_runs(github: FakeGitHub) -> None:
    async with installed(github, reserve=3) as setting:
        github.faults.calls_left(4, installation=next(iter(github.installations.values())))
        await read(setting)
        await read(setting)
        with pytest.raises(RateLimited) as caught:
            await setting.conversation.comment(setting.place, "hello")
        assert caught.value.limit is Limit.RESERVE

        check_run = await write_check(setting)
        await setting.checks.start(setting.place, check_run, OUTPUT)
        with pytest.raises(RateLimited) as spent:
            await setting.checks.start(setting.place, check_run, OUTPUT)

        assert spent.value.limit is Limit.PRIMARY
        assert setting.pull.comments == []
        assert [call.status for call in github.calls if call.status == 403] == []


async def test_one_check_run_is_written_after_a_secondary_refusal_and_nothing_else(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.secondary_rate_limit(60, path=r"/comments$")
        with pytest.raises(RateLimited) as caught:
            await setting.conversation.comment(setting.place, "hello")
        assert caught.value.limit is Limit.SECONDARY
        check_run = await write_check(setting)
        before = setting.written()
        with pytest.raises(RateLimited):
            await setting.checks.start(setting.place, check_run, OUTPUT)
        with pytest.raises(RateLimited):
            await read(setting)
        assert setting.written() == before

        setting.clock.now += timedelta(seconds=60)
        await setting.conversation.comment(setting.place, "hello")
        assert [comment.body for comment in setting.pull.comments] == ["hello"]


async def test_a_check_run_that_is_refused_as_well_ends_all_tries(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        fault = github.faults.secondary_rate_limit(60, times=9, path="/repos/")
        for _ in range(4):
            with pytest.raises(RateLimited):
                await write_check(setting)

        assert fault.hits == 2  # the refused one, and the one pass


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_503_that_says_when_is_left_to_the_jobs_back_off(github: FakeGitHub, method: str) -> None:
    async with installed(github) as setting:
        fault = github.faults.add(path="rate_limit", times=9, status=503, headers={"retry-after": "120"})
        with pytest.raises(GitHubUnavailable) as caught:
            await setting.transport.call(method, "/rate_limit", authorization="token x")

        assert caught.value.retry_after_seconds == 120
        assert isinstance(caught.value, WriteUncertain) == (method == "POST")
        assert (fault.hits, setting.slept.seconds) == (1, [])


async def test_a_5xx_that_asks_for_a_moment_is_repeated_after_it(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(path="/app$", status=503, headers={"retry-after": "0.5"})
        await setting.client.as_app("/app")

        assert setting.slept.seconds == [0.5]


async def test_own_retries_sleep_less_than_three_seconds(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        fault = github.faults.add(path="rate_limit", times=9, status=502)
        with pytest.raises(GitHubUnavailable) as caught:
            await setting.transport.call("GET", "/rate_limit", authorization="token x")

        assert caught.value.retry_after_seconds is None
        assert fault.hits == 3
        assert sum(setting.slept.seconds) < 3


async def test_a_write_with_a_token_that_is_refused_is_made_once_with_a_new_one(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        await setting.conversation.comment(setting.place, "first")
        for token in github.tokens.values():
            token.revoked = True
        await setting.conversation.comment(setting.place, "second")

        assert [comment.body for comment in setting.pull.comments] == ["first", "second"]
        assert [call.status for call in github.calls if call.path.endswith("/comments")] == [201, 401, 201]


async def test_a_token_that_ends_at_a_write_whose_answer_is_lost_makes_no_second_write(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(path=r"/comments$", status=401, body={"message": "Bad credentials"})
        lost = github.faults.add(path=r"/comments$", times=9, when="after", drop=True)
        with pytest.raises(WriteUncertain):
            await setting.conversation.comment(setting.place, "hello")

        assert lost.hits == 1
        assert [comment.body for comment in setting.pull.comments] == ["hello"]


async def test_a_second_401_is_refused_in_clear_words_and_the_next_call_mints_anew(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(path=r"/comments$", times=2, status=401, body={"message": "Bad credentials"})
        with pytest.raises(
            GitHubRefused, match=r"Bad credentials \(with a token minted just now: check that"
        ) as caught:
            await setting.conversation.comment(setting.place, "hello")
        assert caught.value.status == 401
        assert setting.pull.comments == []
        await setting.conversation.comment(setting.place, "hello")

        mints = [call for call in github.calls if call.path.endswith("/access_tokens")]
        assert len(mints) == 3
        assert len(setting.pull.comments) == 1
        assert all(token.value not in str(caught.value) for token in github.tokens.values())


async def test_a_refusal_after_a_new_token_is_that_refusal(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(path=r"/comments$", status=401, body={"message": "Bad credentials"})
        github.faults.add(path=r"/comments$", status=403, body={"message": "Resource not accessible"})
        with pytest.raises(GitHubRefused, match="Resource not accessible") as caught:
            await setting.conversation.comment(setting.place, "hello")

        assert caught.value.status == 403


async def test_a_mint_that_github_puts_off_says_for_how_long(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(path="access_tokens", status=503, headers={"retry-after": "30"})
        with pytest.raises(GitHubUnavailable) as caught:
            await setting.conversation.comment(setting.place, "hello")

        assert not isinstance(caught.value, WriteUncertain)
        assert caught.value.retry_after_seconds == 30
