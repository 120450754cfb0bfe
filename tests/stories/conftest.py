"""The deployment of real processes that some stories need."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from app.adapters.store.embedded import open_embedded_server
from app.settings import Settings
from app.web.main import create_app
from tests.chaos.processes import Zygote, open_zygote
from tests.fakes.github import FakeGitHub
from tests.fakes.model import FakeModel, Reviewer
from tests.review_alone import open_without_gate
from tests.stories.processes import Deployment
from tests.stories.test_first_review import DIVISION
from tests.world import environment


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """What these workers import takes longer than what they do: it is imported once."""
    with open_zygote() as opened:
        yield opened


@pytest.fixture
async def deployment(github: FakeGitHub, model: FakeModel, tmp_path: Path, zygote: Zygote) -> AsyncIterator[Deployment]:
    model.behaviour = Reviewer(DIVISION)
    repo = github.create_repository("acme/web", installation=github.add_installation("acme"))
    repo.commit("main", {"README.md": "# web\n"})
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rw-")))
        server = await stack.enter_async_context(open_embedded_server(folder))
        product = environment(github, folder, model.base_url, REVWRIGHT_REDIS_URL=server.url)
        settings = Settings.from_environment(product)
        app = create_app(lambda: open_without_gate(settings, server.settings))
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app)
        web = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://web.test"))
        env = {"PATH": os.environ["PATH"], **product}
        deployed = Deployment(github, model, server, repo, web, env, tmp_path / "workers.log", zygote)
        yield deployed
        for worker in deployed.workers:
            worker.terminate()
