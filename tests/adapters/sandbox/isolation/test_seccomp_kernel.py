"""This machine's kernel loads the program and answers as the interpreter does; no bubblewrap is needed for that."""

from __future__ import annotations

import errno
import platform
import signal
import subprocess
import sys

import pytest

from app.adapters.sandbox.isolation.seccomp import seccomp_program
from app.adapters.sandbox.isolation.syscalls import Machine
from app.domain.sandbox import Network

MACHINES = [machine.value for machine in Machine]
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in MACHINES,
    reason=f"the program is for Linux on {' or '.join(MACHINES)}, this is {sys.platform} on {platform.machine()}",
)

LOAD = """
import ctypes, os, pty, sys
program = sys.stdin.buffer.read()
c = ctypes.CDLL(None, use_errno=True)

class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

def call(number, *arguments):
    return ctypes.get_errno() if c.syscall(number, *map(ctypes.c_ulong, arguments)) < 0 else 0

terminal = pty.openpty()[1]
memory = ctypes.create_string_buffer(b"x")
assert c.prctl(38, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS"
assert c.prctl(22, 2, ctypes.byref(Program(len(program) // 8, program))) == 0, "PR_SET_SECCOMP"
"""


def after_loading(code: str, network: Network = Network.LOOPBACK, *, memory_cgroup: bool = False) -> str:
    """What Python code prints once the program is loaded; the exit status instead when a signal ended it."""
    program = seccomp_program(Machine(platform.machine()), network, memory_cgroup=memory_cgroup)
    command = [sys.executable, "-I", "-c", LOAD + code]
    ended = subprocess.run(command, input=program, capture_output=True, timeout=60, check=False)
    assert ended.returncode <= 0, ended.stderr.decode()
    return ended.stdout.decode().strip() if ended.returncode == 0 else signal.Signals(-ended.returncode).name


def number(name: str) -> int:
    found = Machine(platform.machine()).number(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("unshare", "0x10000000", errno.EPERM),
        ("clone", "0x10000000 | 17, 0, 0, 0, 0", errno.EPERM),
        ("clone3", "0, 0", errno.ENOSYS),
        ("io_uring_setup", "1, 0", errno.ENOSYS),
        ("keyctl", "0, 0xFFFFFFFD, 0", errno.EPERM),
        ("ptrace", "0, 0, 0, 0", errno.EPERM),
        ("ioctl", "terminal, 0x5412, ctypes.addressof(memory)", errno.EPERM),
        ("ioctl", "terminal, 0x5412 | 1 << 32, ctypes.addressof(memory)", errno.EPERM),
        ("personality", "0x40000", errno.EPERM),
        ("personality", "0xFFFFFFFF", 0),
        ("socket", "1, 1, 0", 0),
        ("socket", "2, 1, 0", 0),
        ("socket", "2, 2 | 0x80000, 0", 0),
        ("socket", "2, 1, 6", 0),
        ("socket", "10, 2, 17", 0),
        ("socket", "2, 1, 262", errno.EAFNOSUPPORT),
        ("socket", "10, 2, 136", errno.EAFNOSUPPORT),
        ("socket", "2, 2, 1", errno.EAFNOSUPPORT),
        ("socket", "2, 3, 1", errno.EAFNOSUPPORT),
        ("socket", "16, 3, 0", errno.EAFNOSUPPORT),
        ("socket", "40, 1, 0", errno.EAFNOSUPPORT),
        ("memfd_create", "ctypes.addressof(memory), 0", errno.ENOSYS),
        ("shmget", "0, 4096, 0o1600", errno.ENOSYS),
        ("semget", "0, 1, 0o1600", errno.ENOSYS),
        ("msgget", "0, 0o1600", errno.ENOSYS),
    ],
)
def test_the_kernel_answers(name: str, arguments: str, error: int) -> None:
    assert after_loading(f"print(call({number(name)}, {arguments}))") == str(error)


def test_calls_above_the_ceiling_do_not_exist() -> None:
    assert after_loading("print({call(number) for number in range(463, 601)})") == f"{{{errno.ENOSYS}}}"


def test_no_network_leaves_unix_sockets() -> None:
    code = f"print([call({number('socket')}, family, 1, 0) for family in (1, 2, 10)])"

    assert after_loading(code, Network.NONE) == f"[0, {errno.EAFNOSUPPORT}, {errno.EAFNOSUPPORT}]"


def test_memory_that_a_cgroup_counts_is_allowed() -> None:
    code = f"print(call({number('memfd_create')}, ctypes.addressof(memory), 0))"

    assert after_loading(code, memory_cgroup=True) == "0"


def test_processes_and_threads_still_start() -> None:
    code = """
import subprocess, threading
thread = threading.Thread(target=lambda: print(subprocess.run(["true"]).returncode))
thread.start(); thread.join()
"""
    assert after_loading(code) == "0"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only x86_64 has a second system call table")
def test_the_32_bit_entry_kills() -> None:
    """`mov eax, 20; int 0x80; ret` is getpid by the numbers of i386, where 20 is writev here."""
    code = """
import mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))())
"""
    assert after_loading(code) == "SIGSYS"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only x86_64 has the x32 ABI")
def test_the_x32_abi_does_not_exist() -> None:
    assert after_loading("print(call(0x40000000 | 39))") == str(errno.ENOSYS)
