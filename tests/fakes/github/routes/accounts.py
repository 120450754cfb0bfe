"""Accounts, organizations, teams, and what the API says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.github.errors import not_found
from tests.fakes.github.exchange import Exchange, Handler, Reply
from tests.fakes.github.render.accounts import (
    org_membership,
    organization_full,
    public_user,
    simple_user,
    team_full,
)

if TYPE_CHECKING:
    from tests.fakes.github.records import Team, User

_LIMIT: Final = 5000
_RESOURCES: Final = {"core": _LIMIT, "graphql": _LIMIT, "search": 30, "integration_manifest": _LIMIT}


def get_user(exchange: Exchange) -> Reply:
    """Anybody's public page."""
    return Reply(body=public_user(exchange.fake, _user(exchange, "username")))


def get_organization(exchange: Exchange) -> Reply:
    """An organization's public page."""
    return Reply(body=organization_full(exchange.fake, _user(exchange, "org")))


def get_membership(exchange: Exchange) -> Reply:
    """Somebody's membership in an organization."""
    organization, user = _user(exchange, "org"), _user(exchange, "username")
    if (organization.id, user.id) not in exchange.fake.organization_roles:
        raise not_found()
    return Reply(body=org_membership(exchange.fake, organization, user))


def check_membership(exchange: Exchange) -> Reply:
    """Whether somebody is a member."""
    organization, user = _user(exchange, "org"), _user(exchange, "username")
    if (organization.id, user.id) not in exchange.fake.organization_roles:
        raise not_found()
    return Reply(204)


def get_team(exchange: Exchange) -> Reply:
    """A team."""
    return Reply(body=team_full(exchange.fake, _team(exchange)))


def list_team_members(exchange: Exchange) -> Reply:
    """The members of a team."""
    fake, team = exchange.fake, _team(exchange)
    role = exchange.query.get("role", "all")
    members = [
        user for user in fake.users.values() if team.members.get(user.id) and role in ("all", team.members[user.id])
    ]
    return exchange.page(members, lambda user: simple_user(fake, user))


def get_team_membership(exchange: Exchange) -> Reply:
    """Somebody's membership in a team."""
    team, user = _team(exchange), _user(exchange, "username")
    if user.id not in team.members:
        raise not_found()
    url = f"{exchange.fake.api_url}/organizations/{team.organization.id}/team/{team.id}/memberships/{user.login}"
    return Reply(body={"url": url, "role": team.members[user.id], "state": "active"})


def get_rate_limit(exchange: Exchange) -> Reply:
    """How much may still be asked."""
    fake = exchange.fake
    until = fake.faults.limited_until()
    reset = until if until is not None else int(fake.now().timestamp()) + 3600
    used = len(fake.calls)

    def resource(limit: int) -> dict[str, int]:
        remaining = 0 if until is not None else max(limit - used, 0)
        return {"limit": limit, "remaining": remaining, "reset": reset, "used": limit - remaining}

    resources = {name: resource(limit) for name, limit in _RESOURCES.items()}
    return Reply(body={"resources": resources, "rate": resources["core"]})


def get_meta(_: Exchange) -> Reply:
    """What the server is."""
    return Reply(body={"verifiable_password_authentication": True})


def _user(exchange: Exchange, parameter: str) -> User:
    found = exchange.fake.users.get(exchange.text(parameter).lower())
    if found is None:
        raise not_found()
    return found


def _team(exchange: Exchange) -> Team:
    found = exchange.fake.teams.get((_user(exchange, "org").id, exchange.text("team_slug")))
    if found is None:
        raise not_found()
    return found


HANDLERS: Final[dict[str, Handler]] = {
    "users/get-by-username": get_user,
    "orgs/get": get_organization,
    "orgs/get-membership-for-user": get_membership,
    "orgs/check-membership-for-user": check_membership,
    "teams/get-by-name": get_team,
    "teams/list-members-in-org": list_team_members,
    "teams/get-membership-for-user-in-org": get_team_membership,
    "rate-limit/get": get_rate_limit,
    "meta/get": get_meta,
}
