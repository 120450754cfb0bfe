"""A token is on no command line, in no environment, on no disk, in no log and in no error."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import os
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.domain.errors import GitFailed
from tests.adapters.git.http_server import OTHER_TOKEN, TOKEN
from tests.adapters.git.site import ABSENT, NAME, REF, Site, failed

FORBIDDEN = tuple(
    text.encode()
    for token in (TOKEN, OTHER_TOKEN)
    for text in (token, base64.b64encode(f"x-access-token:{token}".encode()).decode())
)


def leaks(data: bytes) -> bool:
    return any(word in data for word in FORBIDDEN)


@dataclass
class Watch:
    """What the processes of this machine showed while it ran."""

    commands: set[bytes] = field(default_factory=set)
    leaked: list[str] = field(default_factory=list)
    scans: int = 0

    def scan(self) -> None:
        self.scans += 1
        for process in Path("/proc").iterdir():
            if not process.name.isdecimal():
                continue
            for name in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    data = (process / name).read_bytes()
                    if leaks(data):
                        self.leaked.append(f"{process}/{name}: {data!r}")
                    if name == "cmdline":
                        self.commands.update(data.split(b"\0")[:2])


@contextmanager
def watching() -> Iterator[Watch]:
    watch = Watch()
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            watch.scan()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()


async def test_no_process_shows_the_token(site: Site) -> None:
    site.server.stall_after = 1000
    head = site.store.commit({"large": os.urandom(100_000)}, site.base)
    with watching() as watch:
        fetching = asyncio.create_task(site.fetch(head))
        assert await asyncio.to_thread(site.server.stalled.wait, 10)
        seen = watch.scans
        while watch.scans < seen + 3:  # noqa: ASYNC110 - it is a thread that counts
            await asyncio.sleep(0.01)
        site.server.released.set()
        await fetching
    assert any(b"remote-http" in word for word in watch.commands)  # git's helper was running and looked at
    assert watch.leaked == []
    assert any(TOKEN in base64.b64decode(given.split()[1]).decode() for given in site.server.authorizations)


async def test_no_file_keeps_the_token(site: Site) -> None:
    await site.fetch()
    await site.fetch(site.store.commit({"a.py": b"3\n"}, site.base))
    await site.failure(ABSENT)
    files = [path for path in site.data_dir.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path for path in files if leaks(path.read_bytes())] == []


async def test_no_error_and_no_log_tells_the_token(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    errors: list[GitFailed] = []
    for status in (401, 404, 500):
        site.server.status = status
        errors += [await site.failure(), await site.failure(token=OTHER_TOKEN)]
        errors.append(await failed(site.mirrors.pull_request_head(REF, NAME, token=TOKEN)))
    site.server.status = None
    errors += [await site.failure(token=OTHER_TOKEN), await site.failure(ABSENT), await site.failure(base=ABSENT)]
    told = "".join(f"{error!r}{''.join(traceback.format_exception(error))}" for error in errors)
    assert not leaks(told.encode()), told
    assert not leaks(caplog.text.encode())
    asyncio.get_running_loop().set_debug(False)


async def test_tracing_that_we_were_started_with_does_not_reach_git(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Traces show headers; a token in one would stay on disk."""
    traces = tmp_path / "traces"
    traces.mkdir()
    for name in ("TRACE", "TRACE_CURL", "TRACE_PACKET", "TRACE2", "TRACE2_EVENT", "TRACE_SETUP", "CURL_VERBOSE"):
        monkeypatch.setenv(f"GIT_{name}", str(traces / name))
    await site.fetch()
    await site.mirrors.pull_request_head(REF, NAME, token=TOKEN)
    assert list(traces.iterdir()) == []
