"""Repositories, their branches and protection, and who may do what."""

from __future__ import annotations

from typing import Final

from tests.fakes.github.errors import GitHubError, not_found
from tests.fakes.github.exchange import Exchange, Handler, Reply
from tests.fakes.github.records import JsonObject
from tests.fakes.github.render.accounts import simple_user
from tests.fakes.github.render.commits import commit
from tests.fakes.github.render.repositories import (
    is_protected,
    repository_page,
    repository_page_object,
    repository_url,
    short_branch,
)

# The older, coarser word for each role.
_COARSE: Final = {
    "admin": "admin",
    "maintain": "write",
    "write": "write",
    "triage": "read",
    "read": "read",
    "none": "none",
}
_ROLES: Final = ("none", "read", "triage", "write", "maintain", "admin")
_RULESET_ID: Final = 42


def get(exchange: Exchange) -> Reply:
    """The repository."""
    return Reply(body=repository_page_object(exchange.repository))


def list_branches(exchange: Exchange) -> Reply:
    """Every branch by name."""
    repository, protected = exchange.repository, exchange.flag("protected")
    names = [
        name
        for name in sorted(repository.branches)
        if protected is None or is_protected(repository, name) == (protected == "true")
    ]
    return exchange.page(names, lambda name: short_branch(repository, name))


def get_branch(exchange: Exchange) -> Reply:
    """One branch with its commit."""
    repository, branch = exchange.repository, _branch(exchange)
    url = f"{repository_url(repository)}/branches/{branch}"
    protected = is_protected(repository, branch)
    checks = _checks(exchange) if protected else {"contexts": [], "checks": []}
    body = {
        "name": branch,
        "commit": commit(repository, repository.head(branch)),
        "_links": {"self": url, "html": f"{repository_page(repository)}/tree/{branch}"},
        "protected": protected,
        "protection": {
            "enabled": protected,
            "required_status_checks": {"enforcement_level": "non_admins", **checks},
        },
        "protection_url": f"{url}/protection",
    }
    return Reply(body=body)


def get_protection(exchange: Exchange) -> Reply:
    """The classic protection of a branch."""
    repository, branch = exchange.repository, _branch(exchange)
    if not is_protected(repository, branch):
        raise GitHubError(404, "Branch not protected")
    url = f"{repository_url(repository)}/branches/{branch}/protection"
    checks = {
        "url": f"{url}/required_status_checks",
        "contexts_url": f"{url}/required_status_checks/contexts",
        "strict": False,
    }
    body = {
        "url": url,
        "required_status_checks": {**checks, **_checks(exchange)},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": False},
        "allow_force_pushes": {"enabled": False},
        "allow_deletions": {"enabled": False},
    }
    return Reply(body=body)


def get_required_checks(exchange: Exchange) -> Reply:
    """The checks that classic protection requires."""
    protection = get_protection(exchange).body
    return Reply(body=protection["required_status_checks"])


def get_rules(exchange: Exchange) -> Reply:
    """The rules for a branch; a branch that does not exist has rules too."""
    repository, branch = exchange.repository, exchange.text("branch")
    if not is_protected(repository, branch):
        return Reply(body=[])
    checks = [
        {"context": context, **({} if app_id is None else {"integration_id": app_id})}
        for context, app_id in repository.required_checks.items()
    ]
    rule = {
        "type": "required_status_checks",
        "parameters": {"required_status_checks": checks, "strict_required_status_checks_policy": False},
        "ruleset_source_type": "Repository",
        "ruleset_source": repository.full_name,
        "ruleset_id": _RULESET_ID,
    }
    return Reply(body=[rule])


def get_permission(exchange: Exchange) -> Reply:
    """What somebody may do here; strangers have read or none, depending on who can see the repository."""
    login = exchange.text("username")
    user = exchange.fake.users.get(login.lower())
    if user is None:
        raise GitHubError(404, f"{login} is not a user")
    role = exchange.repository.permission_of(user)
    person = {**simple_user(exchange.fake, user), "permissions": _flags(role), "role_name": role}
    return Reply(body={"permission": _COARSE[role], "user": person, "role_name": role})


def list_collaborators(exchange: Exchange) -> Reply:
    """Everybody who was given a role."""
    fake, repository = exchange.fake, exchange.repository
    wanted = exchange.flag("permission")
    roles = {
        user.login: repository.permission_of(user) for user in fake.users.values() if user.id in repository.permissions
    }
    logins = [login for login, role in roles.items() if role != "none" and (wanted is None or _flags(role)[wanted])]
    return exchange.page(
        logins,
        lambda login: {
            **simple_user(fake, fake.users[login.lower()]),
            "permissions": _flags(roles[login]),
            "role_name": roles[login],
        },
    )


def _branch(exchange: Exchange) -> str:
    branch = exchange.text("branch")
    if branch not in exchange.repository.branches:
        raise GitHubError(404, "Branch not found")
    return branch


def _checks(exchange: Exchange) -> JsonObject:
    required = exchange.repository.required_checks
    checks = [{"context": context, "app_id": app_id} for context, app_id in required.items()]
    return {"contexts": list(required), "checks": checks}


def _flags(role: str) -> dict[str, bool]:
    rank = _ROLES.index(role)
    needed = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
    return {flag: rank >= _ROLES.index(least) for flag, least in needed.items()}


def codeowners_errors(exchange: Exchange) -> Reply:
    """No errors, if there is such a file."""
    store, head = exchange.repository.store, exchange.query.get("ref", exchange.repository.default_branch)
    if not any(store.at_path(head, path) for path in (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")):
        raise not_found()
    return Reply(body={"errors": []})


HANDLERS: Final[dict[str, Handler]] = {
    "repos/get": get,
    "repos/list-branches": list_branches,
    "repos/get-branch": get_branch,
    "repos/get-branch-protection": get_protection,
    "repos/get-status-checks-protection": get_required_checks,
    "repos/get-branch-rules": get_rules,
    "repos/get-collaborator-permission-level": get_permission,
    "repos/list-collaborators": list_collaborators,
    "repos/codeowners-errors": codeowners_errors,
}
