"""The App's own credential: a short-lived JWT signed with its private key."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt

# GitHub refuses more than ten minutes; one minute back allows for a clock that runs ahead.
_LIFETIME = timedelta(minutes=9)
_BACKDATED = timedelta(seconds=60)
_ALGORITHM = "RS256"


def app_jwt(app_id: int, private_key_pem: str, *, now: datetime) -> str:
    """A JWT for the App. Source: GitHub Docs, "Generating a JSON Web Token (JWT) for a GitHub App"."""
    claims = {
        "iss": str(app_id),
        "iat": int((now - _BACKDATED).timestamp()),
        "exp": int((now + _LIFETIME - _BACKDATED).timestamp()),
    }
    return jwt.encode(claims, _signing_key(private_key_pem), algorithm=_ALGORITHM)


@lru_cache(maxsize=1)
def _signing_key(private_key_pem: str) -> Any:
    """Reading a key checks it, which takes 30 ms; reading GitHub's log of deliveries signs for every call."""
    return jwt.get_algorithm_by_name(_ALGORITHM).prepare_key(private_key_pem)
