"""The self-test on this machine, and with stand-ins for bubblewrap that fail as it is known to fail elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from app.adapters.sandbox.files.workspaces import Workspaces
from app.adapters.sandbox.isolation.plan import Proc, Toolchain
from app.adapters.sandbox.running.launcher import Launcher
from app.adapters.sandbox.self_test.diagnosis import Surroundings
from app.adapters.sandbox.self_test.probes import PROBES
from app.adapters.sandbox.self_test.self_test import SelfTest
from app.domain.sandbox import Isolation, Mode
from tests.adapters.sandbox.isolation import launching
from tests.adapters.sandbox.runner.conftest import fresh_directory
from tests.adapters.sandbox.running.conftest import unprivileged

__all__ = ["unprivileged"]

PLAIN = Surroundings(
    apparmor_restricts=None, clone_allowed=None, most_namespaces=95_000, filtered=False, in_container=False
)
VERSION = 'test "$1" = --version && { echo bubblewrap 0.8.0; exit; }\n'


@pytest.fixture
def real() -> PurePosixPath:
    return launching.bubblewrap()


@pytest.fixture
def place(real: PurePosixPath) -> Iterator[Path]:
    """A directory that the user without rights can use."""
    with fresh_directory() as directory:
        directory.parent.chmod(0o777)
        yield directory.parent


@pytest.fixture
def directory(place: Path, unprivileged: None) -> Path:
    return place / "workspaces"


async def decided(directory: Path, **changed: object) -> tuple[Isolation, Launcher | None]:
    claim = Workspaces(directory).claim()
    try:
        test = SelfTest(workspaces=claim, **{"toolchain": Toolchain(), "around": PLAIN, "own_user": True} | changed)  # type: ignore[arg-type]
        return await test.decide()
    finally:
        assert claim.close() == ()


def stand_in(directory: Path, script: str) -> str:
    path = directory.parent / "bwrap"
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)
    return str(path)


async def test_this_machine_isolates(directory: Path) -> None:
    isolation, launcher = await decided(directory)

    assert isolation.mode is Mode.FULL, isolation.reason
    assert (isolation.reason, isolation.remedy, isolation.cgroup) == ("every probe passed", "", "none")
    assert len(isolation.probes) == len(PROBES) + 2
    assert all(passed for _, passed in isolation.probes)
    assert launcher is not None


async def test_where_proc_is_masked_it_goes_without(directory: Path) -> None:
    masking = VERSION + (
        "tr '\\0' '\\n' < /proc/self/fd/$2 | grep -qx -e --proc && "
        '{ echo "bwrap: Can\'t mount proc on /newroot/proc: Operation not permitted" >&2; exit 1; }\n'
        'exec env -u PWD -u OLDPWD -u SHLVL -u _ /usr/bin/bwrap "$@"'  # what a shell adds
    )
    isolation, launcher = await decided(directory, bwrap=stand_in(directory, masking))

    assert isolation.mode is Mode.NO_PROC, isolation.reason
    assert "procMount: Unmasked" in isolation.remedy
    assert launcher is not None
    assert launcher.host.proc is Proc.ABSENT


@pytest.mark.parametrize(
    ("said", "around", "reason"),
    [
        ("bwrap: No permissions to create new namespace, likely because", PLAIN, "does not let an ordinary user"),
        ("bwrap: setting up uid map: Permission denied", PLAIN, "does not let an ordinary user"),
        ("bwrap: something that nobody has seen yet", PLAIN, "it said: bwrap: something that nobody has seen yet"),
    ],
)
async def test_what_bubblewrap_says_is_diagnosed(directory: Path, said: str, around: Surroundings, reason: str) -> None:
    failing = stand_in(directory, VERSION + f"echo '{said}' >&2; exit 1")
    isolation, launcher = await decided(directory, bwrap=failing, around=around)

    assert isolation.mode is Mode.REFUSED
    assert reason in isolation.reason
    assert isolation.remedy
    assert launcher is None


async def test_one_that_is_missing_or_too_old_is_named(directory: Path) -> None:
    isolation, _ = await decided(directory, bwrap="/nonexistent/bwrap")
    assert (isolation.mode, isolation.reason) == (Mode.REFUSED, "bubblewrap is not installed")
    assert "apt-get install bubblewrap" in isolation.remedy

    isolation, _ = await decided(directory, bwrap=stand_in(directory, "echo bubblewrap 0.4.1"))
    assert (isolation.mode, isolation.reason) == (Mode.REFUSED, "bubblewrap 0.4 is too old")


async def test_a_bubblewrap_that_only_runs_the_command_is_not_believed(directory: Path) -> None:
    """It ends well, and isolates nothing."""
    running = stand_in(directory, VERSION + 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
    isolation, launcher = await decided(directory, bwrap=running)

    assert isolation.mode is Mode.REFUSED
    assert launcher is None


async def test_a_root_without_programs_is_named(directory: Path) -> None:
    empty = directory.parent / "empty"
    (empty / "usr").mkdir(parents=True)
    isolation, launcher = await decided(directory, toolchain=Toolchain(root=PurePosixPath(empty)))

    assert isolation.mode is Mode.REFUSED
    assert "REVWRIGHT_SANDBOX_ROOT" in isolation.remedy
    assert launcher is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be root")
async def test_root_is_refused(place: Path) -> None:
    isolation, launcher = await decided(place / "workspaces")

    assert isolation.mode is Mode.REFUSED
    assert "root" in isolation.reason
    assert launcher is None
