"""One deployment for many scenarios: stand-ins in threads, Redis, web and workers as children of a zygote."""

from __future__ import annotations

import http.client
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from app.adapters.store import keys
from app.adapters.store.embedded import find_binary
from tests.chaos.processes import Child, Zygote, open_zygote
from tests.chaos.stations import Board, Stations
from tests.fakes.github import Delivery, FakeGitHub, Installation
from tests.fakes.model import FakeModel, Reviewer
from tests.foreign.serving import HOST, free_port, wait_until
from tests.world import MODEL_KEY, WEBHOOK_SECRET, environment

BUG = "len(items)"
_FIND = {BUG: {"title": "Division by zero for an empty list", "severity": "P1", "body": "An empty list fails."}}
_READY_SECONDS = 30.0
_ANSWER_SECONDS = 20.0
_LOG_BYTES = 8_000


@dataclass
class Deployment:
    github: FakeGitHub
    model: FakeModel
    installation: Installation
    board: Board
    zygote: Zygote
    folder: Path
    port: int = field(default_factory=free_port)
    workers: list[Child] = field(default_factory=list)
    scenarios: int = 0
    mutation: str = ""
    _redis: Child | None = None
    _web: Child | None = None

    # Redis, as `revwright up` runs it: an append-only file, written before each answer.

    @property
    def socket(self) -> Path:
        return self.folder / "s"

    @property
    def redis(self) -> Child:
        assert self._redis is not None
        return self._redis

    def start_redis(self) -> None:
        (self.folder / "redis").mkdir(exist_ok=True)
        options = {"--port": "0", "--unixsocket": str(self.socket), "--dir": str(self.folder / "redis"), "--save": ""}
        options |= {"--appendonly": "yes", "--appendfsync": "everysec", "--maxmemory-policy": "noeviction"}
        arguments = [find_binary(), *(word for option in options.items() for word in option)]
        self._redis = self.zygote.start("program", *arguments, environ={}, log=self.log("redis"))
        wait_until(self._redis_answers, seconds=_READY_SECONDS, what=lambda: self.tail("redis"))

    def _redis_answers(self) -> bool:
        try:
            with Redis(unix_socket_path=str(self.socket)) as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False

    def open_rows(self) -> list[str]:
        """What the ledger has not finished, by the names in docs/architecture.md."""
        with Redis(unix_socket_path=str(self.socket), decode_responses=True) as client:
            rows = [f"deadline of {name}" for name in client.zrange(keys.DEADLINES, 0, -1)]
            rows += [f"lease of {name}" for name in client.scan_iter(keys.row("*")) if client.hexists(name, "owner")]
        return rows

    # Web and workers.

    def environ(self, data_dir: str = "data") -> dict[str, str]:
        url = f"unix://{self.socket}"
        product = environment(self.github, self.folder / data_dir, self.model.base_url, REVWRIGHT_REDIS_URL=url)
        return product | ({"CHAOS_MUTATION": self.mutation} if self.mutation else {})

    @property
    def web(self) -> Child:
        assert self._web is not None
        return self._web

    def start_web(self) -> None:
        self._web = self.zygote.start("web", str(self.port), environ=self.environ(), log=self.log("web"))
        wait_until(self._web_answers, seconds=_READY_SECONDS, what=lambda: self.tail("web"))

    def _web_answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1):
                return True
        except OSError:
            return False

    def start_worker(self) -> None:
        name = f"data{self.scenarios}"
        self.workers.append(self.zygote.start("worker", environ=self.environ(name), log=self.log(f"worker{name}")))

    def send(self, delivery: Delivery, guid: str = "") -> int | None:
        """The status of the web process' answer; None when there is none."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_ANSWER_SECONDS)
        headers = delivery.headers | ({"X-GitHub-Delivery": guid} if guid else {})
        try:
            connection.request("POST", "/webhooks/github", delivery.body, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    # Between scenarios.

    def clear(self) -> None:
        """Ends what a scenario started and forgets what it left."""
        for worker in self.workers:
            worker.kill()
        self.workers.clear()
        with Redis(unix_socket_path=str(self.socket)) as client:
            client.flushall()
        self.github.faults.clear()
        for repository in list(self.github.repositories.values()):
            repository.delete()
            shutil.rmtree(repository.git_dir)
        shutil.rmtree(self.folder / f"data{self.scenarios}", ignore_errors=True)
        github = self.github
        logs = (github.calls, github.git_calls, github.violations, github.unprocessable, github.deliveries)
        for log in logs:
            log.clear()
        self.github.tokens.clear()
        self.model.reset()
        self.model.api_key, self.model.behaviour = MODEL_KEY, Reviewer(_FIND)
        self.scenarios += 1

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def tail(self, name: str) -> str:
        log = self.log(name)
        return f"{name}:\n{log.read_text('utf-8', 'replace')[-_LOG_BYTES:] if log.exists() else ''}"


@contextmanager
def open_deployment(folder: Path, private_key: str) -> Iterator[Deployment]:
    """`folder` has a short path: a socket is in it."""
    github = FakeGitHub(folder / "github", private_key_pem=private_key, webhook_secret=WEBHOOK_SECRET)
    model, board = FakeModel(api_key=MODEL_KEY), Board()
    # The layer goes around both before they serve; neither knows of it.
    github._server._application = Stations(github._server._application, board)  # type: ignore[assignment]
    model._app = Stations(model._app, board)  # type: ignore[assignment]
    with ExitStack() as stack:
        zygote = stack.enter_context(open_zygote())
        github.start()
        stack.callback(github.stop)
        stack.enter_context(model.serving())
        deployment = Deployment(github, model, github.add_installation("acme"), board, zygote, folder)
        deployment.start_redis()
        deployment.start_web()
        deployment.clear()
        yield deployment
