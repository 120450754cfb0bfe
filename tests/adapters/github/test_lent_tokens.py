"""A token for a push: minted for it, known to nobody else, and revoked after it, however it ended."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from app.adapters.github.tokens import OneToken, Stage
from app.domain.errors import GitFailed, GitHubRefused, GitHubUnavailable
from tests.fakes.github import FakeGitHub
from tests.installed import Installed, installed


def revoked(setting: Installed) -> list[bool]:
    """Of every token that was minted, in order."""
    return [token.revoked for token in setting.github.tokens.values()]


async def test_a_push_token_may_write_contents_of_one_repository_and_nothing_else(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        async with setting.tokens.lent(setting.place.ref, Stage.PUSH) as token:
            assert revoked(setting) == [False]
        (minted,) = github.tokens.values()
        assert token.value == minted.value
        assert minted.permissions == {"contents": "write", "metadata": "read"}
        assert minted.repository_ids == frozenset({setting.place.ref.repository_id})
        assert revoked(setting) == [True]


async def test_every_push_has_a_token_of_its_own_that_no_cache_has(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        ref = setting.place.ref
        async with setting.tokens.lent(ref, Stage.PUSH) as one, setting.tokens.lent(ref, Stage.PUSH) as other:
            assert one.value != other.value
            assert (await setting.tokens.get(ref, Stage.PROPOSE)).value not in {one.value, other.value}
        assert revoked(setting) == [True, True, False]


async def test_it_is_revoked_when_the_push_fails(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        with pytest.raises(GitFailed, match="no"):
            async with setting.tokens.lent(setting.place.ref, Stage.PUSH):
                raise GitFailed("no")
        assert revoked(setting) == [True]


async def test_it_is_revoked_when_the_job_is_cancelled(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        begun = asyncio.Event()

        async def push() -> None:
            async with setting.tokens.lent(setting.place.ref, Stage.PUSH):
                begun.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(push())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert revoked(setting) == [True]


async def test_a_job_that_may_not_write_any_more_gets_none_but_gives_its_own_back(github: FakeGitHub) -> None:
    class LeaseLostError(Exception):
        pass

    def lost() -> None:
        raise LeaseLostError

    async with installed(github) as setting:
        async with setting.tokens.lent(setting.place.ref, Stage.PUSH):
            setting.transport._may_write = lost
        assert revoked(setting) == [True]
        with pytest.raises(LeaseLostError):
            async with setting.tokens.lent(setting.place.ref, Stage.PUSH):
                pytest.fail("there is no token")


async def test_a_revocation_that_fails_hides_nothing(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(method="DELETE", path="/installation/token", times=3, status=502)
        async with setting.tokens.lent(setting.place.ref, Stage.PUSH):
            pass
        assert revoked(setting) == [False]
        github.faults.add(method="DELETE", path="/installation/token", times=1, status=502)
        with pytest.raises(GitFailed, match="no"):
            async with setting.tokens.lent(setting.place.ref, Stage.PUSH):
                raise GitFailed("no")
        assert revoked(setting) == [False, True]


async def test_a_revocation_whose_answer_was_lost_is_repeated_in_vain(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(method="DELETE", path="/installation/token", when="after", drop=True)
        async with setting.tokens.lent(setting.place.ref, Stage.PUSH):
            pass
        assert revoked(setting) == [True]
        assert setting.written() == ["DELETE /installation/token"] * 2


async def test_an_app_without_the_permission_is_told_which(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        setting.github.installations[setting.place.ref.installation_id].permissions["contents"] = "read"
        with pytest.raises(GitHubRefused, match="no push token") as caught:
            async with setting.tokens.lent(setting.place.ref, Stage.PUSH):
                pytest.fail("there is no token")
        assert caught.value.status == 422
        assert len(github.unprocessable) == 1
        github.unprocessable.clear()


async def test_a_mint_whose_answer_was_lost_may_be_repeated(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(path="access_tokens", when="after", drop=True)
        with pytest.raises(GitHubUnavailable):
            async with setting.tokens.lent(setting.place.ref, Stage.PUSH):
                pytest.fail("there is no token")


async def test_a_client_with_one_token_asks_for_no_other(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        async with setting.tokens.lent(setting.place.ref, Stage.PUSH) as token:
            client = setting.client.with_token(token)
            path = f"/repos/{setting.place.repository}/branches/feature"
            await client.call(setting.place.ref, Stage.PUSH, "GET", path)
        with pytest.raises(GitHubRefused) as caught:
            await client.call(setting.place.ref, Stage.PUSH, "GET", path)
        assert caught.value.status == 401
        assert len(github.tokens) == 1
        with pytest.raises(GitHubRefused, match="does not speak as the App"):
            await OneToken(token).as_app()


async def test_a_token_lives_no_longer_than_an_hour(github: FakeGitHub) -> None:
    async with installed(github) as setting, setting.tokens.lent(setting.place.ref, Stage.PUSH) as token:
        assert token.expires_at - setting.clock() <= timedelta(hours=1)
