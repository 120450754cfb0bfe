"""Who takes part in the acknowledgement ladder: baselines of ours, the product, and other products where to be had."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.bench import peers
from scripts.bench.processes import python

HMAC, DURABLE = "bare: HMAC", "bare: HMAC+JSON+Lua"
PRODUCT = "revwright web"
PROBOT = "Probot, nothing durable"
PR_AGENT = "PR-Agent, nothing durable"


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    command: tuple[str, ...]
    expect: bytes
    """Stands in the body of every right answer."""
    path: str = "/webhooks/github"
    slowness: int = 1
    """It gets only one of so many requests, or a run would take an hour."""


LADDER = (
    Contender(HMAC, python("scripts.bench.servers.bare_hmac"), b'"signed"'),
    Contender(DURABLE, python("scripts.bench.servers.bare_durable"), b'"queued"'),
    Contender("FastAPI: HMAC", python("scripts.bench.servers.fastapi_steps", "hmac"), b'"signed"'),
    Contender("FastAPI: HMAC+JSON", python("scripts.bench.servers.fastapi_steps", "json"), b'"decoded"'),
    Contender("FastAPI: ... + SET NX", python("scripts.bench.servers.fastapi_steps", "dedupe"), b'"queued"'),
    Contender("FastAPI: ... + arq enqueue", python("scripts.bench.servers.fastapi_steps", "arq"), b'"queued"'),
    Contender("FastAPI: HMAC+JSON+Lua", python("scripts.bench.servers.fastapi_steps", "lua"), b'"queued"'),
    Contender(PRODUCT, python("app.cli", "web"), b'"queued"'),
)


def with_peers(*, heavy: bool) -> tuple[tuple[Contender, ...], tuple[str, ...]]:
    """The whole ladder, and a note for each peer that is missing. `heavy`: also those that take minutes to install."""
    found, notes = list(LADDER), []
    try:
        found.append(Contender(PROBOT, peers.probot(), b"ok"))
    except peers.Absent as absent:
        notes.append(f"Probot is not measured: {absent}.")
    if not heavy:
        notes.append("PR-Agent is not measured: --peers was not given.")
        return tuple(found), tuple(notes)
    try:
        found.append(Contender(PR_AGENT, peers.pr_agent(), b"{}", "/api/v1/github_webhooks", slowness=20))
    except peers.Absent as absent:
        notes.append(f"PR-Agent is not measured: {absent}.")
    return tuple(found), tuple(notes)
