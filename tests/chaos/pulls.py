"""A pull request of a scenario: its heads with their planted bugs, and which calls concern it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.deployment import BUG
from tests.chaos.plans import PullPlan
from tests.chaos.stations import Exchange
from tests.fakes.github import Delivery, PullRequest, Repository


@dataclass(slots=True, eq=False)
class Head:
    sha: str
    bugs: frozenset[int]
    delivery: Delivery
    """Of the push, or of the opening."""
    moved: float = field(default_factory=time.monotonic)
    """Since when GitHub shows it, on the monotonic clock."""
    taken: float | None = None
    """When the web process had answered its delivery with 202."""


@dataclass(slots=True, eq=False)
class Pull:
    number: int
    """In the plan."""
    plan: PullPlan
    repository: Repository
    heads: list[Head] = field(default_factory=list)
    _shown: PullRequest | None = None

    @property
    def shown(self) -> PullRequest:
        """As it is on GitHub."""
        assert self._shown is not None
        return self._shown

    @property
    def newest(self) -> Head:
        return self.heads[-1]

    def path(self, file: int) -> str:
        return f"app/pull{self.number}_file{file}.py"

    def marker(self, head: int) -> str:
        """A name that stands in the diff of this head alone, and so in what the model is asked about it."""
        return f"pull{self.number}_head{head}_"

    def move(self) -> Head:
        """Pushes the next head; the first one opens the pull request."""
        number = len(self.heads)
        bugs = self.plan.heads[number]
        files = {self.path(file): _function(file, bug=file in bugs) for file in range(number + 1)}
        branch = f"topic{self.number}"
        sha = self.repository.commit(branch, {f"app/pull{self.number}.py": f"{self.marker(number)} = 1\n", **files})
        if self._shown is None:
            self._shown = self.repository.open_pull_request(head=branch)
        action = "synchronize" if number else "opened"
        self.heads.append(Head(sha, bugs, self.repository.fake.deliveries.of("pull_request", action)[-1]))
        return self.newest

    def concerns(self, exchange: Exchange) -> bool:
        """Whether a call is about its repository, or about one of its heads."""
        if exchange.at("mint a token"):
            return self.repository.id in exchange.json.get("repository_ids", ())
        if exchange.at("ask the model"):
            return f"pull{self.number}_head".encode() in exchange.body
        return re.search(rf"/{self.repository.full_name}(\.git)?/", exchange.path) is not None

    def calls(self, log: list[Exchange], method: str, suffix: str) -> list[Exchange]:
        """The calls to a path under this very pull request, in order of arrival."""
        path = f"/api/v3/repos/{self.repository.full_name}/pulls/{self.shown.number}{suffix}"
        return [one for one in log if one.method == method and one.path == path]

    def head_of(self, sha: str) -> int:
        return next(number for number, head in enumerate(self.heads) if head.sha == sha)

    def head_at(self, when: float) -> int:
        """The newest head that GitHub surely showed then."""
        return max((number for number, head in enumerate(self.heads) if head.moved <= when), default=0)


def _function(file: int, *, bug: bool) -> str:
    value = f"sum(items) / {BUG}" if bug else "mean(items)"
    return f"def price_{file}(items):\n    return {value}\n"


def written(review: Exchange) -> Any:
    """The commit that a review was posted for."""
    return review.json["commit_id"]
