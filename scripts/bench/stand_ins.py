"""GitHub and a model's provider as one process, with pull requests waiting for review: `python -m ... FOLDER PULLS`.

Writes FOLDER/ready.json when it can be used, with what the workers and whoever queues the reviews must know.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.jobs import JobKind, RowKey
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.domain.row import Wanted
from scripts.bench import change
from tests.fakes.github import FakeGitHub
from tests.fakes.model import FakeModel, Reviewer
from tests.world import MODEL_KEY, WEBHOOK_SECRET, environment

READY = "ready.json"
_REPOSITORY = "acme/web"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What stands on GitHub: the environment of a worker, and the jobs to queue."""

    environment: dict[str, str]
    jobs: tuple[tuple[RowKey, Wanted], ...]

    @classmethod
    def read(cls, folder: Path) -> Waiting:
        told: dict[str, Any] = json.loads((folder / READY).read_text())
        name = RepositoryName.parse(_REPOSITORY)
        jobs = (
            (RowKey(JobKind.REVIEW, PullRequestRef.parse(ref)), Wanted(name, Sha(head), "opened", draft=False))
            for ref, head in told["jobs"]
        )
        return cls(told["environment"], tuple(jobs))


@contextmanager
def standing(folder: Path, pulls: int) -> Iterator[None]:
    """Both servers, and `folder`/ready.json, until the block ends."""
    with ExitStack() as stack:
        model = FakeModel(Reviewer({change.FLAW: {"title": "Division by zero", "severity": "P1"}}), api_key=MODEL_KEY)
        stack.enter_context(model.serving())
        github = FakeGitHub(folder / "github", webhook_secret=WEBHOOK_SECRET)
        github.start()
        stack.callback(github.stop)
        installation = github.add_installation(github.add_user("acme", type="Organization"))
        repo = github.create_repository(_REPOSITORY, installation=installation)
        repo.commit("main", change.repository(), message="A repository of medium size")
        jobs = []
        for number in range(pulls):
            branch = f"feature-{number}"
            repo.commit(branch, change.medium(number), message=f"Change {number}")
            pull = repo.open_pull_request(head=branch, title=f"Change {number}", body="Made by the benchmark.")
            jobs.append((f"{installation.id}:{repo.id}:{pull.number}", pull.head_sha))
        told = {"environment": environment(github, folder / "data", model.base_url), "jobs": jobs}
        (folder / "being-written").write_text(json.dumps(told))
        (folder / "being-written").rename(folder / READY)
        yield


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with standing(Path(sys.argv[1]), int(sys.argv[2])):
        while True:
            signal.pause()
