"""Where the head of a pull request is, and what GitHub says of pushing there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.adapters.github.head_branches import HeadBranchReader
from app.domain.branches import HeadBranch
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.pull_request import RepositoryName, Sha
from app.ports import HeadBranches, Place
from tests.fakes.github import FakeGitHub, Repository
from tests.installed import Installed, installed


def forked(
    setting: Installed, branch: str = "theirs", *, owner: str = "someone", private: bool = False
) -> tuple[Repository, Place]:
    repository = setting.pull.repository
    repository.private = private
    fork = repository.fork(owner)
    fork.commit(branch, {"a.py": "a = 3\n"})
    pull = repository.open_pull_request(head=branch, head_repo=fork)
    return fork, numbered(setting, pull.number)


def reading(setting: Installed) -> HeadBranches:
    return HeadBranchReader(setting.client)


def numbered(setting: Installed, number: int) -> Place:
    """Another pull request of the same repository."""
    return replace(setting.place, ref=replace(setting.place.ref, number=number))


async def test_a_branch_of_the_repository_itself(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        assert await reading(setting).read(setting.place) == HeadBranch(
            repository=RepositoryName("acme", "web"),
            repository_id=setting.place.ref.repository_id,
            name="feature",
            fork=False,
            may_modify=True,
            protected=False,
            default=False,
            at=Sha(setting.pull.head_sha),
        )
        (minted,) = github.tokens.values()
        assert "write" not in minted.permissions.values()


async def test_a_branch_that_is_the_base_of_another_pull_request(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        repository = setting.pull.repository
        repository.commit("on-top", {"b.py": "b = 0\n"}, parent=setting.pull.head_sha)
        above = repository.open_pull_request(head="on-top", base="feature")
        found = await reading(setting).read(setting.place)
        assert found is not None
        assert found.base_of == above.number
        above.close()
        found = await reading(setting).read(setting.place)
        assert found is not None
        assert found.base_of is None


async def test_a_protected_branch_and_the_default_one(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        repository = setting.pull.repository
        repository.protected_branches.add("feature")
        repository.commit("release", {"a.py": "a = 0\n"})
        backwards = repository.open_pull_request(head="main", base="release")
        reader = reading(setting)
        protected, default = await reader.read(setting.place), await reader.read(numbered(setting, backwards.number))
    assert protected is not None
    assert default is not None
    assert (protected.protected, protected.default) == (True, False)
    assert (default.protected, default.default) == (False, True)


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_fork_and_whether_it_may_be_edited(github: FakeGitHub, allowed: bool) -> None:
    async with installed(github) as setting:
        fork, place = forked(setting, "a/b#c")
        setting.pull.repository.pulls[place.ref.number].maintainers_may_edit = allowed
        assert await reading(setting).read(place) == HeadBranch(
            repository=RepositoryName("someone", "web"),
            repository_id=fork.id,
            name="a/b#c",
            fork=True,
            may_modify=allowed,
            protected=False,
            default=False,
            at=Sha(fork.head("a/b#c")),
        )


async def test_a_fork_that_may_not_be_read_has_its_branch_and_a_push_tells_of_it(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        fork, private = forked(setting, owner="another", private=True)
        found = await reading(setting).read(private)
        assert found is not None
        assert (found.repository_id, found.name, found.may_modify, found.protected) == (fork.id, "theirs", True, False)


async def test_a_branch_or_a_fork_that_is_gone(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        reader, repository = reading(setting), setting.pull.repository
        repository.store.delete_ref("refs/heads/feature")
        repository.branches.pop("feature")
        assert await reader.read(setting.place) is None
        fork, place = forked(setting)
        assert await reader.read(place) is not None
        fork.delete()
        assert await reader.read(place) is None


async def test_what_is_no_answer(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        reader = reading(setting)
        for path in (r"/pulls/\d+$", "/branches/feature"):
            github.faults.add(method="GET", path=path, status=200, body={"head": {"ref": 1}})
            with pytest.raises(GitHubUnavailable, match="wrong shape at"):
                await reader.read(setting.place)
        github.faults.add(method="GET", path="/branches/feature", status=451, body={"message": "taken down"})
        with pytest.raises(GitHubRefused):
            await reader.read(setting.place)
