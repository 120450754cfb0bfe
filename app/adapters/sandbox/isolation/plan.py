"""What one sandboxed command is to be given: a frozen value that refuses to exist where it would be unsafe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType

from app.domain.sandbox import Network

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = frozenset({"PATH", "HOME", "TMPDIR", "PWD", "OLDPWD", "SHELL", "USER", "LOGNAME"})
# Each of these makes a loader, an interpreter or git run or read something before the command's own first line.
_PREFIXES = (
    "LD_",
    "GLIBC_",
    "MALLOC_",
    "PYTHON",
    "GIT_",
    "SSH_",
    "BASH_FUNC_",
    "NPM_CONFIG_",
    "PERL5",
    "RUBY",
)
_NAMES = frozenset(
    {
        "BASH_ENV",
        "BASHOPTS",
        "CDPATH",
        "ENV",
        "GCONV_PATH",
        "IFS",
        "JAVA_TOOL_OPTIONS",
        "JDK_JAVA_OPTIONS",
        "LOCPATH",
        "NLSPATH",
        "NODE_OPTIONS",
        "NODE_PATH",
        "PERLLIB",
        "PROMPT_COMMAND",
        "PS4",
        "SHELLOPTS",
        "_JAVA_OPTIONS",
    }
)
_ROOT = PurePosixPath("/")
_SYSTEM = tuple(_ROOT / name for name in ("dev", "etc", "proc", "sys", "usr"))
_FEWEST_PARTS = 3  # "/", "srv", "workspace"
_MOST_ARGUMENTS = 4096  # bubblewrap gives up at 9,000 in all, its own among them
_PROC_SECRETS = ("keys", "key-users", "timer_list", "kallsyms", "cmdline", "config.gz", "sched_debug")


class Proc(Enum):
    """What stands at /proc."""

    OWN = "own"
    """A procfs of the sandbox's own process namespace, read-only."""
    ABSENT = "absent"
    """An empty directory, for containers whose masked /proc keeps bubblewrap from mounting one; `ps` does not work."""


def check_path(what: str, path: PurePosixPath) -> None:
    """ValueError unless a path is absolute, straight, and can be told to another program."""
    _check_text(what, str(path))
    if path.anchor != "/":  # two slashes are another root to pathlib, and the same one to the kernel
        raise ValueError(f"the {what} {str(path)!r} is not absolute: give a path that begins with one '/'")
    if ".." in path.parts:
        raise ValueError(f"the {what} {str(path)!r} goes through '..': give the path without it")


def _check_text(what: str, text: str) -> None:
    if "\0" in text:
        raise ValueError(f"the {what} {text!r} contains a NUL byte, which would end it")
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ValueError(f"the {what} {text!r} cannot be written as bytes: it has half a surrogate pair") from error


@dataclass(frozen=True, slots=True)
class Toolchain:
    """Where a command's programs come from: the host's /usr, or that of a root file system in a directory.

    The directory is the operator's. Symbolic links in it are followed as the host sees them.
    """

    root: PurePosixPath = _ROOT
    path: str = "/usr/local/bin:/usr/bin:/bin"
    """PATH inside."""

    def __post_init__(self) -> None:
        check_path("tool-chain root", self.root)
        for folder in self.path.split(":"):
            check_path("folder on the tool chain's PATH", PurePosixPath(folder))


@dataclass(frozen=True, slots=True)
class Scratch:
    """How much each file system in memory may hold, in bytes."""

    tmp_bytes: int = 256 << 20
    shm_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        for name, size in (("tmp_bytes", self.tmp_bytes), ("shm_bytes", self.shm_bytes)):
            if size < 1:
                raise ValueError(f"{name} is {size}: a size below 1 would mean a file system without a limit")


@dataclass(frozen=True, slots=True)
class Mount:
    """A directory or file of the host that a command may read at a path below /workspace.

    Something of the same kind has to stand there, reached through real directories only: bubblewrap follows links.
    """

    source: PurePosixPath
    place: str

    def __post_init__(self) -> None:
        check_path("source of a mount", self.source)
        _check_text("place of a mount", self.place)
        if not self.place or any(part in {"", ".", "..", ".git"} for part in self.place.split("/")):
            raise ValueError(f"{self.place!r} is no place for a mount: name a path that is plainly below the workspace")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxPlan:
    """One command and everything it can see; ValueError says what is wrong with it.

    `workspace` is the only host directory the command can write, as /workspace. Every component of its path has to
    belong to us: bubblewrap follows links in it.
    """

    argv: tuple[str, ...]
    workspace: PurePosixPath
    toolchain: Toolchain = Toolchain()
    network: Network = Network.LOOPBACK
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    scratch: Scratch = Scratch()
    proc: Proc = Proc.OWN
    masked: tuple[str, ...] = ()
    """Files of /proc that are covered; they have to exist. `proc_secrets` names those worth it."""
    mounts: tuple[Mount, ...] = ()
    """What stands in the workspace read-only and is not part of it."""
    git_read_only: bool = False
    """Whether the workspace has a `.git` that the command may read but not write.

    Only for a directory that we made, and for all commands in a workspace or for none: a command that can write the
    name can make it a link, which bubblewrap would follow on the host.
    """

    def __post_init__(self) -> None:
        _check_command(self.argv)
        _check_workspace(self.workspace, self.toolchain)
        _check_environment(self.environment)
        object.__setattr__(self, "environment", MappingProxyType(dict(self.environment)))  # what was checked stays so
        for path in self.masked:
            check_path("masked path", PurePosixPath(path))
            if _ROOT / "proc" not in PurePosixPath(path).parents or self.proc is Proc.ABSENT:
                raise ValueError(f"{path!r} cannot be masked: only files of /proc can, and only where there is one")


def proc_secrets(listing: Iterable[str]) -> tuple[str, ...]:
    """Which files to mask, out of the names in this host's /proc: they tell of keys, timers and kernel addresses."""
    present = set(listing)
    return tuple(f"/proc/{name}" for name in _PROC_SECRETS if name in present)


def _check_command(argv: tuple[str, ...]) -> None:
    if not argv or not argv[0]:
        raise ValueError("the plan names no command: give at least one argument, and not an empty one")
    if len(argv) > _MOST_ARGUMENTS:
        raise ValueError(f"the command has {len(argv)} arguments: at most {_MOST_ARGUMENTS} can be passed on")
    for argument in argv:
        _check_text("argument", argument)


def _check_workspace(workspace: PurePosixPath, toolchain: Toolchain) -> None:
    if workspace == PurePosixPath():
        raise ValueError("the plan has no workspace: name the directory the command may write")
    check_path("workspace", workspace)
    if len(workspace.parts) < _FEWEST_PARTS:
        raise ValueError(f"the workspace {str(workspace)!r} is a directory of the system: give one further down")
    for system in (toolchain.root / "usr", toolchain.root / "etc", *_SYSTEM):
        if workspace.is_relative_to(system) or system.is_relative_to(workspace):
            raise ValueError(
                f"the workspace {str(workspace)!r} overlaps with {str(system)!r}, which must stay read-only"
            )


def _check_environment(environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name for an environment variable: letters, digits and '_' only")
        upper = name.upper()
        if upper in _OURS:
            raise ValueError(f"the environment variable {name} is set by the sandbox itself: leave it out")
        if upper in _NAMES or upper.startswith(_PREFIXES):
            raise ValueError(f"the environment variable {name} changes what programs load or run: leave it out")
        _check_text(f"environment variable {name}", value)
