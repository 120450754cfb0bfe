"""Who is calling: the App by JWT, an installation by its token, or a person by a personal token."""

from __future__ import annotations

import base64
import binascii
import random
import string
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.github.errors import GitHubError, bad_credentials, forbidden
from tests.fakes.github.records import App, Token, User, allows

if TYPE_CHECKING:
    from tests.fakes.github.records import Installation
    from tests.fakes.github.repository import Repository
    from tests.fakes.github.state import FakeGitHub

TOKEN_LIFETIME: Final = timedelta(hours=1)
_JWT_LIFETIME_SECONDS: Final = 600
_CLOCK_DRIFT_SECONDS: Final = 60
_LONG_TOKEN_LENGTH: Final = 520
_SHORT_TOKEN_LENGTH: Final = 40
# What a person's role allows, in the words of App permissions.
_ROLE_LEVELS: Final = {
    "admin": "admin",
    "maintain": "write",
    "write": "write",
    "triage": "read",
    "read": "read",
    "none": "none",
}


@dataclass(frozen=True, slots=True)
class AppCaller:
    """The App itself."""

    app: App
    kind: str = "app-jwt"


@dataclass(frozen=True, slots=True)
class InstallationCaller:
    """The App acting in one installation."""

    token: Token
    kind: str = "installation"

    @property
    def user(self) -> User:
        """Who GitHub shows as the author."""
        return self.token.installation.app.bot

    def sees(self, repository: Repository) -> bool:
        """Whether the repository exists for this caller."""
        return not repository.private or self.token.covers(repository)

    def may(self, repository: Repository, permission: str, level: str) -> bool:
        """Whether the token allows this on the repository."""
        if not self.token.covers(repository):
            return not repository.private and level == "read"
        return allows(self.token.permissions.get(permission), level)


@dataclass(frozen=True, slots=True)
class UserCaller:
    """A person with a personal access token."""

    user: User
    kind: str = "user"

    def sees(self, repository: Repository) -> bool:
        """Whether the repository exists for this caller."""
        return repository.permission_of(self.user) != "none"

    def may(self, repository: Repository, permission: str, level: str) -> bool:
        """Whether the person's role allows this; everybody who can read can also discuss."""
        if permission in ("issues", "pull_requests"):
            level = "read"
        return allows(_ROLE_LEVELS[repository.permission_of(self.user)], level)


Actor: TypeAlias = InstallationCaller | UserCaller
Caller: TypeAlias = AppCaller | InstallationCaller | UserCaller


@cache
def generate_private_key() -> str:
    """A key for an App; one for the whole process, as making one takes long."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@cache
def public_key_of(private_key_pem: str) -> str:
    """The public half of a private key."""
    key = serialization.load_pem_private_key(private_key_pem.encode(), password=None)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def app_from_authorization(fake: FakeGitHub, authorization: str | None) -> AppCaller:
    """The App behind a JWT."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise GitHubError(401, "A JSON web token could not be decoded")
    try:
        claims = jwt.decode(
            token,
            fake.app_public_key,
            algorithms=["RS256"],
            # GitHub's own limits are checked below, against the stand-in's clock.
            options={
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_iss": False,
                "verify_aud": False,
            },
        )
    except jwt.InvalidTokenError as error:
        raise GitHubError(401, "A JSON web token could not be decoded") from error
    _check_claims(claims, fake.now().timestamp())
    if claims.get("iss") not in (str(fake.app.id), fake.app.client_id):
        raise GitHubError(404, "Integration not found")
    return AppCaller(fake.app)


def _check_claims(claims: dict[str, Any], now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int | float) or issued > now + _CLOCK_DRIFT_SECONDS:
        raise GitHubError(
            401,
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        )
    if not isinstance(expires, int | float) or expires <= now:
        claim = "'Expiration time' claim ('exp') must be a numeric value representing the future time"
        raise GitHubError(401, f"{claim} at which the assertion expires")
    if expires > now + _JWT_LIFETIME_SECONDS:
        raise GitHubError(401, "'Expiration time' claim ('exp') is too far in the future")


def actor_from_authorization(fake: FakeGitHub, authorization: str | None) -> Actor:
    """The installation or person behind a token."""
    scheme, _, value = (authorization or "").partition(" ")
    if not value:
        raise GitHubError(401, "Requires authentication")
    if scheme.lower() not in ("bearer", "token"):
        raise bad_credentials()
    return actor_from_token(fake, value)


def actor_from_basic(fake: FakeGitHub, authorization: str | None) -> Actor | None:
    """The same for git, whose password is the token; nobody if there is no such header."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        _, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise bad_credentials() from None
    return actor_from_token(fake, password)


def actor_from_token(fake: FakeGitHub, value: str) -> Actor:
    """The installation or person behind a token's value."""
    if value in fake.user_tokens:
        return UserCaller(fake.user_tokens[value])
    token = fake.tokens.get(value)
    if token is None or token.revoked or token.expires_at <= fake.now():
        raise bad_credentials()
    if token.installation.suspended_at is not None:
        raise forbidden("This installation has been suspended")
    return InstallationCaller(token)


def mint_token(
    fake: FakeGitHub,
    installation: Installation,
    permissions: dict[str, str],
    repository_ids: frozenset[int] | None,
) -> Token:
    """A new installation token, in GitHub's short or long form."""
    # Predictable on purpose: two runs of a test see the same tokens.
    generator = random.Random(f"{fake.app.id} {fake.ids.next('token')}")
    length = _LONG_TOKEN_LENGTH if fake.long_tokens else _SHORT_TOKEN_LENGTH
    value = "ghs_" + "".join(generator.choices(string.ascii_letters + string.digits, k=length - len("ghs_")))
    token = Token(value, installation, permissions, fake.now() + TOKEN_LIFETIME, repository_ids)
    fake.tokens[value] = token
    return token
