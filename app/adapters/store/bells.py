"""The bells that arq carries: their queues, and JSON, since arq's default would unpickle whatever stands in Redis."""

from __future__ import annotations

import json
from typing import Any

from app.adapters.store import keys
from app.domain.jobs import Queue


def queue_name(queue: Queue) -> str:
    """arq's name of a queue."""
    return f"{keys.PREFIX}:queue:{queue}"


def serialize(job: dict[str, Any]) -> bytes:
    """arq's `job_serializer`."""
    return json.dumps(job, separators=(",", ":")).encode()


def deserialize(data: bytes) -> dict[str, Any]:
    """arq's `job_deserializer`; anything but a JSON object is an error, nothing is ever executed."""
    job = json.loads(data)
    if not isinstance(job, dict):
        raise ValueError("a job must be a JSON object")
    return job
