"""Runs of the sandbox probes that tests share: each is made once in a session, whichever process needs it first."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.probes.started import Probing

Results = dict[str, dict[str, Any]]
"""Of each probe by its id, as `--json` writes them."""

_STORE = "--git-dir {store} --base {base}"


def templates(command: Callable[..., str], *options: str) -> tuple[str, ...]:
    """Options of the probes that name the product's command lines; `options` go to the sandbox."""
    execute = command("sandbox", "exec", *options)
    return (
        f"--exec={execute} --workspace {{workspace}} {{options}} -- {{command}}",
        f"--collect={command('sandbox', 'collect')} --workspace {{workspace}} {_STORE} {{edited}}",
        f"--apply={command('sandbox', 'apply')} {_STORE} --format diff --write {{patch}}",
    )


@dataclass(frozen=True, slots=True)
class Shared:
    """Where the test processes of a session keep what they share."""

    folder: Path

    def once(self, name: str, make: Callable[[], Results]) -> Results:
        """What was made by the first to ask; the others wait for it."""
        file = self.folder / f"probes-{name}.json"
        with (self.folder / f"probes-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                file.write_text(json.dumps(make()))
        results: Results = json.loads(file.read_text())
        return results


def shared_folder(base: Path) -> Path:
    """Of all processes of pytest-xdist, or of this one: `base` is a process's own."""
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def product(probing: Probing, shared: Shared) -> Results:
    """The product on a machine without cgroups."""
    remove = f"--remove={probing.python} -m tests.probes.removing {{workspace}}"
    return shared.once("product", lambda: probing.run(*templates(probing.command, "--no-cgroup"), remove))


def control(probing: Probing, shared: Shared) -> Results:
    """No sandbox at all."""
    return shared.once("control", lambda: probing.run("--control"))
