"""The App itself, its installations, their tokens, and the deliveries of its webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.github.auth import InstallationCaller, mint_token
from tests.fakes.github.errors import GitHubError, not_found, unprocessable
from tests.fakes.github.exchange import Exchange, Handler, Reply
from tests.fakes.github.records import Installation, User, allows
from tests.fakes.github.render.apps import WEBHOOK_CONFIG, delivery_full, delivery_item, installation, integration
from tests.fakes.github.render.basics import timestamp
from tests.fakes.github.render.repositories import repository_full

if TYPE_CHECKING:
    from tests.fakes.github.deliveries import Delivery
    from tests.fakes.github.repository import Repository


def get_app(exchange: Exchange) -> Reply:
    """The App behind the JWT."""
    fake = exchange.fake
    return Reply(body={**integration(fake, fake.app), "installations_count": len(fake.installations)})


def get_app_by_slug(exchange: Exchange) -> Reply:
    """Any App's public page."""
    fake = exchange.fake
    app = next((one for one in fake.apps.values() if one.slug == exchange.text("app_slug")), None)
    if app is None:
        raise not_found()
    return Reply(body=integration(fake, app))


def list_installations(exchange: Exchange) -> Reply:
    """Every account the App is installed on."""
    fake = exchange.fake
    return exchange.page(list(fake.installations.values()), lambda one: installation(fake, one))


def get_installation(exchange: Exchange) -> Reply:
    """One installation."""
    return Reply(body=installation(exchange.fake, _installation(exchange)))


def get_repository_installation(exchange: Exchange) -> Reply:
    """The installation that has a repository."""
    name = f"{exchange.text('owner')}/{exchange.text('repo')}"
    repository = exchange.fake.find_repository(name)
    if repository is None or repository.installation is None:
        raise not_found()
    return Reply(body=installation(exchange.fake, repository.installation))


def get_organization_installation(exchange: Exchange) -> Reply:
    """The installation on an organization."""
    return _account_installation(exchange, exchange.text("org"))


def get_user_installation(exchange: Exchange) -> Reply:
    """The installation on any account."""
    return _account_installation(exchange, exchange.text("username"))


def create_token(exchange: Exchange) -> Reply:
    """A token for an installation, narrowed to repositories and permissions if the request says so."""
    fake, one = exchange.fake, _installation(exchange)
    if one.suspended_at is not None:
        raise GitHubError(403, "This installation has been suspended")
    body = exchange.body
    chosen = _chosen_repositories(exchange, one)
    permissions = {"metadata": "read", **body.get("permissions", one.permissions)}
    for name, level in permissions.items():
        if not allows(one.permissions.get(name), level):
            raise GitHubError(422, "The permissions requested are not granted to this installation.")
    ids = None if chosen is None else frozenset(repository.id for repository in chosen)
    token = mint_token(fake, one, permissions, ids)
    reply = {
        "token": token.value,
        "expires_at": timestamp(token.expires_at),
        "permissions": permissions,
        "repository_selection": one.repository_selection if chosen is None else "selected",
    }
    if chosen is not None:
        reply["repositories"] = [repository_full(repository) for repository in chosen]
    return Reply(201, reply)


def revoke_token(exchange: Exchange) -> Reply:
    """End the token that makes the call."""
    if not isinstance(exchange.caller, InstallationCaller):
        raise not_found()
    exchange.caller.token.revoked = True
    return Reply(204)


def list_repositories(exchange: Exchange) -> Reply:
    """What the token that makes the call can reach."""
    if not isinstance(exchange.caller, InstallationCaller):
        raise not_found()
    token = exchange.caller.token
    covered = [one for one in exchange.fake.repositories.values() if token.covers(one)]
    reply = exchange.page(covered, repository_full, wrap="repositories")
    return Reply(200, {**reply.body, "repository_selection": token.installation.repository_selection}, reply.headers)


def list_deliveries(exchange: Exchange) -> Reply:
    """Deliveries, newest first; the cursor is the id to go on from."""
    newest_first = exchange.fake.deliveries[::-1]
    if (status := exchange.flag("status")) is not None:
        newest_first = [one for one in newest_first if (one.status == "OK") == (status == "success")]
    if (cursor := exchange.flag("cursor")) is not None:
        newest_first = [one for one in newest_first if one.id <= int(cursor.removeprefix("v1_"))]
    size = min(int(exchange.query.get("per_page", "30")), 100)
    rest = newest_first[size:]
    headers = exchange.link_next(cursor=f"v1_{rest[0].id}") if rest else {}
    return Reply(body=[delivery_item(one) for one in newest_first[:size]], headers=headers)


def get_delivery(exchange: Exchange) -> Reply:
    """One delivery with what was sent."""
    return Reply(body=delivery_full(_delivery(exchange)))


def redeliver(exchange: Exchange) -> Reply:
    """Send a delivery once more."""
    exchange.fake.deliveries.redeliver(_delivery(exchange))
    return Reply(202, {})


def get_webhook_config(_: Exchange) -> Reply:
    """Where the App's webhook goes; the secret is never shown."""
    return Reply(body=WEBHOOK_CONFIG)


def _installation(exchange: Exchange) -> Installation:
    found = exchange.fake.installations.get(exchange.number("installation_id"))
    if found is None:
        raise not_found()
    return found


def _account_installation(exchange: Exchange, login: str) -> Reply:
    account: User | None = exchange.fake.users.get(login.lower())
    found = next((one for one in exchange.fake.installations.values() if one.account is account), None)
    if found is None:
        raise not_found()
    return Reply(body=installation(exchange.fake, found))


def _chosen_repositories(exchange: Exchange, one: Installation) -> list[Repository] | None:
    """The repositories a token is narrowed to; nothing if it is not narrowed."""
    names, ids = exchange.body.get("repositories"), exchange.body.get("repository_ids")
    if names is None and ids is None:
        return None
    here = [repository for repository in exchange.fake.repositories.values() if repository.installation is one]
    by_name = {repository.name.lower(): repository for repository in here}
    by_id = {repository.id: repository for repository in here}
    chosen = [by_name.get(name.lower()) for name in names or ()] + [by_id.get(number) for number in ids or ()]
    found = [repository for repository in chosen if repository is not None]
    if len(found) < len(chosen):
        message = (
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
        raise GitHubError(422, message)
    if not found:
        raise unprocessable([{"resource": "IntegrationInstallation", "field": "repositories", "code": "missing"}])
    return found


def _delivery(exchange: Exchange) -> Delivery:
    number = exchange.number("delivery_id")
    found = next((one for one in exchange.fake.deliveries if one.id == number), None)
    if found is None:
        raise not_found()
    return found


HANDLERS: Final[dict[str, Handler]] = {
    "apps/get-authenticated": get_app,
    "apps/get-by-slug": get_app_by_slug,
    "apps/list-installations": list_installations,
    "apps/get-installation": get_installation,
    "apps/get-repo-installation": get_repository_installation,
    "apps/get-org-installation": get_organization_installation,
    "apps/get-user-installation": get_user_installation,
    "apps/create-installation-access-token": create_token,
    "apps/revoke-installation-access-token": revoke_token,
    "apps/list-repos-accessible-to-installation": list_repositories,
    "apps/get-webhook-config-for-app": get_webhook_config,
    "apps/list-webhook-deliveries": list_deliveries,
    "apps/get-webhook-delivery": get_delivery,
    "apps/redeliver-webhook-delivery": redeliver,
}
