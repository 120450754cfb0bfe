"""The names of everything we keep in Redis, and how long."""

from __future__ import annotations

PREFIX = "revwright"

DEADLINES = f"{PREFIX}:deadlines"
"""Sorted set: row name -> time in ms by which somebody must have looked at it."""

INTERACTIVE_QUEUE = f"{PREFIX}:queue:interactive"
REVIEW_QUEUE = f"{PREFIX}:queue:review"

DELIVERIES_SECONDS = 72 * 3600
"""GitHub redelivers for three days."""

LEASE_MS = 8_000
"""A worker that has not beaten for this long is taken for dead; it beats every second."""

BELL_GRACE_MS = 5_000
"""A bell that nobody answered for this long is rung again."""

BELL_EXPIRES_MS = 24 * 3600 * 1000
"""arq's payload of a bell; the ledger's deadline outlives it."""

OUTBOX_SECONDS = 90 * 24 * 3600
"""What we wrote on a pull request is remembered for 90 days after the last write there."""


def row(name: str) -> str:
    return f"{PREFIX}:row:{name}"


def delivery_id(id_: str) -> str:
    return f"{PREFIX}:seen:id:{id_}"


def delivery_body(digest: str) -> str:
    return f"{PREFIX}:seen:body:{digest}"


def head(name: str) -> str:
    return f"{PREFIX}:head:{name}"


def outbox(ref: str) -> str:
    return f"{PREFIX}:outbox:{ref}"
