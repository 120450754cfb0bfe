"""What the seccomp program has to answer, written down a second time and in another form than its rules.

Numbers are looked up by name in the product's table; `test_syscalls.py` compares that table with libseccomp's.
"""

from __future__ import annotations

import errno
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from app.adapters.sandbox.isolation.syscalls import NUMBERS, Machine
from app.domain.sandbox import Network
from tests.adapters.sandbox.isolation.bpf import ALLOW, ERRNO, KILL_PROCESS, Call

ARCH = {Machine.X86_64: 0xC000003E, Machine.AARCH64: 0xC00000B7}
COLUMN = {Machine.X86_64: 0, Machine.AARCH64: 1}

_EPERM = """
    acct add_key bpf chroot clock_settime delete_module fanotify_init finit_module fsconfig fsmount fsopen fspick
    init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie memfd_secret migrate_pages modify_ldt
    mount mount_setattr move_mount move_pages name_to_handle_at open_by_handle_at open_tree perf_event_open pidfd_getfd
    pivot_root process_madvise process_vm_readv process_vm_writev ptrace quotactl quotactl_fd reboot request_key
    setdomainname sethostname setns settimeofday swapoff swapon syslog umount2 unshare userfaultfd vhangup
    vmsplice
"""
_ENOSYS = """
    _sysctl afs_syscall clone3 create_module epoll_ctl_old epoll_wait_old get_kernel_syms getpmsg io_uring_enter
    io_uring_register io_uring_setup nfsservctl putpmsg query_module security sysfs tuxcall uselib ustat
    vserver
"""
EPERM, ENOSYS = set(_EPERM.split()), set(_ENOSYS.split())
BY_ARGUMENTS = {"clone", "ioctl", "personality", "socket", "socketpair"}
WITHOUT_CGROUP = {"memfd_create", "shmget", "semget", "msgget"}

GARBAGE = 0xDEADBEEF << 32
"""What a caller may leave in the upper half of a register whose lower half the kernel reads."""

ARGUMENTS = (
    *range(46),
    0x20000,
    0x20008,
    0x20009,
    0x5411,
    0x5412,
    0x541C,
    0xFFFFFFFE,
    0xFFFFFFFF,
    *(1 << bit for bit in range(7, 32)),
    *((1 << bit) | 17 for bit in range(8, 32)),
    0x01200011,  # fork as glibc does it
    0x003D0F00,  # a thread
    0x3D0F00 | 0x10000000,
)
"""First arguments (and ioctl's second): every family, flag and command that a rule tells from its neighbours."""
SECOND = (0, 1, 2, 3, 4, 5, 6, 10, 16, 17, 18, 0x80001, 0x80802, 0x80803, 0x5412, 0x541C, 0x5413)

PROTOCOLS = (*range(264), 0xFFFF, 0xFFFFFFFF)
"""Of the internet: ICMP is 1, TCP 6, UDP 17, UDP-Lite 136 and MPTCP 262."""


@dataclass(frozen=True, slots=True)
class Setting:
    machine: Machine
    network: Network
    memory_cgroup: bool

    def expected(self, call: Call) -> int:
        if call.arch != ARCH[self.machine]:
            return KILL_PROCESS
        if call.number > 462:
            return ERRNO | errno.ENOSYS
        name = self.names().get(call.number)
        return ALLOW if name is None else self._named(name, *[value & 0xFFFFFFFF for value in call.arguments[:3]])

    def names(self) -> dict[int, str]:
        column = COLUMN[self.machine]
        return {number: name for name, numbers in NUMBERS.items() if (number := numbers[column]) is not None}

    def _named(self, name: str, first: int, second: int, third: int) -> int:
        absent = ENOSYS if self.memory_cgroup else ENOSYS | WITHOUT_CGROUP
        if name in absent:
            return ERRNO | errno.ENOSYS
        internet = (
            self.network is Network.LOOPBACK and first in {2, 10} and second & 15 in {1, 2} and third in {0, 6, 17}
        )
        family_is_refused = first != 1 and not (name == "socket" and internet)
        namespaces = sum(1 << bit for bit in (17, 25, 26, 27, 28, 29, 30))
        match name:
            case "socket" | "socketpair" if family_is_refused:
                return ERRNO | errno.EAFNOSUPPORT
            case "clone" if first & namespaces:
                return ERRNO | errno.EPERM
            case "ioctl" if second in {0x5412, 0x541C}:
                return ERRNO | errno.EPERM
            case "personality" if first not in {0, 8, 0x20000, 0x20008, 0xFFFFFFFF}:
                return ERRNO | errno.EPERM
            case _:
                return ERRNO | errno.EPERM if name in EPERM else ALLOW

    def calls(self) -> Iterator[Call]:
        """Every number from 0 to 600, those of other ABIs, and all argument values where they decide."""
        arch = ARCH[self.machine]
        for other in (0x40000003, 0xC0000028, 0xC00000F3, *ARCH.values(), 0):
            if other != arch:
                yield from (Call(other, number, (0, 0, 0)) for number in (0, 1, 59, 101, 600))
        names = self.names()
        numbers = (*range(601), 0x40000000, 0x40000000 | 101, 0x7FFFFFFF, 0xFFFFFFFF)
        # Those with many arguments last: a wrong program is found sooner.
        for number in sorted(numbers, key=lambda number: names.get(number) in BY_ARGUMENTS):
            for arguments in _arguments(names.get(number)):
                yield Call(arch, number, arguments)
                yield Call(arch, number, tuple(argument | GARBAGE for argument in arguments))


def _arguments(name: str | None) -> Iterator[tuple[int, ...]]:
    match name:
        case "socket":
            yield from itertools.product(range(46), SECOND, (0, 262))
            yield from itertools.product(ARGUMENTS[46:], (1, 5), (0,))
            yield from itertools.product((1, 2, 10), (1, 2), PROTOCOLS)
        case "clone" | "personality" | "socketpair":
            yield from itertools.product(ARGUMENTS, (1, 5), (0,))
        case "ioctl":
            yield from itertools.product((0, 1), ARGUMENTS, (0,))
        case _:
            yield (1, 2, 3)


SETTINGS = [
    Setting(machine, network, memory_cgroup)
    for machine in Machine
    for network in Network
    for memory_cgroup in (False, True)
]


def setting_id(setting: Setting) -> str:
    return f"{setting.machine.value}-{setting.network.value}-{'cgroup' if setting.memory_cgroup else 'no-cgroup'}"
