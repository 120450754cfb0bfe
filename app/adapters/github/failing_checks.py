"""Reads which checks of a commit failed, and what they say. Source: GitHub Docs, "REST API endpoints for check runs",
"... for commit statuses", "... for workflow jobs".
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from app.adapters.github.client import Client
from app.adapters.github.signed_links import SignedLinks
from app.adapters.github.tokens import Stage
from app.domain.errors import GitHubError, GitHubRefused
from app.domain.fix.ci import Annotation, FailedCheck
from app.domain.pull_request import Sha
from app.ports import Place

MOST_CHECKS = 10
MOST_ANNOTATIONS = 50
MOST_LOG_BYTES = 2_000_000
_PAGE, _PAGES = 100, 3
_FAILED = ("failure", "timed_out", "startup_failure", "action_required")
"""The worst first. A cancelled check says nothing of the code: somebody pushed again, or a neighbour failed first."""
_FAILED_STATES = frozenset(("failure", "error"))
_ACTIONS = "github-actions"
_LOGS_SECONDS = 60.0
"""After so long no further log is begun."""
_NEEDS = {Stage.CHECKS: "Checks: read", Stage.STATUSES: "Commit statuses: read", Stage.JOB_LOGS: "Actions: read"}
_LACKING = frozenset((403, 422))


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _App(_Shape):
    id: int
    slug: str = ""


class _Output(_Shape):
    title: str | None = None
    summary: str | None = None
    annotations_count: int = 0


class _Run(_Shape):
    id: int
    name: str
    conclusion: str | None = None
    app: _App | None = None
    output: _Output = _Output()

    @property
    def slug(self) -> str:
        return self.app.slug if self.app else ""


class _Runs(_Shape):
    check_runs: list[_Run]


class _Status(_Shape):
    context: str
    state: str
    description: str | None = None


class _Statuses(_Shape):
    statuses: list[_Status]


class _Annotation(_Shape):
    path: str
    start_line: int
    end_line: int
    annotation_level: str | None = None
    title: str | None = None
    message: str | None = None


_ANNOTATIONS = TypeAdapter(list[_Annotation])


class FailingCheckReader:
    """Implements ports.FailingChecks: at most 4 calls for the lists, and 2 and a download for each failed check."""

    def __init__(self, client: Client, *, app_id: int, links: SignedLinks) -> None:
        self._client = client
        self._app_id = app_id
        self._links = links

    async def read(self, place: Place, head: Sha) -> tuple[FailedCheck, ...]:
        runs, troubles = await self._runs(place, head)
        statuses, more = await self._statuses(place, head)
        left = max(MOST_CHECKS - len(runs), 0)
        count = len(runs) + len(statuses)
        if count > MOST_CHECKS:
            troubles = (*troubles, FailedCheck.unread("more checks", f"{count} failed; {MOST_CHECKS} of them are told"))
        told = await self._told(place, runs[:MOST_CHECKS])
        return (*told, *statuses[:left], *troubles, *more)

    async def _runs(self, place: Place, head: Sha) -> tuple[list[_Run], tuple[FailedCheck, ...]]:
        """Those that failed, the worst first."""
        newest: dict[tuple[int, str], _Run] = {}
        troubles: tuple[FailedCheck, ...] = ()
        try:
            for page in range(1, _PAGES + 1):
                path = f"/repos/{place.repository}/commits/{head}/check-runs?per_page={_PAGE}&page={page}"
                reply = await self._client.call(place.ref, Stage.CHECKS, "GET", path)
                for run in _Runs.model_validate(reply.json).check_runs:
                    key = (run.app.id if run.app else 0, run.name)
                    if key not in newest or newest[key].id < run.id:
                        newest[key] = run
                if not reply.has_next_page:
                    break
            else:
                troubles = (FailedCheck.unread("more check runs", f"only {_PAGES * _PAGE} were looked at"),)
        except (GitHubError, ValidationError) as error:
            troubles = (FailedCheck.unread("check runs", _why(error, Stage.CHECKS)),)
        failed = [run for (app, _), run in newest.items() if run.conclusion in _FAILED and app != self._app_id]
        return sorted(failed, key=lambda run: (_FAILED.index(str(run.conclusion)), run.name)), troubles

    async def _statuses(self, place: Place, head: Sha) -> tuple[list[FailedCheck], tuple[FailedCheck, ...]]:
        """GitHub tells the newest of each context here. What they link to is not fetched: it can be anything."""
        path = f"/repos/{place.repository}/commits/{head}/status?per_page={_PAGE}"
        try:
            reply = await self._client.call(place.ref, Stage.STATUSES, "GET", path)
            told = _Statuses.model_validate(reply.json).statuses
        except (GitHubError, ValidationError) as error:
            return [], (FailedCheck.unread("commit statuses", _why(error, Stage.STATUSES)),)
        failed = [one for one in told if one.state in _FAILED_STATES]
        more = FailedCheck.unread("more commit statuses", f"only {_PAGE} were looked at")
        return (
            [FailedCheck(one.context, "", one.state, one.description or "", "", (), "", "") for one in failed],
            (more,) if reply.has_next_page else (),
        )

    async def _told(self, place: Place, runs: Sequence[_Run]) -> list[FailedCheck]:
        until = asyncio.get_running_loop().time() + _LOGS_SECONDS
        told: list[FailedCheck] = []
        no_logs = ""
        for run in runs:
            check = await self._annotated(place, run)
            if run.slug == _ACTIONS:
                if not no_logs and asyncio.get_running_loop().time() > until:
                    no_logs = f"the logs before it took over {_LOGS_SECONDS:g} s"
                log, note = ("", no_logs) if no_logs else await self._log(place, run)
                if note == _no_permission(Stage.JOB_LOGS):
                    no_logs = note  # it holds for each of them
                check = replace(check, log=log, note=_joined(check.note, note and f"log: {note}"))
            told.append(check)
        return told

    async def _annotated(self, place: Place, run: _Run) -> FailedCheck:
        output, found, note = run.output, tuple[Annotation, ...](), ""
        if output.annotations_count:
            path = f"/repos/{place.repository}/check-runs/{run.id}/annotations?per_page={MOST_ANNOTATIONS}"
            try:
                reply = await self._client.call(place.ref, Stage.CHECKS, "GET", path)
                found = tuple(map(_annotation, _ANNOTATIONS.validate_python(reply.json)))
                if reply.has_next_page:
                    note = f"annotations: the first {len(found)} of {output.annotations_count}"
            except (GitHubError, ValidationError) as error:
                note = f"annotations: {_why(error, Stage.CHECKS)}"
        title, summary = output.title or "", output.summary or ""
        return FailedCheck(run.name, run.slug, str(run.conclusion), title, summary, found, "", note)

    async def _log(self, place: Place, run: _Run) -> tuple[str, str]:
        """The end of a job's log, and what is missing. A job of GitHub Actions has the id of its check run."""
        path = f"/repos/{place.repository}/actions/jobs/{run.id}/logs"
        try:
            link = await self._client.location(place.ref, Stage.JOB_LOGS, path)
            if link is None:
                return "", "GitHub did not say where it is"
            tail = await self._links.tail(link, most=MOST_LOG_BYTES)
        except GitHubError as error:
            return "", _why(error, Stage.JOB_LOGS)
        note = "" if tail.ended else "it is too long to be read to its end"
        if tail.cut and tail.ended:
            note = f"the last {len(tail.data):,} bytes"
        return tail.data.decode("utf-8", "replace"), note


def _annotation(one: _Annotation) -> Annotation:
    level, title, message = one.annotation_level or "", one.title or "", one.message or ""
    return Annotation(one.path, one.start_line, one.end_line, level, title, message)


def _why(error: GitHubError | ValidationError, stage: Stage) -> str:
    if isinstance(error, ValidationError):
        return "GitHub's answer does not have the documented shape"
    if isinstance(error, GitHubRefused) and error.status in _LACKING:
        return _no_permission(stage)
    return f"not read: {error}"


def _no_permission(stage: Stage) -> str:
    return f"GitHub refuses to show it; the App may lack the permission {_NEEDS[stage]}"


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))
