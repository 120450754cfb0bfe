"""Benchmark `ack`: what it costs to acknowledge a webhook, from the cheapest possible server up to the product."""

from __future__ import annotations

import secrets
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from redis import Redis

from app.adapters.store.embedded import EmbeddedServer, open_embedded_server
from scripts.bench import load
from scripts.bench.contenders import DURABLE, HMAC, PR_AGENT, PROBOT, PRODUCT, Contender, with_peers
from scripts.bench.deliveries import Deliveries
from scripts.bench.processes import ServerProcess, started
from scripts.bench.results import Section, ratios
from scripts.bench.servers.serving import REDIS_SOCKET_VARIABLE, SECRET_VARIABLE
from tests.fakes.github.auth import generate_private_key

NAME = "ack"
CPU = "CPU ms a request, 16 in flight"
CPU_TO_HMAC = "CPU / bare HMAC"
CPU_TO_DURABLE = "CPU / bare HMAC+JSON+Lua"
CPU_TO_PROBOT = "CPU / Probot"
CPU_TO_PR_AGENT = "CPU / PR-Agent"
P99 = "p99 ms at 200/s"
RSS = "RSS MB"

_IN_FLIGHT = 16
_RATE = 200
_PERCENT = 100
_MS = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is sent: to each server, in each round."""

    rounds: int = 5
    requests: int = 1_200
    rate_seconds: float = 1.5
    warm_up: int = 1_000
    """Many, because a just-in-time compiler takes its time."""
    peers: bool = False
    """Also those that take minutes to install."""


FULL, QUICK = Plan(), Plan(rounds=3, requests=800, rate_seconds=1.0, warm_up=400)


async def measure(plan: Plan) -> Section:
    """All servers stand from beginning to end and take turns in each round, so that noise meets all of them."""
    secret = secrets.token_hex(32)
    deliveries = Deliveries(secret.encode())
    contenders, notes = with_peers(heavy=plan.peers)
    values: dict[str, dict[str, list[float]]] = {c.name: defaultdict(list) for c in contenders}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rw-bench-")))
        redis = await stack.enter_async_context(open_embedded_server(folder))
        empty = stack.enter_context(emptied(redis))
        settings = environment(secret, redis, folder)
        servers = {
            c: stack.enter_context(started(c.command, settings, folder / f"{number}.log"))
            for number, c in enumerate(contenders)
        }
        for contender, server in servers.items():
            await _in_flight(contender, server, deliveries.make(plan.warm_up // contender.slowness, contender.path))
        for number in range(plan.rounds):
            for contender, server in _turn(list(servers.items()), number):
                empty.flushall()
                for name, value in (await _round(contender, server, deliveries, plan)).items():
                    values[contender.name][name].append(value)
    title = (
        f"Webhook acknowledgement: {deliveries.body_bytes / 1000:.1f} kB bodies, one process each, "
        f"{plan.rounds} rounds of {plan.requests} requests and {plan.rate_seconds:g} s at {_RATE}/s"
    )
    return Section(NAME, title, _with_ratios(values), notes)


async def _round(contender: Contender, server: ServerProcess, deliveries: Deliveries, plan: Plan) -> dict[str, float]:
    requests = deliveries.make(plan.requests // contender.slowness, contender.path)
    before = server.cpu_seconds()
    busy = await _in_flight(contender, server, requests)
    cpu = server.cpu_seconds() - before
    rate = _RATE // contender.slowness
    calm = deliveries.make(round(plan.rate_seconds * rate), contender.path)
    before = server.cpu_seconds()
    stage = await load.at_rate(server.port, calm, rate=rate, connections=_IN_FLIGHT, expect=contender.expect)
    calm_cpu = server.cpu_seconds() - before
    percentiles = quantiles(stage.latencies, n=_PERCENT)
    return {
        CPU: cpu / len(requests) * _MS,
        "requests/s, 16 in flight": len(requests) / busy.seconds,
        f"CPU ms a request at {rate}/s": calm_cpu / len(calm) * _MS,
        f"p50 ms at {rate}/s": percentiles[49] * _MS,
        f"p99 ms at {rate}/s": percentiles[98] * _MS,
        RSS: server.rss_mb(),
    }


async def _in_flight(contender: Contender, server: ServerProcess, requests: list[bytes]) -> load.Stage:
    return await load.in_flight(server.port, requests, connections=_IN_FLIGHT, expect=contender.expect)


def _turn(servers: list[tuple[Contender, ServerProcess]], number: int) -> list[tuple[Contender, ServerProcess]]:
    """Another one begins each round: the first after a pause may find a colder machine."""
    start = number % len(servers)
    return servers[start:] + servers[:start]


def _with_ratios(values: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, list[float]]]:
    columns: dict[str, dict[str, list[float]]] = {}
    for name, measures in values.items():
        cpu = measures[CPU]
        compared = {
            CPU_TO_HMAC: ratios(cpu, values[HMAC][CPU]),
            CPU_TO_DURABLE: ratios(cpu, values[DURABLE][CPU]),
        }
        if name == PRODUCT:
            for measure, peer in ((CPU_TO_PROBOT, PROBOT), (CPU_TO_PR_AGENT, PR_AGENT)):
                if peer in values:
                    compared[measure] = ratios(cpu, values[peer][CPU])
        columns[name] = {CPU: cpu, **compared, **measures}
    return columns


def environment(secret: str, redis: EmbeddedServer, folder: Path) -> dict[str, str]:
    """What the product is told as an operator would, and what the baselines need of it under names of their own."""
    return {
        SECRET_VARIABLE: secret,
        REDIS_SOCKET_VARIABLE: str(redis.socket),
        "REVWRIGHT_GITHUB_APP_ID": "424242",
        "REVWRIGHT_GITHUB_PRIVATE_KEY": generate_private_key(),
        "REVWRIGHT_GITHUB_WEBHOOK_SECRET": secret,
        "REVWRIGHT_REDIS_URL": redis.url,
        "REVWRIGHT_DATA_DIR": str(folder / "data"),
    }


@contextmanager
def emptied(redis: EmbeddedServer) -> Iterator[Redis]:
    """A client that empties the server between turns."""
    with Redis(unix_socket_path=str(redis.socket)) as client:
        # A rewrite of the append-only file forks the server; it would fall into whichever turn comes first.
        client.config_set("auto-aof-rewrite-percentage", 0)
        yield client
