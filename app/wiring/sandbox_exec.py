"""One command in exactly the sandbox that jobs use, on a directory that is there already."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.isolation.bubblewrap import WORKSPACE
from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.running.cgroups import Subtree
from app.adapters.sandbox.running.starting import LaunchFailed
from app.domain.errors import SandboxRefused
from app.domain.sandbox import Command, Ended
from app.ports import Output
from app.settings import SandboxSettings
from app.wiring.runner import OF_ROOT, RunnerOptions, open_ground, prepare


@contextlib.contextmanager
def prepared(settings: SandboxSettings, *, cgroups: bool = True) -> Iterator[tuple[RunnerOptions, Subtree | None]]:
    """Become the runner's user. The self-test's own workspace lies where a runner's would, or for a moment elsewhere.

    Raises SettingsInvalid.
    """
    options = RunnerOptions(
        workspaces_dir=_workspaces_dir(settings),
        root=settings.root,
        user=settings.runner_user,
        at_once=1,
        worker_uid=os.getuid(),
        cgroups=cgroups,
    )
    subtree = prepare(options)
    try:
        yield options, subtree
    finally:
        if subtree is not None:
            subtree.close()


def _workspaces_dir(settings: SandboxSettings) -> Path:
    """Who has no place for workspaces yet may not want one for good, only because of one command."""
    if settings.workspaces_dir is not None or os.geteuid() == 0:
        return settings.workspaces_dir or OF_ROOT
    # Always the same, and left there empty: others may be at it, and sweep what one that was killed left.
    return Path(tempfile.gettempdir(), f"revwright-{os.geteuid()}")


async def execute(
    options: RunnerOptions, cgroups: Subtree | None, directory: Path, command: Command, output: Output
) -> Ended:
    """Raises SandboxRefused where nothing isolates or the directory is of no use, ValueError for a wrong command."""
    plan = SandboxPlan(
        argv=command.argv,
        workspace=PurePosixPath(directory),
        network=command.network,
        environment=command.environment,
    )
    _check_rights(directory, by_root=os.getuid() != options.worker_uid)
    with Workspace.at(directory) as workspace:  # from here on this directory, whatever takes its name
        check_same(directory, workspace)
        async with open_ground(options, cgroups) as ground:
            isolation, launcher = ground.isolation, ground.launcher
            plan = replace(plan, toolchain=ground.toolchain)
        if launcher is None:
            raise SandboxRefused(f"nothing is executed on this host: {isolation.reason}. {isolation.remedy}")
        limits = command.limits
        measure = partial(workspace.measure, max_bytes=limits.disk_bytes, max_files=limits.files)
        try:
            return await launcher.run(
                plan, limits, output, merged=command.merged, measure=measure, begun=partial(check_inside, workspace)
            )
        except LaunchFailed as error:
            raise SandboxRefused(str(error)) from None


def check_same(directory: Path, workspace: Workspace) -> None:
    """SandboxRefused if another directory was opened than the one that was looked up: a link has taken its place."""
    found = Path(f"/proc/self/fd/{workspace.fileno()}").readlink()
    if found != directory:
        raise SandboxRefused(f"the workspace {str(directory)!r} was replaced by a link to {str(found)!r}")


def check_inside(workspace: Workspace, first: int) -> None:
    """SandboxRefused, before the command begins, if bubblewrap has mounted another directory than the one we hold."""
    inside = Path(f"/proc/{first}/root{WORKSPACE}").stat()
    if not os.path.samestat(inside, os.fstat(workspace.fileno())):
        raise SandboxRefused("the workspace was replaced by another directory meanwhile; nothing was executed")


def _check_rights(directory: Path, *, by_root: bool) -> None:
    """`by_root` tells that root started us, who could change rights."""
    who = f"user {os.geteuid()}, as whom the command would run,"
    for above in reversed(directory.parents):
        if not os.access(above, os.X_OK):
            raise SandboxRefused(f"{who} cannot enter {str(above)!r}: name a workspace in another place")
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        remedy = (
            f"give that user a copy (`chown -R {os.geteuid()} COPY`), or name the owner in REVWRIGHT_RUNNER_USER"
            if by_root
            else "name a directory of your own"
        )
        raise SandboxRefused(f"{who} cannot read and write {str(directory)!r}: {remedy}")
