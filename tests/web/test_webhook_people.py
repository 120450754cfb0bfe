"""What people say and press, as deliveries: which become a wish of the job of commands, and which cost nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.domain.commands.asked import Asked, Pressed, Said, Settled, Who, decode, encode
from tests.web.harness import Web, open_web, payload
from tests.web.test_webhook_bodies import corpus

ANN = {"id": 9, "login": "ann", "type": "User"}
BOT = {"id": 8, "login": "other[bot]", "type": "Bot"}
HEAD = "c" * 40
COMMON = {"repository": payload()["repository"], "installation": {"id": 11}, "sender": ANN}
COMMENT = {"id": 77, "user": ANN, "body": " @revwright review", "performed_via_github_app": None}


def comment(**changes: Any) -> dict[str, Any]:
    issue = {"number": 7, "pull_request": {"url": "x"}}
    return {**COMMON, "action": "created", "issue": issue, "comment": COMMENT | changes}


def answer(**changes: Any) -> dict[str, Any]:
    return {**COMMON, "action": "created", "pull_request": {"number": 7}, "comment": COMMENT | changes}


def check_run(action: str = "rerequested", **changes: Any) -> dict[str, Any]:
    run = {"head_sha": HEAD, "external_id": f"11:22:7:{HEAD}", "app": {"id": 42}} | changes
    return {**COMMON, "action": action, "check_run": run}


def check_suite(**changes: Any) -> dict[str, Any]:
    suite = {"head_sha": HEAD, "app": {"id": 42}, "pull_requests": [{"number": 7}, {"number": 8}]} | changes
    return {**COMMON, "action": "rerequested", "check_suite": suite}


def thread(action: str = "resolved") -> dict[str, Any]:
    return {**COMMON, "action": action, "pull_request": {"number": 7}, "thread": {"comments": [{"id": 70}, {"id": 71}]}}


WHO = Who(9, "ann")


@pytest.mark.parametrize(
    ("event", "body", "asked"),
    [
        ("issue_comment", comment(), Said(77, None, WHO)),
        ("issue_comment", comment(body="\n\n@somebody else"), Said(77, None, WHO)),
        ("pull_request_review_comment", answer(), Said(77, 77, WHO)),
        ("pull_request_review_comment", answer(in_reply_to_id=70), Said(77, 70, WHO)),
        ("check_run", check_run(), Pressed(42, HEAD, f"11:22:7:{HEAD}", "", (), WHO)),  # type: ignore[arg-type]
        (
            "check_run",
            check_run("requested_action") | {"requested_action": {"identifier": "review"}},
            Pressed(42, HEAD, f"11:22:7:{HEAD}", "review", (), WHO),  # type: ignore[arg-type]
        ),
        ("check_suite", check_suite(), Pressed(42, HEAD, "", "", (8,), WHO)),  # type: ignore[arg-type]
        ("pull_request_review_thread", thread(), Settled(70, True, WHO)),
        ("pull_request_review_thread", thread("unresolved"), Settled(70, False, WHO)),
    ],
)
async def test_a_wish_is_kept_for_the_job_of_commands(web: Web, event: str, body: dict[str, Any], asked: Asked) -> None:
    taken = await web.post(body, event=event)

    assert taken.json()["result"] == "queued"
    ((row, wanted),) = web.taken.rows
    assert (str(row), wanted.head, wanted.trigger) == ("command:11:22:7", None, "command")
    (note,) = web.taken.notes
    assert decode(note.text) == asked
    assert "review" not in note.text.replace('"button":"review"', ""), "no word of the comment"


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("issue_comment", comment() | {"action": "edited"}),
        ("issue_comment", comment() | {"action": "deleted"}),
        ("issue_comment", comment() | {"issue": {"number": 7}}),
        ("issue_comment", comment() | {"sender": {**ANN, "id": 10}}),
        ("issue_comment", comment() | {"sender": BOT}),
        ("issue_comment", comment(user=BOT) | {"sender": BOT}),
        ("issue_comment", comment(user=None)),
        ("issue_comment", comment(user={**ANN, "type": "Organization"})),
        ("issue_comment", comment(user={**ANN, "type": "Mannequin"})),
        ("issue_comment", comment(performed_via_github_app={"id": 3})),
        ("issue_comment", comment(body="Thanks, @revwright review")),
        ("issue_comment", comment(body="> @revwright review")),
        ("issue_comment", comment(body="<!-- x --> @revwright review")),
        ("issue_comment", comment(body="")),
        ("issue_comment", comment(body=None)),
        ("pull_request_review_comment", answer() | {"action": "edited"}),
        ("pull_request_review_comment", answer(user=BOT) | {"sender": BOT}),
        ("pull_request_review", comment() | {"action": "submitted"}),
        ("commit_comment", comment()),
        ("check_run", check_run("created")),
        ("check_run", check_run(app=None)),
        ("check_run", check_run(external_id=None)),
        ("check_run", check_run(external_id="")),
        ("check_run", check_run(external_id=f"11:22:7:{'d' * 40}")),
        ("check_run", check_run(external_id=f"12:22:7:{HEAD}")),
        ("check_run", check_run(external_id=f"11:23:7:{HEAD}")),
        ("check_run", check_run(external_id=f" 11:22:7:{HEAD}")),
        ("check_run", check_run(external_id=f"11:22:+7:{HEAD}")),
        ("check_run", check_run() | {"sender": BOT}),
        ("check_suite", check_suite(pull_requests=[])),
        ("check_suite", check_suite(app=None)),
        ("check_suite", check_suite() | {"action": "completed"}),
        ("pull_request_review_thread", thread() | {"sender": BOT}),
        ("pull_request_review_thread", thread("invented")),
    ],
)
async def test_what_nobody_asked_us_costs_no_job(web: Web, event: str, body: dict[str, Any]) -> None:
    ignored = await web.post(body, event=event)

    assert (ignored.status_code, ignored.json()["result"]) == (202, "ignored")
    assert web.taken.rows == []


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("issue_comment", comment() | {"comment": None}),
        ("issue_comment", comment(id="77")),
        ("pull_request_review_comment", answer() | {"pull_request": None}),
        ("check_run", check_run(head_sha="x")),
        ("check_suite", check_suite(pull_requests=[{"number": -1}])),
        ("pull_request_review_thread", thread() | {"thread": {"comments": []}}),
        ("issue_comment", comment() | {"sender": None}),
    ],
)
async def test_a_wish_of_the_wrong_shape_is_400(web: Web, event: str, body: dict[str, Any]) -> None:
    assert (await web.post(body, event=event)).status_code == 400
    assert web.taken.rows == []


async def test_a_wish_outside_an_installation_or_of_another_account_is_ignored() -> None:
    async with open_web(allowed_accounts=frozenset({6})) as web:
        outside = comment()
        del outside["installation"]
        for body in (outside, comment()):
            assert (await web.post(body, event="issue_comment")).json()["result"] == "ignored"
        assert web.taken.rows == []


async def test_one_comment_is_one_wish_and_so_is_one_button_until_it_is_done(web: Web) -> None:
    for number, (event, body) in enumerate(
        [("issue_comment", comment()), ("issue_comment", comment(extra=1)), ("check_run", check_run())]
    ):
        await web.post(body, event=event, x_github_delivery=f"d-{number}")

    assert [note.id.partition(":")[0] for note in web.taken.notes] == ["comment", "comment", "pressed"]
    assert web.taken.notes[0].id == web.taken.notes[1].id == "comment:77"


async def test_githubs_own_examples_of_buttons_are_not_ours(web: Web) -> None:
    for event, example in corpus():
        if event in {"check_run", "issue_comment", "pull_request_review_comment"}:
            await web.post(example | {"installation": {"id": 11}}, event=event)

    assert web.taken.rows == []


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '["said"]', '["shouted",{}]', '["said",{}]', "[[],{}]", "[" * 100_000, '["said",NaN]']
)
def test_what_another_version_wrote_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        decode(text)


def test_a_note_holds_ids_and_comes_back_as_it_was() -> None:
    for asked in (Said(1, None, WHO), Pressed(1, HEAD, "", "x", (1, 2), WHO), Settled(1, False, WHO)):  # type: ignore[arg-type]
        assert decode(encode(asked)) == asked
        assert json.loads(encode(asked))
