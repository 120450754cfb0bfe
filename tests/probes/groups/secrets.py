"""Secrets: can a command find what its worker knows."""

from __future__ import annotations

from tests.probes.probe import Finding, Group, Outcome, Skipped, probe, verdict
from tests.probes.site import Site

_G = Group.SECRETS


def _nothing(facts: dict[str, object], fine: str) -> Finding:
    found = facts["found"]
    assert isinstance(found, list)
    return verdict([str(item) for item in found], fine)


@probe(_G, "env", "no variable of the worker's environment reaches the command")
def env(site: Site) -> Finding:
    facts = site.ask("""
found = [name for name, value in os.environ.items() if has(value.encode())]
pipe = os.popen("env; set")
if has(pipe.read().encode()): found.append("shown by a shell")
report(found=found, names=sorted(os.environ))
""")
    return _nothing(facts, f"only {' '.join(facts['names'])}"[:200])


@probe(_G, "proc-environ", "no environment in /proc, that of the sandbox's own first process included, holds a secret")
def proc_environ(site: Site) -> Finding:
    facts = site.ask("""
found, looked = [], 0
for pid in pids():
    data = read(f"/proc/{pid}/environ", 1 << 20)
    looked += bool(data)
    if has(data): found.append(f"/proc/{pid}/environ")
report(found=found, looked=looked)
""")
    return _nothing(facts, f"{facts['looked']} could be read")


@probe(_G, "proc-cmdline", "no command line of another process, where tools carelessly put tokens, can be read")
def proc_cmdline(site: Site) -> Finding:
    facts = site.ask(
        """
found = [f"/proc/{pid}/cmdline" for pid in pids() if has(read(f"/proc/{pid}/cmdline", 1 << 20))]
if os.path.exists(f"/proc/{V['victim']}"): found.append("the worker's processes are listed")
report(found=found, count=len(pids()))
""",
        victim=site.neighbours.victim.pid,
    )
    return _nothing(facts, f"{facts['count']} processes, all the sandbox's own")


@probe(
    _G,
    "proc-cmdline-paths",
    "no command line inside names a directory of the host",
    expected=(Outcome.PASS, Outcome.WARN),
)
def proc_cmdline_paths(site: Site) -> Finding:
    facts = site.ask("""
path = V["path"].encode()
report(
    found=[f"/proc/{pid}/cmdline names the workspace's host path" for pid in pids()
           if path in read(f"/proc/{pid}/cmdline", 1 << 20)],
    mounts=os.path.basename(V["path"]) in read("/proc/self/mountinfo", 1 << 20).decode(errors="replace"),
)
""")
    if not facts["found"] and facts["mounts"]:
        return Finding(Outcome.WARN, "/proc/self/mountinfo names the workspace's host path: keep its name opaque")
    return _nothing(facts, "no host path")


_PATHS = """
def reach(paths):
    return [path for path in paths if has(read(path))]
def ways(path):
    return [path, "/proc/1/root" + path, "/proc/self/root" + path, "/proc/1/cwd/../../../../../../.." + path,
            "/workspace/../../../../.." + path, "../../../../../../../.." + path]
"""


@probe(_G, "private-key", "the worker's key file cannot be read, also not by ways around the root")
def private_key(site: Site) -> Finding:
    facts = site.ask(_PATHS + 'report(found=reach(ways(V["key_file"])))')
    return _nothing(facts, "not reachable by 6 ways")


@probe(_G, "home-ssh", "the home directories, their keys and the host's password file are not there")
def home_ssh(site: Site) -> Finding:
    facts = site.ask(
        _PATHS
        + """
found = reach(ways(V["home"] + "/.ssh/id_ed25519"))
for path in ("/root", "/home", V["home"], "/etc/shadow", "/etc/sudoers", "/etc/ssh", "/var/lib", "/var/log"):
    if os.path.exists(path): found.append(f"{path} is there")
with open("/etc/passwd") as file:
    if len(file.readlines()) > 5: found.append("/etc/passwd is the host's")
report(found=found)
"""
    )
    return _nothing(facts, "neither keys nor homes")


@probe(_G, "run-sockets", "no socket and no service account of the host is in the file system")
def run_sockets(site: Site) -> Finding:
    facts = site.ask("""
found, seen, end = [], 0, time.monotonic() + 8
for top in ("/run", "/var", "/tmp", "/dev", "/etc", "/home", "/root", "/srv", "/opt", "/workspace",
            os.path.dirname(V["home"]) + "/s"):
    for folder, _, names in os.walk(top):
        if time.monotonic() > end: break
        for name in names:
            seen += 1
            path = os.path.join(folder, name)
            try: mode = os.lstat(path).st_mode
            except OSError: continue
            if stat.S_ISSOCK(mode): found.append(path)
found += [path for path in ("/var/run/secrets", "/run/secrets", "/var/run/docker.sock") if os.path.lexists(path)]
report(found=found, seen=seen)
""")
    return _nothing(facts, f"none among {facts['seen']} entries")


@probe(_G, "inherited-fds", "no descriptor that the worker left open is inherited")
def inherited_fds(site: Site) -> Finding:
    facts = site.ask("""
found, extra = [], []
for fd in range(3, 1024):
    try: os.fstat(fd)
    except OSError: continue
    extra.append(fd)
    try:
        if has(os.pread(fd, 4096, 0)): found.append(f"descriptor {fd} is the secret file")
    except OSError: pass
found += [f"descriptor {fd} is open" for fd in extra]
report(found=found)
""")
    return _nothing(facts, "0, 1 and 2 only")


@probe(_G, "fd-of-init", "nothing of the host is open in the sandbox's first process")
def fd_of_init(site: Site) -> Finding:
    facts = site.ask("""
found, listed = [], []
for pid in pids():
    if int(pid) == os.getpid(): continue
    try: names = os.listdir(f"/proc/{pid}/fd")
    except OSError: continue
    for name in names:
        path = f"/proc/{pid}/fd/{name}"
        try: target, regular = os.readlink(path), stat.S_ISREG(os.stat(path).st_mode)
        except OSError: continue
        listed.append(target)
        # Never from a pipe: where there is no sandbox it is what another probe says, and it would be gone.
        if regular and has(read(path)): found.append(f"{path} is the secret file")
        elif target.startswith("/") and not target.startswith(("/dev/null", "/dev/pts")):
            found.append(f"{path} -> {target}")
report(found=found, listed=sorted(set(listed)))
""")
    return _nothing(facts, f"open there: {' '.join(facts['listed']) or 'nothing that can be listed'}"[:200])


@probe(_G, "keyring", "a key in the worker's session keyring can be neither named nor read")
def keyring(site: Site) -> Finding:
    if site.neighbours.key is None:
        raise Skipped(f"the kernel gives us no keyring: {site.neighbours.why_no_key}")
    facts = site.ask(
        """
found = []
for name in ("keys", "key-users"):
    if has(read(f"/proc/{name}")): found.append(f"/proc/{name} names the key")
room = ctypes.create_string_buffer(4096)
place = ctypes.cast(room, ctypes.c_void_p)
description = ("token-" + V["canary"]).encode() + bytes(1)
for ring in (-1, -2, -3, -4, -5):
    key = value("keyctl", 10, ring, b"user" + bytes(1), description, 0)
    if key > 0: found.append(f"found by searching keyring {ring}")
for operation, what in ((11, "read"), (6, "described")):
    if value("keyctl", operation, V["key"], place, 4096) > 0: found.append(f"the key can be {what}")
if value("request_key", b"user" + bytes(1), description, None, 0) > 0: found.append("the key can be requested")
report(found=found)
""",
        key=site.neighbours.key,
    )
    return _nothing(facts, "not by search, by number or by name")


@probe(_G, "sysv-ipc", "shared memory of the worker cannot be attached or listed")
def sysv_ipc(site: Site) -> Finding:
    if site.neighbours.shm_key is None:
        raise Skipped(f"the kernel gives us no shared memory: {site.neighbours.why_no_shm}")
    facts = site.ask(
        """
found = []
segment = value("shmget", V["key"], 0, 0)
if segment >= 0:
    found.append("the segment can be found")
    c.syscall.restype = ctypes.c_long
    address = c.syscall(ctypes.c_long(N["shmat"]), ctypes.c_long(segment), ctypes.c_long(0), ctypes.c_long(0))
    if address > 0 and has(ctypes.string_at(address, 256)): found.append("and read")
if len(read("/proc/sysvipc/shm").splitlines()) > 1: found.append("/proc/sysvipc/shm lists segments")
report(found=found)
""",
        key=site.neighbours.shm_key,
    )
    return _nothing(facts, "neither found nor listed")


PROBES = (
    env,
    proc_environ,
    proc_cmdline,
    proc_cmdline_paths,
    private_key,
    home_ssh,
    run_sockets,
    inherited_fds,
    fd_of_init,
    keyring,
    sysv_ipc,
)
