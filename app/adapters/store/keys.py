"""The names of everything we keep in Redis, and how long."""

from __future__ import annotations

PREFIX = "revwright"

DEADLINES = f"{PREFIX}:deadlines"
"""Sorted set: row name -> time in ms by which somebody must have looked at it."""

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


def held(installation_id: int) -> str:
    return f"{PREFIX}:held:{installation_id}"
