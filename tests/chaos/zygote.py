"""A process that has imported the product and forks it on command: `python -m tests.chaos.zygote FD`.

Importing takes a second and forking some milliseconds, so that a scenario can kill and start processes as it likes.
One JSON object a line comes in over the socket FD, one goes back:

    {"run": "worker" | "web" | "program", "environ": {...}, "arguments": [...], "log": path}  ->  {"pid": n}
    {"wait": pid, "seconds": n}  ->  {"status": n}, or null when it has not ended by then

A status is as in `subprocess`: minus the number of the signal that ended it. A child that has ended keeps its process
id until it was waited for, so a kill cannot meet a stranger. All children end with the zygote, and it with its parent.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import signal
import socket
import sys
import threading
import time
from typing import Any

import openai.resources.responses  # noqa: F401 - else each worker imports it when it first asks the model

from app.cli import serve
from app.cli.logs import configure
from app.web import main as _web  # noqa: F401 - imported by the command when it is called
from app.wiring import web as _web_services  # noqa: F401 - the same
from tests import worker_process

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.002

Command = dict[str, Any]


def main(connection: socket.socket) -> int:
    """Serves commands until the other side closes; in a child, runs what was asked for."""
    die_with(os.getppid())
    gc.freeze()  # what is there now is shared with the children as long as nobody touches it
    children: set[int] = set()
    with connection.makefile("rw") as lines:
        for line in lines:
            command: Command = json.loads(line)
            if "run" in command:
                assert threading.active_count() == 1, "a fork takes one thread along and the locks of all"
                zygote, pid = os.getpid(), os.fork()
                if pid == 0:
                    connection.close()
                    return run(command, zygote)
                children.add(pid)
                answer: Command = {"pid": pid}
            else:
                answer = {"status": wait(command["wait"], command["seconds"])}
                if answer["status"] is not None:
                    children.discard(command["wait"])
            lines.write(json.dumps(answer) + "\n")
            lines.flush()
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    return 0


def wait(pid: int, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            return None
        time.sleep(_POLL_SECONDS)


def run(command: Command, zygote: int) -> int:
    """In the child: its output goes to the log, then it is what it was asked to be."""
    die_with(zygote)
    log = os.open(command["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, source in enumerate((nothing, log, log)):
        os.dup2(source, number)
    arguments: list[str] = command["arguments"]
    match command["run"]:
        case "worker":
            configure("text")
            asyncio.run(worker_process.main(command["environ"]))
        case "web":
            return serve.web(command["environ"], host="127.0.0.1", port=int(arguments[0]), parent=None)
        case "program":
            os.execve(arguments[0], arguments, command["environ"])  # noqa: S606 - it needs no shell
        case other:
            raise AssertionError(other)
    return 0


def die_with(parent: int) -> None:
    """The kernel kills this process when its parent ends, however it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(socket.socket(fileno=int(sys.argv[1]))))
