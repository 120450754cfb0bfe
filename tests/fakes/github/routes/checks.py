"""Check runs, check suites and commit statuses."""

from __future__ import annotations

from typing import Final

from tests.fakes.github.checking import (
    announce_status,
    create_check_run,
    find_suite,
    rerequest,
    rerequest_suite,
    update_check_run,
)
from tests.fakes.github.errors import GitHubError, forbidden, not_found
from tests.fakes.github.exchange import Exchange, Handler, Reply
from tests.fakes.github.records import App, CheckRun, CheckSuite, CommitStatus
from tests.fakes.github.render.checks import annotation, check_run, check_suite, runs_of
from tests.fakes.github.render.commits import simple_status, status
from tests.fakes.github.render.repositories import minimal_repository, repository_url


def create(exchange: Exchange) -> Reply:
    """Make a check run."""
    run = create_check_run(exchange.repository, _app(exchange), exchange.body)
    return Reply(201, check_run(exchange.repository, run))


def get(exchange: Exchange) -> Reply:
    """One check run."""
    return Reply(body=check_run(exchange.repository, _run(exchange)))


def update(exchange: Exchange) -> Reply:
    """Change a check run of one's own."""
    run = _run(exchange)
    update_check_run(exchange.repository, run, _app(exchange), exchange.body)
    return Reply(body=check_run(exchange.repository, run))


def list_annotations(exchange: Exchange) -> Reply:
    """What a check run says about lines."""
    run = _run(exchange)
    return exchange.page(run.annotations, lambda one: annotation(exchange.repository, run, one))


def list_for_ref(exchange: Exchange) -> Reply:
    """The check runs of a commit."""
    sha = exchange.commit("ref")
    return _runs(exchange, [run for run in exchange.repository.check_runs.values() if run.head_sha == sha])


def list_for_suite(exchange: Exchange) -> Reply:
    """The check runs of a suite."""
    return _runs(exchange, runs_of(exchange.repository, _suite(exchange)))


def job_log(exchange: Exchange) -> Reply:
    """Where the log of a job of GitHub Actions is for a minute: on another host, which wants no token."""
    link = exchange.fake.job_logs.link(exchange.number("job_id"))
    if link is None:
        raise not_found()
    return Reply(302, headers={"location": link})


def rerequest_run(exchange: Exchange) -> Reply:
    """Ask for a check run again."""
    rerequest(exchange.repository, _run(exchange), by=exchange.user)
    return Reply(201, {})


def create_suite(exchange: Exchange) -> Reply:
    """Make a suite; GitHub answers 200 if it has one already."""
    repository, before = exchange.repository, len(exchange.repository.check_suites)
    suite = find_suite(repository, _app(exchange), exchange.body["head_sha"])
    return Reply(201 if len(repository.check_suites) > before else 200, check_suite(repository, suite))


def get_suite(exchange: Exchange) -> Reply:
    """One suite."""
    return Reply(body=check_suite(exchange.repository, _suite(exchange)))


def list_suites_for_ref(exchange: Exchange) -> Reply:
    """The suites of a commit."""
    repository, sha = exchange.repository, exchange.commit("ref")
    app_id = exchange.flag("app_id")
    found = [
        one for one in repository.check_suites.values() if one.head_sha == sha and app_id in (None, str(one.app.id))
    ]
    return exchange.page(found, lambda one: check_suite(repository, one), wrap="check_suites")


def rerequest_whole_suite(exchange: Exchange) -> Reply:
    """Ask for everything on a commit again."""
    rerequest_suite(exchange.repository, _suite(exchange), by=exchange.user)
    return Reply(201, {})


def create_status(exchange: Exchange) -> Reply:
    """Set a commit status."""
    repository, body, fake = exchange.repository, exchange.body, exchange.fake
    sha = exchange.text("sha")
    if repository.store.resolve(sha) != sha:
        raise GitHubError(422, f"No commit found for SHA: {sha}")
    made = CommitStatus(
        fake.ids.next("status"),
        sha,
        body["state"],
        body.get("context", "default"),
        body.get("description"),
        body.get("target_url"),
        exchange.user,
        fake.now(),
    )
    announce_status(repository, made)
    return Reply(201, status(repository, made))


def list_statuses(exchange: Exchange) -> Reply:
    """Every status of a commit, newest first."""
    sha = exchange.commit("ref")
    found = [one for one in exchange.repository.statuses if one.sha == sha]
    return exchange.page(found[::-1], lambda one: status(exchange.repository, one))


def combined_status(exchange: Exchange) -> Reply:
    """The newest status of each context, and what they make together."""
    repository, sha = exchange.repository, exchange.commit("ref")
    newest = list({one.context: one for one in repository.statuses if one.sha == sha}.values())
    states = {one.state for one in newest}
    failed = bool(states & {"failure", "error"})
    state = "failure" if failed else "pending" if "pending" in states or not states else "success"
    paged = exchange.page(newest, lambda one: simple_status(repository, one))
    url = f"{repository_url(repository)}/commits/{sha}"
    body = {
        "state": state,
        "statuses": paged.body,
        "sha": sha,
        "total_count": len(newest),
        "repository": minimal_repository(repository),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return Reply(200, body, paged.headers)


def _runs(exchange: Exchange, runs: list[CheckRun]) -> Reply:
    name, wanted_status, app_id = (
        exchange.flag("check_name"),
        exchange.flag("status"),
        exchange.flag("app_id"),
    )
    found = [
        run
        for run in runs
        if name in (None, run.name) and wanted_status in (None, run.status) and app_id in (None, str(run.app.id))
    ]
    if exchange.query.get("filter", "latest") == "latest":
        found = list({(run.app.id, run.name): run for run in found}.values())
    newest_first = sorted(found, key=lambda run: -run.id)
    return exchange.page(newest_first, lambda run: check_run(exchange.repository, run), wrap="check_runs")


def _app(exchange: Exchange) -> App:
    if exchange.app is None:
        raise forbidden("You must authenticate via a GitHub App.")
    return exchange.app


def _run(exchange: Exchange) -> CheckRun:
    found = exchange.repository.check_runs.get(exchange.number("check_run_id"))
    if found is None:
        raise not_found()
    return found


def _suite(exchange: Exchange) -> CheckSuite:
    found = exchange.repository.check_suites.get(exchange.number("check_suite_id"))
    if found is None:
        raise not_found()
    return found


HANDLERS: Final[dict[str, Handler]] = {
    "actions/download-job-logs-for-workflow-run": job_log,
    "checks/create": create,
    "checks/get": get,
    "checks/update": update,
    "checks/list-annotations": list_annotations,
    "checks/list-for-ref": list_for_ref,
    "checks/list-for-suite": list_for_suite,
    "checks/rerequest-run": rerequest_run,
    "checks/create-suite": create_suite,
    "checks/get-suite": get_suite,
    "checks/list-suites-for-ref": list_suites_for_ref,
    "checks/rerequest-suite": rerequest_whole_suite,
    "repos/create-commit-status": create_status,
    "repos/list-commit-statuses-for-ref": list_statuses,
    "repos/get-combined-status-for-ref": combined_status,
}
