"""What each kind of event does to a running scenario."""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from tests.chaos.plans import Event, Kind
from tests.chaos.pulls import Pull
from tests.chaos.stations import Exchange
from tests.fakes.model import Malformed, ServerError
from tests.foreign.serving import HOST, wait_until

if TYPE_CHECKING:
    from tests.chaos.deployment import Deployment
    from tests.chaos.processes import Child
    from tests.chaos.scenario import Scenario

_IN_FLIGHT_SECONDS = 0.1
_READY_SECONDS = 15.0
_CAUGHT = re.compile(r"^SigCgt:\s*(?P<mask>[0-9a-f]+)$", re.MULTILINE)
_LISTENER = re.compile(r"^\s*\d+: [0-9A-F]+:(?P<port>[0-9A-F]{4}) (?:\S+ +){7}(?P<inode>\d+)", re.MULTILINE)


def happen(scenario: Scenario, event: Event, exchange: Exchange | None) -> bool:
    """Lets it happen while the call `exchange` is held, or when all is quiet; True when that call is lost with it."""
    deployment, pull = scenario.deployment, scenario.pulls[event.pull]
    match event.kind:
        case Kind.KILL_WORKER | Kind.STOP_WORKER:
            return _end_worker(scenario, event, exchange)
        case Kind.KILL_WEB:
            deployment.web.kill()
            deployment.start_web()
        case Kind.KILL_REDIS:
            deployment.redis.kill()
            deployment.start_redis()
        case Kind.DROP | Kind.ERROR | Kind.BAD_GATEWAY | Kind.LIMITED | Kind.REFUSED:
            assert exchange is not None
            _fault(deployment, event, exchange)
        case Kind.MODEL_ERROR:
            deployment.model.script(ServerError(500))
        case Kind.MODEL_GARBAGE:
            deployment.model.script(Malformed())
        case (
            Kind.PUSH
            | Kind.PUSH_TWICE
            | Kind.PUSH_REORDERED
            | Kind.PUSH_LATE
            | Kind.PUSH_WITHOUT_REDIS
            | Kind.PUSH_WITHOUT_WEB
            | Kind.KILL_WEB_UNANSWERED
        ):
            _push(scenario, event.kind, pull)
        case Kind.DUPLICATE:
            scenario.deliver(pull.newest.delivery)
        case Kind.REPLAY:
            scenario.deliver(pull.heads[0].delivery)
        case Kind.REPLAY_RENAMED:
            scenario.deliver(pull.heads[0].delivery, guid=str(uuid.UUID(int=scenario.plan.seed)))
        case _:
            assert_never(event.kind)
    return False


def _push(scenario: Scenario, kind: Kind, pull: Pull) -> None:
    deployment, head = scenario.deployment, pull.move()
    match kind:
        case Kind.PUSH_TWICE:
            scenario.deliver(head.delivery)
            scenario.deliver(pull.move().delivery)
        case Kind.PUSH_REORDERED:
            scenario.deliver(pull.move().delivery)
            scenario.deliver(head.delivery)
        case Kind.PUSH_LATE:
            scenario.late.append(head.delivery)
        case Kind.PUSH_WITHOUT_REDIS:
            deployment.redis.kill()
            scenario.deliver(head.delivery)
            if head.taken is not None:
                scenario.problems.append("the web process took a delivery without Redis")
            deployment.start_redis()
        case Kind.PUSH_WITHOUT_WEB:
            deployment.web.kill()
            scenario.deliver(head.delivery)
            deployment.start_web()
        case Kind.KILL_WEB_UNANSWERED:
            _kill_web_in_mid_delivery(deployment, pull)
            scenario.refused.append(head.delivery)
            deployment.start_web()
        case _:
            scenario.deliver(head.delivery)


def _kill_web_in_mid_delivery(deployment: Deployment, pull: Pull) -> None:
    """Redis sleeps, so that the answer cannot come; it may find the web process' command when it wakes, or not."""
    delivery = pull.newest.delivery
    deployment.redis.signal(signal.SIGSTOP)
    connection = http.client.HTTPConnection(HOST, deployment.port, timeout=5)
    connection.request("POST", "/webhooks/github", delivery.body, delivery.headers)
    time.sleep(_IN_FLIGHT_SECONDS)
    deployment.web.kill()
    connection.close()
    deployment.redis.signal(signal.SIGCONT)


def _end_worker(scenario: Scenario, event: Event, exchange: Exchange | None) -> bool:
    deployment = scenario.deployment
    worker = _caller(deployment.workers, exchange.port if exchange is not None else 0)
    deployment.workers.remove(worker)
    if event.kind is Kind.KILL_WORKER:
        worker.kill()
    elif (status := _told_to_end(worker)) != 0:
        scenario.problems.append(f"a worker ended with status {status} on SIGTERM")
    deployment.start_worker()
    # git is a process of its own and may outlive the worker that started it.
    return exchange is not None and event.when == "before" and "git" not in event.station


def _told_to_end(worker: Child) -> int:
    """How it ended on SIGTERM. One that has only just been forked, and holds nothing yet, gets to hear it first."""
    wait_until(
        lambda: _catches(worker.pid, signal.SIGTERM),
        seconds=_READY_SECONDS,
        what=lambda: f"worker {worker.pid} does not listen to SIGTERM",
    )
    return worker.terminate()


def _catches(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler for the signal, as proc(5) shows it."""
    caught = _CAUGHT.search(Path(f"/proc/{pid}/status").read_text())
    return caught is not None and bool(int(caught["mask"], 16) >> (number - 1) & 1)


def _caller(workers: list[Child], port: int) -> Child:
    """The worker that has a connection from this port; the first one if none has."""
    sockets = {f"socket:[{found['inode']}]" for found in _connections() if int(found["port"], 16) == port}
    for worker in workers:
        for descriptor in Path(f"/proc/{worker.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed while we look
                if str(descriptor.readlink()) in sockets:
                    return worker
    return workers[0]


def _connections() -> list[re.Match[str]]:
    return list(_LISTENER.finditer(Path("/proc/net/tcp").read_text()))


def _fault(deployment: Deployment, event: Event, exchange: Exchange) -> None:
    if event.kind is Kind.REFUSED:
        for token in deployment.github.tokens.values():
            token.revoked = True
        return
    path = re.escape(exchange.path.removeprefix("/api/v3")) + "$"
    match event.kind:
        case Kind.DROP:
            deployment.github.faults.add(method=exchange.method, path=path, drop=True, when=event.when)
        case Kind.LIMITED:
            deployment.github.faults.secondary_rate_limit(1, path=path)
        case _:
            status = 502 if event.kind is Kind.BAD_GATEWAY else 500
            deployment.github.faults.add(method=exchange.method, path=path, status=status, when=event.when)
