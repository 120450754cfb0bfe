"""Starts a plan under the installed bubblewrap as a user without rights, and says what came of it."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from app.adapters.sandbox.isolation.bubblewrap import FILES, Descriptors, Invocation, invocation
from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.isolation.syscalls import Machine

UNPRIVILEGED = 20001
SECONDS = 60
NOT_PERMITTED = (
    "No permissions to creat",  # "creating" in some versions
    "Creating new namespace failed",
    "setting up uid map: Permission denied",
    "Failed RTM_NEWADDR: Operation not permitted",
    "Can't mount proc on /newroot/proc: Operation not permitted",
)
"""What bubblewrap says where the machine or a container around it keeps it from working; all else is a failure."""


@dataclass(frozen=True, slots=True)
class Ended:
    status: int
    out: str
    err: str


def _identity() -> dict[str, int | list[int]]:
    if os.getuid() != 0:
        return {}
    return {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []}


@contextlib.contextmanager
def workspace() -> Iterator[PurePosixPath]:
    """A directory that the unprivileged user owns and can reach."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as parent:
        directory = Path(parent) / "opaque"
        directory.mkdir()
        if os.getuid() == 0:
            Path(parent).chmod(0o711)
            os.chown(directory, UNPRIVILEGED, UNPRIVILEGED)
        yield PurePosixPath(directory)


@contextlib.contextmanager
def _descriptors() -> Iterator[Descriptors]:
    """Memory files, and two pipes of which the far ends are kept; the command may start at once."""
    with contextlib.ExitStack() as open_:

        def kept(descriptor: int) -> int:
            open_.callback(os.close, descriptor)
            return descriptor

        _, status = map(kept, os.pipe())
        block, release = map(kept, os.pipe())
        os.write(release, b"1")
        files = [kept(os.memfd_create(f"sandbox-{number}")) for number in range(2 + len(FILES))]
        yield Descriptors(
            arguments=files[0], seccomp=files[1], status=status, block=block, release=release, files=tuple(files[2:])
        )


def start(plan: SandboxPlan, bwrap: PurePosixPath, environment: dict[str, str] | None = None) -> Ended:
    """Run a plan to its end; `environment` stands for what a careless caller would hand to bubblewrap."""
    with _descriptors() as descriptors:
        made: Invocation = invocation(plan, descriptors, Machine(platform.machine()), memory_cgroup=False, bwrap=bwrap)
        for descriptor, content in made.contents.items():
            os.write(descriptor, content)
            os.lseek(descriptor, 0, os.SEEK_SET)
        ended = subprocess.run(
            made.argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=dict(made.environment if environment is None else environment),
            cwd="/",
            pass_fds=made.pass_fds,
            timeout=SECONDS,
            check=False,
            **_identity(),  # type: ignore[call-overload]
        )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def bubblewrap() -> PurePosixPath:
    """The installed bubblewrap; a skip that says why where it is missing or this machine does not let it work."""
    found = shutil.which("bwrap")
    if found is None:
        pytest.skip("bwrap is not on PATH: install bubblewrap 0.8 or newer")
    with workspace() as directory:
        tried = start(SandboxPlan(argv=("true",), workspace=directory), PurePosixPath(found))
    if tried.status != 0 and any(text in tried.err for text in NOT_PERMITTED):
        pytest.skip(f"user namespaces do not work here for user {os.getuid() or UNPRIVILEGED}: {tried.err.strip()}")
    return PurePosixPath(found)
