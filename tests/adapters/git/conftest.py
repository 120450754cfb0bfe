"""A repository on disk, the same one as our adapter reads it, and a server of such repositories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.git.local import open_local
from app.adapters.git.objects import GitRepository
from tests.adapters.git.http_server import GitServer
from tests.adapters.git.site import Site
from tests.adapters.git.stores import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "served" / "acme" / "web.git")


@pytest.fixture
async def repository(store: Store) -> GitRepository:
    return await open_local(store.git_dir)


@pytest.fixture
def server(store: Store) -> Iterator[GitServer]:
    """Serves the store as acme/web."""
    with GitServer(store.git_dir.parent.parent).serving() as serving:
        yield serving


@pytest.fixture
def site(store: Store, server: GitServer, tmp_path: Path) -> Site:
    return Site.build(store, server, tmp_path / "data")
