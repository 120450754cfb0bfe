"""How the worker and the child talk: frames of JSON, each after its length in four bytes, biggest first."""

from __future__ import annotations

import json
from collections.abc import Mapping

MOST_BYTES = 16 << 20
PREFIX_BYTES = 4


def frame(message: Mapping[str, object]) -> bytes:
    """The message with its length before it. ValueError when it is too long to be one."""
    body = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
    if len(body) > MOST_BYTES:
        raise ValueError(f"a frame has at most {MOST_BYTES} bytes, not {len(body)}")
    return len(body).to_bytes(PREFIX_BYTES, "big") + body


def length(prefix: bytes) -> int:
    """What the prefix announces. ValueError when that is more than a frame may have."""
    announced = int.from_bytes(prefix, "big")
    if announced > MOST_BYTES:
        raise ValueError(f"a frame has at most {MOST_BYTES} bytes, not {announced}")
    return announced


def message(body: bytes) -> dict[str, object]:
    """What a frame holds. ValueError for anything but a JSON object."""
    try:
        decoded = json.loads(body)
    except RecursionError as error:
        raise ValueError("a frame is nested too deeply") from error
    if not isinstance(decoded, dict):
        raise ValueError("a frame holds an object")
    return decoded
