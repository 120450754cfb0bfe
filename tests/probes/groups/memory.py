"""Memory: what a command can hold of it, in doses that a machine survives when nothing stops it."""

from __future__ import annotations

from tests.probes.probe import Finding, Group, Outcome, probe, verdict
from tests.probes.running import STOPPED, number_in
from tests.probes.site import Site

_G = Group.RESOURCES
_MEMORY_MB = 128
_TAKEN_MB = 400
"""What is taken in all where the limit is `_MEMORY_MB`."""
_WATCHED = ("--memory", str(_MEMORY_MB))


_TAKE = """
open("begun", "w").close()
def note(mb):
    # Put in place as a whole: who is killed in the middle of it would leave an empty file, and have taken nothing.
    name = f"{os.getpid()}-" + str(V.get("who", 0))
    with open(f"new-{name}", "w") as file: file.write(str(mb))
    os.rename(f"new-{name}", f"taken-{name}")
def take(mb, step=8):
    held = []
    for number in range(0, mb, step):
        held.append(bytearray(b"x") * (step << 20))
        note(number + step)
        time.sleep(0.015)
    return held
"""


def _memory(site: Site, body: str, *, least_mb: int = 0) -> Finding:
    """Takes more than is allowed, notes how much, and holds it; PASS when it was stopped or could not take it."""
    with site.workspace() as workspace:
        ran = site.run(workspace, site.program(_TAKE + body), _WATCHED)
        taken = sum(number_in(file) or 0 for file in workspace.glob("taken-*"))
        held, begun = (workspace / "held").exists(), (workspace / "begun").exists()
    if not begun or (ran.status not in {0, 1, STOPPED} and not held):
        raise RuntimeError(f"it ended in another way: {ran.told}")
    if taken < least_mb:
        return Finding(Outcome.FAIL, f"only {taken} MB could be taken with a limit of {_MEMORY_MB} MB: {ran.told}")
    problems = [f"{taken} MB were held for seconds"] if held and taken > _MEMORY_MB else []
    return verdict(problems, f"{taken} MB noted with a limit of {_MEMORY_MB} MB, {ran.told}")


_HOLD = """
time.sleep(3)
open("held", "w").close()
"""


@probe(_G, "mem-single", "one process cannot hold more memory than allowed")
def mem_single(site: Site) -> Finding:
    return _memory(site, f"held = take({_TAKEN_MB})" + _HOLD, least_mb=_MEMORY_MB // 4)


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
        least_mb=_MEMORY_MB // 4,
    )


@probe(
    _G, "mem-memfd", "memory that belongs to no process, as a file without a name or a segment, is counted or refused"
)
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
        ran = site.run(
            workspace,
            site.program("""
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
"""),
            (),
        )
        taken = [file.read_text() for file in sorted(workspace.glob("taken-*"))]
    if not taken and ran.status != STOPPED:
        raise RuntimeError(f"nothing could be written anywhere: {ran.told}")
    return verdict([text for text in taken if text.startswith("320 ")], ", ".join(taken))


@probe(_G, "tmpfs-inodes", "empty files in a file system in memory, which has no limit of their number, are noticed")
def tmpfs_inodes(site: Site) -> Finding:
    with site.workspace() as workspace:
        ran = site.run(
            workspace,
            site.program(
                """
os.mkdir("/tmp/many")
os.chdir("/tmp/many")
for number in range(100_000):
    os.close(os.open(str(number), os.O_CREAT, 0o600))
    if number % 1000 == 999: time.sleep(0.01)
time.sleep(2)
open("/workspace/held", "w").close() if os.path.isdir("/workspace") else open(V["path"] + "/held", "w").close()
for number in range(100_000): os.unlink(str(number))
os.rmdir("/tmp/many")
""",
                path=str(workspace),
            ),
            ("--files", "2000"),
        )
        held = (workspace / "held").exists()
    if not held and ran.status != STOPPED:
        raise RuntimeError(f"it ended in another way: {ran.told}")
    return verdict(["100,000 files were held for seconds"] if held else [], f"stopped: {ran.told}")


PROBES = (mem_single, mem_tree, mem_memfd, mem_sockets, tmpfs_fill, tmpfs_inodes)
