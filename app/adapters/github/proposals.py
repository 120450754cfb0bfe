"""Pull requests of our own: one commit through GitHub's git data API, on a branch that nobody else has.

Source: GitHub Docs, "REST API endpoints for Git trees", "... commits", "... references", "... pull requests".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from app.adapters.github.client import Client
from app.adapters.github.notifying import NotifyingWrites
from app.adapters.github.tokens import Stage
from app.domain.commands.remembering import Proposal
from app.ports import Place

_REGULAR = "100644"


class ProposalWriter:
    """Implements ports.Proposals and ports.Stacking. The branch is made, never moved: no branch of anybody else's is
    ever written.
    """

    def __init__(self, client: Client, writes: NotifyingWrites) -> None:
        self._client = client
        self._writes = writes

    async def propose(self, place: Place, proposal: Proposal) -> int:
        if not await self._has_branch(place, proposal.branch):
            await self._make_branch(place, proposal)
        return await self.open(
            place, branch=proposal.branch, onto=proposal.base_ref, title=proposal.title, body=proposal.body
        )

    async def open(self, place: Place, *, branch: str, onto: str, title: str, body: str) -> int:
        await self._writes.turn(place)
        opened = {"title": title, "body": body, "head": branch, "base": onto}
        return int((await self._call(place, "POST", "/pulls", opened))["number"])

    async def _has_branch(self, place: Place, branch: str) -> bool:
        """Made by an attempt that went no further."""
        found = await self._call(place, "GET", f"/git/matching-refs/heads/{branch}")
        return any(one["ref"] == f"refs/heads/{branch}" for one in found)

    async def _make_branch(self, place: Place, proposal: Proposal) -> None:
        base = await self._call(place, "GET", f"/git/commits/{proposal.base}")
        entry = {"path": proposal.path, "mode": _REGULAR, "type": "blob", "content": proposal.text}
        tree = await self._call(place, "POST", "/git/trees", {"base_tree": base["tree"]["sha"], "tree": [entry]})
        commit = {"message": proposal.message, "tree": tree["sha"], "parents": [proposal.base]}
        made = await self._call(place, "POST", "/git/commits", commit)
        await self._call(place, "POST", "/git/refs", {"ref": f"refs/heads/{proposal.branch}", "sha": made["sha"]})

    async def find(self, place: Place, branch: str) -> int | None:
        head = quote(f"{place.repository.owner}:{branch}", safe="")
        found = await self._call(place, "GET", f"/pulls?state=all&head={head}")
        numbers = [int(one["number"]) for one in found if (one["head"] or {}).get("ref") == branch]
        return numbers[0] if numbers else None

    async def _call(self, place: Place, method: str, path: str, body: object = None) -> Any:
        reply = await self._client.call(place.ref, Stage.PROPOSE, method, f"/repos/{place.repository}{path}", body)
        return reply.json
