"""Writes check runs. Source of shapes and limits: GitHub Docs, "REST API endpoints for check runs"."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from app.adapters.github.client import Client
from app.adapters.github.tokens import Stage
from app.domain.messages.check import Annotation, CheckOutput, Conclusion
from app.domain.pull_request import Sha
from app.ports import Clock, Place

_ANNOTATIONS_A_CALL = 50


class CheckWriter:
    """Implements ports.Checks.

    Every call here is essential: it may use the reserve of the rate limit, so that a check can still say why its review
    waits. None waits for its turn: check runs notify nobody, so GitHub's advice of a second between writes is not
    about them.
    """

    def __init__(self, client: Client, *, app_id: int, now: Clock) -> None:
        self._client = client
        self._app_id = app_id
        self._now = now

    async def create(self, place: Place, *, head: Sha, name: str, external_id: str, output: CheckOutput | None) -> int:
        body: dict[str, Any] = {"name": name, "head_sha": head, "status": "queued", "external_id": external_id}
        if output is not None:
            body["output"] = _output(output)
        path = f"/repos/{place.repository}/check-runs"
        reply = await self._client.call(place.ref, Stage.PUBLISH, "POST", path, body, essential=True)
        return int(reply.json["id"])

    async def start(self, place: Place, check_run: int, output: CheckOutput) -> None:
        await self._update(place, check_run, {"status": "in_progress", "started_at": self._time()}, output)

    async def conclude(self, place: Place, check_run: int, conclusion: Conclusion, output: CheckOutput) -> None:
        """GitHub takes 50 annotations a call and adds them up; the conclusion comes with the last of them."""
        rest = output.annotations
        while len(rest) > _ANNOTATIONS_A_CALL:
            await self._update(place, check_run, {}, output, rest[:_ANNOTATIONS_A_CALL])
            rest = rest[_ANNOTATIONS_A_CALL:]
        state = {"status": "completed", "conclusion": conclusion.value, "completed_at": self._time()}
        await self._update(place, check_run, state, output, rest)

    async def find(self, place: Place, *, head: Sha, name: str, external_id: str) -> int | None:
        path = (
            f"/repos/{place.repository}/commits/{head}/check-runs"
            f"?check_name={quote(name, safe='')}&filter=all&app_id={self._app_id}"
        )
        async for page in self._client.pages(place.ref, Stage.PUBLISH, path, essential=True):
            for run in page:
                ours = run["external_id"] == external_id and (run["app"] or {}).get("id") == self._app_id
                if ours and run["status"] != "completed":
                    return int(run["id"])
        return None

    async def _update(
        self,
        place: Place,
        check_run: int,
        state: dict[str, str],
        output: CheckOutput,
        annotations: tuple[Annotation, ...] = (),
    ) -> None:
        actions = [
            {"label": one.label, "identifier": one.identifier.value, "description": one.description}
            for one in output.actions
        ]
        body = {**state, "output": _output(output, annotations), "actions": actions}
        path = f"/repos/{place.repository}/check-runs/{check_run}"
        await self._client.call(place.ref, Stage.PUBLISH, "PATCH", path, body, essential=True)

    def _time(self) -> str:
        return _utc(self._now())


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _output(output: CheckOutput, annotations: tuple[Annotation, ...] = ()) -> dict[str, Any]:
    body: dict[str, Any] = {"title": output.title, "summary": output.summary}
    if output.text:
        body["text"] = output.text
    if annotations:
        body["annotations"] = [
            {
                "path": a.path,
                "start_line": a.start_line,
                "end_line": a.end_line,
                "annotation_level": a.level.value,
                "title": a.title,
                "message": a.message,
            }
            for a in annotations
        ]
    return body
