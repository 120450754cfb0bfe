"""Who may do what in a repository. Source: GitHub Docs, "Get repository permissions for a user"."""

from __future__ import annotations

import re
from urllib.parse import quote

from app.adapters.github.client import Client
from app.adapters.github.tokens import Stage
from app.domain.errors import GitHubRefused
from app.domain.threads import Permission
from app.ports import Place

_GONE = 404
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?", re.ASCII)


class PermissionReader:
    """Implements ports.Permissions. Nothing is remembered: who lost a right has lost it at once."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def of(self, place: Place, login: str, *, id_: int | None = None) -> Permission:
        """The least that GitHub grants for sure: of a role that an organization made itself, the one it builds on."""
        if not _LOGIN.fullmatch(login):
            return Permission.NONE
        path = f"/repos/{place.repository}/collaborators/{quote(login, safe='')}/permission"
        try:
            answer = (await self._client.call(place.ref, Stage.PUBLISH, "GET", path)).json
        except GitHubRefused as error:
            if error.status == _GONE:
                return Permission.NONE
            raise
        if id_ is not None and (answer.get("user") or {}).get("id") != id_:
            return Permission.NONE  # renamed, and somebody else has the login now
        known = {permission.value: permission for permission in Permission}
        # `permission` does not know maintain and triage; `role_name` is not told by older servers.
        for field in ("role_name", "permission"):
            if answer.get(field) in known:
                return known[answer[field]]
        return Permission.NONE
