"""The App's own credential: a short-lived JWT signed with its private key."""

from __future__ import annotations

from datetime import datetime, timedelta

import jwt

# GitHub refuses more than ten minutes; one minute back allows for a clock that runs ahead.
_LIFETIME = timedelta(minutes=9)
_BACKDATED = timedelta(seconds=60)


def app_jwt(app_id: int, private_key_pem: str, *, now: datetime) -> str:
    """A JWT for the App. Source: GitHub Docs, "Generating a JSON Web Token (JWT) for a GitHub App"."""
    claims = {
        "iss": str(app_id),
        "iat": int((now - _BACKDATED).timestamp()),
        "exp": int((now + _LIFETIME - _BACKDATED).timestamp()),
    }
    return jwt.encode(claims, private_key_pem, algorithm="RS256")
