"""Starts the probes from tests as the user whom a deployment would give them: not as root, and outside our own files.

Started by root, they run as a user without rights, name or groups, from a copy of the sources that this user can read;
started by anybody else, they run as that user.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.probes.running import wait_until

UID = 20001
_REMOVAL_SECONDS = 20
SECONDS = 500
"""Far above the minute that a run of all probes takes on an idle machine."""
_ROOT = Path(__file__).parents[2]
_SOURCES = ("app", "workers", "review_rules", "tests/__init__.py", "tests/probes")
_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Probing:
    """How to start the probes here."""

    root: Path
    """Of the sources."""
    python: str
    path: str
    """PYTHONPATH."""
    identity: tuple[str, ...]
    """What to put before a command line so that it runs as the user of the probes."""

    def command(self, *words: str) -> str:
        """The product's command line, as the beginning of a template."""
        return shlex.join((self.python, "-m", "app.cli", *words))

    def mutated(self, *words: str) -> str:
        """The same of the product without one of its protections, the first of the words or the second."""
        return shlex.join((self.python, "-m", "tests.probes.mutations", *words))

    def run(self, *arguments: str, before: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
        """The result of each probe by its id; AssertionError with all that was printed when there is none."""
        with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="rw-") as folder:
            Path(folder).chmod(0o777)
            file = Path(folder) / "results.json"
            argv = [*before, *self.identity, self.python, "-m", "tests.probes", "--json", str(file), *arguments]
            ended = subprocess.run(
                argv, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, timeout=SECONDS
            )
            assert file.exists(), f"{shlex.join(argv)}\n{ended.stdout}\n{ended.stderr}"
            told = json.loads(file.read_text())
            assert ended.returncode == (1 if told["totals"]["FAIL"] else 0), ended.stderr
        return {row["id"]: row for row in told["probes"]}

    @property
    def environment(self) -> dict[str, str]:
        """Of the probes; what a worker would carelessly have besides is added by them."""
        return {"PATH": _PATH, "PYTHONPATH": self.path, "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}


@contextlib.contextmanager
def probing() -> Iterator[Probing]:
    """A copy of the sources lasts as long as the context. LookupError when there is no Python for the user."""
    if os.getuid() != 0:
        yield Probing(_ROOT, sys.executable, str(_ROOT), ())
        return
    # root's rights are only gone with the next program: what `env` cannot execute, the user cannot
    identity = ("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "env")
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="rw-") as folder:
        root = Path(folder)
        for name in _SOURCES:
            source, target = _ROOT / name, root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        subprocess.run(("chmod", "-R", "a+rX", folder), check=True)
        packages = next(path for path in sys.path if path.endswith("site-packages"))
        yield Probing(root, _python(identity), f"{root}:{packages}", identity)


def _python(identity: Sequence[str]) -> str:
    """An interpreter of our own version that the user of the probes may execute."""
    asked = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    tried = dict.fromkeys((sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"))
    for python in tried:
        ended = subprocess.run((*identity, python, "-c", asked), capture_output=True, check=False)
        if ended.returncode == 0:
            return python
    raise LookupError(
        f"user {UID} can execute no Python {sys.version_info[0]}.{sys.version_info[1]}: tried {', '.join(tried)}"
    )


@contextlib.contextmanager
def own_cgroup() -> Iterator[tuple[str, ...] | None]:
    """Cgroups that belong to the user of the probes, as words that put a command line into them; None without any.

    Only root can make them, below its own and with the controllers that this machine has bound to version 1.
    """
    made = []
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            for controller in {"memory", "pids", "cpu"} & set(controllers.split(",")):
                parent = Path("/sys/fs/cgroup") / controller / path.lstrip("/")
                directory = parent / f"rw-probes-{secrets.token_hex(4)}"
                directory.mkdir()
                made.append(directory)
                for owned in (directory, directory / "cgroup.procs", directory / "tasks"):
                    os.chown(owned, UID, UID)
    try:
        if {directory.parent.parts[4] for directory in made} >= {"memory", "pids"}:
            enter = "".join(f"echo $$ > {directory}/cgroup.procs; " for directory in made)
            yield ("sh", "-ec", enter + 'exec "$@"', "sh")
        else:
            yield None
    finally:
        for directory in made:
            _remove(directory)


def _remove(directory: Path) -> None:
    """Once the kernel is done with what died in it, which may take a moment."""

    def gone() -> bool:
        with contextlib.suppress(OSError):
            for below in (path for path in directory.iterdir() if path.is_dir()):
                _remove(below)
            directory.rmdir()
        return not directory.exists()

    if not wait_until(gone, _REMOVAL_SECONDS):
        raise OSError(f"{directory} cannot be removed: {(directory / 'cgroup.procs').read_text()!r}")
