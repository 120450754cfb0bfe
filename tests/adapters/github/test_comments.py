"""Comments as they stand now, and signs on them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.adapters.github.comments import CommentReader, OwnApp
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.threads import Permission
from app.ports import Reaction
from tests.fakes.github import FakeGitHub
from tests.installed import Installed, installed


def reader(setting: Installed) -> CommentReader:
    return CommentReader(setting.client)


async def test_a_comment_is_read_as_it_is_now(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        ann = github.add_user("ann")
        comment = setting.pull.comment(ann, "hello")

        read = await reader(setting).read(setting.place, comment.id, line=False)
        assert read is not None
        assert (read.id, read.number, read.author_id, read.author) == (comment.id, setting.pull.number, ann.id, "ann")
        assert (read.person, read.by_app, read.edited, read.body) == (True, False, False, "hello")
        assert read.created_at == comment.created_at.replace(microsecond=0)
        comment.updated_at += timedelta(seconds=1)
        edited = await reader(setting).read(setting.place, comment.id, line=False)
        assert edited is not None
        assert edited.edited


async def test_what_is_gone_or_numbered_apart_is_none(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        comment = setting.pull.comment(github.add_user("ann"), "hello")

        assert await reader(setting).read(setting.place, 1, line=False) is None
        assert await reader(setting).read(setting.place, comment.id, line=True) is None
        assert not await reader(setting).react(setting.place, 1, Reaction.SEEN, line=False)


async def test_a_ghost_and_a_bot_are_no_persons(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        comment = setting.pull.comment(github.app.bot, "hello")
        read = await reader(setting).read(setting.place, comment.id, line=False)
        assert read is not None
        assert not read.person
        body = {"id": 1, "user": None, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
        github.faults.add(path=r"/issues/comments/1$", status=200, body=body)
        ghost = await reader(setting).read(setting.place, 1, line=False)
        assert ghost is not None
        assert (ghost.author_id, ghost.person, ghost.number, ghost.body) == (None, False, 0, "")


@pytest.mark.parametrize("body", [{}, {"id": "x"}, {"id": 1, "user": {}, "created_at": "x", "updated_at": "y"}])
async def test_a_comment_of_another_shape_is_githubs_trouble(github: FakeGitHub, body: dict[str, object]) -> None:
    async with installed(github) as setting:
        github.faults.add(path=r"/issues/comments/1$", status=200, body=body)

        with pytest.raises(GitHubUnavailable, match="wrong shape"):
            await reader(setting).read(setting.place, 1, line=False)


async def test_a_refusal_that_says_nothing_of_the_comment_is_one(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(path=r"/comments/1", status=400, times=2)

        with pytest.raises(GitHubRefused):
            await reader(setting).read(setting.place, 1, line=False)
        with pytest.raises(GitHubRefused):
            await reader(setting).react(setting.place, 1, Reaction.SEEN, line=False)


async def test_a_sign_is_given_once(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        comment = setting.pull.comment(github.add_user("ann"), "hello")
        for _ in range(2):
            assert await reader(setting).react(setting.place, comment.id, Reaction.SEEN, line=False)

        assert [one.content for one in comment.reactions] == ["eyes"]


async def test_our_name_is_asked_once(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        own = OwnApp(setting.client)
        assert [await own.slug(), await own.slug()] == ["revwright", "revwright"]
        assert len([call for call in github.calls if call.path == "/app"]) == 1


async def test_a_permission_is_that_of_the_account_and_not_of_its_login(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        ann = github.add_user("ann")
        setting.pull.repository.permissions[ann.id] = "write"

        assert await setting.permissions.of(setting.place, "ann", id_=ann.id) is Permission.WRITE
        assert await setting.permissions.of(setting.place, "ann", id_=ann.id + 1) is Permission.NONE
