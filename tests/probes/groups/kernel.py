"""Kernel: what of its surface a command can use, and whether it can become more than it is."""

from __future__ import annotations

import platform

from tests.probes.probe import Finding, Group, Outcome, Skipped, probe, verdict
from tests.probes.site import Site

_G = Group.KERNEL

# Each way in a process of its own, which may end up in a namespace.
_NAMESPACES = """
USER = 0x10000000
def by_unshare(flags): return in_child(lambda: call("unshare", flags))
def by_clone(flags):
    def it():
        made = c.syscall(ctypes.c_long(N["clone"]), *map(ctypes.c_ulong, (flags | signal.SIGCHLD, 0, 0, 0, 0)))
        if made == 0: os._exit(0)
        return ctypes.get_errno() if made < 0 else 0
    return in_child(it)
def by_clone3(flags):
    def it():
        arguments = (ctypes.c_uint64 * 8)(flags, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
        made = c.syscall(ctypes.c_long(N["clone3"]), ctypes.c_void_p(ctypes.addressof(arguments)), ctypes.c_ulong(64))
        if made == 0: os._exit(0)
        return ctypes.get_errno() if made < 0 else 0
    return in_child(it)
"""


@probe(_G, "userns", "no user namespace can be made, by unshare, clone or clone3")
def userns(site: Site) -> Finding:
    facts = site.ask(
        _NAMESPACES
        + """
found = [way.__name__ for way in (by_unshare, by_clone, by_clone3) if way(USER) == 0]
report(found=found, clone3=by_clone3(0))
"""
    )
    problems = [f"made {way}" for way in facts["found"]]
    if facts["clone3"] == 0:
        problems.append("clone3 works, whose flags no filter can see")
    return verdict(problems, "refused 3 ways")


@probe(_G, "other-ns", "no other namespace can be made or entered, also not together with a user namespace")
def other_ns(site: Site) -> Finding:
    facts = site.ask(
        _NAMESPACES
        + """
kinds = {"mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000, "pid": 0x20000000,
         "net": 0x40000000, "time": 0x80}
found = []
for name, flag in kinds.items():
    for extra in (0, USER):
        if by_unshare(flag | extra) == 0: found.append(f"{name} by unshare")
        if name != "time" and by_clone(flag | extra) == 0: found.append(f"{name} by clone")
for name in os.listdir("/proc/self/ns") if os.path.isdir("/proc/self/ns") else []:
    for pid in ("1", "self"):
        try: fd = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY)
        except OSError: continue
        if in_child(lambda: call("setns", fd, 0)) == 0: found.append(f"{name} of {pid} entered")
        os.close(fd)
report(found=found)
"""
    )
    return verdict(facts["found"], "7 kinds refused, alone and with a user namespace")


@probe(_G, "mount", "nothing can be mounted, remounted, bound, unmounted, or made the root")
def mount(site: Site) -> Finding:
    facts = site.ask("""
keep = []
def t(word):
    keep.append(ctypes.create_string_buffer(word))
    return ctypes.addressof(keep[-1])
HERE, NOW = -100 & (1 << 64) - 1, 0
os.makedirs("/tmp/m", exist_ok=True)
attributes = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
def attempts():
    call("unshare", 0x10000000 | 0x20000)  # where that works, all the rest may
    made = {
        "tmpfs": call("mount", t(b"none"), t(b"/tmp/m"), t(b"tmpfs"), 0, 0),
        "bind": call("mount", t(b"/usr"), t(b"/tmp/m"), 0, 0x1000, 0),
        "remount": call("mount", 0, t(b"/"), 0, 0x20 | 0x1000, 0),
        "propagation": call("mount", 0, t(b"/"), 0, 0x4000 | (1 << 18), 0),
        "umount": call("umount2", t(b"/proc"), 2),
        "open_tree": call("open_tree", HERE, t(b"/"), 0),
        "open_tree clone": call("open_tree", HERE, t(b"/"), 1),
        "fsopen": call("fsopen", t(b"tmpfs"), 0),
        "move_mount": call("move_mount", HERE, t(b"/tmp"), HERE, t(b"/tmp/m"), 0),
        "mount_setattr": call("mount_setattr", HERE, t(b"/"), 0, ctypes.addressof(attributes), 32),
        "chroot": call("chroot", t(b"/tmp")),
        "pivot_root": call("pivot_root", t(b"/tmp"), t(b"/tmp/m")),
    }
    return [name for name, error in made.items() if error not in (errno.EPERM, errno.ENOSYS, errno.EACCES)]
report(found=in_child(attempts))
""")
    return verdict([f"{name} is not refused" for name in facts["found"]], "12 ways refused")


@probe(_G, "io-uring", "io_uring, which does work past a filter of system calls, is absent")
def io_uring(site: Site) -> Finding:
    facts = site.ask("""
room = (ctypes.c_uint8 * 120)()
report(error=call("io_uring_setup", 4, ctypes.addressof(room)), nonsense=call("io_uring_setup", 0, 0))
""")
    refused = {1, 38}  # EPERM, ENOSYS
    fine = facts["error"] in refused and facts["nonsense"] in refused
    return verdict([] if fine else [f"io_uring_setup answers {facts['error']}"], "refused")


@probe(_G, "dangerous-syscalls", "calls into other processes and wide parts of the kernel are refused")
def dangerous_syscalls(site: Site) -> Finding:
    facts = site.ask("""
me, keep = os.getpid(), []
def t(word):
    keep.append(ctypes.create_string_buffer(word, 4096))
    return ctypes.addressof(keep[-1])
iov = (ctypes.c_uint64 * 2)(t(b"x"), 1)
vector = ctypes.addressof(iov)
made = {
    "ptrace": in_child(lambda: call("ptrace", 0, 0, 0, 0)),
    "process_vm_readv": call("process_vm_readv", me, vector, 1, vector, 1, 0),
    "kcmp": call("kcmp", me, me, 1, 0, 0),
    "pidfd_getfd": call("pidfd_getfd", 0, 0, 0),
    "process_madvise": call("process_madvise", 0, vector, 1, 20, 0),
    "keyctl": call("keyctl", 0, -3 & (1 << 64) - 1, 0),
    "add_key": call("add_key", t(b"user"), t(b"probe"), t(b"x"), 1, -3 & (1 << 64) - 1),
    "request_key": call("request_key", t(b"user"), t(b"probe"), 0, 0),
    "bpf": call("bpf", 9999, 0, 0),
    "perf_event_open": call("perf_event_open", 0, 0, -1 & (1 << 64) - 1, -1 & (1 << 64) - 1, 0),
    "userfaultfd": call("userfaultfd", 1),
    "vmsplice": call("vmsplice", -1 & (1 << 64) - 1, vector, 1, 0),
    "memfd_secret": call("memfd_secret", 0),
    "name_to_handle_at": call("name_to_handle_at", -100 & (1 << 64) - 1, t(b"/"), t(bytes(8)), t(b""), 0),
    "open_by_handle_at": call("open_by_handle_at", -100 & (1 << 64) - 1, t(bytes(16)), 0),
    "move_pages": call("move_pages", 0, 0, 0, 0, 0, 0),
    "modify_ldt": call("modify_ldt", 0, t(b""), 16),
    "ioperm": call("ioperm", 0x80, 1, 0),
    "syslog": call("syslog", 10, 0, 0),
    "lookup_dcookie": call("lookup_dcookie", 0, t(b""), 16),
    "personality": in_child(lambda: call("personality", 0x40000)),
}
found = [name for name, error in made.items() if error not in (None, errno.EPERM, errno.ENOSYS)]
report(found=found, tried=len([error for error in made.values() if error is not None]))
""")
    return verdict([f"{name} is not refused" for name in facts["found"]], f"{facts['tried']} calls refused")


@probe(_G, "ioctl-filter", "characters cannot be put into the input of any terminal, its own included")
def ioctl_filter(site: Site) -> Finding:
    facts = site.ask("""
import fcntl, pty
def attempt():
    os.setsid()
    terminal = pty.openpty()[1]
    fcntl.ioctl(terminal, 0x540E, 0)  # TIOCSCTTY: where it is our own, the kernel itself allows it
    found = []
    for number in (0x5412, (1 << 32) + 0x5412):
        if c.ioctl(terminal, ctypes.c_ulong(number), b"x") == 0: found.append(hex(number))
    return found
report(found=in_child(attempt))
""")
    if facts["found"] is None:
        return Finding(Outcome.FAIL, "no terminal could be made inside, which tests need")
    return verdict(
        [f"ioctl {number} is not refused" for number in facts["found"]], "TIOCSTI refused on an own terminal"
    )


@probe(_G, "compat-abi", "the calls of 32-bit programs and of the x32 ABI, which a filter could misread, are refused")
def compat_abi(site: Site) -> Finding:
    if platform.machine() != "x86_64":
        raise Skipped(f"int 0x80 and x32 exist on x86_64, this is {platform.machine()}")
    facts = site.ask("""
import mmap
def by_interrupt():
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))  # mov eax, 20 (getpid); int 0x80; ret
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
found = []
if (in_child(by_interrupt) or 0) > 0: found.append("int 0x80 works")
if c.syscall(ctypes.c_long(0x40000000 + N["getpid"])) > 0: found.append("x32 works")
error = call(0x40000000 + 101, 0, 0, 0, 0)
if error != errno.ENOSYS: found.append(f"x32 ptrace answers {error}")
report(found=found)
""")
    return verdict(facts["found"], "int 0x80 kills, x32 is absent")


@probe(_G, "new-syscalls", "calls newer than the filter's rules are absent")
def new_syscalls(site: Site) -> Finding:
    facts = site.ask("""
found = [number for number in range(463, 601) if call(number, 0, 0, 0, 0, 0, 0) not in (errno.ENOSYS, errno.EPERM)]
report(found=found)
""")
    return verdict([f"call {number} is there" for number in facts["found"]], "463 to 600 refused")


@probe(_G, "setuid", "no user id can be taken, and set-id programs give none")
def setuid(site: Site) -> Finding:
    facts = site.ask("""
found = []
for name, arguments in (("setuid", (0,)), ("setgid", (0,)), ("setresuid", (0, 0, 0)),
                        ("setgroups", (1, (ctypes.c_int * 1)(0)))):
    if in_child(lambda: getattr(c, name)(*arguments)) == 0: found.append(f"{name} to 0")
if os.getuid() == 0: found.append("the command is root")
if c.prctl(39, 0, 0, 0, 0) != 1: found.append("set-id programs are not neutralised (no_new_privs is off)")
report(found=found)
""")
    return verdict(facts["found"], "ids stay, no_new_privs is set")


@probe(_G, "caps", "the command has no capability and cannot gain one")
def caps(site: Site) -> Finding:
    facts = site.ask("""
found = []
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
data = (ctypes.c_uint32 * 6)()
if c.capget(header, data) != 0: found.append("capget does not answer")
if any(data): found.append(f"capabilities {list(data)}")
bounding = [number for number in range(41) if c.prctl(23, number, 0, 0, 0) == 1]
if bounding: found.append(f"{len(bounding)} capabilities in the bounding set")
if any(c.prctl(47, 1, number, 0, 0) == 1 for number in range(41)): found.append("ambient capabilities")
report(found=found)
""")
    return verdict(facts["found"], "none effective, permitted, inheritable, ambient or in the bounding set")


@probe(_G, "devices", "no device but the harmless ones can be opened or made")
def devices(site: Site) -> Finding:
    facts = site.ask("""
harmless = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}
found = []
for folder, _, names in os.walk("/dev"):
    if folder.startswith("/dev/pts"): continue
    for name in names:
        path = os.path.join(folder, name)
        mode = os.lstat(path).st_mode
        if (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)) and (name not in harmless or folder not in ("/dev", "/dev/pts")):
            found.append(path)
for place in ("/workspace", "/tmp", "/dev/shm", "."):
    for kind, device in ((stat.S_IFCHR, os.makedev(1, 3)), (stat.S_IFCHR, os.makedev(1, 1)),
                         (stat.S_IFBLK, os.makedev(7, 0))):
        path = os.path.join(place, "made-by-a-probe")
        try:
            os.mknod(path, kind | 0o600, device)
            open(path, "rb").close()
        except OSError: pass
        else: found.append(f"a device in {place}")
        try: os.unlink(path)
        except OSError: pass
report(found=found)
""")
    return verdict(facts["found"], "none beyond null, zero, full, random, urandom, tty, ptmx and console")


@probe(_G, "kernel-leaks", "nothing tells of the kernel's memory, its keys, its start or its hardware")
def kernel_leaks(site: Site) -> Finding:
    facts = site.ask("""
found = []
for name in ("kallsyms", "kcore", "timer_list", "keys", "key-users", "cmdline", "config.gz", "sched_debug", "kmsg",
             "vmallocinfo", "slabinfo", "pagetypeinfo", "sysrq-trigger"):
    if read(f"/proc/{name}"): found.append(f"/proc/{name}")
for name in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
             "/proc/sys/vm/drop_caches"):
    if os.access(name, os.W_OK): found.append(f"{name} is writable")
if os.path.isdir("/sys") and os.listdir("/sys"): found.append("/sys")
if call("syslog", 3, ctypes.addressof(ctypes.create_string_buffer(4096)), 4096) == 0: found.append("the kernel's log")
report(found=found)
""")
    return verdict(facts["found"], "13 files of /proc empty or absent, no /sys, no log")


PROBES = (
    userns,
    other_ns,
    mount,
    io_uring,
    dangerous_syscalls,
    ioctl_filter,
    compat_abi,
    new_syscalls,
    setuid,
    caps,
    devices,
    kernel_leaks,
)
