"""Who may do what in a repository. Source: GitHub Docs, "Get repository permissions for a user"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from app.adapters.github.client import Client
from app.adapters.github.tokens import Stage
from app.domain.errors import GitHubRefused
from app.domain.threads import Permission
from app.ports import Place

_GONE = 404
_KNOWN = {permission.value: permission for permission in Permission}
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?", re.ASCII)


class PermissionReader:
    """Implements ports.Permissions. Nothing is remembered: who lost a right has lost it at once."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def of(self, place: Place, login: str, *, id_: int | None = None) -> Permission:
        """The least that GitHub grants for sure: of a role that an organization made itself, the one it builds on."""
        answer = await answer_about(self._client, place, login) if _LOGIN.fullmatch(login) else None
        if answer is None or (id_ is not None and (answer.get("user") or {}).get("id") != id_):
            return Permission.NONE  # nobody, or renamed, and somebody else has the login now
        return role_of(answer) or Permission.NONE


async def answer_about(client: Client, place: Place, login: str) -> Mapping[str, Any] | None:
    """What GitHub says of somebody's permission now; None when nobody has the login."""
    path = f"/repos/{place.repository}/collaborators/{quote(login, safe='')}/permission"
    try:
        answer: Mapping[str, Any] = (await client.call(place.ref, Stage.PUBLISH, "GET", path)).json
    except GitHubRefused as error:
        if error.status == _GONE:
            return None
        raise
    return answer


def role_of(answer: Mapping[str, Any]) -> Permission | None:
    """None where no role is named that everybody knows."""
    # `permission` does not know maintain and triage; `role_name` is not told by older servers.
    named = (answer.get(field) for field in ("role_name", "permission"))
    return next((_KNOWN[name] for name in named if name in _KNOWN), None)
