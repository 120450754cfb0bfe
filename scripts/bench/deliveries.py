"""Makes signed deliveries from GitHub's own `pull_request.opened` example, no two of them alike."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import uuid
from itertools import count
from pathlib import Path
from typing import Any

_EXAMPLES = Path(__file__).parents[2] / "tests" / "samples" / "octokit-webhooks-examples" / "index.json.gz"
_PULL_REQUESTS = 500
"""Deliveries fall on so many pull requests: a busy deployment, with several pushes to each."""


class Deliveries:
    """Whole HTTP requests, ready to be written to a socket, so that making them does not disturb a measurement."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._numbers = count(1)
        payload = _example()
        # Replaced in the text: encoding 24 KB of JSON for each request would take longer than answering it.
        number, head = 987_654_321_000, "f" * 40
        payload["number"] = payload["pull_request"]["number"] = number
        payload["pull_request"]["head"]["sha"] = head
        self._template = json.dumps(payload, separators=(",", ":")).encode()
        self._number, self._head = str(number).encode(), head.encode()
        self.body_bytes = len(self._body(1))

    def make(self, how_many: int, path: str = "/webhooks/github") -> list[bytes]:
        return [self._request(next(self._numbers), path) for _ in range(how_many)]

    def _body(self, serial: int) -> bytes:
        number = str(1 + serial % _PULL_REQUESTS).encode()
        head = hashlib.sha1(str(serial).encode(), usedforsecurity=False).hexdigest().encode()
        return self._template.replace(self._number, number).replace(self._head, head)

    def _request(self, serial: int, path: str) -> bytes:
        body = self._body(serial)
        lines = (
            f"POST {path} HTTP/1.1",
            "Host: revwright.test",
            "User-Agent: GitHub-Hookshot/a1b2c3d",
            f"Content-Length: {len(body)}",
            "Accept: */*",
            "Content-Type: application/json",
            f"X-GitHub-Delivery: {uuid.UUID(int=serial)}",
            "X-GitHub-Event: pull_request",
            "X-GitHub-Hook-ID: 431234567",
            "X-GitHub-Hook-Installation-Target-ID: 424242",
            "X-GitHub-Hook-Installation-Target-Type: integration",
            f"X-Hub-Signature: sha1={hmac.digest(self._secret, body, 'sha1').hex()}",
            f"X-Hub-Signature-256: sha256={hmac.digest(self._secret, body, 'sha256').hex()}",
        )
        return "\r\n".join((*lines, "", "")).encode() + body


def _example() -> dict[str, Any]:
    """The first example of an opened pull request that an installation of an App received."""
    for event in json.loads(gzip.decompress(_EXAMPLES.read_bytes())):
        if event["name"] == "pull_request":
            for example in event["examples"]:
                if example["action"] == "opened" and "installation" in example:
                    found: dict[str, Any] = example
                    return found
    raise LookupError(f"{_EXAMPLES} has no pull_request.opened with an installation")
