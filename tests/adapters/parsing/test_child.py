"""The child process: what becomes of it when text, a crash, a cancellation or the worker's death gets in the way."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import app
from app.adapters.parsing.parser import ChildParser, ParserLimits, find_library, open_parser
from app.adapters.parsing.process import Child, ChildLost
from app.domain.symbols import Symbol
from tests.adapters.parsing.conftest import PATIENT

ROOT = Path(app.__file__).parents[1]
TEXT = "def f(): pass\n"
SYMBOLS = (Symbol("f", "function", 1, 1),)
READY = """
import sys, os, time, json
o = sys.stdout.buffer; i = sys.stdin.buffer
def send(b): o.write(len(b).to_bytes(4, 'big') + b); o.flush()
send(b'{"ready": true}')
def take(): n = int.from_bytes(i.read(4), 'big'); return json.loads(i.read(n)) if n else sys.exit()
"""

needs_library = pytest.mark.skipif(
    find_library() is None, reason="ast-grep-py is not installed (the extra `structural`)"
)


def environment() -> dict[str, str]:
    """For another process that has the product and the library where this one has them."""
    return {"PYTHONPATH": f"{ROOT}{os.pathsep}{find_library()}", "PATH": os.defpath}


def children() -> set[int]:
    """The processes that this one started."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except (OSError, ValueError):  # it ended meanwhile
            continue
        if int(parent) == os.getpid():
            found.add(int(stat.parent.name))
    return found


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - nothing tells when a process of another ends
            await asyncio.sleep(0.01)


BOMBS = {
    "open parentheses": ("a.py", "(\n" * (1 << 19)),
    "a mebibyte on one line": ("a.py", "(" * (1 << 20)),
    "paired parentheses": ("a.py", "(\n" * 100_000 + "1" + ")\n" * 100_000),
    "nested functions": ("a.js", "function f(){\n" * 10_000 + "}\n" * 10_000),
    "nested blocks": ("a.py", "".join(" " * depth + "if x:\n" for depth in range(1_000))),
    "angles": ("a.cpp", "a<\n" * (1 << 18)),
    "layout": ("a.hs", "do\n" * (1 << 18)),
    "here documents": ("a.rb", "<<A\n" * (1 << 18)),
    "tags": ("a.tsx", "<a>\n" * (1 << 18)),
    "generics": ("a.cs", "f<(\n" * (1 << 18)),
    "statements": ("a.go", "f(\n" * (1 << 18)),
    "trailing closures": ("a.swift", "f{\n" * (1 << 18)),
}


@needs_library
@pytest.mark.parametrize("bomb", BOMBS)
async def test_hostile_text_has_an_answer_or_none_and_the_next_file_has_its_own(bomb: str) -> None:
    path, text = BOMBS[bomb]
    async with open_parser(limits=ParserLimits(seconds=10)) as parser:
        symbols = await parser.outline(path, text)
        assert symbols is None or len(symbols) <= 5_000
        assert await parser.outline("a.py", TEXT) == SYMBOLS


@needs_library
async def test_text_over_the_limit_is_not_sent() -> None:
    async with open_parser(limits=ParserLimits(bytes=len(TEXT), seconds=30)) as parser:
        assert await parser.outline("a.py", TEXT) == SYMBOLS
        assert await parser.outline("a.py", TEXT + "\n") is None
        assert await parser.outline("a.py", "é" * (len(TEXT) - 1)) is None


@needs_library
async def test_one_child_serves_all_and_none_is_left() -> None:
    before = children()
    async with open_parser(limits=PATIENT) as parser:
        assert children() == before, "it is started when it is needed"
        asked = [parser.outline("a.py", TEXT) for _ in range(20)]
        assert await asyncio.gather(*asked) == [SYMBOLS] * 20
        assert len(children() - before) == 1
    assert children() == before


@needs_library
async def test_the_child_has_nothing_of_ours() -> None:
    async with open_parser(limits=PATIENT) as parser:
        assert await parser.outline("a.py", TEXT) == SYMBOLS
        assert parser.pid is not None
        about = Path(f"/proc/{parser.pid}")
        assert (about / "environ").read_bytes().strip(b"\0") == b""
        assert (about / "cwd").resolve() == Path("/")
        assert sorted(int(fd.name) for fd in (about / "fd").iterdir())[:3] == [0, 1, 2]
        assert all(str((about / "fd" / name).readlink()).startswith(("pipe:", "socket:")) for name in "01")
        limits = {line[:25].strip(): line[26:].split()[0] for line in (about / "limits").read_text().splitlines()[1:]}
        assert limits["Max address space"] == str(512 << 20)
        assert (limits["Max core file size"], limits["Max file size"]) == ("0", "0")
        assert limits["Max cpu time"] != "unlimited"
        assert os.getsid(parser.pid) == parser.pid


def child_of(tmp_path: Path, program: str) -> Child:
    """A child that behaves otherwise."""
    script = tmp_path / "child.py"
    script.write_text(READY + program)
    return Child(tmp_path, program=script)


MISBEHAVIOURS = {
    "crashes": "take(); os.abort()",
    "ends": "take(); sys.exit()",
    "hangs": "take(); time.sleep(600)",
    "says nothing of all that was announced": "take(); o.write(b'\\0\\0\\0\\x09x'); o.flush(); time.sleep(600)",
    "announces too much": "take(); o.write(b'\\xff' * 4); o.flush(); time.sleep(600)",
    "is no JSON": "take(); send(b'what?'); take()",
    "is no object": "take(); send(b'[]'); take()",
    "has no answer": "take(); send(b'{}'); take()",
    "names lines that are not there": 'take(); send(b\'{"answer": [["f", "function", 1, 99]]}\'); take()',
    "refuses": 'take(); send(b\'{"refused": "no\\x1b[31m"}\')',
}


@pytest.mark.parametrize("how", MISBEHAVIOURS)
async def test_a_child_that_misbehaves_is_ended(tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str) -> None:
    before = children()
    child = child_of(tmp_path, MISBEHAVIOURS[how])
    parser = ChildParser(child, limits=ParserLimits(seconds=0.5))
    assert await parser.outline("a.py", TEXT) is None
    assert (child.pid, children()) == (None, before)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "a parser was lost over python text: it " in caplog.text or "no\\x1b" in caplog.text


@pytest.mark.parametrize("program", ["sys.exit()", "os.abort()"])
async def test_a_child_that_never_gets_ready(tmp_path: Path, program: str) -> None:
    script = tmp_path / "child.py"
    script.write_text(f"import os, sys\n{program}\n")
    with pytest.raises(ChildLost, match="it died"):
        await Child(tmp_path, program=script).ask({}, seconds=1)


async def test_the_same_text_does_not_cost_a_second_child(tmp_path: Path) -> None:
    child = child_of(tmp_path, f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); take(); os.abort()")
    parser = ChildParser(child, limits=PATIENT)
    assert [await parser.outline("a.py", TEXT), await parser.mentions("a.py", TEXT, "f")] == [None, None]
    assert (tmp_path / "starts").read_text() == "x"
    assert await parser.outline("a.py", "other") is None
    assert (tmp_path / "starts").read_text() == "xx"


async def test_after_many_losses_nobody_is_started_for_the_rest_of_the_minute(tmp_path: Path) -> None:
    child = child_of(tmp_path, f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); take(); os.abort()")
    now = [100.0]
    limits = ParserLimits(seconds=30, losses_per_minute=2)
    parser = ChildParser(child, limits=limits, clock=lambda: now[0])
    for at, started in ((100.0, 1), (130.0, 2), (159.9, 2), (160.0, 3), (160.1, 3), (190.0, 4)):
        now[0] = at
        assert await parser.outline("a.py", str(at)) is None
        assert len((tmp_path / "starts").read_text()) == started, at


async def test_who_is_cancelled_leaves_no_child_that_goes_on(tmp_path: Path) -> None:
    before = children()
    mark = tmp_path / "asked"
    child = child_of(tmp_path, f"take(); open({str(mark)!r}, 'w').close(); time.sleep(600)")
    parser = ChildParser(child, limits=PATIENT)
    asking = asyncio.create_task(parser.outline("a.py", TEXT))
    await until(mark.exists)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert children() == before


@needs_library
async def test_a_cancelled_start_leaves_nothing() -> None:
    before = children()
    async with open_parser(limits=PATIENT) as parser:
        for rounds in range(8):
            asking = asyncio.create_task(parser.outline("a.py", TEXT))
            for _ in range(rounds):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        assert await parser.outline("a.py", TEXT) == SYMBOLS
    assert children() == before


@needs_library
async def test_a_child_that_the_kernel_ended_is_replaced() -> None:
    async with open_parser(limits=PATIENT) as parser:
        assert await parser.outline("a.py", TEXT) == SYMBOLS
        first = parser.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: gone(first))
        await until(lambda: parser.pid is None)
        assert await parser.outline("a.py", TEXT) == SYMBOLS
        assert parser.pid != first


WORKER = """
import asyncio, sys
from app.adapters.parsing.parser import ParserLimits, open_parser

async def main():
    async with open_parser(limits=ParserLimits(seconds=30)) as parser:
        assert await parser.outline("a.py", "def f(): pass")
        print(parser.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@needs_library
async def test_it_ends_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    """Started from elsewhere, too: the child finds its own files and the library wherever the worker runs."""
    command = [sys.executable, "-c", WORKER]
    worker = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, env=environment(), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert worker.stdout is not None
        pid = int(await worker.stdout.readline())
        assert not gone(pid)
    finally:
        worker.kill()
        await worker.communicate()
    await until(lambda: gone(pid))


async def test_without_the_library_it_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with open_parser(find=lambda: None) as parser:
        assert await parser.outline("a.py", TEXT) is None
        assert await parser.mentions("a.py", TEXT, "f") is None
        assert parser.pid is None
    assert [record.getMessage() for record in caplog.records] == [
        "there is no ast_grep_py: no symbols, no structural rules; pip install 'revwright[structural]' brings it"
    ]


@needs_library
async def test_a_worker_never_loads_the_library() -> None:
    """It is found without being imported."""
    program = "import sys; from app.adapters.parsing.parser import find_library; assert find_library()\n"
    command = [sys.executable, "-c", f"{program}assert 'ast_grep_py' not in sys.modules"]
    done = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment())
    assert await done.wait() == 0
