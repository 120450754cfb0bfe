"""Permissions stand in an order."""

from __future__ import annotations

from app.domain.threads import Permission


def test_each_permission_includes_the_lesser_ones() -> None:
    order = [Permission(name) for name in ("none", "read", "triage", "write", "maintain", "admin")]

    for place, permission in enumerate(order):
        assert [permission.at_least(other) for other in order] == [place >= rank for rank in range(len(order))]
