"""Resources: what a command can use up, all in doses that a machine survives when nothing stops it."""

from __future__ import annotations

import ctypes
import os

from tests.probes import running
from tests.probes.probe import Finding, Group, Outcome, Skipped, probe, verdict
from tests.probes.running import STOPPED, number_in
from tests.probes.site import Site

_G = Group.RESOURCES
_MB = 1 << 20
_PROCESSES = 48


@probe(_G, "fork-bomb", "no more processes can be started than allowed")
def fork_bomb(site: Site) -> Finding:
    return _many(
        site,
        """
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
""",
    )


@probe(_G, "thread-bomb", "no more threads can be started than allowed")
def thread_bomb(site: Site) -> Finding:
    return _many(
        site,
        """
import threading
threading.stack_size(65536)
made, stop = 0, threading.Event()
for _ in range(300):
    try: threading.Thread(target=stop.wait, daemon=True).start()
    except RuntimeError: break
    made += 1
with open("made", "w") as file: file.write(str(made))
stop.set()
""",
    )


def _many(site: Site, body: str) -> Finding:
    with site.workspace() as workspace:
        ran = site.run(workspace, site.program(body), ("--processes", str(_PROCESSES)))
        made = number_in(workspace / "made")
    if made is None:
        fine = ran.status == STOPPED
        return Finding(Outcome.PASS if fine else Outcome.FAIL, f"{'killed' if fine else 'it broke'}: {ran.told}")
    if made < 10:
        return Finding(Outcome.FAIL, f"only {made} could be started with a limit of {_PROCESSES}")
    return verdict([f"{made} were started"] if made > _PROCESSES else [], f"{made} with a limit of {_PROCESSES}")


@probe(_G, "disk-fill", "the workspace cannot hold more bytes than allowed")
def disk_fill(site: Site) -> Finding:
    limit = 48
    with site.workspace() as workspace:
        ran = site.run(
            workspace,
            site.program("""
for number in range(48):
    with open(f"filled-{number}", "wb") as file: file.write(os.urandom(1 << 20) * 8)
    time.sleep(0.06)
time.sleep(3)
open("held", "w").close()
"""),
            ("--disk", str(limit)),
        )
        taken = sum(file.stat().st_size for file in workspace.glob("filled-*")) // _MB
        held = (workspace / "held").exists()
    if taken < limit // 2:
        raise RuntimeError(f"only {taken} MB could be written: {ran.told}")
    return verdict(
        [f"{taken} MB with a limit of {limit} MB"] if held or ran.status != STOPPED else [],
        f"{taken} MB of {limit}, {ran.told}",
    )


@probe(_G, "file-size", "a file cannot be larger than allowed, also not one with holes")
def file_size(site: Site) -> Finding:
    facts = site.ask(
        """
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
""",
        "--file-size",
        "16",
    )
    return verdict(facts["found"], f"{facts['taken']} MB with a limit of 16 MB")


@probe(_G, "many-files", "the workspace cannot hold more files than allowed")
def many_files(site: Site) -> Finding:
    limit, most = 2000, 40_000
    with site.workspace() as workspace:
        ran = site.run(
            workspace,
            site.program(f"""
for number in range({most}):
    if number % 1000 == 0:
        os.mkdir(f"d{{number}}")
        time.sleep(0.05)
    os.close(os.open(f"d{{number // 1000 * 1000}}/{{number}}", os.O_CREAT, 0o600))
time.sleep(3)
open("held", "w").close()
"""),
            ("--files", str(limit)),
        )
        made = sum(len(files) for _, _, files in os.walk(workspace))
        held = (workspace / "held").exists()
    if made < limit // 2:
        raise RuntimeError(f"only {made} files could be made: {ran.told}")
    return verdict(
        [f"{made} files with a limit of {limit}"] if held or ran.status != STOPPED else [],
        f"stopped at {made} with a limit of {limit}, {ran.told}",
    )


@probe(_G, "huge-output", "a command cannot print more than allowed")
def huge_output(site: Site) -> Finding:
    printed, limit = 48, 4
    with site.workspace() as workspace:
        ran = site.run(
            workspace,
            site.program(f"""
for _ in range({printed}): sys.stdout.write(("x" * 1023 + chr(10)) * 1024)
sys.stdout.flush()
open("held", "w").close()
"""),
            ("--output", str(limit)),
        )
        held = (workspace / "held").exists()
    came = len(ran.out) / _MB
    problems = [f"{came:.0f} MB came with a limit of {limit} MB"] if came > limit * 2 else []
    if held or ran.status != STOPPED:
        problems.append(f"it was not stopped: {ran.told}")
    return verdict(problems, f"{came:.1f} MB came, {ran.told}")


@probe(_G, "cpu-burn", "a process cannot use more processor time than allowed")
def cpu_burn(site: Site) -> Finding:
    with site.workspace() as workspace:
        ran = site.run(
            workspace,
            site.program("""
open("begun", "w").close()
while time.process_time() < 6: pass
open("held", "w").close()
"""),
            ("--cpu", "2"),
        )
        held, begun = (workspace / "held").exists(), (workspace / "begun").exists()
    if not begun:
        raise RuntimeError(f"it did not begin: {ran.told}")
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
    disk_fill,
    file_size,
    many_files,
    huge_output,
    cpu_burn,
    uid_quota,
    core_dump,
)
