"""Runs a plan on a deployment until all is quiet, and tells which promises were broken."""

from __future__ import annotations

import queue
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from redis.exceptions import RedisError

from tests.chaos.deployment import Deployment
from tests.chaos.happenings import happen
from tests.chaos.invariants import broken, unfinished
from tests.chaos.plans import FAULTS, Plan
from tests.chaos.pulls import Pull
from tests.chaos.stations import Held, Stop
from tests.fakes.github import Delivery

PATIENCE_SECONDS = 40.0
_TICK_SECONDS = 0.02


@dataclass
class Scenario:
    deployment: Deployment
    plan: Plan
    patience_seconds: float = PATIENCE_SECONDS
    refused: list[Delivery] = field(default_factory=list)
    """What the web process did not take; GitHub shows it as failed, and somebody has it sent again."""
    late: list[Delivery] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)

    @cached_property
    def pulls(self) -> list[Pull]:
        """The repositories with their pull requests, not yet open."""
        github, name = self.deployment.github, f"acme/s{self.deployment.scenarios}"
        repositories = {
            number: github.create_repository(f"{name}-{number}", installation=self.deployment.installation)
            for number in sorted({pull.repository for pull in self.plan.pulls})
        }
        for repository in repositories.values():
            repository.commit("main", {"README.md": "# shop\n"})
        return [Pull(n, plan, repositories[plan.repository]) for n, plan in enumerate(self.plan.pulls)]

    def run(self) -> list[str]:
        """The broken promises; none is what everybody hopes for."""
        self._arm()
        for _ in range(self.plan.workers):
            self.deployment.start_worker()
        for pull in self.pulls:
            pull.move()
        for pull in self.pulls:
            self.deliver(pull.newest.delivery)
        self._settle()
        for number in sorted(self.deployment.board.disarm()):
            event = self.plan.events[number]
            if event.kind in FAULTS:
                self.happened[f"{event.kind.name} (no such call)"] += 1
                continue
            self.happened[f"{event.kind.name} (at rest)"] += 1
            happen(self, event, None)
            self._settle()
        while self.late:
            self.deliver(self.late.pop(0))
            self._settle()
        return [*self.problems, *self._broken()]

    def deliver(self, delivery: Delivery, guid: str = "") -> None:
        """Sends as GitHub does; what is refused is sent again later."""
        status = self.deployment.send(delivery, guid)
        if status == 202:
            self._taken(delivery)
        elif status in (None, 503) and not guid:
            self.refused.append(delivery)
        elif status != 503:
            self.problems.append(f"the web process answered {status} to a delivery")

    def _taken(self, delivery: Delivery) -> None:
        for pull in self.pulls:
            for head in pull.heads:
                if head.delivery is delivery and head.taken is None:
                    head.taken = time.monotonic()

    def _arm(self) -> None:
        pulls = self.pulls
        self.deployment.board.arm(
            [
                Stop(number, event.station, event.stop_when, event.nth, pulls[event.pull].concerns)
                for number, event in enumerate(self.plan.events)
            ]
        )

    def _settle(self) -> None:
        """Lets things happen at their stations until nothing is open."""
        deadline = time.monotonic() + self.patience_seconds
        while True:
            try:
                held = self.deployment.board.held.get(timeout=_TICK_SECONDS)
            except queue.Empty:
                self._redeliver()
                still = next(self._open(), None)
                if still is None:
                    return
                if time.monotonic() > deadline:
                    self.problems += [f"after {self.patience_seconds:.0f} s: {one}" for one in self._open()]
                    return
            else:
                self._happen(held)
                deadline = time.monotonic() + self.patience_seconds

    def _happen(self, held: Held) -> None:
        event = self.plan.events[held.stop.name]
        self.happened[event.kind.name] += 1
        try:
            lost = happen(self, event, held.exchange)
            held.release(lost=lost)
        finally:
            held.release()

    def _redeliver(self) -> None:
        again, self.refused = self.refused, []
        for delivery in again:
            self.deliver(delivery)

    def _open(self) -> Iterator[str]:
        yield from (f"delivery {delivery.guid} is not taken" for delivery in self.refused)
        for pull in self.pulls:
            told = pull.newest.delivery not in self.late
            yield from (f"pull request {pull.number}: {one}" for one in unfinished(pull, told=told))
        try:
            yield from self.deployment.open_rows()
        except (RedisError, OSError) as error:
            yield f"Redis: {error}"

    def _broken(self) -> Iterator[str]:
        repositories = Counter(pull.plan.repository for pull in self.pulls)
        for pull in self.pulls:
            alone = repositories[pull.plan.repository] == 1
            problems = broken(pull, self.deployment.board.log, alone=alone)
            yield from (f"pull request {pull.number}: {one}" for one in problems)
        yield from (f"GitHub's contract: {violation}" for violation in self.deployment.github.violations)
        yield from (f"refused with 422: {request}" for request in self.deployment.github.unprocessable)
        for worker in self.deployment.workers:
            if (status := worker.poll()) is not None:
                yield f"a worker ended by itself with status {status}"
