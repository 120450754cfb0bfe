"""Numbers of the system calls that the sandbox's seccomp program names, for the two machines it is built for.

Source: Linux's own tables, `arch/x86/entry/syscalls/syscall_64.tbl` for x86_64 and
`include/uapi/asm-generic/unistd.h` for aarch64; installed, these are `asm/unistd_64.h` and `asm-generic/unistd.h`.
Numbers are part of the kernel's ABI and never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

NEWEST = 462
"""`mseal` of Linux 6.10, on both machines: the newest call that was looked at when the rules were written."""


class Machine(Enum):
    """A machine by the name that `uname -m` gives it."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"

    @property
    def audit_arch(self) -> int:
        """What the kernel writes into `seccomp_data.arch` (`linux/audit.h`: ELF machine, 64 bits, little-endian)."""
        match self:
            case Machine.X86_64:
                return 0xC000003E
            case Machine.AARCH64:
                return 0xC00000B7

    def number(self, call: str) -> int | None:
        """The number of a call, None where this machine has no such call; KeyError for a name not in the table."""
        numbers = NUMBERS[call]
        match self:
            case Machine.X86_64:
                return numbers[0]
            case Machine.AARCH64:
                return numbers[1]


NUMBERS: Mapping[str, tuple[int | None, int | None]] = MappingProxyType(
    {
        "_sysctl": (156, None),
        "acct": (163, 89),
        "add_key": (248, 217),
        "afs_syscall": (183, None),
        "bpf": (321, 280),
        "chroot": (161, 51),
        "clock_settime": (227, 112),
        "clone": (56, 220),
        "clone3": (435, 435),
        "create_module": (174, None),
        "delete_module": (176, 106),
        "epoll_ctl_old": (214, None),
        "epoll_wait_old": (215, None),
        "fanotify_init": (300, 262),
        "finit_module": (313, 273),
        "fsconfig": (431, 431),
        "fsmount": (432, 432),
        "fsopen": (430, 430),
        "fspick": (433, 433),
        "get_kernel_syms": (177, None),
        "getpmsg": (181, None),
        "init_module": (175, 105),
        "io_uring_enter": (426, 426),
        "io_uring_register": (427, 427),
        "io_uring_setup": (425, 425),
        "ioctl": (16, 29),
        "ioperm": (173, None),
        "iopl": (172, None),
        "kcmp": (312, 272),
        "kexec_file_load": (320, 294),
        "kexec_load": (246, 104),
        "keyctl": (250, 219),
        "lookup_dcookie": (212, 18),
        "memfd_create": (319, 279),
        "memfd_secret": (447, 447),
        "migrate_pages": (256, 238),
        "modify_ldt": (154, None),
        "mount": (165, 40),
        "mount_setattr": (442, 442),
        "move_mount": (429, 429),
        "move_pages": (279, 239),
        "msgget": (68, 186),
        "name_to_handle_at": (303, 264),
        "nfsservctl": (180, 42),
        "open_by_handle_at": (304, 265),
        "open_tree": (428, 428),
        "perf_event_open": (298, 241),
        "personality": (135, 92),
        "pidfd_getfd": (438, 438),
        "pivot_root": (155, 41),
        "process_madvise": (440, 440),
        "process_vm_readv": (310, 270),
        "process_vm_writev": (311, 271),
        "ptrace": (101, 117),
        "putpmsg": (182, None),
        "query_module": (178, None),
        "quotactl": (179, 60),
        "quotactl_fd": (443, 443),
        "reboot": (169, 142),
        "request_key": (249, 218),
        "security": (185, None),
        "semget": (64, 190),
        "setdomainname": (171, 162),
        "sethostname": (170, 161),
        "setns": (308, 268),
        "settimeofday": (164, 170),
        "shmget": (29, 194),
        "socket": (41, 198),
        "socketpair": (53, 199),
        "swapoff": (168, 225),
        "swapon": (167, 224),
        "sysfs": (139, None),
        "syslog": (103, 116),
        "tuxcall": (184, None),
        "umount2": (166, 39),
        "unshare": (272, 97),
        "uselib": (134, None),
        "userfaultfd": (323, 282),
        "ustat": (136, None),
        "vhangup": (153, 58),
        "vmsplice": (278, 75),
        "vserver": (236, None),
    }
)
"""Name of a call -> its numbers on x86_64 and on aarch64."""
