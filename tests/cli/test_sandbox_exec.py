"""`revwright sandbox exec`: its exit statuses, what comes through, and what it says when it does not start."""

from __future__ import annotations

import array
import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.adapters.sandbox.isolation import launching
from tests.adapters.sandbox.runner.conftest import fresh_directory, user_of_runner
from tests.adapters.sandbox.runner.processes import children, is_dead

ROOT = Path(__file__).parent.parent.parent
PIPE_BYTES = 65_536
"""pipe(7)"""
SECRET = "canary-of-the-operator"


@dataclass(frozen=True, slots=True)
class Exec:
    """The command, on a workspace that the runner's user owns."""

    workspace: Path
    own: Path
    """Where the runner's own workspaces would lie."""

    def command(self, *arguments: str) -> list[str]:
        return [
            sys.executable,
            "-P",
            "-m",
            "app.cli",
            "sandbox",
            "exec",
            "--workspace",
            str(self.workspace),
            *arguments,
        ]

    def environment(self, **more: str) -> dict[str, str]:
        return more | {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "REVWRIGHT_WORKSPACES_DIR": str(self.own),
            "OPENAI_API_KEY": SECRET,
            "REVWRIGHT_ODD": SECRET,
        }

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=self.environment(),
            cwd="/",
        )

    def shell(self, script: str, *options: str) -> subprocess.CompletedProcess[str]:
        return self(*options, "--", "sh", "-c", script)


@pytest.fixture
def execute() -> Iterator[Exec]:
    launching.bubblewrap()
    with fresh_directory() as directory:
        directory.mkdir()
        if os.geteuid() == 0:
            os.chown(directory, user_of_runner(), user_of_runner())
        yield Exec(directory, directory.parent / "own")


def test_both_streams_and_the_status_come_through(execute: Exec) -> None:
    ended = execute.shell("echo out; echo err >&2; echo made > file; exit 41")

    assert (ended.returncode, ended.stdout, ended.stderr) == (41, "out\n", "err\n")
    assert (execute.workspace / "file").read_text() == "made\n"


def test_a_signal_is_told_as_shells_do(execute: Exec) -> None:
    assert execute.shell("kill -TERM $$").returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("script", "options", "status", "said"),
    [
        ("sleep 60", ("--timeout", "0.3"), 124, "revwright: stopped: wall-clock time (0.3 s)\n"),
        ("cat /dev/zero", ("--output", "1"), 137, "revwright: stopped: output (1 MiB)\n"),
        (
            "perl -e 'my @all; push @all, q(x) x 1_000_000 while 1'",
            ("--memory", "64", "--no-cgroup"),
            137,
            "revwright: stopped: memory (64 MiB)\n",
        ),
        ("head -c 2000000 /dev/zero > x", ("--file-size", "1"), 137, "size of a file (1 MiB)\n"),
    ],
)
def test_a_limit_is_named(execute: Exec, script: str, options: tuple[str, ...], status: int, said: str) -> None:
    ended = execute.shell(script, *options)

    assert (ended.returncode, ended.stderr.endswith(said)) == (status, True), ended.stderr


def test_nothing_of_the_environment_gets_in_and_no_control_character_out(execute: Exec) -> None:
    ended = execute.shell(
        r"cat /proc/*/environ; env; printf 'a\033[31mb\033]0;title\007c\302\233d\n'; echo $CI", "--env", "CI=1"
    )

    assert SECRET not in ended.stdout
    assert ended.stdout.endswith("1\n")
    assert not any(character in ended.stdout for character in "\x1b\x07\x9b\0")


def test_how_it_ended_can_be_had_as_json(execute: Exec) -> None:
    report = execute.workspace.parent / "ended.json"
    execute.shell("echo four; exit 3", "--json", str(report))

    told = json.loads(report.read_text())
    assert told.pop("seconds") > 0
    assert told == {"status": 3, "signal": None, "limit": None, "output_bytes": 5}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no command was given: write it at the end, after --"),
        (("--env", "LD_PRELOAD=x", "--", "true"), "LD_PRELOAD changes what programs load or run"),
        (("--env", "CI", "--", "true"), "--env 'CI' has no `=`"),
        (("--root", "/nonexistent", "--", "true"), "/nonexistent"),
        (("--json", "/nonexistent/x", "--", "true"), "No such file or directory: '/nonexistent/x'"),
    ],
)
def test_what_cannot_be_started_says_why(execute: Exec, arguments: tuple[str, ...], said: str) -> None:
    ended = execute(*arguments)

    assert (ended.returncode, ended.stdout) == (125, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("path", ["/nonexistent/x", "/", "/etc", "/usr/share/doc"])
def test_a_directory_that_can_be_no_workspace_is_refused(execute: Exec, path: str) -> None:
    ended = Exec(Path(path), execute.own).shell("true")

    assert ended.returncode == 125
    assert path in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_a_directory_of_somebody_else_is_refused_with_the_remedy(execute: Exec) -> None:
    os.chown(execute.workspace, 12345, 12345)
    execute.workspace.chmod(0o755)
    ended = execute.shell("true")

    assert ended.returncode == 125
    assert f"chown -R {user_of_runner()} COPY" in ended.stderr


@contextlib.contextmanager
def heard(number: signal.Signals) -> Iterator[None]:
    """What is started meanwhile hears the signal, even where the tests themselves were told not to (nohup, `&`)."""
    if number is signal.SIGKILL:
        yield
        return
    before = signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_whoever_ends_it_ends_the_command(execute: Exec, number: signal.Signals) -> None:
    command = execute.command("--", "sh", "-c", "echo begun; trap '' TERM INT; setsid sleep 1000 & sleep 1000")
    with heard(number):
        process = subprocess.Popen(command, env=execute.environment(), stdout=subprocess.PIPE, text=True, cwd="/")
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "begun\n"
        below = children(process.pid)
        process.send_signal(number)
        status = process.wait(30)
    assert status == (-number if number is signal.SIGKILL else 128 + number)
    by = time.monotonic() + 30
    while not all(map(is_dead, below)):
        assert time.monotonic() < by
        time.sleep(0.02)
    assert list(execute.own.iterdir()) == []


def unread(execute: Exec, *options: str) -> subprocess.Popen[bytes]:
    """Prints without end to a pipe that nobody reads, and that is full when this returns."""
    with heard(signal.SIGTERM):
        command = execute.command(*options, "--", "yes")
        process = subprocess.Popen(command, env=execute.environment(), stdout=subprocess.PIPE, cwd="/")
    assert process.stdout is not None
    by = time.monotonic() + 30
    waiting = array.array("i", [0])
    while waiting[0] <= PIPE_BYTES - select.PIPE_BUF:
        assert time.monotonic() < by
        time.sleep(0.02)
        fcntl.ioctl(process.stdout, termios.FIONREAD, waiting)
    return process


def test_who_does_not_read_does_not_stop_the_clock(execute: Exec) -> None:
    with unread(execute, "--timeout", "3") as process:
        assert process.wait(30) == 124


def test_who_does_not_read_does_not_keep_a_signal_from_being_heard(execute: Exec) -> None:
    with unread(execute) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM


def test_the_settings_are_those_of_jobs(execute: Exec) -> None:
    def with_settings(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            execute.command("--", *command),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=execute.environment(**settings),
            cwd="/",
        )

    bomb = ("perl", "-e", "my @all; push @all, q(x) x 1_000_000 while 1")
    assert "stopped: memory (64 MiB)" in with_settings(*bomb, REVWRIGHT_SANDBOX_MEMORY_MB="64").stderr
    off = with_settings("true", REVWRIGHT_SANDBOX="off")
    assert (off.returncode, "REVWRIGHT_SANDBOX is off" in off.stderr) == (125, True)


def test_why_nothing_was_started_is_in_the_json_too(execute: Exec) -> None:
    report = execute.workspace.parent / "ended.json"
    execute("--env", "LD_PRELOAD=x", "--json", str(report), "--", "true")
    assert "LD_PRELOAD" in json.loads(report.read_text())["error"]


def test_a_workspace_that_is_swapped_meanwhile_is_not_entered(execute: Exec) -> None:
    """By whoever owns the directory above it, while the self-test runs."""
    other = execute.workspace.parent / "other"
    other.mkdir()
    (other / "private").write_text("of another job\n")
    if os.geteuid() == 0:
        os.chown(other, user_of_runner(), user_of_runner())
    command = execute.command("--", "sh", "-c", "cat private; echo tampered >> private")
    process = subprocess.Popen(
        command, env=execute.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/"
    )
    by = time.monotonic() + 30
    while not children(process.pid):  # the first trial of the self-test
        assert time.monotonic() < by
        time.sleep(0.001)
    execute.workspace.rename(execute.workspace.with_name("away"))
    execute.workspace.symlink_to(other)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 125
    assert (out, "replaced" in err) == ("", True), err
    assert (other / "private").read_text() == "of another job\n"
