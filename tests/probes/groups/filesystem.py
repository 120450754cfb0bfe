"""File system: what a command can write, and how far a name or a terminal carries it."""

from __future__ import annotations

import fcntl
import os
import pty
import stat
import subprocess
import termios
from pathlib import Path

from tests.probes import inside, running
from tests.probes.probe import Finding, Group, Outcome, probe, verdict
from tests.probes.site import PATIENCE_SECONDS, Site

_G = Group.FILESYSTEM


@probe(_G, "write-ro", "nothing can be written but the workspace and the file systems in memory that have a size")
def write_ro(site: Site) -> Finding:
    facts = site.ask("""
found = []
for folder in ("/", "/usr", "/usr/bin", "/usr/local", "/usr/lib", "/etc", "/dev", "/proc", "/proc/self", "/run", "/var",
               "/lib/", "/home", "/opt", "/srv", "/mnt", "/var/lib", "/sys"):
    path = os.path.join(folder, "made-by-a-probe")
    for way in (lambda: open(path, "w").close(), lambda: os.mkdir(path), lambda: os.symlink("x", path)):
        try: way()
        except OSError: continue
        found.append(f"{folder} can be written")
        (os.rmdir if os.path.isdir(path) and not os.path.islink(path) else os.unlink)(path)
        break
for path in ("/etc/passwd", "/usr/bin/env", "/etc/hosts"):
    for way in (lambda: os.chmod(path, 0o777), lambda: os.utime(path), lambda: open(path, "a").close()):
        try: way()
        except OSError: continue
        found.append(f"{path} can be changed")
        break
lines = [line.split() for line in read("/proc/self/mountinfo", 1 << 20).decode(errors="replace").splitlines()]
writable = [line[4] for line in lines if "rw" in line[5].split(",")]
allowed = {"/workspace", "/tmp", "/dev/shm", "/dev/pts", "/dev/mqueue"}
devices = {"/dev/" + name for name in ("null", "zero", "full", "random", "urandom", "tty", "console")}
found += [f"{path} is mounted writable" for path in sorted(set(writable) - allowed - devices)
          if not os.path.exists(path) or not stat.S_ISCHR(os.stat(path).st_mode)]
report(found=found)
""")
    return verdict(facts["found"], "18 directories and 3 files refused, and no other writable mount")


@probe(_G, "scratch-writable", "the workspace, the home and the temporary directories can be written (usability)")
def scratch_writable(site: Site) -> Finding:
    facts = site.ask("""
problems = []
for folder in (".", "/tmp", "/var/tmp", "/dev/shm", os.environ.get("HOME", "/nonexistent")):
    path = os.path.join(folder, "made-by-a-probe")
    try:
        with open(path, "w") as file: file.write("x")
        os.unlink(path)
    except OSError as error: problems.append(str(error))
report(problems=problems)
""")
    return verdict(facts["problems"], "5 directories")


@probe(_G, "proc-self-mem", "the memory of another process, that of the sandbox's first one included, cannot be opened")
def proc_self_mem(site: Site) -> Finding:
    facts = site.ask(
        """
found = []
child = os.fork()
if child == 0:
    time.sleep(10)
    os._exit(0)
for pid in {"1", str(child), str(V["victim"])}:
    for flags, how in ((os.O_RDWR, "written"), (os.O_WRONLY, "written")):
        try: os.close(os.open(f"/proc/{pid}/mem", flags))
        except OSError: continue
        found.append(f"the memory of process {pid if pid != str(child) else '(child)'} can be {how}")
        break
os.kill(child, 9)
os.waitpid(child, 0)
report(found=found)
""",
        victim=site.neighbours.victim.pid,
    )
    return verdict(facts["found"], "not for writing")


@probe(_G, "hardlink-out", "nothing outside can be linked, renamed or moved into the workspace, or the other way")
def hardlink_out(site: Site) -> Finding:
    with site.workspace() as workspace:
        outside = site.root / "home" / "moved-by-a-probe"
        facts = site.ask_in(
            workspace,
            """
found = []
for source in (V["key_file"], "/proc/1/root" + V["key_file"], "/etc/passwd", "/usr/bin/env", "/proc/self/exe",
               "/etc/hosts"):
    for follow in (True, False):
        try: os.link(source, "linked", follow_symlinks=follow)
        except OSError: continue
        found.append(f"{source} can be linked into the workspace")
        os.unlink("linked")
        break
open("mine", "w").close()
for target in (V["outside"], "../moved-by-a-probe", "/usr/moved", "/moved"):
    for way in (os.rename, os.link):
        try: way("mine", target)
        except OSError: continue
        found.append(f"a file can be put at {target}")
        break
report(found=found)
""",
            outside=str(outside),
        )
        if outside.exists() or (workspace.parent / "moved-by-a-probe").exists():
            facts["found"].append("a file was put outside the workspace")
            outside.unlink(missing_ok=True)
    return verdict(facts["found"], "6 sources and 4 targets refused")


@probe(
    _G, "setid-file", "a set-id file that a command makes is none on the host", expected=(Outcome.PASS, Outcome.WARN)
)
def setid_file(site: Site) -> Finding:
    with site.workspace() as workspace:
        site.ask_in(
            workspace,
            """
open("program", "w").close()
os.chmod("program", 0o6755)
report()
""",
        )
        made = (workspace / "program").stat()
        if not made.st_mode & (stat.S_ISUID | stat.S_ISGID):
            return Finding(Outcome.PASS, "the bits are gone")
        if site.root.stat().st_mode & 0o077:
            return Finding(Outcome.FAIL, "the file is set-id, and other users of the host can reach it")
    return Finding(Outcome.WARN, "the bits are kept: keep workspaces in a directory that only their owner can enter")


@probe(_G, "tiocsti", "a command cannot type into the terminal from which its worker was started")
def tiocsti(site: Site) -> Finding:
    body = """
import fcntl
found = []
places = [0, 1, 2]
try: places.append(os.open("/dev/tty", os.O_RDWR))
except OSError: pass
else: found.append("the worker's terminal is the command's own")
for fd in places:
    if c.ioctl(fd, ctypes.c_ulong(0x5412), b"x") == 0: found.append(f"a character was typed through descriptor {fd}")
report(found=found)
"""
    with site.workspace() as workspace:
        told = _under_terminal(site, workspace, site.argv(workspace, site.program(body), ()))
    return verdict(told, "no terminal to open, nothing typed")


def _under_terminal(site: Site, workspace: Path, argv: list[str]) -> list[str]:
    """What it reports when it is started with a terminal that controls it, and what was typed into that."""
    ours, theirs = pty.openpty()
    try:
        attributes = termios.tcgetattr(theirs)
        attributes[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(theirs, termios.TCSANOW, attributes)
        # setsid(1) makes the terminal on its standard input the controlling one.
        process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *argv],
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(site.environment),
            cwd=workspace,
            start_new_session=True,
        )
        ran = running.finish(process, PATIENCE_SECONDS)
        told = inside.reported(ran.out)
        if told is None:
            raise RuntimeError(f"the command reported nothing: {ran.told}")
        waiting = fcntl.ioctl(theirs, termios.FIONREAD, b"\0" * 4)
        found: list[str] = told["found"]
        return found + (["the worker's terminal has input"] if int.from_bytes(waiting, "little") else [])
    finally:
        os.close(ours)
        os.close(theirs)


PROBES = (write_ro, scratch_writable, proc_self_mem, hardlink_out, setid_file, tiocsti)
