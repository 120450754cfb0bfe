"""Starts and ends server processes, and reads from /proc what they used."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_NANOSECONDS = 1e9
_KB_PER_MB = 1024


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that answers on loopback."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """User and system time of all its threads.

        From the scheduler's own account where the kernel keeps one: `stat` counts in steps of 10 ms.
        """
        try:
            threads = list(Path(f"/proc/{self.pid}/task").iterdir())
            return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / _NANOSECONDS
        except FileNotFoundError:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            user, system = fields[11:13]
            return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == "VmRSS":
                return int(value.split()[0]) / _KB_PER_MB
        raise LookupError(f"process {self.pid} has no VmRSS: it has ended")


@contextmanager
def started(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[ServerProcess]:
    """`command --port N` from the moment it listens until the block ends; output goes to `log`."""
    port = _free_port()
    with running([*command, "--port", str(port)], {**environment, "PORT": str(port)}, log) as process:
        _wait_until_listening(process, port, log)
        yield ServerProcess(process.pid, port)


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs one of our modules."""
    return (sys.executable, "-m", module, *arguments)


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with this environment and no other, until the block ends; output goes to `log`."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/nonexistent"), **environment}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output, cwd=ROOT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    told = log.read_text("utf-8", "replace")
    raise RuntimeError(f"{process.args!r} does not listen; its output:\n{told[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
