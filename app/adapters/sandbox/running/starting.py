"""Starts bubblewrap for a plan: what it is to read in memory files, and the near ends of its pipes for us.

It must be started from the thread of the event loop, which lives as long as the command: `--die-with-parent` kills the
command when the thread ends that started it.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, replace

from app.adapters.sandbox.isolation.bubblewrap import FILES, Descriptors, invocation
from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.running.host import Host
from app.adapters.sandbox.running.tree import Tree


class LaunchFailed(Exception):
    """A command was not started, or what it prints cannot be read; the text is bubblewrap's own or says what failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A bubblewrap that builds a sandbox, and the near ends of its pipes. The command waits for a byte in `release`."""

    tree: Tree
    release: int
    out: int
    err: int | None
    """None where `out` has both."""


def start(host: Host, plan: SandboxPlan, kept: ExitStack, *, merged: bool) -> Started:
    """Descriptors of the answer are closed by `kept`. Raises LaunchFailed."""
    if os.geteuid() == 0:
        raise LaunchFailed("commands are never run by root, as which they would own what root owns: use another user")
    try:
        return _start(host, plan, kept, merged=merged)
    except OSError as error:
        raise LaunchFailed(f"{host.bwrap} cannot be started: {error}") from error


def _start(host: Host, plan: SandboxPlan, kept: ExitStack, *, merged: bool) -> Started:
    with ExitStack() as passed:

        def pipe() -> tuple[int, int]:
            near, far = os.pipe()  # both or none
            kept.callback(os.close, near)
            passed.callback(os.close, far)
            return near, far

        (status, of_status), (out, of_out) = pipe(), pipe()
        err, of_err = (None, of_out) if merged else pipe()
        block, release = os.pipe()
        passed.callback(os.close, block)
        kept.callback(os.close, release)
        files = []
        for number in range(2 + len(FILES)):
            files.append(os.memfd_create(f"sandbox-{number}"))
            passed.callback(os.close, files[-1])
        made = invocation(
            replace(plan, proc=host.proc, masked=host.masked),
            Descriptors(
                arguments=files[0],
                seccomp=files[1],
                status=of_status,
                block=block,
                release=release,
                files=tuple(files[2:]),
            ),
            host.machine,
            memory_cgroup=host.cgroups is not None,
            bwrap=host.bwrap,
        )
        for file, content in made.contents.items():
            os.write(file, content)
            os.lseek(file, 0, os.SEEK_SET)
        process = subprocess.Popen(
            (host.mark or made.argv[0], *made.argv[1:]),
            executable=made.argv[0],
            stdin=subprocess.DEVNULL,
            stdout=of_out,
            stderr=of_err,
            env=dict(made.environment),
            cwd="/",
            pass_fds=made.pass_fds,
            start_new_session=True,  # a key pressed on our terminal is for us
        )
        try:
            tree = Tree(process, status)
        except OSError:  # no more descriptors
            process.kill()
            process.wait()
            raise
    kept.callback(tree.close)
    return Started(tree=tree, release=release, out=out, err=err)
