"""Hidden markers that let us find again what we wrote when a crash hid GitHub's answer from us.

A marker carries no state. It is looked for only among things our own App wrote, and it is signed, so that neither
a copied nor an invented one, nor one that a model was talked into, can stand for ours.
"""

from __future__ import annotations

import hashlib
import hmac

from app.domain.pull_request import PullRequestRef


def marker(key: bytes, ref: PullRequestRef, write: str) -> str:
    """An HTML comment that names one write on one pull request. `write` is one of our own keys."""
    signature = hmac.new(key, f"{ref}\x00{write}".encode(), hashlib.sha256).hexdigest()[:24]
    return f"<!-- revwright:{write}:{signature} -->"
