"""The user of Redis that docs/settings.md shows may do all that a review needs, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.exceptions import NoPermissionError

from app.adapters.store.bells import queue_name
from app.adapters.store.redis_url import parse_redis_url
from app.domain.jobs import Queue
from app.wiring.redis_start import look_at_redis
from tests.fakes.github import FakeGitHub
from tests.fakes.model import FakeModel
from tests.redis_server import redis_server
from tests.stories.test_first_review import open_bug
from tests.stories.test_redis_trouble import concluded, working
from tests.world import open_world

DOCUMENT = Path(__file__).parents[2] / "docs/settings.md"


def rules() -> list[str]:
    """The words behind ACL SETUSER and the name."""
    (line,) = (line for line in DOCUMENT.read_text().splitlines() if line.startswith("ACL SETUSER "))
    return line.replace(">PASSWORD", ">secret").split()[3:]


async def test_a_review_with_the_documented_permissions(github: FakeGitHub, model: FakeModel, tmp_path: Path) -> None:
    async with redis_server() as server:
        await server.says("ACL", "SETUSER", "revwright", "on", ">secret", "~*", "+@all")
        settings = parse_redis_url(f"redis://revwright:secret@127.0.0.1:{server.port}")
        async with open_world(github, settings, tmp_path / "data", model=model) as world:
            await server.says("ACL", "SETUSER", "revwright", "reset", *rules())
            assert await look_at_redis(settings, works_queues=True)
            async with working(world):
                pull = open_bug(world)
                await world.deliver_new()
                await concluded(world, pull)
                assert await world.redis.exists(f"{queue_name(Queue.REVIEW)}:health-check")
                assert (await world.web.get("/readyz")).status_code == 200
            assert await server.says("ACL", "LOG") == []
            for command in (("GET", "other"), ("KEYS", "*"), ("FLUSHALL",), ("CONFIG", "GET", "*"), ("ACL", "LIST")):
                with pytest.raises(NoPermissionError):
                    await world.redis.execute_command(*command)  # type: ignore[no-untyped-call]
            await server.says("ACL", "SETUSER", "revwright", "~*", "+@all")  # the end looks through all keys
