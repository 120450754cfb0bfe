"""One repository with one open pull request, and callers for it: enough for most tests of the stand-in itself."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.fakes.github.git_store import git_environment
from tests.fakes.github.pull_requests import PullRequest
from tests.fakes.github.records import Installation, User
from tests.fakes.github.repository import Repository
from tests.fakes.github.state import FakeGitHub

BASE_FILE = "".join(f"line {number}\n" for number in range(1, 41))
HEAD_FILE = BASE_FILE.replace("line 5\n", "line five\n").replace("line 30\n", "line thirty\nline thirty and a half\n")


def app_jwt(fake: FakeGitHub, **changes: Any) -> str:
    """A JWT as the App makes it; ``changes`` replace claims, and None leaves one out."""
    now = int(fake.now().timestamp())
    claims = {"iat": now - 30, "exp": now + 540, "iss": str(fake.app.id), **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, _signing_key(fake.app_private_key), algorithm="RS256")


@cache
def _signing_key(pem: str) -> RSAPrivateKey:
    # Reading a key checks it, which takes longer than everything else a test does.
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


@dataclass(frozen=True, slots=True)
class Api:
    """Calls the REST root with one token."""

    client: httpx.Client
    authorization: str

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Send a request; ``accept`` and query parameters go into the options."""
        headers = {"authorization": self.authorization, "x-github-api-version": "2022-11-28"}
        if (accept := options.pop("accept", None)) is not None:
            headers["accept"] = accept
        arguments = {} if body is None else {"json": body}
        return self.client.request(method, path, headers=headers, params=options or None, **arguments)


@dataclass(frozen=True, slots=True)
class SmallWorld:
    """A served stand-in with the repository acme/web and its pull request 1."""

    fake: FakeGitHub
    client: httpx.Client
    installation: Installation
    repository: Repository
    developer: User
    pull: PullRequest

    def as_app(self, **claims: Any) -> Api:
        """Call as the App."""
        return Api(self.client, f"Bearer {app_jwt(self.fake, **claims)}")

    def as_installation(self, **narrowing: Any) -> Api:
        """Call as the App in its installation, with a token narrowed as asked."""
        return Api(self.client, f"Bearer {self.token(**narrowing)}")

    def as_user(self, user: User) -> Api:
        """Call as a person."""
        return Api(self.client, f"token {self.fake.add_user_token(user)}")

    def token(self, **narrowing: Any) -> str:
        """An installation token, made through the API."""
        reply = self.as_app()("POST", f"/app/installations/{self.installation.id}/access_tokens", narrowing or None)
        assert reply.status_code == httpx.codes.CREATED, reply.text
        return str(reply.json()["token"])

    def git(self, folder: Path, *arguments: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run the real git in a folder, with a token in the header it sends."""
        environment = {**git_environment(), "GIT_AUTHOR_NAME": "Dev", "GIT_AUTHOR_EMAIL": "dev@example.com"}
        environment |= {"GIT_COMMITTER_NAME": "Dev", "GIT_COMMITTER_EMAIL": "dev@example.com"}
        if token is not None:
            credentials = base64.b64encode(f"x-access-token:{token}".encode()).decode()
            environment |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "http.extraHeader",
                "GIT_CONFIG_VALUE_0": f"Authorization: Basic {credentials}",
            }
        return subprocess.run(
            ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    @property
    def remote(self) -> str:
        """Where git finds the repository."""
        return f"{self.fake.url}/{self.repository.full_name}.git"

    def events(self) -> list[str]:
        """What was announced, as event and action."""
        return [f"{one.event} {one.action}" if one.action else one.event for one in self.fake.deliveries]


@contextmanager
def small_world(root: Path, **options: Any) -> Iterator[SmallWorld]:
    """Serve a small world; options are the stand-in's."""
    fake = FakeGitHub(root, **options)
    fake.start()
    try:
        installation = fake.add_installation("acme")
        repository = fake.create_repository("acme/web", installation=installation)
        developer = fake.add_user("dev")
        repository.permissions[developer.id] = "write"
        repository.commit("main", {"a.txt": BASE_FILE, "old.txt": "moved as it is\n" * 5, "gone.txt": "gone\n"})
        files = {
            "a.txt": HEAD_FILE,
            "old.txt": None,
            "new.txt": "moved as it is\n" * 5,
            "gone.txt": None,
            "x.bin": b"\0\1",
        }
        repository.commit("feature", files, author=developer)
        pull = repository.open_pull_request(head="feature", title="Count better", body="As asked.", user=developer)
        with httpx.Client(base_url=fake.api_url, timeout=30) as client:
            yield SmallWorld(fake, client, installation, repository, developer, pull)
    finally:
        fake.stop()
