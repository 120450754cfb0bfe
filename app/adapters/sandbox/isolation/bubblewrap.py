"""From a plan to the command line of bubblewrap 0.8 or newer: a pure function, with everything passed by descriptor.

What stands on a command line or in an environment can be read by who should not: bubblewrap's own arguments in
/proc/1/cmdline inside, its environment in /proc/1/environ, where `--clearenv` does not reach.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType

from app.adapters.sandbox.isolation.plan import Proc, SandboxPlan, Toolchain, check_path
from app.adapters.sandbox.isolation.seccomp import seccomp_program
from app.adapters.sandbox.isolation.syscalls import Machine

WORKSPACE = "/workspace"
UID = 1000
"""User and group inside. Outside, the command runs as whoever started bubblewrap."""

_STDERR = 2
_BWRAP = PurePosixPath("/usr/bin/bwrap")
_HOME = "/tmp/home"  # noqa: S108 - a path inside, in the sandbox's own memory

FILES: Mapping[str, bytes] = MappingProxyType(
    {
        "/etc/passwd": f"sandbox:x:{UID}:{UID}:sandbox:{_HOME}:/bin/sh\n".encode(),
        "/etc/group": f"sandbox:x:{UID}:\n".encode(),
        "/etc/hosts": b"127.0.0.1 localhost sandbox\n::1 localhost sandbox\n",
        "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
        "/etc/resolv.conf": b"",
        # Files in the workspace belong to another user where ids are mapped; nothing is trusted in here anyway.
        "/etc/gitconfig": b"[safe]\n\tdirectory = *\n",
    }
)
"""Files of the sandbox's /etc that are ours, path -> content; each is passed by a descriptor."""

_OF_TOOLCHAIN = (
    "etc/ld.so.cache",
    "etc/alternatives",
    "etc/ssl/certs",
    "etc/ssl/openssl.cnf",
    "etc/localtime",
    "etc/mime.types",
    "etc/os-release",
    "etc/protocols",
    "etc/services",
    # Debian keeps there what a JVM does not start without: links lead to it from /usr/lib/jvm.
    *(f"etc/java-{version}-openjdk" for version in (8, 11, 17, 21, 25)),
)
"""Of /etc only what anybody may read and programs look for: more of it could be secrets of the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptors:
    """Open file descriptors, by what bubblewrap does with them. All differ, and none is a standard stream."""

    arguments: int
    seccomp: int
    status: int
    """A pipe's end to which JSON is written, an object a line: `child-pid`, and `exit-code` once the command has ended.

    Without an `exit-code` the command has not begun: bubblewrap says on standard error why.
    """
    block: int
    """A pipe's end; the command starts when there is a byte in it, or nobody who could write one."""
    release: int
    """That pipe's other end. bubblewrap holds it, too: else the end of who started it would start the command."""
    files: tuple[int, ...]
    """One for each of `FILES`."""

    def __post_init__(self) -> None:
        if len(self.files) != len(FILES):
            raise ValueError(f"{len(self.files)} descriptors for {len(FILES)} files: open one for each of FILES")
        if min(self.all) <= _STDERR or len(set(self.all)) != len(self.all):
            raise ValueError(f"the descriptors {self.all} must all differ, and be above the standard streams")

    @property
    def all(self) -> tuple[int, ...]:
        """What the process has to inherit beside its standard streams, and nothing else."""
        return (self.arguments, self.seccomp, self.status, self.block, self.release, *self.files)


@dataclass(frozen=True, slots=True)
class Invocation:
    """How to start bubblewrap: `argv` with exactly this environment, exactly these descriptors, in the directory `/`.

    Start it from a thread that lives as long as the command: `--die-with-parent` follows the thread.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    contents: Mapping[int, bytes]
    """What is to be read from a descriptor, from its current position to its end."""
    pass_fds: tuple[int, ...]


def invocation(
    plan: SandboxPlan,
    descriptors: Descriptors,
    machine: Machine,
    *,
    memory_cgroup: bool,
    bwrap: PurePosixPath = _BWRAP,
) -> Invocation:
    """The command line for a plan; `memory_cgroup` tells that a cgroup bounds the sandbox's memory as a whole.

    ValueError for a bubblewrap that is not named by a full path.
    """
    check_path("path of bubblewrap", bwrap)
    options = [
        *_NAMESPACES,
        *_toolchain(plan.toolchain),
        *_files(descriptors.files),
        *_file_systems(plan),
        *_workspace(plan),
        *_read_only(plan),
        *_environment(plan),
        *("--seccomp", str(descriptors.seccomp)),
        *("--json-status-fd", str(descriptors.status), "--block-fd", str(descriptors.block)),
        # Bubblewrap keeps this one open until the command starts, and does not pass it on to it.
        *("--sync-fd", str(descriptors.release)),
    ]
    contents = {
        descriptors.arguments: b"".join(os.fsencode(option) + b"\0" for option in options),
        descriptors.seccomp: seccomp_program(machine, plan.network, memory_cgroup=memory_cgroup),
        **dict(zip(descriptors.files, FILES.values(), strict=True)),
    }
    return Invocation(
        argv=(str(bwrap), "--args", str(descriptors.arguments), "--", *plan.argv),
        environment=MappingProxyType({"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}),
        contents=MappingProxyType(contents),
        pass_fds=descriptors.all,
    )


_NAMESPACES = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    "--disable-userns",
    *("--uid", str(UID), "--gid", str(UID), "--hostname", "sandbox"),
    "--new-session",  # else the command could type into our terminal
    "--die-with-parent",  # else what it left running outlives us
    *("--cap-drop", "ALL"),
)


def _toolchain(toolchain: Toolchain) -> list[str]:
    root = toolchain.root
    options = ["--ro-bind", str(root / "usr"), "/usr"]
    for name in ("bin", "sbin", "lib", "lib64"):
        options += ["--symlink", f"usr/{name}", f"/{name}"]
    for path in _OF_TOOLCHAIN:
        options += ["--ro-bind-try", str(root / path), f"/{path}"]
    return options


def _files(descriptors: tuple[int, ...]) -> list[str]:
    options = []
    for descriptor, path in zip(descriptors, FILES, strict=True):
        options += ["--perms", "0444", "--ro-bind-data", str(descriptor), path]
    return options


def _file_systems(plan: SandboxPlan) -> list[str]:
    match plan.proc:
        case Proc.OWN:
            proc = ["--proc", "/proc"]
        case Proc.ABSENT:
            proc = ["--dir", "/proc"]
    return [
        *proc,
        *("--dev", "/dev"),
        *("--perms", "1777", "--size", str(plan.scratch.shm_bytes), "--tmpfs", "/dev/shm"),  # noqa: S108
        *("--perms", "1777", "--size", str(plan.scratch.tmp_bytes), "--tmpfs", "/tmp"),  # noqa: S108
        *("--dir", _HOME, "--dir", "/run", "--dir", "/var", "--symlink", "../tmp", "/var/tmp"),  # noqa: S108
    ]


def _workspace(plan: SandboxPlan) -> list[str]:
    options = ["--bind", str(plan.workspace), WORKSPACE]
    if plan.git_read_only:
        options += ["--ro-bind", str(plan.workspace / ".git"), f"{WORKSPACE}/.git"]
    for mount in plan.mounts:
        options += ["--ro-bind", str(mount.source), f"{WORKSPACE}/{mount.place}"]
    return options


def _read_only(plan: SandboxPlan) -> list[str]:
    """Last of the mounts: what is read-only takes no more mount points."""
    options = []
    for path in plan.masked:
        options += ["--ro-bind", "/dev/null", path]
    # The root and /dev are file systems in memory without a size. A writable /proc would let the command take back
    # the score by which the kernel kills it first, and write to the memory of its process 1.
    places = ["/dev", "/proc", "/"] if plan.proc is Proc.OWN else ["/dev", "/"]
    for place in places:
        options += ["--remount-ro", place]
    return options


def _environment(plan: SandboxPlan) -> list[str]:
    variables = {
        "PATH": plan.toolchain.path,
        "HOME": _HOME,
        "TMPDIR": "/tmp",  # noqa: S108
        "USER": "sandbox",
        "LOGNAME": "sandbox",
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        # Nobody is there to answer: without it, runners such as those of create-react-app watch files and never end,
        # npm asks for newer versions of itself, and Jest writes snapshots that are missing.
        "CI": "true",
        **plan.environment,
    }
    options = ["--chdir", WORKSPACE, "--clearenv"]
    for name, value in variables.items():
        options += ["--setenv", name, value]
    return options
