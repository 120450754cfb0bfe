"""Under a real bubblewrap, as a user without rights: what a command sees of the host, and what it cannot do."""

from __future__ import annotations

import errno
import platform
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from app.adapters.sandbox.isolation.plan import Proc, SandboxPlan, Scratch, proc_secrets
from app.adapters.sandbox.isolation.syscalls import Machine
from app.domain.sandbox import Network
from tests.adapters.sandbox.isolation import launching
from tests.adapters.sandbox.isolation.launching import Ended

SECRET = "canary-of-the-worker"


@pytest.fixture(scope="module")
def bwrap() -> PurePosixPath:
    if sys.platform != "linux" or platform.machine() not in {machine.value for machine in Machine}:
        pytest.skip(f"the sandbox is for Linux on x86_64 and aarch64, this is {sys.platform} on {platform.machine()}")
    return launching.bubblewrap()


@pytest.fixture
def plan() -> Iterator[SandboxPlan]:
    with launching.workspace() as directory:
        masked = proc_secrets(entry.name for entry in Path("/proc").iterdir())
        yield SandboxPlan(argv=("true",), workspace=directory, masked=masked)


@pytest.fixture
def python() -> str:
    """An interpreter that is inside too: /usr is all that there is."""
    for path in ("/usr/local/bin/python3", "/usr/bin/python3"):
        if Path(path).exists() and Path(path).resolve().is_relative_to("/usr"):
            return path
    pytest.skip("no python3 under /usr: these probes need one inside the sandbox")


def shell(plan: SandboxPlan, bwrap: PurePosixPath, script: str) -> Ended:
    return launching.start(replace(plan, argv=("sh", "-c", script)), bwrap)


def number(name: str) -> int:
    found = Machine(platform.machine()).number(name)
    assert found is not None
    return found


def call(plan: SandboxPlan, bwrap: PurePosixPath, python: str, code: str) -> str:
    """What Python code prints inside; `call(number, ...)` in it answers an error number."""
    begin = """
import ctypes, os, socket
c = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    return ctypes.get_errno() if c.syscall(number, *map(ctypes.c_ulong, arguments)) < 0 else 0
"""
    ended = launching.start(replace(plan, argv=(python, "-I", "-c", begin + code)), bwrap)
    assert ended.status == 0, ended.err
    return ended.out.strip()


def test_the_workspace_can_be_written_and_is_the_host_s(plan: SandboxPlan, bwrap: PurePosixPath) -> None:
    ended = shell(plan, bwrap, "echo made > it && pwd && id -u && id -g && cat /etc/hostname 2>/dev/null; uname -n")

    assert ended == Ended(0, "/workspace\n1000\n1000\nsandbox\n", "")
    assert (Path(plan.workspace) / "it").read_text() == "made\n"


def test_an_exit_status_comes_through(plan: SandboxPlan, bwrap: PurePosixPath) -> None:
    assert shell(plan, bwrap, "exit 41").status == 41


def test_no_process_has_the_worker_s_environment(
    plan: SandboxPlan, bwrap: PurePosixPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVWRIGHT_SECRET", SECRET)
    lines = "tr '\\0' '\\n'"
    show = f"{lines} < /proc/1/environ; echo --; {lines} < /proc/1/cmdline; {lines} < /proc/self/environ"

    clean = shell(plan, bwrap, show)

    assert clean.status == 0, clean.err
    assert sorted(clean.out.split("--\n")[0].split()) == ["LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"]
    assert SECRET not in clean.out
    assert str(plan.workspace) not in clean.out


def test_the_environment_that_is_inherited_would_be_seen(plan: SandboxPlan, bwrap: PurePosixPath) -> None:
    """Why `Invocation.environment` exists: bubblewrap's `--clearenv` does not reach its own first process."""
    show = replace(plan, argv=("cat", "/proc/1/environ"))

    assert SECRET in launching.start(show, bwrap, {"PATH": "/usr/bin:/bin", "REVWRIGHT_SECRET": SECRET}).out


@pytest.mark.parametrize("path", ["/new", "/usr/new", "/etc/new", "/dev/new", "/run/new", "/proc/sys/kernel/hostname"])
def test_the_rest_is_read_only(plan: SandboxPlan, bwrap: PurePosixPath, path: str) -> None:
    ended = shell(plan, bwrap, f"echo x > {path}")

    assert ended.status != 0
    assert "Read-only file system" in ended.err or "Permission denied" in ended.err


def test_the_score_for_running_out_of_memory_cannot_be_taken_back(plan: SandboxPlan, bwrap: PurePosixPath) -> None:
    assert "Read-only file system" in shell(plan, bwrap, "echo 0 > /proc/self/oom_score_adj").err


def test_nothing_else_of_the_host_is_there(plan: SandboxPlan, bwrap: PurePosixPath) -> None:
    ended = shell(
        plan, bwrap, "ls -A /; echo --; ls -A /etc; echo --; ls -A /run; ls -d /home /root /srv /mnt /opt /sys"
    )
    root, etc, run = ended.out.split("--\n")

    assert set(root.split()) == {
        *("bin", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "tmp", "usr", "var", "workspace")
    }
    ours = {"passwd", "group", "hosts", "nsswitch.conf", "resolv.conf", "gitconfig"}
    of_tools = {"ld.so.cache", "alternatives", "ssl", "localtime", "mime.types", "os-release", "protocols", "services"}
    java = {f"java-{version}-openjdk" for version in (8, 11, 17, 21, 25)}
    assert ours <= set(etc.split()) <= ours | of_tools | java
    assert run == ""


def test_secrets_of_proc_are_masked(plan: SandboxPlan, bwrap: PurePosixPath) -> None:
    ended = shell(plan, bwrap, f"cat {' '.join(plan.masked)}")

    assert plan.masked
    assert ended.out == ""


def test_memory_file_systems_are_full_at_their_size(plan: SandboxPlan, bwrap: PurePosixPath) -> None:
    small = replace(plan, scratch=Scratch(tmp_bytes=1 << 20, shm_bytes=1 << 20))
    for folder in ("/tmp", "/dev/shm", "/var/tmp"):
        ended = shell(small, bwrap, f"head -c 2097152 /dev/zero > {folder}/x")
        assert "No space left on device" in ended.err


@pytest.mark.parametrize("network", Network)
def test_there_is_no_route(plan: SandboxPlan, bwrap: PurePosixPath, network: Network) -> None:
    ended = shell(replace(plan, network=network), bwrap, "cat /proc/net/route")

    assert ended.out.startswith("Iface")
    assert ended.out.count("\n") == 1, "the heading only"


def test_the_outside_cannot_be_reached(plan: SandboxPlan, bwrap: PurePosixPath, python: str) -> None:
    """An address of a cloud's metadata service, and one that RFC 5737 keeps for documentation."""
    code = """
for address in ("169.254.169.254", "192.0.2.1"):
    print(socket.socket().connect_ex((address, 80)))
"""
    assert call(plan, bwrap, python, code).split() == [str(errno.ENETUNREACH)] * 2


def test_networks(plan: SandboxPlan, bwrap: PurePosixPath, python: str) -> None:
    code = f"print([call({number('socket')}, family, 1, 0) for family in (1, 2, 16, 40)])"
    refused = errno.EAFNOSUPPORT

    assert call(replace(plan, network=Network.NONE), bwrap, python, code) == str([0, refused, refused, refused])
    assert call(plan, bwrap, python, code) == str([0, 0, refused, refused])


def test_a_server_on_loopback_answers(plan: SandboxPlan, bwrap: PurePosixPath, python: str) -> None:
    code = """
with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5) as client:
    server.accept()[0].sendall(b"hello")
    print(client.recv(5))
"""
    assert call(plan, bwrap, python, code) == "b'hello'"


def test_characters_cannot_be_put_into_a_terminal(plan: SandboxPlan, bwrap: PurePosixPath, python: str) -> None:
    code = f"""
import pty
terminal = pty.openpty()[1]
text = ctypes.create_string_buffer(b"x")
print(call({number("ioctl")}, terminal, 0x5412, ctypes.addressof(text)))
"""
    assert call(plan, bwrap, python, code) == str(errno.EPERM)


def test_no_namespace_can_be_made(plan: SandboxPlan, bwrap: PurePosixPath, python: str) -> None:
    code = f"""
print(call({number("unshare")}, 0x10000000))
print(call({number("clone")}, 0x10000011, 0, 0, 0, 0))
print(call({number("clone3")}, 0, 0))
"""
    assert call(plan, bwrap, python, code).split() == [str(errno.EPERM), str(errno.EPERM), str(errno.ENOSYS)]


def test_there_are_no_rights_to_gain(plan: SandboxPlan, bwrap: PurePosixPath) -> None:
    ended = shell(plan, bwrap, "grep -E 'Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Seccomp:' /proc/self/status")
    told = {name: int(value, 16) for name, value in (line.split(":") for line in ended.out.splitlines())}

    assert told == {"CapInh": 0, "CapPrm": 0, "CapEff": 0, "CapAmb": 0, "NoNewPrivs": 1, "Seccomp": 2}


def test_only_the_standard_streams_are_inherited(plan: SandboxPlan, bwrap: PurePosixPath) -> None:
    assert shell(plan, bwrap, "ls /proc/$$/fd").out.split() == ["0", "1", "2"]


def test_without_proc_it_still_works(plan: SandboxPlan, bwrap: PurePosixPath) -> None:
    ended = shell(replace(plan, proc=Proc.ABSENT, masked=()), bwrap, "ls -A /proc; echo x > /proc/y; echo done > it")

    assert ended.status == 0
    assert ended.out == ""
    assert "Read-only file system" in ended.err
