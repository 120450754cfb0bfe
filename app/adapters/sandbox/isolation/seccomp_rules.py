"""Which system calls the sandbox refuses, and with what answer: a list of refusals under a ceiling, as data.

Refusals are errors rather than kills where a tool could have asked in good faith: it then does without.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import IntEnum

from app.domain.sandbox import Network

_LOW_WORD = 0xFFFFFFFF

# linux/sched.h. Without CLONE_NEWTIME (0x80): clone takes that bit for part of a signal number.
_NEW_NAMESPACES = 0x7E020000
# asm-generic/ioctls.h: put characters into a terminal's input, and the console's own menu of such things.
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
# linux/personality.h: PER_LINUX, PER_LINUX32, both with UNAME26, and the question which one it is.
_PERSONALITIES = (0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
# linux/socket.h and linux/net.h
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_SOCK_STREAM, _SOCK_DGRAM, _SOCK_TYPE_MASK = 1, 2, 0xF
# linux/in.h: whatever fits the type, TCP, UDP. Others are parts of the kernel that few have looked at, as MPTCP is.
_PROTOCOLS = (0, 6, 17)


class Answer(IntEnum):
    """The error number a refused call returns; the same on all machines for which there is a program."""

    EPERM = errno.EPERM
    ENOSYS = errno.ENOSYS
    EAFNOSUPPORT = errno.EAFNOSUPPORT


@dataclass(frozen=True, slots=True)
class Word:
    """Holds where the low 32 bits of an argument, under `mask`, are one of `values`.

    The kernel reads all arguments named here as 32 bits wide, so the high half is what a caller may fill with anything.
    """

    argument: int
    values: tuple[int, ...]
    mask: int = _LOW_WORD


Case = tuple[Word, ...]
"""Holds where all of its words hold."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A call that is refused: always, or `when` one of these cases holds, or unless one of the `only` cases holds."""

    call: str
    answer: Answer
    when: tuple[Case, ...] = ()
    only: tuple[Case, ...] = ()

    def __post_init__(self) -> None:
        if self.when and self.only:
            raise ValueError(f"the rule for {self.call} has cases of both kinds: state either `when` or `only`")


_NOT_PERMITTED = (
    # other processes
    "ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp process_madvise",
    # the worker's keys
    "keyctl add_key request_key",
    # wide interfaces into the kernel
    "bpf perf_event_open userfaultfd vmsplice memfd_secret",
    # mounts and namespaces
    "mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr setns unshare",
    # the machine
    "kexec_load kexec_file_load init_module finit_module delete_module acct swapon swapoff reboot syslog quotactl",
    "quotactl_fd iopl ioperm modify_ldt settimeofday clock_settime sethostname setdomainname vhangup",
    "migrate_pages move_pages",
    # files past their paths
    "name_to_handle_at open_by_handle_at fanotify_init lookup_dcookie",
)

_ABSENT = (
    # libc falls back to clone, whose flags can be seen; those of clone3 are behind a pointer
    "clone3",
    # what it is told to do in its ring passes by this filter
    "io_uring_setup io_uring_enter io_uring_register",
    # obsolete
    "uselib ustat sysfs _sysctl create_module get_kernel_syms query_module nfsservctl getpmsg putpmsg afs_syscall",
    "tuxcall security epoll_ctl_old epoll_wait_old vserver",
)

# Memory that belongs to no process: only a memory cgroup counts it.
_UNWATCHED_MEMORY = ("memfd_create shmget semget msgget",)


def rules(network: Network, *, memory_cgroup: bool) -> tuple[Rule, ...]:
    """All refusals; without a memory cgroup also those of memory that watching processes would not see."""
    unwatched = () if memory_cgroup else _UNWATCHED_MEMORY
    return (
        *_always(Answer.EPERM, _NOT_PERMITTED),
        *_always(Answer.ENOSYS, (*_ABSENT, *unwatched)),
        Rule("clone", Answer.EPERM, only=((Word(0, (0,), _NEW_NAMESPACES),),)),
        Rule("ioctl", Answer.EPERM, when=((Word(1, (_TIOCSTI, _TIOCLINUX)),),)),
        Rule("personality", Answer.EPERM, only=((Word(0, _PERSONALITIES),),)),
        Rule("socket", Answer.EAFNOSUPPORT, only=_sockets(network)),
        Rule("socketpair", Answer.EAFNOSUPPORT, only=((Word(0, (_AF_UNIX,)),),)),
    )


def _always(answer: Answer, groups: tuple[str, ...]) -> tuple[Rule, ...]:
    return tuple(Rule(call, answer) for group in groups for call in group.split())


def _sockets(network: Network) -> tuple[Case, ...]:
    unix: Case = (Word(0, (_AF_UNIX,)),)
    match network:
        case Network.NONE:
            return (unix,)
        case Network.LOOPBACK:
            streams_and_datagrams = Word(1, (_SOCK_STREAM, _SOCK_DGRAM), _SOCK_TYPE_MASK)
            return (unix, (Word(0, (_AF_INET, _AF_INET6)), streams_and_datagrams, Word(2, _PROTOCOLS)))
