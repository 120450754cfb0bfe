"""An executable named git that does what a test says, in place of the real one."""

from __future__ import annotations

from pathlib import Path

from app.adapters.git.environment import git_environment
from app.adapters.git.process import Git, Limits


def fake_git(directory: Path, script: str, *, limits: Limits | None = None, secrets: tuple[str, ...] = ()) -> Git:
    """A Git whose process is this shell script."""
    executable = directory / "git"
    executable.write_text(f"#!/bin/sh\n{script}\n")
    executable.chmod(0o755)
    environment = git_environment(variables={"PATH": f"{directory}:/usr/bin:/bin"})
    return Git(directory, "acme/web", environment, limits or Limits(seconds=10), secrets=secrets)
