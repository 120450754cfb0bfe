"""Where probes take place: a worker with secrets, its neighbours on the host, and the launcher under test."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.probes import inside, neighbours, running
from tests.probes.neighbours import Neighbours
from tests.probes.probe import Skipped
from tests.probes.running import Ran
from tests.probes.template import Template

PATIENCE_SECONDS = 60.0
"""For a launcher to end. What it runs is stopped earlier by the limits that it is given."""
TIMEOUT = ("--timeout", "30")


@dataclass(frozen=True, slots=True)
class Launchers:
    """The product's command lines."""

    execute: Template
    collect: Template | None = None
    apply: Template | None = None
    remove: Template | None = None
    host_seconds: float = 30
    """How long each of the last three may take."""


@dataclass(frozen=True, slots=True)
class Site:
    """What all probes of a run share."""

    launchers: Launchers
    root: Path
    """Ours, closed to other users; holds the worker's secrets and all workspaces."""
    canary: str
    environment: Mapping[str, str]
    secret_fd: int
    """Open on the secret file and inheritable, as a careless worker would leave it."""
    neighbours: Neighbours
    mark: str
    """A word on the command line of everything that is started in the sandbox."""

    @property
    def key_file(self) -> Path:
        return self.root / "keys" / "app.pem"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """An empty directory under a name that says nothing."""
        parent = Path(tempfile.mkdtemp(dir=self.root / "w"))
        directory = parent / secrets.token_hex(8)
        directory.mkdir()
        try:
            yield directory
        finally:
            clear(parent)

    def argv(self, workspace: Path, command: Sequence[str], options: Sequence[str]) -> list[str]:
        """The launcher's command line."""
        given = options if "--timeout" in options else (*TIMEOUT, *options)
        return self.launchers.execute.expand({"workspace": str(workspace)}, {"options": given, "command": command})

    def run(self, workspace: Path, command: Sequence[str], options: Sequence[str] = ()) -> Ran:
        """One command in the sandbox, with every careless thing a worker could hand down."""
        process = running.start(
            self.argv(workspace, command, options),
            environment=self.environment,
            cwd=self.home,
            pass_fds=(self.secret_fd,),
        )
        return running.finish(process, PATIENCE_SECONDS)

    def program(self, body: str, **values: Any) -> tuple[str, ...]:
        """Python code for the inside, which knows the canary and where the secrets are."""
        known = {"canary": self.canary, "key_file": str(self.key_file), "home": str(self.home)}
        return inside.program(body, {**known, **values}, self.mark)

    def ask(self, body: str, *options: str, **values: Any) -> dict[str, Any]:
        """What code in the sandbox reports; RuntimeError when it reports nothing."""
        with self.workspace() as workspace:
            return self.ask_in(workspace, body, *options, **values)

    def ask_in(self, workspace: Path, body: str, *options: str, **values: Any) -> dict[str, Any]:
        """The same in a workspace that is there already."""
        ran = self.run(workspace, self.program(body, path=str(workspace), **values), options)
        told = inside.reported(ran.out)
        if told is None:
            raise RuntimeError(f"the command reported nothing: {ran.told}")
        return told


def clear(directory: Path) -> None:
    """Remove what a probe left, whatever its permissions and depth."""
    running.finish(_removing("chmod", "-R", "u+rwX", str(directory)), PATIENCE_SECONDS)
    running.finish(_removing("rm", "-rf", "--", str(directory)), PATIENCE_SECONDS)


def _removing(*argv: str) -> Any:
    return running.start(argv, environment={"PATH": "/usr/bin:/bin"}, cwd=Path("/"))


@contextlib.contextmanager
def open_site(launchers: Launchers, parent: Path) -> Iterator[Site]:
    """Set everything up, and take it down again. PermissionError for root, who could read and kill anything."""
    if os.getuid() == 0:
        raise PermissionError("the probes do not run as root, whom little can stop: start them as the worker's user")
    root = Path(tempfile.mkdtemp(prefix="rw-", dir=parent))
    canary, mark = f"canary-{secrets.token_hex(12)}", f"rw-mark-{secrets.token_hex(8)}"
    try:
        for name in ("keys", "home/.ssh", "w", "s"):
            (root / name).mkdir(parents=True)
        for file in (root / "keys" / "app.pem", root / "home" / ".ssh" / "id_ed25519"):
            file.write_text(f"-----BEGIN PRIVATE KEY-----\n{canary}\n")
            file.chmod(0o600)
        with contextlib.ExitStack() as stack:
            secret = os.open(root / "keys" / "app.pem", os.O_RDONLY)
            stack.callback(os.close, secret)
            near = stack.enter_context(neighbours.open_neighbours(root / "s", canary))
            yield Site(launchers, root, canary, _environment(root, canary), secret, near, mark)
    finally:
        running.kill_all(mark)
        clear(root)


def _environment(root: Path, canary: str) -> dict[str, str]:
    """What a worker has that was started without care."""
    return {
        **os.environ,
        "HOME": str(root / "home"),
        "GITHUB_TOKEN": f"ghs_{canary}",
        "REVWRIGHT_GITHUB_PRIVATE_KEY": canary,
        "OPENAI_API_KEY": f"sk-{canary}",
        "REVWRIGHT_REDIS_URL": f"redis://:{canary}@127.0.0.1/0",
        "AWS_SECRET_ACCESS_KEY": canary,
        "HTTPS_PROXY": f"http://user:{canary}@127.0.0.1:9/",
        "SSH_AUTH_SOCK": str(root / "s" / "agent"),
        "LD_LIBRARY_PATH": f"/nonexistent/{canary}",
    }


def tool(name: str) -> str:
    """A program of the host; Skipped where it is missing."""
    found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")
    if found is None:
        raise Skipped(f"{name} is not installed")
    return found
