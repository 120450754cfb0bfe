"""What every rendered object needs: times and node ids."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import overload


@overload
def timestamp(moment: datetime) -> str: ...
@overload
def timestamp(moment: None) -> None: ...
def timestamp(moment: datetime | None) -> str | None:
    """A time as GitHub writes it."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: int | str) -> str:
    """The id of an object in GraphQL."""
    return base64.b64encode(f"{len(kind):03d}:{kind}{number}".encode()).decode()
