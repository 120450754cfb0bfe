"""The REST root: every request and every reply is checked against GitHub's description on its way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from tests.fakes.github.access import AS_APP, MEMBERS, NEEDS, check_access
from tests.fakes.github.auth import (
    AppCaller,
    Caller,
    InstallationCaller,
    UserCaller,
    actor_from_authorization,
    app_from_authorization,
)
from tests.fakes.github.errors import GitHubError, forbidden, not_found
from tests.fakes.github.exchange import Exchange, Handler, Reply
from tests.fakes.github.openapi import ContractViolation
from tests.fakes.github.records import Call, allows
from tests.fakes.github.routes import HANDLERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.github.openapi import Operation
    from tests.fakes.github.state import FakeGitHub

RATE_LIMIT: Final = 5000
UNPROCESSABLE: Final = 422
_NO_LIMIT: Final = "rate-limit/get"


def begin(fake: FakeGitHub, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Call:
    """Log a request."""
    call = Call(method, path, None, dict(query), None)
    call.api_version = headers.get("x-github-api-version")
    call.user_agent = headers.get("user-agent")
    token = fake.tokens.get(headers.get("authorization", "").partition(" ")[2])
    call.installation_id = token.installation.id if token else None
    fake.calls.append(call)
    return call


def answer(fake: FakeGitHub, call: Call, headers: Mapping[str, str], body: bytes) -> Reply:
    """Answer a request as GitHub would; one that breaks the contract is recorded and answered with 500."""
    with fake.lock:
        try:
            call.body = json.loads(body) if body else None
            operation = fake.openapi.check_request(call.method, call.path, call.query, call.body)
            call.operation_id = operation.id
            reply = _act(fake, call, operation, headers)
            if reply.content_type is None:
                fake.openapi.check_response(call.method, call.path, reply.status, reply.body)
        except json.JSONDecodeError:
            reply = Reply(
                400, {"message": "Problems parsing JSON", "documentation_url": "https://docs.github.com/rest"}
            )
        except ContractViolation as violation:
            fake.violations.append(violation)
            reply = Reply(500, {"message": f"Contract violation: {violation}"})
        return Reply(reply.status, reply.body, {**_limits(fake, call), **reply.headers}, reply.content_type)


def rate_limited(fake: FakeGitHub, call: Call) -> Reply | None:
    """The refusal while the primary rate limit is exhausted."""
    if call.path.endswith("/rate_limit"):
        return None
    if fake.faults.count(call.installation_id) and fake.faults.limited_until() is None:
        return None
    whom = f"installation ID {call.installation_id}" if call.installation_id else f"app ID {fake.app.id}"
    message = f"API rate limit exceeded for {whom}."
    return Reply(403, {"message": message, "documentation_url": "https://docs.github.com/rest"}, _limits(fake, call))


def _act(fake: FakeGitHub, call: Call, operation: Operation, headers: Mapping[str, str]) -> Reply:
    try:
        caller = _authenticate(fake, call, operation, headers)
        values = operation.path_parameters
        repository = None
        if "repo" in values and operation.id not in AS_APP:
            repository = fake.find_repository(f"{values['owner']}/{values['repo']}")
            if repository is None or isinstance(caller, AppCaller):
                raise not_found()
            check_access(caller, repository, operation.id)
        if operation.id in MEMBERS and isinstance(caller, InstallationCaller):
            _check_members(caller)
        exchange = Exchange(
            fake,
            operation,
            caller,
            call.path,
            call.query,
            call.body if call.body is not None else {},
            headers.get("accept", ""),
            repository,
        )
        return _handler(operation)(exchange)
    except GitHubError as error:
        if error.status == UNPROCESSABLE and not _asks_by_name(call):
            fake.unprocessable.append(f"{call.method} {call.path}: {json.dumps(error.body)}")
        return Reply(error.status, error.body, error.headers)


def _asks_by_name(call: Call) -> bool:
    """A token for a repository by its name is how one finds out whether the installation has it: no mistake."""
    return call.operation_id == "apps/create-installation-access-token" and "repositories" in (call.body or {})


def _authenticate(fake: FakeGitHub, call: Call, operation: Operation, headers: Mapping[str, str]) -> Caller:
    authorization = headers.get("authorization")
    caller: Caller
    if operation.id in AS_APP:
        caller = app_from_authorization(fake, authorization)
    else:
        caller = actor_from_authorization(fake, authorization)
    call.authorization = caller.kind
    if isinstance(caller, InstallationCaller):
        call.token_permissions = dict(caller.token.permissions)
    return caller


def _check_members(caller: InstallationCaller | UserCaller) -> None:
    if isinstance(caller, InstallationCaller) and not allows(caller.token.permissions.get("members"), "read"):
        raise forbidden()


def _handler(operation: Operation) -> Handler:
    handler = HANDLERS.get(operation.id)
    if handler is None:
        raise ContractViolation(operation.id, "stand-in", "this operation is described but not simulated")
    return handler


def _limits(fake: FakeGitHub, call: Call) -> dict[str, str]:
    until, quota = fake.faults.limited_until(), fake.faults.quota(call.installation_id)
    if quota is not None:
        remaining, reset = quota.left, quota.reset_at
    else:
        # However much a test calls, half is left unless it says otherwise: GitHub, too, allows some Apps more.
        remaining = max(RATE_LIMIT - len(fake.calls), RATE_LIMIT // 2)
        reset = int(fake.now().timestamp()) + 3600
    if until is not None:
        remaining, reset = 0, until
    return {
        "x-ratelimit-limit": str(RATE_LIMIT),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-used": str(RATE_LIMIT - remaining),
        "x-ratelimit-reset": str(reset),
        "x-ratelimit-resource": "core",
        "x-github-media-type": "github.v3; format=json",
        "x-github-request-id": f"FAKE:{len(fake.calls):06d}",
        **({"x-github-api-version-selected": call.api_version} if call.api_version else {}),
    }


# Every operation on a repository must say what permission it needs.
UNGUARDED: Final = frozenset(HANDLERS) - frozenset(NEEDS) - AS_APP - MEMBERS
