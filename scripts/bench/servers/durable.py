"""The least that makes an acknowledgement durable: read a few fields, then one Lua script on Redis."""

from __future__ import annotations

import json
import os

from redis.asyncio import Redis

from scripts.bench.servers.serving import REDIS_SOCKET_VARIABLE

DAY_SECONDS = 86_400

_SCRIPT = """
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', 259200) then
  return 0
end
redis.call('HINCRBY', KEYS[2], 'want', 1)
redis.call('HSET', KEYS[2], 'repository', ARGV[1], 'head', ARGV[2])
redis.call('SET', KEYS[3], ARGV[3], 'EX', 86400)
redis.call('ZADD', KEYS[4], ARGV[4], KEYS[3])
return 1
"""


class Durable:
    """Remembers the delivery, writes a row and queues a job: the same kinds of writes as the product's."""

    def __init__(self) -> None:
        self._redis = Redis(unix_socket_path=os.environ[REDIS_SOCKET_VARIABLE])
        self._sha = ""

    async def take(self, delivery: str, body: bytes) -> bytes:
        """The answer's body."""
        event = json.loads(body)
        pull, repository = event["pull_request"], event["repository"]
        row = f"{event['installation']['id']}:{repository['id']}:{pull['number']}"
        if not self._sha:
            self._sha = await self._redis.script_load(_SCRIPT)
        fresh = await self._redis.evalsha(  # type: ignore[misc]
            self._sha,
            4,
            f"bench:seen:{delivery}",
            f"bench:row:{row}",
            f"bench:job:{delivery}",
            "bench:queue",
            repository["full_name"],
            pull["head"]["sha"],
            json.dumps({"f": "review", "a": [row]}),
            pull["number"],
        )
        return b'{"result":"queued"}' if fresh else b'{"result":"duplicate"}'
