"""A repository on disk, the same one as our adapter reads it, and a server of such repositories."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.git.local import open_local
from app.adapters.git.objects import GitRepository
from tests.adapters.git.http_server import GitServer
from tests.adapters.git.site import PullRequestStore, Site
from tests.adapters.git.stores import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "store.git")


@pytest.fixture
async def repository(store: Store) -> GitRepository:
    return await open_local(store.git_dir)


@pytest.fixture(scope="session")
def pull_request_store(tmp_path_factory: pytest.TempPathFactory) -> PullRequestStore:
    return PullRequestStore.create(tmp_path_factory.mktemp("template") / "web.git")


@pytest.fixture
def site(pull_request_store: PullRequestStore, tmp_path: Path) -> Iterator[Site]:
    """A fresh copy of that store, served as acme/web."""
    served = tmp_path / "served"
    shutil.copytree(pull_request_store.store.git_dir, served / "acme" / "web.git")
    with GitServer(served).serving() as server:
        yield Site.of(pull_request_store.at(served / "acme" / "web.git"), server, tmp_path / "data")
