"""Check runs, check suites and annotations as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.github.render.apps import integration
from tests.fakes.github.render.basics import node_id, timestamp
from tests.fakes.github.render.commits import simple_commit
from tests.fakes.github.render.pulls import pull_request_minimal
from tests.fakes.github.render.repositories import minimal_repository, repository_page, repository_url

if TYPE_CHECKING:
    from tests.fakes.github.records import CheckRun, CheckSuite, JsonObject
    from tests.fakes.github.repository import Repository


def check_run(repository: Repository, run: CheckRun) -> JsonObject:
    """A check run."""
    fake = repository.fake
    url = f"{repository_url(repository)}/check-runs/{run.id}"
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("CheckRun", run.id),
        "head_sha": run.head_sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": f"{repository_page(repository)}/runs/{run.id}",
        "details_url": run.details_url or "https://revwright.example",
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": timestamp(run.started_at),
        "completed_at": timestamp(run.completed_at),
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.suite.id},
        "app": integration(fake, run.app),
        "pull_requests": _pull_requests(repository, run.head_sha),
    }


def check_run_in_event(repository: Repository, run: CheckRun) -> JsonObject:
    """A check run as events carry it, with its suite."""
    return {**check_run(repository, run), "check_suite": _suite_in_event(repository, run.suite)}


def check_suite(repository: Repository, suite: CheckSuite) -> JsonObject:
    """A check suite."""
    return {
        **_suite_in_event(repository, suite),
        "head_commit": simple_commit(repository, suite.head_sha),
        "repository": minimal_repository(repository),
        "latest_check_runs_count": len(runs_of(repository, suite)),
        "check_runs_url": f"{repository_url(repository)}/check-suites/{suite.id}/check-runs",
        "rerequestable": True,
        "runs_rerequestable": True,
    }


def annotation(repository: Repository, run: CheckRun, one: JsonObject) -> JsonObject:
    """An annotation."""
    names = (
        "path",
        "start_line",
        "end_line",
        "start_column",
        "end_column",
        "annotation_level",
        "title",
        "message",
        "raw_details",
    )
    return {
        **{name: one.get(name) for name in names},
        "blob_href": f"{repository_page(repository)}/blob/{run.head_sha}/{one['path']}",
    }


def runs_of(repository: Repository, suite: CheckSuite) -> list[CheckRun]:
    """The check runs of a suite."""
    return [run for run in repository.check_runs.values() if run.suite is suite]


def _suite_in_event(repository: Repository, suite: CheckSuite) -> JsonObject:
    runs = runs_of(repository, suite)
    done = bool(runs) and all(run.status == "completed" for run in runs)
    conclusions = {run.conclusion for run in runs}
    failed = next(iter(sorted(str(one) for one in conclusions - {"success", "neutral", "skipped"})), "success")
    return {
        "id": suite.id,
        "node_id": node_id("CheckSuite", suite.id),
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": "completed" if done else "queued",
        "conclusion": failed if done else None,
        "url": f"{repository_url(repository)}/check-suites/{suite.id}",
        "before": None,
        "after": suite.head_sha,
        "pull_requests": _pull_requests(repository, suite.head_sha),
        "app": integration(repository.fake, suite.app),
        "created_at": timestamp(suite.created_at),
        "updated_at": timestamp(suite.created_at),
    }


def _pull_requests(repository: Repository, sha: str) -> list[JsonObject]:
    # GitHub leaves pull requests from forks out of this list.
    here = [pull for pull in repository.pulls.values() if pull.head_sha == sha and pull.head_repo is repository]
    return [pull_request_minimal(pull) for pull in here if pull.state == "open"]
