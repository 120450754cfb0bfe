"""Writes reviews and comments, and finds our own again. Reviews are always COMMENT: the bot has no vote."""

from __future__ import annotations

from typing import Any

from app.adapters.github.client import Client
from app.adapters.github.notifying import NotifyingWrites
from app.adapters.github.tokens import Stage
from app.domain.errors import GitHubRefused
from app.domain.messages.comments import InlineComment
from app.domain.pull_request import Sha
from app.ports import Place

_GONE = (404, 410)


class ConversationWriter:
    """Implements ports.Conversation."""

    def __init__(self, client: Client, writes: NotifyingWrites, *, app_id: int) -> None:
        self._client = client
        self._writes = writes
        self._app_id = app_id
        self._login: str | None = None

    async def review(self, place: Place, *, head: Sha, body: str, comments: tuple[InlineComment, ...]) -> int:
        payload = {
            "commit_id": head,
            "event": "COMMENT",
            "body": body,
            "comments": [_inline(comment) for comment in comments],
        }
        reply = await self._writes.send(place, "POST", f"/pulls/{place.ref.number}/reviews", payload)
        return int(reply.json["id"])

    async def comment(self, place: Place, body: str) -> int:
        reply = await self._writes.send(place, "POST", f"/issues/{place.ref.number}/comments", {"body": body})
        return int(reply.json["id"])

    async def edit(self, place: Place, comment: int, body: str) -> bool:
        try:
            await self._writes.send(place, "PATCH", f"/issues/comments/{comment}", {"body": body})
        except GitHubRefused as error:
            if error.status in _GONE:
                return False
            raise
        return True

    async def reply(self, place: Place, *, comment_id: int, body: str) -> int:
        """GitHub takes no answers to answers: `comment_id` is the first comment of its thread."""
        path = f"/pulls/{place.ref.number}/comments/{comment_id}/replies"
        reply = await self._writes.send(place, "POST", path, {"body": body})
        return int(reply.json["id"])

    async def find_review(self, place: Place, marker: str) -> int | None:
        path = f"/repos/{place.repository}/pulls/{place.ref.number}/reviews"
        return await self._find(place, path, marker)

    async def find_comment(self, place: Place, marker: str) -> int | None:
        path = f"/repos/{place.repository}/issues/{place.ref.number}/comments"
        return await self._find(place, path, marker)

    async def find_reply(self, place: Place, marker: str) -> int | None:
        path = f"/repos/{place.repository}/pulls/{place.ref.number}/comments?sort=created&direction=desc"
        return await self._find(place, path, marker)

    async def _find(self, place: Place, path: str, marker: str) -> int | None:
        """Only what our own App wrote counts: anybody can copy a marker."""
        login = await self._own_login()
        async for page in self._client.pages(place.ref, Stage.PUBLISH, path):
            for item in page:
                user = item["user"] or {}
                app = item.get("performed_via_github_app")
                ours = user.get("login") == login and user.get("type") == "Bot"
                if ours and (app is None or app["id"] == self._app_id) and marker in (item["body"] or ""):
                    return int(item["id"])
        return None

    async def _own_login(self) -> str:
        if self._login is None:
            app = await self._client.as_app("/app")
            self._login = f"{app['slug']}[bot]"
        return self._login


def _inline(comment: InlineComment) -> dict[str, Any]:
    body: dict[str, Any] = {"path": comment.path, "line": comment.line, "side": "RIGHT", "body": comment.body}
    if comment.start_line != comment.line:
        body |= {"start_line": comment.start_line, "start_side": "RIGHT"}
    return body
