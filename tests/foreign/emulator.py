"""The emulator as a child process: installed once into a cache folder, seeded, ended with the tests."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.domain.messages.check import REVIEW_CHECK
from tests.foreign.serving import HOST, free_port, wait_until

VERSION = "0.11.2"
"""Before 0.10 no App can sign in, 0.12 needs a newer Node, and `latest` is another author's package."""

APP_ID = 4711
SLUG = "revbot"
BOT = f"{SLUG}[bot]"
INSTALLATION = 8001
REPOSITORY = "acme/web"
NEIGHBOUR = "acme/api"
"""In the installation too, so that a token for the repository must be narrowed not to reach it."""
OUTSIDE = "acme/vault"
"""Of the same account, but not in the installation."""

_NODE = 20
_INSTALL_SECONDS = 120
_START_SECONDS = 30
_NO_NETWORK = re.compile(
    r"CERT_[A-Z_]+|[A-Z_]*SELF_SIGNED_CERT[A-Z_]*|UNABLE_TO_[A-Z_]+|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT"
)
_PERMISSIONS = {"checks": "write", "contents": "read", "issues": "write", "metadata": "read", "pull_requests": "write"}


def unavailable() -> str | None:
    """Why the emulator cannot run on this machine, or None."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed; Node {_NODE} or newer and npm are needed"
    version = subprocess.run(
        ["node", "--version"], capture_output=True, text=True, timeout=30, check=True
    ).stdout.strip()
    major = re.match(r"v(\d+)\.", version)
    if major is None or int(major[1]) < _NODE:
        return f"Node {version} is too old; Node {_NODE} or newer is needed"
    return None


class RegistryOutOfReach(Exception):
    """npm's registry cannot be reached from here; the text says what npm met."""


def install(cache: Path) -> Path:
    """The emulator's program. The network is asked only when the cache does not have it, and no script is run.

    Raises RegistryOutOfReach; whatever else goes wrong is a failure of the test run.
    """
    program = cache / "node_modules" / "emulate" / "dist" / "index.js"
    if _version(program) != VERSION:
        # --prefix, because npm otherwise looks for a package.json in every folder above.
        options = ("--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(cache))
        _npm("install", *options, f"emulate@{VERSION}")
    assert _version(program) == VERSION
    return program


def _npm(*arguments: str) -> None:
    command = ["npm", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise RegistryOutOfReach(f"npm did not end within {_INSTALL_SECONDS} s") from None
    if done.returncode and (met := _NO_NETWORK.search(done.stderr)):
        raise RegistryOutOfReach(f"npm met {met[0]}")
    assert done.returncode == 0, done.stderr


def _version(program: Path) -> str | None:
    if not program.exists():
        return None
    shown = subprocess.run(["node", str(program), "--version"], capture_output=True, text=True, timeout=30, check=False)
    return shown.stdout.strip()


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator. Its people are `ann`, who owns the organisation, and `nobody`, who may do nothing."""

    url: str
    person: httpx.Client
    """Acts as `ann`."""

    def get(self, path: str) -> Any:
        return self.person.get(path).raise_for_status().json()

    def post(self, path: str, body: object) -> Any:
        return self.person.post(path, json=body).raise_for_status().json()

    def repository_id(self, name: str) -> int:
        return int(self.get(f"/repos/{name}")["id"])

    def tokens(self) -> list[dict[str, Any]]:
        """What was granted to each installation token so far; their values are not shown."""
        return list(self.get("/_emulate/installation-tokens")["installation_tokens"])

    def branch(self, name: str) -> str:
        """The commit that it is at."""
        return str(self.get(f"/repos/{REPOSITORY}/git/ref/heads/{name}")["object"]["sha"])

    def commit(self, branch: str, files: dict[str, str]) -> str:
        """A new branch with one commit on top of `main`."""
        git = f"/repos/{REPOSITORY}/git"
        parent = self.branch("main")
        base_tree = self.get(f"{git}/commits/{parent}")["tree"]["sha"]
        entries = [{"path": p, "mode": "100644", "type": "blob", "content": text} for p, text in files.items()]
        tree = self.post(f"{git}/trees", {"base_tree": base_tree, "tree": entries})["sha"]
        head = self.post(f"{git}/commits", {"message": branch, "tree": tree, "parents": [parent]})["sha"]
        self.post(f"{git}/refs", {"ref": f"refs/heads/{branch}", "sha": head})
        return str(head)

    def next_number(self) -> int:
        """The number that the next pull request will have."""
        return 1 + max((p["number"] for p in self.get(f"/repos/{REPOSITORY}/pulls?state=all")), default=0)

    def open_pull_request(self, branch: str) -> Any:
        body = {"title": f"Change {branch}", "body": "Why.", "head": branch, "base": "main"}
        return self.post(f"/repos/{REPOSITORY}/pulls", body)

    def checks(self, sha: str) -> list[dict[str, Any]]:
        """Of the review; those of the gate come beside them."""
        runs = self.get(f"/repos/{REPOSITORY}/commits/{sha}/check-runs?filter=all")["check_runs"]
        return [run for run in runs if run["name"] == REVIEW_CHECK]

    def annotations(self, check_run: int) -> list[dict[str, Any]]:
        return list(self.get(f"/repos/{REPOSITORY}/check-runs/{check_run}/annotations")["check_annotations"])

    def comments(self, number: int) -> list[dict[str, Any]]:
        return list(self.get(f"/repos/{REPOSITORY}/issues/{number}/comments"))

    def reviews(self, number: int) -> list[dict[str, Any]]:
        return list(self.get(f"/repos/{REPOSITORY}/pulls/{number}/reviews"))


def seed(*, private_key: str, webhook_url: str, webhook_secret: str) -> dict[str, Any]:
    """Three private repositories of one organisation; the App is installed on two of them."""
    repositories = [{"owner": "acme", "name": name.partition("/")[2]} for name in (REPOSITORY, NEIGHBOUR, OUTSIDE)]
    installation = {
        "installation_id": INSTALLATION,
        "account": "acme",
        "repository_selection": "selected",
        "repositories": [REPOSITORY, NEIGHBOUR],
    }
    app = {
        "app_id": APP_ID,
        "slug": SLUG,
        "name": "Revwright",
        "private_key": private_key,
        "permissions": _PERMISSIONS,
        "events": ["*"],
        "webhook_url": webhook_url,
        "webhook_secret": webhook_secret,
        "installations": [installation],
    }
    return {
        "tokens": {"person-ann": {"login": "ann"}},
        "github": {
            # The emulator takes an unknown token for the first user, so the first must be one who may do nothing.
            "users": [{"login": "nobody"}, {"login": "ann", "email": "ann@example.com"}],
            "orgs": [{"login": "acme", "members": [{"login": "ann", "role": "admin"}]}],
            "repos": [{**repository, "private": True, "auto_init": True} for repository in repositories],
            "apps": [app],
        },
    }


@contextmanager
def running(program: Path, folder: Path, seeded: dict[str, Any]) -> Iterator[Emulator]:
    """The emulator for as long as the context lasts. It listens on every interface and has no setting for that."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    seed_file, log = folder / "seed.json", folder / "emulator.log"
    seed_file.write_text(json.dumps(seeded), encoding="utf-8")
    command = ["node", str(program), "start", "--service", "github", "--port", str(port), "--seed", str(seed_file)]
    with (
        log.open("wb") as output,
        subprocess.Popen([*command, "--base-url", url], stdout=output, stderr=subprocess.STDOUT) as process,
        httpx.Client(base_url=url, headers={"Authorization": "token person-ann"}, trust_env=False) as person,
    ):
        try:
            wait_until(
                lambda: process.poll() is not None or _answers(person),
                seconds=_START_SECONDS,
                what=lambda: f"the emulator answers; it said: {log.read_text(errors='replace')}",
            )
            assert process.poll() is None, log.read_text(errors="replace")
            yield Emulator(url, person)
        finally:
            process.kill()  # it keeps nothing, and a gentle end would wait for kept connections


def _answers(person: httpx.Client) -> bool:
    try:
        return person.get("/rate_limit").is_success
    except httpx.TransportError:
        return False
