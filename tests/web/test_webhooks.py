"""POST /webhooks/github: only what GitHub signed is looked at, and each kind of body gets its answer."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.web.harness import OLD_SECRET, Web, open_web, payload, signature


async def test_a_signed_pull_request_is_queued(web: Web) -> None:
    answer = await web.post(payload())

    assert answer.status_code == 202
    assert answer.json() == {
        "delivery": "delivery-1",
        "result": "queued",
        "reason": "opened of review:11:22:7",
    }
    ((row, wanted),) = web.taken.rows
    assert (str(row), wanted.head, wanted.trigger, wanted.draft) == ("review:11:22:7", "b" * 40, "opened", False)


def test_githubs_own_test_vector() -> None:
    """GitHub Docs, "Validating webhook deliveries"."""
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert signature(b"Hello, World!", b"It's a Secret to Everybody") == expected


async def test_the_previous_secret_still_counts_while_it_is_replaced(web: Web) -> None:
    raw = json.dumps(payload()).encode()

    assert (await web.post(raw, x_hub_signature_256=signature(raw, OLD_SECRET))).status_code == 202


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha1=" + "0" * 40,
        "sha256=",
        "sha256=" + "0" * 64,
        "sha256=" + "0" * 63,
        "SHA256=" + signature(json.dumps(payload()).encode())[7:],
        signature(json.dumps(payload()).encode()).upper(),
        signature(b"another body"),
        "sha256=é",
        signature(json.dumps(payload()).encode(), b"another secret") + "\x00",
    ],
)
async def test_what_github_did_not_sign_leaves_no_trace(
    web: Web, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    raw = json.dumps(payload(action="canary-in-the-body")).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"x-github-event", b"pull_request"),
        (b"x-github-delivery", b"d"),
    ]
    if header:
        headers.append((b"x-hub-signature-256", header.encode()))

    with caplog.at_level(logging.DEBUG):
        answer = await web.client.post("/webhooks/github", content=raw, headers=headers)

    assert (answer.status_code, answer.json()) == (401, {"error": "the signature does not match"})
    assert web.taken.rows == []
    assert "canary" not in caplog.text


async def test_two_signature_headers_are_none(web: Web) -> None:
    raw = json.dumps(payload()).encode()
    good = ("x-hub-signature-256", signature(raw))

    answer = await web.client.post("/webhooks/github", content=raw, headers=[good, good])

    assert answer.status_code == 401


async def test_unsigned_garbage_is_refused_before_it_is_parsed(web: Web) -> None:
    assert (await web.post(b"{", x_hub_signature_256="sha256=" + "1" * 64)).status_code == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000])
async def test_signed_garbage_is_400(web: Web, body: bytes) -> None:
    answer = await web.post(body)

    assert answer.status_code == 400
    assert web.taken.rows == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"action": "labeled"}, "pull_request.labeled changes nothing we review"),
        ({"action": "edited", "changes": {"title": {"from": "x"}}}, "pull_request.edited changes nothing"),
        ({"action": "closed", "pull_request": payload()["pull_request"] | {"state": "closed"}}, "is closed"),
        ({"action": "invented"}, "pull_request.invented changes nothing"),
    ],
)
async def test_what_changes_nothing_is_ignored_and_says_why(web: Web, changes: dict[str, Any], reason: str) -> None:
    answer = await web.post(payload(**changes))

    assert (answer.status_code, answer.json()["result"]) == (202, "ignored")
    assert reason in answer.json()["reason"]


@pytest.mark.parametrize(
    ("changes", "trigger"),
    [
        ({"action": "synchronize"}, "push"),
        ({"action": "reopened"}, "opened"),
        ({"action": "ready_for_review"}, "ready_for_review"),
        ({"action": "edited", "changes": {"base": {"ref": {"from": "dev"}}}}, "opened"),
    ],
)
async def test_what_starts_a_review(web: Web, changes: dict[str, Any], trigger: str) -> None:
    await web.post(payload(**changes))

    assert [wanted.trigger for _, wanted in web.taken.rows] == [trigger]


@pytest.mark.parametrize(
    "changes",
    [
        {"pull_request": None},
        {"pull_request": {}},
        {"pull_request": payload()["pull_request"] | {"head": {"sha": "not a sha"}}},
        {"pull_request": payload()["pull_request"] | {"number": "7"}},
        {"pull_request": payload()["pull_request"] | {"number": -1}},
        {"repository": payload()["repository"] | {"full_name": "../../etc"}},
        {"repository": payload()["repository"] | {"id": 2**80}},
        {"installation": None},
        {"action": None},
    ],
)
async def test_a_pull_request_event_of_the_wrong_shape_is_400(web: Web, changes: dict[str, Any]) -> None:
    answer = await web.post(payload(**changes))

    assert (answer.status_code, web.taken.rows) == (400, [])


async def test_ping_unknown_events_and_missing_installation_are_ignored(web: Web) -> None:
    without_installation = payload()
    del without_installation["installation"]
    for event, body in (
        ("ping", {"zen": "Keep it logically awesome.", "hook_id": 1}),
        ("unheard_of", {"action": "x" * 500}),
        ("issues", payload()),
        ("pull_request", without_installation),
        ("pull_request", {"action": "opened"}),
    ):
        answer = await web.post(body, event=event)
        assert (answer.status_code, answer.json()["result"]) == (202, "ignored"), event
    assert web.taken.rows == []


async def test_a_duplicate_has_no_second_effect_by_body_or_by_id(web: Web) -> None:
    await web.post(payload())
    same_body = await web.post(payload())
    same_id = await web.post(payload(action="reopened"), x_github_delivery="delivery-1")

    assert [same_body.json()["result"], same_id.json()["result"]] == ["duplicate", "duplicate"]
    assert len(web.taken.rows) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x_github_delivery": ""}, 400),
        ({"x_github_event": ""}, 400),
        ({"x_github_event": "pull request"}, 400),
        ({"x_github_delivery": "x" * 65}, 400),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_type": "application/json; charset=utf-8"}, 202),
    ],
)
async def test_headers(web: Web, headers: dict[str, str], status: int) -> None:
    assert (await web.post(payload(), **headers)).status_code == status


async def test_only_allowed_accounts_are_served() -> None:
    async with open_web(allowed_accounts=frozenset({5})) as web:
        assert (await web.post(payload())).json()["result"] == "queued"
        other = payload(repository=payload()["repository"] | {"owner": {"id": 6}})
        assert (await web.post(other)).json()["result"] == "ignored"


async def test_a_body_over_25_mb_is_413_however_it_is_sent(web: Web) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(26):
            yield b" " * 1024 * 1024

    announced = await web.client.post("/webhooks/github", content=b"", headers={"content-length": "27000000"})
    signed = {"x-hub-signature-256": signature(b"")}
    streamed = await web.client.post("/webhooks/github", content=endless(), headers=signed)

    assert (announced.status_code, streamed.status_code) == (413, 413)


@pytest.mark.parametrize("length", ["-1", "1e9", "٣", "9" * 5_000])
async def test_a_strange_content_length_is_413(web: Web, length: str) -> None:
    answer = await web.client.post("/webhooks/github", headers=[(b"content-length", length.encode())])

    assert answer.status_code == 413


async def test_a_compressed_body_is_not_unpacked(web: Web) -> None:
    assert (await web.post(gzip.compress(b'{"a": 1}'), content_encoding="gzip")).status_code == 400


async def test_the_ledger_being_down_is_503_so_that_github_shows_a_failed_delivery(web: Web) -> None:
    web.taken.down = True
    assert (await web.post(payload())).status_code == 503
    web.taken.down = False
    assert (await web.post(payload())).json()["result"] == "queued"


async def test_nothing_else_is_served(web: Web) -> None:
    for path in ("/", "/docs", "/openapi.json", "/redoc", "/webhooks", "/webhooks/github/x"):
        assert (await web.client.get(path)).status_code in {404, 405}, path
    assert (await web.client.get("/webhooks/github")).status_code == 405


async def test_an_unexpected_error_is_a_constant(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(*args: object, **more: object) -> bool:
        raise ZeroDivisionError(args)

    web.taken.accept = broken  # type: ignore[method-assign]
    answer = await web.post(payload())

    assert (answer.status_code, answer.json()) == (500, {"error": "internal error"})
    assert "ZeroDivisionError" in caplog.text
