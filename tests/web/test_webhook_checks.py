"""Checks and commit statuses as deliveries: under our names and not ours they are noted, all others cost nothing."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.foreign_checks import ForeignCheck, ForeignOnHead
from app.domain.merge_group import AskedOfHead, parse_asked
from app.domain.pull_request import Sha
from tests.web.harness import OUR_APP, Web
from tests.web.test_webhook_people import ANN, COMMON, HEAD, check_run, check_suite

OTHER = {"id": 15368, "slug": "github-actions"}
GATE = "revwright/gate"


def made(action: str = "completed", name: Any = GATE, app: Any = OTHER, **changes: Any) -> dict[str, Any]:
    return check_run(action, name=name, app=app, **changes)


def status(context: Any = GATE, **changes: Any) -> dict[str, Any]:
    return {**COMMON, "sha": HEAD, "context": context, "state": "success", **changes}


def of_group(check: str) -> dict[str, Any]:
    return check_run(external_id=f"queue:{check}:11:22:0:{HEAD}", app={"id": OUR_APP})


@pytest.mark.parametrize(
    ("event", "body", "name", "source"),
    [
        ("check_run", made(), GATE, "the App github-actions (15368)"),
        ("check_run", made("created", "revwright/review"), "revwright/review", "the App github-actions (15368)"),
        ("check_run", made(name=" REVWRIGHT/gate"), GATE, "the App github-actions (15368)"),
        ("check_run", made(external_id=f"gate:11:22:7:{HEAD}"), GATE, "the App github-actions (15368)"),
        ("status", status(), GATE, "a commit status by ann"),
        ("status", status("Revwright/Review"), "revwright/review", "a commit status by ann"),
        ("status", status(sender={**ANN, "type": "Bot"}), GATE, "a commit status by ann"),
    ],
)
async def test_what_others_set_under_our_names_is_noted(
    web: Web, event: str, body: dict[str, Any], name: str, source: str
) -> None:
    taken = await web.post(body, event=event)

    assert taken.json()["result"] == "queued"
    ((row, wanted),) = web.taken.rows
    assert (str(row), wanted.head, web.taken.also) == ("foreign:11:22:0", HEAD, [])
    (note,) = web.taken.notes
    assert ForeignOnHead.parse(note.text) == ForeignOnHead(Sha(HEAD), ForeignCheck(name, source))


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("check_run", made(app={"id": OUR_APP, "slug": "revwright"})),
        ("check_run", made("created", app={"id": OUR_APP, "slug": "revwright"})),
        ("check_run", made(app=None)),
        ("check_run", made(name="build")),
        ("check_run", made(name="revwright/gate-2")),
        ("check_run", made(name=7)),
        ("check_run", {**COMMON, "action": "completed", "check_run": None}),
        ("check_run", made("invented")),
        ("status", status("ci")),
        ("status", status(None)),
        ("status", status(action="created")),
    ],
)
async def test_our_own_and_those_of_other_names_cost_no_job(web: Web, event: str, body: dict[str, Any]) -> None:
    ignored = await web.post(body, event=event)

    assert (ignored.status_code, ignored.json()["result"]) == (202, "ignored")
    assert web.taken.rows == []


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("check_run", made(head_sha="x")),
        ("check_run", made(app={"id": 1})),
        ("check_run", made(app={"id": "42", "slug": "revwright"})),
        ("status", status(sha="x")),
        ("status", status(sender=None)),
    ],
)
async def test_what_has_not_the_shape_of_its_event_is_refused(web: Web, event: str, body: dict[str, Any]) -> None:
    assert (await web.post(body, event=event)).status_code == 400
    assert web.taken.rows == []


@pytest.mark.parametrize(
    "body",
    [
        ("check_run", of_group("gate")),
        ("check_run", of_group("review")),
        (
            "check_suite",
            check_suite(pull_requests=[], head_branch="gh-readonly-queue/main/pr-7-1", app={"id": OUR_APP}),
        ),
    ],
)
async def test_run_once_more_a_group_is_asked_about_by_its_head(web: Web, body: tuple[str, dict[str, Any]]) -> None:
    taken = await web.post(body[1], event=body[0])

    assert taken.json()["result"] == "queued"
    ((row, wanted),) = web.taken.rows
    assert (str(row), wanted.head, web.taken.also) == ("queue:11:22:0", HEAD, [])
    (note,) = web.taken.notes
    assert parse_asked(note.text) == AskedOfHead(Sha(HEAD))


@pytest.mark.parametrize("named", ["queue:gate:11:22:7", "gate:11:22:0", "11:22:0", "queue:fix:11:22:0", "queue:gate"])
async def test_what_names_neither_a_group_nor_a_pull_request_is_nobodys(web: Web, named: str) -> None:
    ignored = await web.post(check_run(external_id=f"{named}:{HEAD}", app={"id": OUR_APP}), event="check_run")

    assert ignored.json()["result"] == "ignored"
