"""Apps, installations and webhook deliveries as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.github.deliveries import HOOK_ID
from tests.fakes.github.render.accounts import simple_user
from tests.fakes.github.render.basics import node_id, timestamp

if TYPE_CHECKING:
    from tests.fakes.github.deliveries import Delivery
    from tests.fakes.github.records import App, Installation, JsonObject
    from tests.fakes.github.repository import Repository
    from tests.fakes.github.state import FakeGitHub


WEBHOOK_CONFIG: Final = {
    "content_type": "json",
    "insecure_ssl": "0",
    "secret": "********",
    "url": "https://revwright.example/webhooks",
}


def integration(fake: FakeGitHub, app: App) -> JsonObject:
    """An App."""
    return {
        "id": app.id,
        "client_id": app.client_id,
        "slug": app.slug,
        "node_id": node_id("App", app.id),
        "owner": simple_user(fake, app.owner),
        "name": app.slug.capitalize(),
        "description": "",
        "external_url": "https://revwright.example",
        "html_url": f"{fake.url}/apps/{app.slug}",
        "created_at": timestamp(app.created_at),
        "updated_at": timestamp(app.created_at),
        "permissions": app.permissions,
        "events": app.events,
    }


def installation(fake: FakeGitHub, one: Installation) -> JsonObject:
    """An installation of our App."""
    url = f"{fake.api_url}/app/installations/{one.id}"
    return {
        "id": one.id,
        "client_id": one.app.client_id,
        "account": simple_user(fake, one.account),
        "repository_selection": one.repository_selection,
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{fake.api_url}/installation/repositories",
        "html_url": f"{fake.url}/organizations/{one.account.login}/settings/installations/{one.id}",
        "app_id": one.app.id,
        "app_slug": one.app.slug,
        "target_id": one.account.id,
        "target_type": one.account.type,
        "permissions": one.permissions,
        "events": one.app.events,
        "created_at": timestamp(one.created_at),
        "updated_at": timestamp(one.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": timestamp(one.suspended_at),
    }


def installation_event(fake: FakeGitHub, one: Installation, action: str) -> JsonObject:
    """The payload of an installation event."""
    here = [repository for repository in fake.repositories.values() if repository.installation is one]
    repositories = [repository_brief(repository) for repository in here]
    return {
        "action": action,
        "installation": installation(fake, one),
        "repositories": repositories,
        "requester": None,
    }


def repository_brief(repository: Repository) -> JsonObject:
    """A repository as events about installations carry it."""
    return {
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
    }


def app_hook(fake: FakeGitHub) -> JsonObject:
    """The payload of a ping."""
    hook = {
        "type": "App",
        "id": HOOK_ID,
        "name": "web",
        "active": True,
        "events": fake.app.events,
        "config": WEBHOOK_CONFIG,
        "updated_at": timestamp(fake.app.created_at),
        "created_at": timestamp(fake.app.created_at),
        "app_id": fake.app.id,
        "deliveries_url": f"{fake.api_url}/app/hook/deliveries",
    }
    return {"zen": "Speak like a human.", "hook_id": HOOK_ID, "hook": hook}


def delivery_item(delivery: Delivery) -> JsonObject:
    """A delivery in the list of deliveries."""
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": timestamp(delivery.delivered_at),
        "redelivery": delivery.redelivery,
        "duration": 0.27,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation_id,
        "repository_id": delivery.repository_id,
        "throttled_at": None,
    }


def delivery_full(delivery: Delivery) -> JsonObject:
    """A delivery with what was sent and answered."""
    return {
        **delivery_item(delivery),
        "url": WEBHOOK_CONFIG["url"],
        "request": {"headers": delivery.headers, "payload": delivery.payload},
        "response": {"headers": {}, "payload": delivery.response_body},
    }
