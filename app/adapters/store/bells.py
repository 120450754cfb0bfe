"""arq jobs as JSON: the bytes of a bell. JSON, because arq's default would unpickle whatever stands in Redis."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from app.adapters.store import keys

FUNCTIONS = {"announce": keys.INTERACTIVE_QUEUE, "review": keys.REVIEW_QUEUE}
"""Which queue each job function is called from."""


def serialize(job: dict[str, Any]) -> bytes:
    """arq's `job_serializer`."""
    return json.dumps(job, separators=(",", ":")).encode()


def deserialize(data: bytes) -> dict[str, Any]:
    """arq's `job_deserializer`; anything but a JSON object is an error, nothing is ever executed."""
    job = json.loads(data)
    if not isinstance(job, dict):
        raise ValueError("a job must be a JSON object")
    return job


def new_bell(function: str, row: str) -> tuple[str, bytes]:
    """(job id, payload). The id is unique for each ring: arq would drop a second job of an id that is running."""
    job_id = f"{function}:{row}:{secrets.token_hex(6)}"
    # arq's own field names: try, function, args, kwargs, enqueue time in ms.
    payload: dict[str, Any] = {"t": None, "f": function, "a": [row], "k": {}, "et": int(time.time() * 1000)}
    return job_id, serialize(payload)
