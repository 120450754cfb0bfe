"""Processes: does a command end when it is to, with all it started, and does it leave others alone."""

from __future__ import annotations

import secrets
import time

from tests.probes import running
from tests.probes.probe import Finding, Group, Outcome, probe, verdict
from tests.probes.site import PATIENCE_SECONDS, Site

_G = Group.PROCESSES
_GONE_SECONDS = 5.0
"""How long processes may take to be gone after they were killed, on a machine with other things to do."""

_DAEMON = """
def daemon(seconds):
    if os.fork(): return
    os.setsid()
    if os.fork(): os._exit(0)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2): os.dup2(null, fd)
    asleep = f"import time; time.sleep({seconds})"
    os.execv(sys.executable, [sys.executable, "-IS", "-c", asleep, V["token"], sys.argv[-1]])
"""


def _token() -> str:
    return f"rw-token-{secrets.token_hex(8)}"


@probe(_G, "kill-outside", "a process of the worker can be neither seen nor signalled")
def kill_outside(site: Site) -> Finding:
    victim = site.neighbours.victim
    facts = site.ask(
        """
found = []
for pid in (V["victim"], -V["victim"]):
    for number in (0, signal.SIGTERM):
        try: os.kill(pid, number)
        except OSError: continue
        found.append(f"signal {number} to {'its group' if pid < 0 else 'the process'}")
report(found=found)
""",
        victim=victim.pid,
    )
    time.sleep(0.2)
    hit = ["the victim was hit"] if victim.was_hit() else []
    return verdict([*facts["found"], *hit], "no such process")


@probe(_G, "ptrace-outside", "the memory and the descriptors of a process of the worker cannot be taken")
def ptrace_outside(site: Site) -> Finding:
    facts = site.ask(
        """
found = []
victim = V["victim"]
if call("ptrace", 0x4206, victim, 0, 0) == 0:
    found.append("ptrace")
    call("ptrace", 17, victim, 0, 0)
fd = c.syscall(ctypes.c_long(N["pidfd_open"]), ctypes.c_long(victim), ctypes.c_long(0))
if fd >= 0:
    found.append("pidfd_open")
    if call("pidfd_getfd", fd, 0, 0) == 0: found.append("pidfd_getfd")
for name in ("mem", "maps", "root/etc/passwd", "cwd/.", "environ", "fd/0"):
    try: os.close(os.open(f"/proc/{victim}/{name}", os.O_RDONLY | os.O_NONBLOCK))
    except OSError: continue
    found.append(f"/proc/PID/{name}")
report(found=found)
""",
        victim=site.neighbours.victim.pid,
    )
    return verdict(facts["found"], "refused 9 ways")


def _leave_daemon(site: Site, patience: float) -> Finding:
    token = _token()
    try:
        with site.workspace() as workspace:
            ran = site.run(
                workspace,
                site.program(_DAEMON + "daemon(30)\ntime.sleep(1)\nreport(ok=1)", token=token),
            )
            if ran.status != 0:
                raise RuntimeError(f"the command failed: {ran.told}")
            gone = running.wait_until(lambda: not running.living(token), patience)
        return verdict([] if gone else ["a daemon outlived its command"], "it was killed with its command")
    finally:
        running.kill_all(token)


@probe(_G, "daemon-after-exit", "a daemon that a command leaves behind is killed when the command has ended")
def daemon_after_exit(site: Site) -> Finding:
    return _leave_daemon(site, _GONE_SECONDS)


@probe(_G, "daemon-at-return", "nothing is alive any more at the moment when the launcher says that the command ended")
def daemon_at_return(site: Site) -> Finding:
    return _leave_daemon(site, 0)


@probe(_G, "timeout-tree", "at the limit of time a tree of processes that ignores signals is killed, all of it")
def timeout_tree(site: Site) -> Finding:
    token = _token()
    body = (
        _DAEMON
        + """
for number in range(4): daemon(40)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
for _ in range(3): os.fork()
print("begun", flush=True)
end = time.monotonic() + 12
while time.monotonic() < end: time.sleep(0.2)
"""
    )
    limit = 3
    try:
        with site.workspace() as workspace:
            ran = site.run(workspace, site.program(body, token=token), ("--timeout", str(limit)))
            problems = []
            if "begun" not in ran.out and ran.status is not None:
                raise RuntimeError(f"the command did not begin: {ran.told}")
            if ran.seconds > limit + 15:
                problems.append(f"it ended after {ran.seconds:.0f} s, the limit is {limit} s")
            if ran.status != running.OUT_OF_TIME:
                problems.append(f"the status is {ran.status}, not 124")
            if not running.wait_until(lambda: not running.living(token), _GONE_SECONDS):
                problems.append("processes outlived it")
        return verdict(problems, f"all gone after {ran.seconds:.1f} s")
    finally:
        running.kill_all(token)


@probe(_G, "worker-crash", "when the worker is killed, what it had started is killed too")
def worker_crash(site: Site) -> Finding:
    token = _token()
    body = _DAEMON + "daemon(40)\ntime.sleep(40)\n"
    try:
        with site.workspace() as workspace:
            argv = site.argv(workspace, site.program(body, token=token), ("--timeout", "60"))
            process = running.start(argv, environment=site.environment, cwd=site.home)
            try:
                if not running.wait_until(lambda: bool(running.living(token)), PATIENCE_SECONDS / 2):
                    raise RuntimeError("the command did not begin")
            finally:
                process.kill()
                process.wait()
                for pipe in (process.stdout, process.stderr):
                    if pipe is not None:
                        pipe.close()
            gone = running.wait_until(lambda: not running.living(token), _GONE_SECONDS)
        return verdict([] if gone else ["its processes are alive"], "gone with it")
    finally:
        running.kill_all(token)


@probe(_G, "rlimit-raise", "the kernel's limits are set and cannot be raised")
def rlimit_raise(site: Site) -> Finding:
    facts = site.ask("""
import resource
found, told = [], {}
for name in ("CORE", "CPU", "DATA", "FSIZE", "NOFILE", "NPROC", "MEMLOCK", "MSGQUEUE"):
    kind = getattr(resource, "RLIMIT_" + name, 12 if name == "MSGQUEUE" else None)
    soft, hard = resource.getrlimit(kind)
    told[name] = hard
    if hard == -1:
        # Memory that is only reserved is no harm where a cgroup bounds what is used: the probes of memory tell.
        if name != "DATA": found.append(f"{name} is unlimited")
    else:
        try: resource.setrlimit(kind, (soft, hard + 1))
        except (OSError, ValueError): continue
        found.append(f"{name} can be raised")
if told["CORE"] > 1: found.append("core dumps are written")
report(found=found, told=told)
""")
    return verdict(facts["found"], " ".join(f"{name}={value}" for name, value in facts["told"].items()))


@probe(
    _G,
    "oom-score",
    "the command is the first to be killed when the host's memory runs out, and cannot take that back",
)
def oom_score(site: Site) -> Finding:
    facts = site.ask("""
found = []
score = read("/proc/self/oom_score_adj").decode().strip()
try:
    with open("/proc/self/oom_score_adj", "w") as file: file.write("0")
    found.append("the score can be taken back")
except OSError: pass
report(found=found, score=score)
""")
    if facts["score"] == "":
        return Finding(Outcome.PASS, "there is no /proc to take it back with")
    problems = facts["found"] + ([] if facts["score"] == "1000" else [f"the score is {facts['score']}, not 1000"])
    return verdict(problems, "1000, read-only")


PROBES = (
    kill_outside,
    ptrace_outside,
    daemon_after_exit,
    daemon_at_return,
    timeout_tree,
    worker_crash,
    rlimit_raise,
    oom_score,
)
