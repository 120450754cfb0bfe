"""Benchmark `busy`: the acknowledgement while workers run with all their slots taken, beside the same without them."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from app.adapters.store.embedded import open_embedded_server
from scripts.bench import ack, load
from scripts.bench.contenders import DURABLE, LADDER, PRODUCT, Contender
from scripts.bench.crew import SLOTS, WORKERS, apart, working
from scripts.bench.deliveries import Deliveries
from scripts.bench.processes import ServerProcess, started
from scripts.bench.results import Section, ratios

NAME = "busy"
CALM, APART, SHARED = "workers stopped", "workers full on other cores", "workers full on the same cores"
P50, P99 = "p50 ms at 200/s", "p99 ms at 200/s"
GROWTH = "p99, full on other cores / stopped"
TO_DURABLE = "p99, full on the same cores / bare HMAC+JSON+Lua"

_RATE = 200
_CONNECTIONS = 16
_MS = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int = 4
    seconds: float = 2.0
    """Of each of a round's six stages. The workers' leases must outlive the two in which they are stopped."""
    pulls: int = 80


FULL, QUICK = Plan(), Plan(rounds=2, seconds=1.5, pulls=40)


async def measure(plan: Plan) -> Section:
    """The product and the bare durable server, in each round without and with work beside them."""
    secret = secrets.token_hex(32)
    deliveries = Deliveries(secret.encode())
    values: dict[str, dict[str, list[float]]] = {PRODUCT: defaultdict(list), DURABLE: defaultdict(list)}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rw-bench-")))
        redis = await stack.enter_async_context(open_embedded_server(folder))
        settings = ack.environment(secret, redis, folder) | {"REVWRIGHT_REDIS_URL": f"{redis.url}?db=1"}
        servers = [
            # A log on the disk that git writes to would be another measurement: operators log to a pipe.
            (c, stack.enter_context(started(c.command, settings, Path("/dev/null"))))
            for c in LADDER
            if c.name in values
        ]
        crew = await stack.enter_async_context(working(redis, folder, plan.pulls))
        near = {os.getpid(), redis.pid, *(server.pid for _, server in servers)}
        for contender, server in servers:
            await _stage(contender, server, deliveries, plan)  # to warm up
        for number in range(plan.rounds):
            turn = servers[number % 2 :] + servers[: number % 2]
            with apart(near, crew.processes):
                with crew.stopped():
                    for contender, server in turn:
                        _note(values[contender.name], await _stage(contender, server, deliveries, plan), CALM)
                for contender, server in turn:
                    _note(values[contender.name], await crew.beside(_stage(contender, server, deliveries, plan)), APART)
            for contender, server in turn:
                _note(values[contender.name], await crew.beside(_stage(contender, server, deliveries, plan)), SHARED)
        reviews = await crew.finished()
    title = (
        f"Acknowledgement beside {WORKERS} worker processes with {SLOTS} reviews at a time in all, "
        f"{plan.rounds} rounds of {plan.seconds:g} s at {_RATE}/s; {reviews} reviews were finished meanwhile"
    )
    return Section(NAME, title, _with_ratios(values))


async def _stage(contender: Contender, server: ServerProcess, deliveries: Deliveries, plan: Plan) -> tuple[float, ...]:
    """Latencies in ms."""
    requests = deliveries.make(round(plan.seconds * _RATE))
    stage = await load.at_rate(server.port, requests, rate=_RATE, connections=_CONNECTIONS, expect=contender.expect)
    return tuple(seconds * _MS for seconds in stage.latencies)


def _note(measures: dict[str, list[float]], latencies: Sequence[float], when: str) -> None:
    percentiles = quantiles(latencies, n=100)
    measures[f"{P50}, {when}"].append(percentiles[49])
    measures[f"{P99}, {when}"].append(percentiles[98])


def _with_ratios(values: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, list[float]]]:
    calm, apart, shared = (f"{P99}, {when}" for when in (CALM, APART, SHARED))
    bare = values[DURABLE][shared]
    return {
        name: {
            **measures,
            GROWTH: ratios(measures[apart], measures[calm]),
            TO_DURABLE: ratios(measures[shared], bare),
        }
        for name, measures in values.items()
    }
