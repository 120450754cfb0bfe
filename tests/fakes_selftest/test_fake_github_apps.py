"""The stand-in for GitHub: who may call what, installations, and the deliveries of the webhook."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.github import installations
from tests.fakes.github.deliveries import Delivery
from tests.fakes.github.small_world import SmallWorld, small_world
from tests.fakes.github.state import FakeGitHub

PULL = "/repos/acme/web/pulls/1"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small_world(tmp_path) as made:
        yield made
        assert made.fake.violations == []


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 200),
        ({"iss": "999"}, 404),
        ({"exp": lambda now: now + 660}, 401),
        ({"exp": lambda now: now - 1}, 401),
        ({"iat": lambda now: now + 120}, 401),
        ({"iat": None}, 401),
        ({"exp": None}, 401),
    ],
)
def test_only_a_fresh_jwt_of_the_app_is_taken(world: SmallWorld, claims: dict[str, Any], status: int) -> None:
    now = int(time.time())
    given = {name: value(now) if callable(value) else value for name, value in claims.items()}
    assert world.as_app(**given)("GET", "/app").status_code == status


def test_each_kind_of_credential_has_its_operations(world: SmallWorld) -> None:
    token = world.token()
    replies = [
        world.client.get("/app", headers={"authorization": f"Bearer {token}"}),
        world.as_app()("GET", "/repos/acme/web"),
        world.client.get("/repos/acme/web"),
        world.client.get("/repos/acme/web", headers={"authorization": "token ghs_unknown"}),
    ]
    assert [reply.status_code for reply in replies] == [401] * 4


def test_a_token_is_confined_to_its_repositories_and_permissions(world: SmallWorld) -> None:
    world.fake.create_repository("acme/secret", installation=world.installation)
    elsewhere = world.fake.add_installation("other")
    world.fake.create_repository("other/thing", installation=elsewhere)
    api = world.as_installation(repositories=["web"], permissions={"pull_requests": "read", "contents": "read"})
    assert api("GET", PULL).status_code == 200
    assert api("GET", "/repos/acme/secret").status_code == 404
    assert api("GET", "/repos/other/thing").status_code == 404
    refused = api("POST", "/repos/acme/web/issues/1/comments", {"body": "Hello."})
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    assert [one["name"] for one in api("GET", "/installation/repositories").json()["repositories"]] == ["web"]
    assert world.fake.calls[-1].token_permissions == {"metadata": "read", "pull_requests": "read", "contents": "read"}


def test_a_token_cannot_have_more_than_the_installation(world: SmallWorld) -> None:
    path = f"/app/installations/{world.installation.id}/access_tokens"
    api = world.as_app()
    assert api("POST", path, {"repositories": ["elsewhere"]}).status_code == 422
    assert api("POST", path, {"repository_ids": [1]}).status_code == 422
    assert api("POST", path, {"permissions": {"workflows": "write"}}).status_code == 422
    assert api("POST", "/app/installations/1/access_tokens").status_code == 404
    made = api("POST", path, {"repository_ids": [world.repository.id]}).json()
    assert [one["full_name"] for one in made["repositories"]] == ["acme/web"]
    assert made["repository_selection"] == "selected"
    assert "repositories" not in api("POST", path).json()


def test_tokens_end_after_an_hour_or_when_revoked(tmp_path: Path) -> None:
    now = [datetime(2026, 5, 1, tzinfo=UTC)]
    with small_world(tmp_path, clock=lambda: now[0], long_tokens=True) as world:
        path = f"/app/installations/{world.installation.id}/access_tokens"
        made = world.as_app()("POST", path).json()
        assert made["expires_at"] == "2026-05-01T01:00:00Z"
        assert len(made["token"]) == 520
        api = world.as_installation()
        now[0] += timedelta(minutes=59)
        assert api("GET", PULL).status_code == 200
        now[0] += timedelta(minutes=1)
        assert (api("GET", PULL).status_code, api("GET", PULL).json()["message"]) == (401, "Bad credentials")
        other = world.as_installation()
        assert other("DELETE", "/installation/token").status_code == 204
        assert other("GET", PULL).status_code == 401


def test_installations_are_suspended_changed_and_removed(world: SmallWorld) -> None:
    fake, api = world.fake, world.as_installation()
    installations.suspend(fake, world.installation)
    assert api("GET", PULL).status_code == 403
    world.pull.comment(world.developer, "unheard")
    installations.unsuspend(fake, world.installation)
    assert api("GET", PULL).status_code == 200
    installations.remove_repository(fake, world.installation, world.repository)
    assert api("GET", PULL).status_code == 404
    installations.add_repository(fake, world.installation, world.repository)
    installations.change_permissions(fake, world.installation, {"metadata": "read", "pull_requests": "read"})
    installations.uninstall(fake, world.installation)
    assert api("GET", PULL).status_code == 401
    assert world.events()[-6:] == [
        "installation suspend",
        "installation unsuspend",
        "installation_repositories removed",
        "installation_repositories added",
        "installation new_permissions_accepted",
        "installation deleted",
    ]


def test_installations_are_found_by_repository_and_account(world: SmallWorld) -> None:
    app = world.as_app()
    paths = ["/repos/acme/web/installation", "/orgs/acme/installation", "/users/acme/installation"]
    found = [app("GET", path).json()["id"] for path in paths]
    assert found == [world.installation.id] * 3
    assert app("GET", "/repos/acme/nothing/installation").status_code == 404
    assert app("GET", f"/app/installations/{world.installation.id}").json()["account"]["login"] == "acme"
    assert [one["id"] for one in app("GET", "/app/installations").json()] == [world.installation.id]
    assert app("GET", "/app/hook/config").json()["secret"] == "********"


def test_teams_and_members_are_read_with_the_members_permission(world: SmallWorld) -> None:
    world.fake.add_team("acme", "reviewers", [world.developer])
    api, narrow = world.as_installation(), world.as_installation(permissions={"contents": "read"})
    member = "/orgs/acme/teams/reviewers/memberships/dev"
    assert api("GET", member).json()["state"] == "active"
    assert [one["login"] for one in api("GET", "/orgs/acme/teams/reviewers/members").json()] == ["dev"]
    assert api("GET", "/orgs/acme/memberships/dev").json()["role"] == "member"
    assert api("GET", "/orgs/acme/teams/reviewers").json()["members_count"] == 1
    assert narrow("GET", member).status_code == 403


def test_deliveries_are_listed_and_sent_again(world: SmallWorld) -> None:
    world.fake.ping()
    world.fake.deliveries[0].status_code = 503
    app = world.as_app()
    newest = app("GET", "/app/hook/deliveries", per_page="2")
    assert newest.json()[0]["event"] == "ping"
    listed, reply = newest.json(), newest
    while "next" in reply.links:
        reply = world.client.get(reply.links["next"]["url"], headers={"authorization": app.authorization})
        listed += reply.json()
    assert [one["id"] for one in listed] == [one.id for one in world.fake.deliveries[::-1]]
    (failed,) = [one for one in listed if one["status"] != "OK"]
    assert (failed["event"], failed["action"], failed["status_code"]) == ("installation", "created", 503)
    whole = app("GET", f"/app/hook/deliveries/{failed['id']}").json()
    assert whole["request"]["payload"]["action"] == "created"
    assert app("POST", f"/app/hook/deliveries/{failed['id']}/attempts").status_code == 202
    again = world.fake.deliveries[-1]
    assert (again.redelivery, again.guid, again.body) == (True, failed["guid"], world.fake.deliveries[0].body)


def test_events_can_be_sent_live(tmp_path: Path) -> None:
    fake, sent = FakeGitHub(tmp_path), list[Delivery]()

    def send(delivery: Delivery) -> int:
        with fake.lock:  # whoever caused the event may hold this; sending must not wait within it
            sent.append(delivery)
        return 202 if delivery.event == "installation" else 500

    fake.on_delivery = send
    repository = fake.create_repository("acme/web", installation=fake.add_installation("acme"))
    repository.commit("main", {"a.txt": "a\n"})
    fake.deliveries.wait()
    fake.stop()
    assert sent == list(fake.deliveries)
    assert [one.status_code for one in sent] == [202, 500]


def test_calls_are_logged(world: SmallWorld) -> None:
    world.as_installation(permissions={"pull_requests": "read"})("GET", PULL)
    call = world.fake.calls[-1]
    assert (call.method, call.path, call.operation_id, call.status) == ("GET", PULL, "pulls/get", 200)
    assert (call.authorization, call.api_version) == ("installation", "2022-11-28")
    assert call.user_agent is not None
    assert world.fake.calls[-2].authorization == "app-jwt"


async def test_it_serves_in_an_async_block_and_again_on_the_same_port(tmp_path: Path) -> None:
    fake = FakeGitHub(tmp_path)
    urls = []
    for _ in range(2):
        async with fake.serve() as url, httpx.AsyncClient(base_url=fake.api_url) as client:
            assert (await client.get("/meta")).status_code == httpx.codes.UNAUTHORIZED
            urls.append(url)
    assert urls[0] == urls[1] == fake.url
