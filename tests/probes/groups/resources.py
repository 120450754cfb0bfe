"""Resources: what a command can use up, all in doses that a machine survives when nothing stops it."""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path

from tests.probes.probe import Finding, Group, Outcome, Skipped, probe, verdict
from tests.probes.running import Ran
from tests.probes.site import Site

_G = Group.RESOURCES
_MB = 1 << 20
_PROCESSES = 48
_MEMORY_MB = 128
_TAKEN_MB = 400
"""What is taken in all where the limit is `_MEMORY_MB`."""
_STOPPED = 137
_WATCHED = ("--memory", str(_MEMORY_MB))


def _stopped(ran: Ran) -> bool:
    return ran.status == _STOPPED


@probe(_G, "fork-bomb", "no more processes can be started than allowed")
def fork_bomb(site: Site) -> Finding:
    return _many(site, """
children, made = [], 0
for _ in range(300):
    try: child = os.fork()
    except OSError: break
    if child == 0:
        time.sleep(20)
        os._exit(0)
    children.append(child)
with open("made", "w") as file: file.write(str(len(children)))
for child in children: os.kill(child, 9)
""")


@probe(_G, "thread-bomb", "no more threads can be started than allowed")
def thread_bomb(site: Site) -> Finding:
    return _many(site, """
import threading
threading.stack_size(65536)
made, stop = 0, threading.Event()
for _ in range(300):
    try: threading.Thread(target=stop.wait, daemon=True).start()
    except RuntimeError: break
    made += 1
with open("made", "w") as file: file.write(str(made))
stop.set()
""")


def _many(site: Site, body: str) -> Finding:
    with site.workspace() as workspace:
        ran = site.run(workspace, site.program(body), ("--processes", str(_PROCESSES)))
        made = _number(workspace / "made")
    if made is None:
        fine = _stopped(ran)
        return Finding(Outcome.PASS if fine else Outcome.FAIL, f"{'killed' if fine else 'it broke'}: {ran.told}")
    if made < 10:  # noqa: PLR2004
        return Finding(Outcome.FAIL, f"only {made} could be started with a limit of {_PROCESSES}")
    return verdict([f"{made} were started"] if made > _PROCESSES else [], f"{made} with a limit of {_PROCESSES}")


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text() or "0")
    except FileNotFoundError:
        return None


_TAKE = """
def note(mb):
    with open(f"taken-{os.getpid()}-" + str(V.get("who", 0)), "w") as file: file.write(str(mb))
def take(mb, step=8):
    held = []
    for number in range(0, mb, step):
        held.append(bytearray(b"x") * (step << 20))
        note(number + step)
        time.sleep(0.005)
    return held
"""


def _memory(site: Site, body: str, *, most_mb: int = _MEMORY_MB * 2) -> Finding:
    """Takes memory and notes how much; PASS when it was stopped soon after the limit, or could not take it."""
    with site.workspace() as workspace:
        ran = site.run(workspace, site.program(_TAKE + body), _WATCHED)
        taken = sum(_number(file) or 0 for file in workspace.glob("taken-*"))
        held = (workspace / "held").exists()
    if ran.status not in {0, 1, _STOPPED} and not held:
        return Finding(Outcome.FAIL, f"it ended in another way: {ran.told}")
    problems = []
    if taken > most_mb:
        problems.append(f"{taken} MB were taken with a limit of {_MEMORY_MB} MB")
    if held and taken > _MEMORY_MB:
        problems.append(f"{taken} MB were held for seconds")
    return verdict(problems, f"{taken} MB noted with a limit of {_MEMORY_MB} MB, {ran.told}")


_HOLD = """
time.sleep(3)
open("held", "w").close()
"""


@probe(_G, "mem-single", "one process cannot hold more memory than allowed")
def mem_single(site: Site) -> Finding:
    return _memory(site, f"held = take({_TAKEN_MB})" + _HOLD)


@probe(_G, "mem-tree", "many processes together cannot hold more memory than allowed")
def mem_tree(site: Site) -> Finding:
    return _memory(
        site,
        f"""
for _ in range(7):
    if os.fork() == 0: break
held = take({_TAKEN_MB // 8})
"""
        + _HOLD,
        most_mb=_TAKEN_MB - 8,
    )


@probe(_G, "mem-memfd", "memory that belongs to no process, as a file without a name or a segment, is counted or refused")
def mem_memfd(site: Site) -> Finding:
    return _memory(
        site,
        f"""
held, taken = [], 0
for _ in range({_TAKEN_MB // 16}):
    fd = c.syscall(ctypes.c_long(N["memfd_create"]), b"x", ctypes.c_ulong(0))
    if fd < 0: break
    os.write(fd, bytes(16 << 20))
    held.append(fd)
    taken += 16
    note(taken)
    time.sleep(0.02)
c.syscall.restype = ctypes.c_long
for _ in range(4):
    segment = value("shmget", 0, 32 << 20, 0o1600)
    if segment < 0: break
    address = c.syscall(ctypes.c_long(N["shmat"]), ctypes.c_long(segment), ctypes.c_long(0), ctypes.c_long(0))
    value("shmctl", segment, 0, 0)  # it is gone when nobody has it any more
    ctypes.memset(address, 1, 32 << 20)
    taken += 32
    note(taken)
"""
        + _HOLD,
    )


@probe(
    _G,
    "mem-sockets",
    "memory in the buffers of sockets is counted, which only a cgroup does",
    expected=(Outcome.PASS, Outcome.WARN),
)
def mem_sockets(site: Site) -> Finding:
    finding = _memory(
        site,
        """
for _ in range(1):
    if os.fork() == 0: break
held, taken = [], 0
for _ in range(400):
    try: pair = socket.socketpair()
    except OSError: break
    for end in pair:
        end.setblocking(False)
        try:
            while True: taken += end.send(bytes(65536))
        except OSError: pass
    held.append(pair)
note(taken >> 20)
"""
        + _HOLD,
    )
    if finding.outcome is Outcome.FAIL:
        return Finding(Outcome.WARN, f"{finding.detail}: give the sandbox a memory cgroup, or the pod a limit")
    return finding


@probe(_G, "tmpfs-fill", "every file system in memory has a size: none takes 320 MB")
def tmpfs_fill(site: Site) -> Finding:
    with site.workspace() as workspace:
        ran = site.run(workspace, site.program("""
for number, folder in enumerate(("/dev/shm", "/tmp", "/", "/dev", "/run", "/var", "/etc", "/proc")):
    path, taken = os.path.join(folder, "filled-by-a-probe"), 0
    try:
        fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_EXCL, 0o600)
    except OSError: continue
    try:
        while taken < 320:
            os.posix_fallocate(fd, taken << 20, 16 << 20)
            taken += 16
            with open(f"taken-{number}", "w") as file: file.write(f"{taken} MB in {folder}")
    except OSError: pass
    finally:
        os.close(fd)
        os.unlink(path)
"""), ())
        taken = [file.read_text() for file in sorted(workspace.glob("taken-*"))]
    if not taken and not _stopped(ran):
        raise RuntimeError(f"nothing could be written anywhere: {ran.told}")
    return verdict([text for text in taken if text.startswith("320 ")], ", ".join(taken))


@probe(_G, "tmpfs-inodes", "empty files in a file system in memory, which has no limit of their number, are noticed")
def tmpfs_inodes(site: Site) -> Finding:
    with site.workspace() as workspace:
        ran = site.run(workspace, site.program("""
os.mkdir("/tmp/many")
os.chdir("/tmp/many")
for number in range(60_000):
    os.close(os.open(str(number), os.O_CREAT, 0o600))
    if number % 1000 == 999: time.sleep(0.01)
time.sleep(2)
open("/workspace/held", "w").close() if os.path.isdir("/workspace") else open(V["path"] + "/held", "w").close()
for number in range(60_000): os.unlink(str(number))
os.rmdir("/tmp/many")
""", path=str(workspace)), ("--files", "2000"))
        held = (workspace / "held").exists()
    if not held and not _stopped(ran):
        raise RuntimeError(f"it ended in another way: {ran.told}")
    return verdict(["60,000 files were held for seconds"] if held else [], f"stopped: {ran.told}")


@probe(_G, "disk-fill", "the workspace cannot hold more bytes than allowed")
def disk_fill(site: Site) -> Finding:
    limit = 48
    with site.workspace() as workspace:
        ran = site.run(workspace, site.program("""
for number in range(48):
    with open(f"filled-{number}", "wb") as file: file.write(os.urandom(1 << 20) * 8)
    time.sleep(0.06)
time.sleep(3)
open("held", "w").close()
"""), ("--disk", str(limit)))
        taken = sum(file.stat().st_size for file in workspace.glob("filled-*")) // _MB
        held = (workspace / "held").exists()
    if taken < limit // 2:
        raise RuntimeError(f"only {taken} MB could be written: {ran.told}")
    return verdict(
        [f"{taken} MB with a limit of {limit} MB"] if held or not _stopped(ran) else [], f"{taken} MB of {limit}, {ran.told}"
    )


@probe(_G, "file-size", "a file cannot be larger than allowed, also not one with holes")
def file_size(site: Site) -> Finding:
    facts = site.ask("""
found = []
fd = os.open("large", os.O_CREAT | os.O_RDWR, 0o600)
for what, way in {
    "1 TB with holes": lambda: os.ftruncate(fd, 1 << 40),
    "fallocate": lambda: os.posix_fallocate(fd, 0, 64 << 20),
    "a byte behind 64 MB": lambda: os.pwrite(fd, b"x", 64 << 20),
}.items():
    try: way()
    except OSError: continue
    found.append(what)
taken = 0
try:
    while taken < 64 << 20: taken += os.pwrite(fd, bytes(1 << 20), taken)
    found.append("64 MB written")
except OSError: pass
os.ftruncate(fd, 0)
report(found=found, taken=taken >> 20)
""", "--file-size", "16")
    return verdict(facts["found"], f"{facts['taken']} MB with a limit of 16 MB")


@probe(_G, "many-files", "the workspace cannot hold more files than allowed")
def many_files(site: Site) -> Finding:
    limit, most = 2000, 40_000
    with site.workspace() as workspace:
        ran = site.run(workspace, site.program(f"""
for number in range({most}):
    if number % 1000 == 0:
        os.mkdir(f"d{{number}}")
        time.sleep(0.05)
    os.close(os.open(f"d{{number // 1000 * 1000}}/{{number}}", os.O_CREAT, 0o600))
time.sleep(3)
open("held", "w").close()
"""), ("--files", str(limit)))
        made = sum(len(files) for _, _, files in os.walk(workspace))
        held = (workspace / "held").exists()
    if made < limit // 2:
        raise RuntimeError(f"only {made} files could be made: {ran.told}")
    return verdict(
        [f"{made} files with a limit of {limit}"] if held or not _stopped(ran) else [],
        f"stopped at {made} with a limit of {limit}, {ran.told}",
    )


@probe(_G, "huge-output", "a command cannot print more than allowed")
def huge_output(site: Site) -> Finding:
    printed, limit = 48, 4
    with site.workspace() as workspace:
        ran = site.run(workspace, site.program(f"""
for _ in range({printed}): sys.stdout.write(("x" * 1023 + chr(10)) * 1024)
sys.stdout.flush()
open("held", "w").close()
"""), ("--output", str(limit)))
        held = (workspace / "held").exists()
    came = len(ran.out) / _MB
    problems = [f"{came:.0f} MB came with a limit of {limit} MB"] if came > limit * 2 else []
    if held or not _stopped(ran):
        problems.append(f"it was not stopped: {ran.told}")
    return verdict(problems, f"{came:.1f} MB came, {ran.told}")


@probe(_G, "cpu-burn", "a process cannot use more processor time than allowed")
def cpu_burn(site: Site) -> Finding:
    with site.workspace() as workspace:
        ran = site.run(workspace, site.program("""
while time.process_time() < 6: pass
open("held", "w").close()
"""), ("--cpu", "2"))
        held = (workspace / "held").exists()
    return verdict(["6 s of processor time with a limit of 2 s"] if held else [], ran.told)


@probe(
    _G,
    "uid-quota",
    "what the kernel counts for a user is not used up for the worker",
    expected=(Outcome.PASS, Outcome.WARN),
    alone=True,
)
def uid_quota(site: Site) -> Finding:
    library = ctypes.CDLL(None, use_errno=True)

    def free() -> bool:
        fd = library.inotify_init1(0)
        if fd >= 0:
            os.close(fd)
        return bool(fd >= 0)

    if not free():
        raise Skipped("no inotify instance is left for this user before the probe")
    with site.workspace() as workspace:
        from tests.probes import running  # noqa: PLC0415

        body = """
held = []
for _ in range(1000):
    fd = c.inotify_init1(0)
    if fd < 0: break
    held.append(fd)
open("ready", "w").close()
time.sleep(3)
"""
        process = running.start(
            site.argv(workspace, site.program(body), ()), environment=site.environment, cwd=site.home
        )
        ready = running.wait_until((workspace / "ready").exists, 30)
        left = free()
        running.finish(process, 30)
    if not ready:
        raise RuntimeError("the command did not begin")
    time.sleep(0)
    if left:
        return Finding(Outcome.PASS, "an inotify instance is left for the worker")
    return Finding(Outcome.WARN, "all inotify instances of the user were taken: run sandboxes as a user of their own")


@probe(_G, "core-dump", "a crash writes no core file and pipes none into a program of the host")
def core_dump(site: Site) -> Finding:
    facts = site.ask("""
import resource
child = os.fork()
if child == 0:
    os.chdir("/workspace" if os.path.isdir("/workspace") else ".")
    ctypes.string_at(0)
_, status = os.waitpid(child, 0)
found = ["a core dump was written"] if os.WCOREDUMP(status) else []
found += [name for name in os.listdir(".") if "core" in name]
if resource.getrlimit(resource.RLIMIT_CORE)[1] > 1 or resource.getrlimit(resource.RLIMIT_CORE)[1] == -1:
    found.append("the limit on core dumps is not 1 or 0")
report(found=found)
""")
    return verdict(facts["found"], "none")


PROBES = (
    fork_bomb,
    thread_bomb,
    mem_single,
    mem_tree,
    mem_memfd,
    mem_sockets,
    tmpfs_fill,
    tmpfs_inodes,
    disk_fill,
    file_size,
    many_files,
    huge_output,
    cpu_burn,
    uid_quota,
    core_dump,
)
