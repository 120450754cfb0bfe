"""From the emulator's signed webhook to what the emulator then shows, through a real `revwright up`."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from arq.connections import RedisSettings
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.adapters.github.app_jwt import app_jwt
from app.adapters.github.tokens import InstallationTokens, Stage
from app.adapters.github.transport import open_transport
from app.domain.errors import GitHubRefused
from app.domain.messages.marker import marker
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.ports import Place
from app.settings import Settings
from app.usecases.review.publish import SUMMARY, Publisher
from app.wiring.worker import open_worker_services
from tests.foreign.deployment import BUG, WEBHOOK_SECRET, Deployment
from tests.foreign.emulator import APP_ID, BOT, INSTALLATION, NEIGHBOUR, OUTSIDE, REPOSITORY, SLUG
from tests.foreign.serving import wait_until

pytestmark = pytest.mark.emulator


def test_a_delivery_is_taken_once_and_only_with_the_right_signature(deployment: Deployment) -> None:
    pull = deployment.open_pull_request("signed", {"notes.md": "signed\n"})
    deployment.concluded_checks(pull)

    delivery = deployment.relay.the("pull_request", "opened", pull.id)
    assert (delivery.status, delivery.answer["result"]) == (202, "queued")
    again = deployment.relay.send(delivery.headers, delivery.body)
    assert (again.status_code, again.json()["result"]) == (202, "duplicate")
    forged = hmac.new(WEBHOOK_SECRET[::-1].encode(), delivery.body, hashlib.sha256).hexdigest()
    unsigned = {name: value for name, value in delivery.headers.items() if name != "x-hub-signature-256"}
    for headers, body in (
        (delivery.headers, delivery.body + b" "),
        (delivery.headers | {"x-hub-signature-256": f"sha256={forged}"}, delivery.body),
        (unsigned, delivery.body),
    ):
        assert deployment.relay.send(headers, body).status_code == 401


def test_a_clean_change_passes_from_webhook_to_check_run(deployment: Deployment) -> None:
    pull = deployment.open_pull_request("clean", {"app/price.py": "def price(items):\n    return sum(items)\n"})
    (check,) = deployment.concluded_checks(pull)

    assert (check["name"], check["head_sha"], check["conclusion"]) == ("revwright/review", pull.head, "success")
    assert check["output"]["title"] == "Passed: every changed file was covered, nothing blocks"
    (comment,) = deployment.emulator.comments(pull.number)
    assert (comment["user"]["login"], comment["user"]["type"]) == (BOT, "Bot")
    assert "Coverage: 1 of 1 files reviewed" in comment["body"]
    assert deployment.emulator.reviews(pull.number) == []


def test_the_check_run_is_there_before_the_review_and_is_our_bots(deployment: Deployment) -> None:
    """The emulator names no App in a check run, so the events about it have to say whose it is."""
    pull = deployment.open_pull_request("events", {"notes.md": "events\n"})
    (check,) = deployment.concluded_checks(pull)

    for action, status in (("created", "queued"), ("completed", "completed")):
        event = deployment.relay.the("check_run", action, check["id"])
        assert event.payload["check_run"]["status"] == status
        assert (event.payload["sender"]["login"], event.payload["installation"]["id"]) == (BOT, INSTALLATION)
        assert (event.status, event.answer["result"]) == (202, "ignored")


def test_findings_that_the_emulator_refuses_in_the_diff_stand_in_the_summary(deployment: Deployment) -> None:
    """It knows no comments by line and answers 422, as GitHub does for lines outside the diff."""
    source = f"def mean(items):\n    return sum(items) / {BUG}\n"
    pull = deployment.open_pull_request("bug", {"app/mean.py": source})
    (check,) = deployment.concluded_checks(pull)

    assert (check["conclusion"], check["output"]["title"]) == ("failure", "Blocked by 1 finding")
    (annotation,) = deployment.emulator.annotations(check["id"])
    assert (annotation["path"], annotation["start_line"], annotation["annotation_level"]) == (
        "app/mean.py",
        2,
        "failure",
    )
    (comment,) = deployment.emulator.comments(pull.number)
    assert "Not posted in the diff: 1" in comment["body"]
    assert "Division by zero for an empty list" in comment["body"]


def test_a_head_that_git_does_not_have_is_said_and_waited_for_and_never_green(deployment: Deployment) -> None:
    pull = deployment.open_pull_request("absent", {"notes.md": "absent\n"}, known_to_git=False)

    def waiting() -> bool:
        return any("Waiting until" in (run["output"]["title"] or "") for run in deployment.emulator.checks(pull.head))

    wait_until(waiting, seconds=60, what=deployment.said)
    (check,) = deployment.emulator.checks(pull.head)

    assert check["status"] == "in_progress"
    assert pull.head in check["output"]["summary"]
    assert deployment.emulator.comments(pull.number) == []


def test_reopening_reviews_again_and_edits_the_one_summary(deployment: Deployment) -> None:
    pull = deployment.open_pull_request("again", {"notes.md": "again\n"})
    deployment.concluded_checks(pull)
    (first,) = deployment.emulator.comments(pull.number)
    for state in ("closed", "open"):
        path = f"/repos/{REPOSITORY}/pulls/{pull.number}"
        deployment.emulator.person.patch(path, json={"state": state}).raise_for_status()
    checks = deployment.concluded_checks(pull, 2)

    assert [run["conclusion"] for run in checks] == ["success", "success"]
    (comment,) = deployment.emulator.comments(pull.number)
    assert comment["id"] == first["id"]
    runs = [_machine(run["output"]["text"])["run"] for run in checks]
    assert len(set(runs)) == 2
    assert runs[0] in comment["body"]


def test_every_token_was_for_one_repository_and_one_stage(deployment: Deployment) -> None:
    pull = deployment.open_pull_request("tokens", {"notes.md": "tokens\n"})
    deployment.concluded_checks(pull)

    granted = deployment.emulator.tokens()
    assert {(t["app"]["slug"], t["installation"]["id"]) for t in granted} == {(SLUG, INSTALLATION)}
    assert {tuple(t["repository_ids"]) for t in granted} == {(deployment.emulator.repository_id(REPOSITORY),)}
    used = {Stage.GATHER.value, Stage.PUBLISH.value}  # nothing was there to be resolved, proposed or asked of a team
    assert {tuple(sorted(t["permissions"].items())) for t in granted} == used


@pytest.mark.parametrize("ours", [True, False], ids=["our key", "another key"])
def test_the_app_is_known_by_its_key(deployment: Deployment, private_key: str, *, ours: bool) -> None:
    jwt = app_jwt(APP_ID, private_key if ours else _other_key(), now=_now())
    answer = httpx.get(f"{deployment.emulator.url}/app", headers={"Authorization": f"Bearer {jwt}"}, trust_env=False)
    assert (answer.status_code, answer.json().get("slug")) == ((200, SLUG) if ours else (401, None))


async def test_a_token_reaches_the_repository_it_was_minted_for_and_no_other(
    deployment: Deployment, private_key: str
) -> None:
    url = deployment.emulator.url
    async with open_transport(url, now=_now) as transport:
        tokens = InstallationTokens(transport, app_id=APP_ID, private_key_pem=private_key, now=_now)
        token = await tokens.get(_ref(deployment, REPOSITORY), Stage.GATHER)
        assert token.repository == RepositoryName.parse(REPOSITORY)
        with pytest.raises(GitHubRefused, match="the repository is not part of the installation"):
            await tokens.get(_ref(deployment, OUTSIDE), Stage.GATHER)
    headers = {"Authorization": f"token {token.value}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
        read = {name: (await client.get(f"/repos/{name}")).status_code for name in (REPOSITORY, NEIGHBOUR, OUTSIDE)}
        written = await client.post(f"/repos/{REPOSITORY}/check-runs", json={"name": "x", "head_sha": "0" * 40})
    assert read == {REPOSITORY: 200, NEIGHBOUR: 403, OUTSIDE: 403}
    assert written.status_code == 403  # it was minted for gathering
    refs = f"{deployment.git.url}/{REPOSITORY}.git/info/refs?service=git-upload-pack"
    async with httpx.AsyncClient(trust_env=False) as git:
        for password, status in ((token.value, 200), (token.value[::-1], 403)):
            assert (await git.get(refs, auth=("x-access-token", password))).status_code == status


async def test_our_summary_is_found_again_and_a_copy_of_it_is_not(deployment: Deployment) -> None:
    """What a crash between a write and its answer needs: the marker counts on what our bot wrote, and only there."""
    pull = deployment.open_pull_request("found", {"notes.md": "found\n"})
    deployment.concluded_checks(pull)
    (comment,) = deployment.emulator.comments(pull.number)
    async with _publisher(deployment) as publisher:
        place = Place(_ref(deployment, REPOSITORY, pull.number), RepositoryName.parse(REPOSITORY))
        mark = marker(publisher.marker_key, place.ref, SUMMARY)
        assert mark in comment["body"]
        path = f"/repos/{REPOSITORY}/issues/{pull.number}/comments"
        deployment.emulator.post(path, {"body": comment["body"]})
        assert await publisher.conversation.find_comment(place, mark) == comment["id"]
        deployment.emulator.person.delete(f"/repos/{REPOSITORY}/issues/comments/{comment['id']}").raise_for_status()
        assert await publisher.conversation.find_comment(place, mark) is None


async def test_a_check_run_that_names_no_app_is_not_taken_for_ours(deployment: Deployment) -> None:
    """GitHub's description allows `app` to be null, and here it always is."""
    pull = deployment.open_pull_request("nameless", {"notes.md": "nameless\n"})
    (check,) = deployment.concluded_checks(pull)
    async with _publisher(deployment) as publisher:
        place = Place(_ref(deployment, REPOSITORY, pull.number), RepositoryName.parse(REPOSITORY))
        checks = publisher.check_runs.checks
        found = await checks.find(place, head=Sha(pull.head), name=check["name"], external_id=check["external_id"])
    assert (check["app"], found) == (None, None)


@asynccontextmanager
async def _publisher(deployment: Deployment) -> AsyncIterator[Publisher]:
    """Wired as the worker has it; what is asked of it here needs no Redis."""
    settings = Settings.from_environment(deployment.environ)
    async with open_worker_services(settings, RedisSettings()) as services:
        yield services.review.publisher


def _now() -> datetime:
    return datetime.now(UTC)


def _ref(deployment: Deployment, repository: str, number: int = 1) -> PullRequestRef:
    return PullRequestRef(INSTALLATION, deployment.emulator.repository_id(repository), number)


def _machine(text: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(re.findall(r"<!-- revwright (\{.*\}) -->", text)[-1])
    return found


def _other_key() -> str:
    """A key that is not the App's."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
