"""An account's own policy: one file of its repository `.github`, read with a token for that repository alone."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from app.adapters.github.organisation_policy import OrganisationPolicyReader
from app.domain.entries import Kind
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.objects import Blob
from tests.fakes.github import FakeGitHub, Repository
from tests.installed import Installed, installed

_FILE = b"version: 1\n"


@asynccontextmanager
async def reading(github: FakeGitHub) -> AsyncIterator[tuple[Installed, OrganisationPolicyReader]]:
    async with installed(github) as setting:
        yield setting, OrganisationPolicyReader(setting.client, now=setting.clock)


def repository(setting: Installed, *, covered: bool = True) -> Repository:
    installation = setting.pull.repository.installation
    return setting.github.create_repository("acme/.github", installation=installation if covered else None)


def asked(github: FakeGitHub) -> int:
    return len([call for call in github.calls if "/contents/" in call.path or "repositories" in (call.body or {})])


async def test_the_file_comes_from_the_default_branch_with_a_token_for_it_alone(github: FakeGitHub) -> None:
    async with reading(github) as (setting, reader):
        repo = repository(setting)
        repo.commit("main", {"revwright.yml": _FILE})
        repo.commit("topic", {"revwright.yml": b"version: 2\n"})

        assert await reader.read(setting.place.ref, "acme") == Blob(_FILE, len(_FILE), False, Kind.FILE)
    mint, read = github.calls[-2:]
    assert mint.body == {"repositories": [".github"], "permissions": {"contents": "read"}}
    assert (read.path, read.query) == ("/repos/acme/.github/contents/revwright.yml", {})
    assert read.token_permissions == {"contents": "read", "metadata": "read"}


async def test_without_the_repository_the_file_or_the_installation_there_is_none(github: FakeGitHub) -> None:
    async with reading(github) as (setting, reader):
        assert await reader.read(setting.place.ref, "acme") is None
        repository(setting, covered=False).commit("main", {"revwright.yml": _FILE})
        setting.clock.now += timedelta(minutes=1)
        assert await reader.read(setting.place.ref, "acme") is None

        repo = github.repository("acme/.github")
        repo.installation = setting.pull.repository.installation
        repo.commit("main", {"revwright.yml": None, "other": "x"})
        setting.clock.now += timedelta(minutes=1)
        assert await reader.read(setting.place.ref, "acme") is None
        repo.commit("main", {"revwright.yml/in-a-directory": "x"})
        setting.clock.now += timedelta(minutes=1)
        assert await reader.read(setting.place.ref, "acme") is None


async def test_an_answer_serves_for_a_minute(github: FakeGitHub) -> None:
    async with reading(github) as (setting, reader):
        repository(setting).commit("main", {"revwright.yml": _FILE})
        for _ in range(3):
            assert await reader.read(setting.place.ref, "acme") is not None
        assert asked(github) == 2, "a token and the file"

        setting.clock.now += timedelta(seconds=59)
        await reader.read(setting.place.ref, "ACME")
        assert asked(github) == 2
        setting.clock.now += timedelta(seconds=1)
        await reader.read(setting.place.ref, "acme")
        assert asked(github) == 3, "the token is kept"


async def test_only_so_many_answers_are_kept(github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.adapters.github.organisation_policy._MOST_KEPT", 2)
    async with reading(github) as (setting, reader):
        repository(setting).commit("main", {"revwright.yml": _FILE})
        for owner in ("acme", "b", "c", "c"):
            await reader.read(setting.place.ref, owner)
        before = asked(github)

        await reader.read(setting.place.ref, "b")
        assert asked(github) == before
        await reader.read(setting.place.ref, "acme")
        assert asked(github) == before + 1


async def test_an_error_is_not_kept(github: FakeGitHub) -> None:
    async with reading(github) as (setting, reader):
        repository(setting).commit("main", {"revwright.yml": _FILE})
        github.faults.add(path="/contents/", times=1, status=403, body={"message": "no"})
        with pytest.raises(GitHubRefused):
            await reader.read(setting.place.ref, "acme")

        assert await reader.read(setting.place.ref, "acme") is not None


async def test_a_link_is_told_as_one(github: FakeGitHub) -> None:
    async with reading(github) as (setting, reader):
        repository(setting).commit("main", {"revwright.yml": "other"}, modes={"revwright.yml": "120000"})

        found = await reader.read(setting.place.ref, "acme")
        assert found is not None
        assert found.kind is Kind.SYMLINK


@pytest.mark.parametrize("size", [64 * 1024, 64 * 1024 + 1, 1_500_000])
async def test_a_large_file_is_cut_and_keeps_its_size(github: FakeGitHub, size: int) -> None:
    async with reading(github) as (setting, reader):
        repository(setting).commit("main", {"revwright.yml": b"#" * size})

        found = await reader.read(setting.place.ref, "acme")
        assert found is not None
        assert (found.size, found.truncated) == (size, size > 64 * 1024)
        assert len(found.text_bytes) <= 64 * 1024


def told(**changes: Any) -> dict[str, Any]:
    content = base64.b64encode(_FILE).decode()
    return {"type": "file", "size": len(_FILE), "encoding": "base64", "content": content, **changes}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        7,
        told(type="other"),
        told(size=-1),
        told(content="===="),
        told(content=""),
        told(encoding="none"),
        told(size=4),
    ],
)
async def test_an_answer_of_another_shape_is_no_policy(github: FakeGitHub, answer: Any) -> None:
    async with reading(github) as (setting, reader):
        repository(setting)
        github.faults.add(path="/contents/", status=200, body=answer)

        with pytest.raises(GitHubUnavailable, match=r"revwright\.yml"):
            await reader.read(setting.place.ref, "acme")
