"""What is asked of a sandbox and what comes of it: a command, its limits, how it ended, and what isolates it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum, StrEnum
from types import MappingProxyType

from app.domain.pull_request import Sha

_LONGEST_OWNER = 200


class Network(Enum):
    """What a command can reach; in both cases from within an empty network namespace."""

    NONE = "none"
    """Unix sockets only."""
    LOOPBACK = "loopback"
    """Also TCP and UDP, which end at the sandbox's own loopback interface."""


class Limit(StrEnum):
    """Which limit ended a command or made it fail; the words are fit for people and for a model."""

    TIME = "wall-clock time"
    MEMORY = "memory"
    PROCESSES = "number of processes"
    CPU = "CPU time of a process"
    FILE_SIZE = "size of a file"
    OUTPUT = "output"
    DISK = "bytes in the workspace"
    FILES = "files in the workspace"
    SCRATCH = "space in /tmp and /dev/shm"


@dataclass(frozen=True, slots=True)
class CommandLimits:
    """What one command and all it starts may take; ValueError for a limit below 1 (of seconds: not above 0)."""

    seconds: float = 600
    """From its start to its end, on the clock on the wall."""
    memory_bytes: int = 1 << 30
    """Of all its processes together, with what they hold in memory file systems."""
    processes: int = 512
    """Processes and threads together."""
    cpu_seconds: int = 1800
    """Of each process."""
    file_bytes: int = 512 << 20
    """The largest file."""
    open_files: int = 1024
    """Of each process."""
    output_bytes: int = 64 << 20
    """Printed on both streams together."""
    disk_bytes: int = 1 << 30
    """In the workspace, with what it held before."""
    files: int = 200_000
    """In the workspace, with what it held before: files, directories and links."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if value <= 0 or value != value:  # noqa: PLR0124 - not a number
                raise ValueError(f"the limit {item.name} is {value}: it must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command line, run in /workspace: no shell has a say unless `argv` names one."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Beside what every command has: PATH, HOME, TMPDIR, USER, LOGNAME, SHELL, and LANG and CI, which it may change."""
    network: Network = Network.LOOPBACK
    limits: CommandLimits = CommandLimits()
    merged: bool = True
    """Whether what it prints on its two streams is one stream, in the order in which it was printed."""
    label: str = ""
    """The task that runs it, by the name that its calls of a model have in records; it is not sent."""


class Stream(StrEnum):
    """Where something was printed. Merged output is all `OUT`."""

    OUT = "out"
    ERR = "err"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended. Nothing that it started is alive any more."""

    status: int | None
    """Its exit status; None when a signal ended it."""
    signal: int | None
    """The number of the signal that ended it, ours or another."""
    limit: Limit | None
    """The limit that ended it, or at which it failed; None when there is no sign of one."""
    seconds: float
    output_bytes: int
    """All that it printed until it ended, also what nobody kept."""

    @property
    def succeeded(self) -> bool:
        """Exit status 0, and not ended by us."""
        return self.status == 0 and self.limit is None


@dataclass(frozen=True, slots=True)
class SetupReach:
    """What a project's setup could reach, of what the operator allows."""

    network: bool = False
    """Whether any host is allowed."""
    refused: tuple[str, ...] = ()
    """What it asked for in vain, in words; they name hosts that it chose."""


class Mode(StrEnum):
    """What this host lets the sandbox be."""

    FULL = "full"
    NO_PROC = "no-proc"
    """All of it but /proc, for containers whose /proc is masked."""
    REFUSED = "refused"
    """Nothing is ever executed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """What a self-test found out about a host, in words for its operator."""

    mode: Mode
    reason: str
    """Why not more; for `FULL` what holds."""
    remedy: str
    """What to do about it; empty when there is nothing to do."""
    cgroup: str
    """`v1`, `v2` or `none`: what bounds memory and processes of a sandbox as a whole. With `none`, watching does."""
    own_user: bool
    """Whether sandboxes run as another user than the worker."""
    probes: tuple[tuple[str, bool], ...] = ()
    """Each probe by name, and whether it passed."""


@dataclass(frozen=True, slots=True)
class WorkspaceKey:
    """Whose workspace is kept from one sandbox to the next, and of which commit. An owner, such as a pull request, has
    one; ValueError for an owner that is no name.
    """

    owner: str
    """Printable ASCII, unique among all that use the same runner: name the repository in it by its number."""
    commit: Sha

    def __post_init__(self) -> None:
        check_owner(self.owner)


def check_owner(owner: str) -> None:
    """ValueError for what cannot be the owner of a workspace."""
    if not (0 < len(owner) <= _LONGEST_OWNER and owner.isascii() and owner.isprintable()):
        raise ValueError(f"{owner!r} is no owner: name one by 1 to {_LONGEST_OWNER} printable ASCII characters")


def bindable(things: Sequence[str], paths: Iterable[str]) -> tuple[str, ...]:
    """Those things of a prepared environment that get their place in a workspace: where the commit has something of its
    own at or below a thing's path, that is used instead. ValueError where a file or link of the commit, which has these
    paths, stands where a thing's path needs a directory.
    """
    files = frozenset(paths)
    taken = files | {above for path in files for above in _above(path)}
    placed = []
    for thing in things:
        in_the_way = next((above for above in _above(thing) if above in files), None)
        if in_the_way is not None:
            raise ValueError(f"{thing!r} cannot have its place: the commit has a file or link at {in_the_way!r}")
        if thing not in taken:
            placed.append(thing)
    return tuple(placed)


def _above(path: str) -> Iterable[str]:
    """The directories above a path, from the top down."""
    end = path.find("/")
    while end != -1:
        yield path[:end]
        end = path.find("/", end + 1)
