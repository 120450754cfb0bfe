"""Who may do what: GitHub's own answer, the least where it is not clear."""

from __future__ import annotations

import pytest

from app.domain.errors import GitHubUnavailable
from app.domain.threads import Permission
from tests.fakes.github import FakeGitHub
from tests.installed import installed


@pytest.mark.parametrize("role", ["read", "triage", "write", "maintain", "admin"])
async def test_every_role_is_told(github: FakeGitHub, role: str) -> None:
    async with installed(github) as setting:
        person = github.add_user("ann")
        setting.pull.repository.permissions[person.id] = role

        assert await setting.permissions.of(setting.place, "ann") is Permission(role)
        setting.pull.repository.permissions[person.id] = "read"
        assert await setting.permissions.of(setting.place, "ann") is Permission.READ, "asked anew each time"


async def test_a_stranger_has_none_in_a_private_repository_and_nobody_has_none_anywhere(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.add_user("stranger")

        assert await setting.permissions.of(setting.place, "stranger") is Permission.NONE
        assert await setting.permissions.of(setting.place, "nobody") is Permission.NONE
        assert await setting.permissions.of(setting.place, "revwright[bot]") is Permission.NONE


@pytest.mark.parametrize("login", ["", "..", "a/b", "a b", "../../../user", "x" * 200, "-a", "a\n", "[bot]"])
async def test_what_is_no_login_is_not_asked_about(github: FakeGitHub, login: str) -> None:
    async with installed(github) as setting:
        before = len(github.calls)

        assert await setting.permissions.of(setting.place, login) is Permission.NONE
        assert len(github.calls) == before


@pytest.mark.parametrize(
    ("answer", "permission"),
    [
        ({"permission": "write", "role_name": "release-crew"}, Permission.WRITE),
        ({"permission": "read"}, Permission.READ),
        ({"permission": "write", "role_name": "maintain"}, Permission.MAINTAIN),
        ({"permission": "owner", "role_name": "king"}, Permission.NONE),
        ({}, Permission.NONE),
    ],
)
async def test_a_role_of_an_organizations_own_counts_as_what_it_builds_on(
    github: FakeGitHub, answer: dict[str, str], permission: Permission
) -> None:
    async with installed(github) as setting:
        github.faults.add(path="/permission$", status=200, body=answer)

        assert await setting.permissions.of(setting.place, "ann") is permission


async def test_trouble_is_no_permission_and_no_refusal(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(path="/permission$", status=502, times=9)

        with pytest.raises(GitHubUnavailable):
            await setting.permissions.of(setting.place, "ann")
