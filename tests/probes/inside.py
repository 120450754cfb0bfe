"""Programs for the inside of the sandbox: plain Python that needs nothing but an interpreter under /usr."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.probes.probe import Skipped

MARK = "REVWRIGHT-PROBE "

# number on x86_64, number on aarch64 (arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h)
_CALLS = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clone": (56, 220),
    "clone3": (435, 435),
    "fsopen": (430, 430),
    "getpid": (39, 172),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mknodat": (259, 33),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "ptrace": (101, 117),
    "request_key": (249, 218),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmget": (29, 194),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vmsplice": (278, 75),
}

# Values are written backwards, so that no canary and no host path stands on a command line that a probe then finds.
_PRELUDE = """
import ctypes, errno, json, os, signal, socket, stat, sys, time
V = json.loads({values!r}[::-1])
N = {numbers!r}
c = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    '''0 or an error number; None where the machine has no such call.'''
    if N.get(name, name) is None: return None
    number = N[name] if name in N else name
    return ctypes.get_errno() if c.syscall(ctypes.c_long(number), *map(ctypes.c_ulong, arguments)) < 0 else 0
def value(name, *arguments):
    return c.syscall(ctypes.c_long(N[name]), *[ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments])
def read(path, most=1 << 16):
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file: return file.read(most) or b""
    except OSError: return b""
def has(data): return V["canary"].encode() in data
def pids(): return [n for n in os.listdir("/proc") if n.isdigit()]
def in_child(function):
    '''What a function returned (as JSON) in a process of its own, which may end badly.'''
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try: os.write(theirs, json.dumps(function()).encode())
        finally: os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as file: told = file.read()
    os.waitpid(child, 0)
    return json.loads(told) if told else None
def report(**facts): print("\\n{mark}" + json.dumps(facts), flush=True)
"""


def interpreter() -> str:
    """A Python that is inside too: /usr is what a sandbox has."""
    for path in (Path("/usr/bin/python3"), Path("/usr/local/bin/python3")):
        if path.exists() and path.resolve().is_relative_to("/usr"):
            return str(path)
    raise Skipped("no python3 under /usr")


def numbers() -> dict[str, int | None]:
    """Name of a system call -> its number on this machine."""
    machine = platform.machine()
    if machine not in {"x86_64", "aarch64"}:
        raise Skipped(f"system call numbers are known for x86_64 and aarch64, this is {machine}")
    return {name: pair[0 if machine == "x86_64" else 1] for name, pair in _CALLS.items()}


def program(body: str, values: Mapping[str, Any], mark: str) -> tuple[str, ...]:
    """A command line that runs Python code; in it, `V` holds the values and `report(name=value)` answers.

    By `mark`, its last word, the process and what started it are found when they are left behind.
    """
    begin = _PRELUDE.format(values=json.dumps(values)[::-1], numbers=numbers(), mark=MARK)
    return (interpreter(), "-IS", "-c", begin + body, mark)


def reported(output: str) -> dict[str, Any] | None:
    """The last answer in an output."""
    found = None
    for line in output.splitlines():
        if line.startswith(MARK):
            found = json.loads(line.removeprefix(MARK))
    return found
