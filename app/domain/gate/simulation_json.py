"""A simulation as plain JSON values: `revwright gate simulate --json`. docs/gate.md has every key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.domain.encodable import encodable
from app.domain.entries import display_path
from app.domain.gate.past_pull import Approval, PastPull
from app.domain.gate.requirements import Eligible
from app.domain.gate.simulation import Need, Simulated, Simulation, Totals

SCHEMA = 1
"""Rises when a key changes its meaning or goes away; keys may be added without that."""


def simulation_json(simulation: Simulation) -> dict[str, Any]:
    """Merges stand newest first."""
    value: dict[str, Any] = {
        "schema": SCHEMA,
        "repository": simulation.repository or None,
        "branch": simulation.branch,
        "tip": simulation.tip,
        "since": _time(simulation.since),
        "policy": simulation.policy,
        "codeowners": "base commit" if simulation.repository else "first parent",
        "more": simulation.more,
        "not_looked_at": simulation.left,
        "stopped": simulation.stopped or None,
        "totals": _totals(simulation.totals),
        "merges": [_merge(one) for one in simulation.merges],
    }
    return {key: encodable(item) for key, item in value.items()}


def _totals(sums: Totals) -> dict[str, Any]:
    return {
        "merges": sums.merges,
        "waiting": sums.waiting,
        "waiting_percent": round(sums.percent, 1),
        "unknown": sums.unknown,
        "impossible": sums.impossible,
        "approvals": sums.approvals,
        "asked": [
            {"who": one.who, "approvals": one.approvals, "alone": one.alone, "merges": one.merges} for one in sums.asked
        ],
        "core_paths": sums.core_paths,
        "paths": [{"path": display_path(one.path), "merges": one.merges} for one in sums.paths],
    }


def _merge(one: Simulated) -> dict[str, Any]:
    return {
        "commit": one.merge.commit,
        "parents": [*one.merge.parents],
        "at": _time(one.merge.at),
        "subject": one.merge.subject,
        "pull_request": None if one.merge.pull is None else _pull(one.merge.pull),
        "changed_paths": one.changed,
        "core_paths": len(one.core),
        "requirements": [_need(need) for need in one.needs],
        "approved_by": None if one.approvals is None else [_approval(approval) for approval in one.approvals],
        "unknown": one.unknown or None,
    }


def _pull(pull: PastPull) -> dict[str, Any]:
    return {"number": pull.number, "author": pull.author, "base": pull.base, "head": pull.head}


def _approval(approval: Approval) -> dict[str, Any]:
    return {"login": approval.login, "human": approval.human, "on_head": approval.on_head}


def _need(need: Need) -> dict[str, Any]:
    return {
        "approvals": need.approvals,
        "who": _who(need.eligible),
        "source": str(need.source),
        "reason": need.reason,
        "because": [*need.because],
        "paths": need.paths,
    }


def _who(eligible: Eligible) -> dict[str, Any]:
    return {
        "anyone": eligible.anyone,
        "users": sorted(eligible.users),
        "teams": sorted(eligible.teams),
        "emails": [*eligible.unresolvable],
    }


def _time(at: datetime) -> str:
    """RFC 3339, in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
