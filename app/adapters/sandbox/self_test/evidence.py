"""What a trial command in a sandbox showed of itself, seen from inside and, through the host's /proc, from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

NAMESPACES = ("user", "pid", "net", "ipc", "uts", "mnt")
_POINT, _OPTIONS = 4, 5
"""Of a line in proc_pid_mountinfo(5): the mount point, and the options of the mount. The file system's come last."""
SCRIPT = """
for place in / /usr /etc /dev /run /proc /proc/sys/kernel; do
    if (: > "$place/revwright-trial") 2>/dev/null; then echo "wrote $place"; fi
done
if cat "$1" >/dev/null 2>&1; then echo "read the host"; fi
echo done > /workspace/trial && echo "wrote the workspace"
echo ready
while [ ! -e /workspace/go ]; do sleep 0.01; done
"""
"""Waits at its end, so that it can be looked at. `$1` is a file of the host that it must not see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Of the command's own process, but where it says otherwise."""

    said: tuple[str, ...]
    """Lines that the script printed."""
    status: Mapping[str, str]
    """/proc/PID/status."""
    shared: tuple[str, ...]
    """Namespaces that it has in common with us."""
    first_environment: tuple[str, ...]
    """Names of the variables of the namespace's first process, which `--clearenv` does not reach."""
    path_shown: bool
    """Whether the first process' command line names the workspace's directory."""
    writable: tuple[str, ...]
    """Mount points that are not read-only."""
    sized: tuple[str, ...]
    """Mount points of file systems in memory that have a size."""
    uncovered: tuple[str, ...]
    """Files of /proc that were to be masked and are not."""
    root: tuple[str, ...]
    """What lies in its root directory."""
    descriptors: tuple[str, ...]
    interfaces: tuple[str, ...]
    routes: int
    limits: Mapping[str, str]
    """/proc/PID/limits: name -> hard limit."""
    oom_score_adj: str
    session_shared: bool


def look_at(first: int, said: tuple[str, ...], *, workspace: PurePosixPath, masked: tuple[str, ...]) -> Evidence:
    """`first`: the process id, here, of the namespace's first process. Raises OSError when a look is not allowed."""
    proc = Path("/proc")
    command = proc / _only_child(first)
    mounts = [line.split(" ") for line in (command / "mountinfo").read_text().splitlines()]
    return Evidence(
        said=said,
        status=_pairs((command / "status").read_text()),
        shared=tuple(name for name in NAMESPACES if _link(command, name) == _link(proc / "self", name)),
        first_environment=_names((proc / str(first) / "environ").read_bytes()),
        path_shown=str(workspace).encode() in (proc / str(first) / "cmdline").read_bytes(),
        writable=_writable(mounts),
        sized=tuple(sorted(mount[_POINT] for mount in mounts if "size=" in mount[-1])),
        uncovered=tuple(sorted(set(masked) - {mount[_POINT] for mount in mounts})),
        root=_listed(command / "root"),
        descriptors=_listed(command / "fd"),
        interfaces=tuple(re.findall(r"^\s*(\S+):", (command / "net/dev").read_text(), re.MULTILINE)),
        routes=max(0, len((command / "net/route").read_text().splitlines()) - 1),
        limits=_limits((command / "limits").read_text()),
        oom_score_adj=(command / "oom_score_adj").read_text().strip(),
        session_shared=_session(command) == _session(proc / "self"),
    )


def _only_child(first: int) -> str:
    """The command is the first child of the namespace's first process, which only waits."""
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    if not children:
        raise ProcessLookupError(f"process {first} has no child")
    return children[0]


def _listed(directory: Path) -> tuple[str, ...]:
    return tuple(sorted(entry.name for entry in directory.iterdir()))


def _link(process: Path, name: str) -> str:
    return str((process / "ns" / name).readlink())


def _pairs(text: str) -> dict[str, str]:
    return {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}


def _names(environment: bytes) -> tuple[str, ...]:
    pairs = environment.decode(errors="replace").split("\0")
    return tuple(sorted(pair.partition("=")[0] for pair in pairs if pair))


def _writable(mounts: list[list[str]]) -> tuple[str, ...]:
    return tuple(sorted(mount[_POINT] for mount in mounts if "ro" not in mount[_OPTIONS].split(",")))


def _limits(text: str) -> dict[str, str]:
    matches = re.finditer(r"^(Max .+?) {2,}\S+ +(\S+)", text, re.MULTILINE)
    return {match[1]: match[2] for match in matches}


def _session(process: Path) -> str:
    """proc_pid_stat(5): the sixth field, counted from behind the name, which may hold anything."""
    return (process / "stat").read_text().rpartition(")")[2].split()[3]
