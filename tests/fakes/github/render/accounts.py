"""Accounts, organizations and teams as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.github.render.basics import node_id, timestamp

if TYPE_CHECKING:
    from tests.fakes.github.records import JsonObject, Team, User
    from tests.fakes.github.state import FakeGitHub


def simple_user(fake: FakeGitHub, user: User) -> JsonObject:
    """An account as other objects carry it."""
    url = f"{fake.api_url}/users/{user.login}"
    page = user.login.removesuffix("[bot]")
    return {
        "login": user.login,
        "id": user.id,
        "node_id": node_id(user.type, user.id),
        "avatar_url": f"{fake.url}/avatars/u/{user.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{fake.url}/apps/{page}" if user.type == "Bot" else f"{fake.url}/{user.login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": user.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def public_user(fake: FakeGitHub, user: User) -> JsonObject:
    """An account's own page."""
    return {
        **simple_user(fake, user),
        "name": user.login,
        "company": None,
        "blog": "",
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": sum(one.owner is user and not one.private for one in fake.repositories.values()),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": timestamp(user.created_at),
        "updated_at": timestamp(user.created_at),
    }


def organization_simple(fake: FakeGitHub, organization: User) -> JsonObject:
    """An organization as events carry it."""
    url = f"{fake.api_url}/orgs/{organization.login}"
    return {
        "login": organization.login,
        "id": organization.id,
        "node_id": node_id("Organization", organization.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{fake.url}/avatars/u/{organization.id}?v=4",
        "description": None,
    }


def organization_full(fake: FakeGitHub, organization: User) -> JsonObject:
    """An organization's own page."""
    return {
        **organization_simple(fake, organization),
        "html_url": f"{fake.url}/{organization.login}",
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": sum(one.owner is organization and not one.private for one in fake.repositories.values()),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "type": "Organization",
        "created_at": timestamp(organization.created_at),
        "updated_at": timestamp(organization.created_at),
        "archived_at": None,
    }


def team_simple(fake: FakeGitHub, team: Team) -> JsonObject:
    """A team as pull requests carry it."""
    url = f"{fake.api_url}/organizations/{team.organization.id}/team/{team.id}"
    return {
        "id": team.id,
        "node_id": node_id("Team", team.id),
        "url": url,
        "html_url": f"{fake.url}/orgs/{team.organization.login}/teams/{team.slug}",
        "name": team.slug,
        "slug": team.slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": team.organization.id,
        "parent": None,
    }


def team_full(fake: FakeGitHub, team: Team) -> JsonObject:
    """A team's own page."""
    organization = organization_full(fake, team.organization)
    return {
        **team_simple(fake, team),
        "created_at": timestamp(team.organization.created_at),
        "updated_at": timestamp(team.organization.created_at),
        "members_count": len(team.members),
        "repos_count": 0,
        "organization": organization,
    }


def org_membership(fake: FakeGitHub, organization: User, user: User) -> JsonObject:
    """Somebody's membership in an organization."""
    url = f"{fake.api_url}/orgs/{organization.login}"
    return {
        "url": f"{url}/memberships/{user.login}",
        "state": "active",
        "role": fake.organization_roles[organization.id, user.id],
        "organization_url": url,
        "organization": organization_simple(fake, organization),
        "user": simple_user(fake, user),
    }
