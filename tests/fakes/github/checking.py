"""Check runs: made and changed by one App, asked for again by people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from tests.fakes.github.errors import GitHubError, invalid, unprocessable
from tests.fakes.github.records import App, CheckRun, CheckSuite, CommitStatus, JsonObject, User
from tests.fakes.github.render.checks import check_run_in_event, check_suite

if TYPE_CHECKING:
    from tests.fakes.github.repository import Repository

MAX_ANNOTATIONS: Final = 50
MAX_ACTIONS: Final = 3
MAX_TEXT: Final = 65535
_ACTION_LENGTHS: Final = {"label": 20, "description": 40, "identifier": 20}
_FIELDS: Final = ("name", "external_id", "details_url", "status", "conclusion")
_RESOURCE: Final = "CheckRun"


def create_check_run(repository: Repository, app: App, body: JsonObject) -> CheckRun:
    """Make a check run from GitHub's request body, and announce it."""
    sha = body["head_sha"]
    if repository.store.resolve(sha) != sha:
        raise GitHubError(422, f"No commit found for SHA: {sha}")
    check_limits(body)
    if body.get("status") == "completed" and "conclusion" not in body:
        raise invalid(_RESOURCE, "conclusion", "conclusion is required when status is completed")
    fake = repository.fake
    run = CheckRun(fake.ids.next("check run"), find_suite(repository, app, sha), body["name"], sha, fake.now())
    repository.check_runs[run.id] = run
    change_check_run(repository, run, body)
    announce(repository, run, "created", sender=app.bot)
    if run.status == "completed":
        announce(repository, run, "completed", sender=app.bot)
    return run


def update_check_run(repository: Repository, run: CheckRun, app: App, body: JsonObject) -> None:
    """Change a check run of the same App, and announce it when that completes it."""
    if run.app is not app:
        message = f"Invalid app_id `{app.id}` - check run can only be modified by the GitHub App that created it."
        raise GitHubError(403, message)
    check_limits(body)
    was_completed = run.status == "completed"
    change_check_run(repository, run, body)
    if run.status == "completed" and not was_completed:
        announce(repository, run, "completed", sender=app.bot)


def check_limits(body: JsonObject) -> None:
    """Refuse what is longer than GitHub takes."""
    output, actions = body.get("output", {}), body.get("actions", [])
    if len(output.get("annotations", [])) > MAX_ANNOTATIONS:
        raise _too_many("annotations", MAX_ANNOTATIONS)
    if len(actions) > MAX_ACTIONS:
        raise _too_many("actions", MAX_ACTIONS)
    for name in ("summary", "text"):
        if len(output.get(name, "")) > MAX_TEXT:
            raise invalid(_RESOURCE, name, f"{name} exceeds a maximum length of {MAX_TEXT} characters")
    for action in actions:
        for name, limit in _ACTION_LENGTHS.items():
            if len(action[name]) > limit:
                raise invalid(_RESOURCE, name, f"{name} is too long (maximum is {limit} characters)")
    for annotation in output.get("annotations", []):
        if annotation["start_line"] > annotation["end_line"]:
            raise invalid(_RESOURCE, "annotations", "end_line must not be before start_line")
        if "start_column" in annotation and annotation["start_line"] != annotation["end_line"]:
            raise invalid(_RESOURCE, "annotations", "start_column is allowed on a single line only")


def change_check_run(repository: Repository, run: CheckRun, body: JsonObject) -> None:
    """Take over what a request says; annotations are added to those already there."""
    for name in _FIELDS:
        if name in body:
            setattr(run, name, body[name])
    now = repository.fake.now()
    if "started_at" in body:
        run.started_at = datetime.fromisoformat(body["started_at"])
    if "conclusion" in body:
        # A conclusion completes a check run, whatever status the request names.
        run.status = "completed"
        run.completed_at = datetime.fromisoformat(body["completed_at"]) if "completed_at" in body else now
    elif run.status != "completed":
        run.conclusion, run.completed_at = None, None
    output = body.get("output", {})
    run.title = output.get("title", run.title)
    run.summary = output.get("summary", run.summary)
    run.text = output.get("text", run.text)
    run.annotations = [*run.annotations, *output.get("annotations", [])]
    run.actions = body.get("actions", run.actions)


def find_suite(repository: Repository, app: App, sha: str) -> CheckSuite:
    """The App's suite for a commit; made if there is none."""
    for suite in repository.check_suites.values():
        if suite.app is app and suite.head_sha == sha:
            return suite
    fake = repository.fake
    branch = next((name for name, tip in repository.branches.items() if tip == sha), None)
    suite = CheckSuite(fake.ids.next("check suite"), app, sha, branch, fake.now())
    repository.check_suites[suite.id] = suite
    return suite


def rerequest(repository: Repository, run: CheckRun, *, by: User) -> None:
    """Ask the App to check again."""
    announce(repository, run, "rerequested", sender=by)


def rerequest_suite(repository: Repository, suite: CheckSuite, *, by: User) -> None:
    """Ask the App to check everything on a commit again."""
    payload = {"action": "rerequested", "check_suite": check_suite(repository, suite)}
    if suite.app is repository.fake.app:
        repository.fake.announce("check_suite", payload, repository=repository, sender=by)


def request_action(repository: Repository, run: CheckRun, identifier: str, *, by: User) -> None:
    """Press one of the buttons of a check run."""
    if identifier not in [action["identifier"] for action in run.actions]:
        raise KeyError(identifier)
    announce(repository, run, "requested_action", sender=by, extra={"requested_action": {"identifier": identifier}})


def announce(
    repository: Repository, run: CheckRun, action: str, *, sender: User, extra: JsonObject | None = None
) -> None:
    """Send a check_run event; only its own App hears what people ask of a check run."""
    fake = repository.fake
    if action in ("rerequested", "requested_action") and run.app is not fake.app:
        return
    payload = {"action": action, "check_run": check_run_in_event(repository, run), **(extra or {})}
    fake.announce("check_run", payload, repository=repository, sender=sender)


def announce_status(repository: Repository, made: CommitStatus) -> None:
    """Keep a commit status, and send GitHub's event of it, which has no action."""
    repository.statuses.append(made)
    payload = {
        "id": made.id,
        "sha": made.sha,
        "name": repository.full_name,
        "context": made.context,
        "description": made.description,
        "state": made.state,
        "target_url": made.target_url,
        "branches": [{"name": name} for name, tip in repository.branches.items() if tip == made.sha],
    }
    repository.fake.announce("status", payload, repository=repository, sender=made.creator)


def _too_many(field: str, limit: int) -> GitHubError:
    return unprocessable(
        [{"resource": _RESOURCE, "code": "invalid", "field": field, "message": f"at most {limit} {field}"}]
    )
