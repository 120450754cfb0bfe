"""Whatever state a mirror is in, the next fetch makes it good."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.adapters.git.lock import locked
from app.adapters.git.transfer import FetchLimits
from tests.adapters.git.http_server import TOKEN
from tests.adapters.git.site import ABSENT, Site, failed
from tests.adapters.git.stores import Files

REF_FILE = "refs/revwright/pulls/7/head"


def pack(git_dir: Path) -> Path:
    (found,) = (git_dir / "objects" / "pack").glob("pack-*.pack")
    return found


def rewrite(path: Path, content: bytes | bytearray) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def flip_the_middle(git_dir: Path) -> None:
    content = bytearray(pack(git_dir).read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = bytes(byte ^ 0x55 for byte in content[third : 2 * third])
    rewrite(pack(git_dir), content)


def replace_by_file(git_dir: Path) -> None:
    shutil.rmtree(git_dir)
    git_dir.write_text("x")


def empty(directory: Path) -> None:
    shutil.rmtree(directory)
    directory.mkdir()


def leave_locks(git_dir: Path) -> None:
    for name in ("HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock", f"{REF_FILE}.lock", "info/x.lock"):
        (git_dir / name).write_text("")
    for name in ("tmp_pack_1", "tmp_idx_1", ".tmp-1-pack-x.pack"):
        (git_dir / "objects" / "pack" / name).write_text("half")
    (git_dir / "objects" / "tmp_objdir-incoming-1" / "pack").mkdir(parents=True)
    pack(git_dir).with_suffix(".keep").write_text("fetch-pack 1")
    (git_dir.parent / f"{git_dir.name}.new-0").mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "pack with flipped bits": flip_the_middle,
    "pack cut off": lambda git_dir: rewrite(pack(git_dir), pack(git_dir).read_bytes()[:500]),
    "pack lost": lambda git_dir: pack(git_dir).unlink(),
    "index lost": lambda git_dir: pack(git_dir).with_suffix(".idx").unlink(),
    "index cut off": lambda git_dir: rewrite(pack(git_dir).with_suffix(".idx"), b"x" * 100),
    "ref empty": lambda git_dir: (git_dir / REF_FILE).write_text(""),
    "ref garbage": lambda git_dir: (git_dir / REF_FILE).write_text("nonsense"),
    "ref to nothing": lambda git_dir: (git_dir / REF_FILE).write_text(f"{ABSENT}\n"),
    "HEAD empty": lambda git_dir: (git_dir / "HEAD").write_text(""),
    "HEAD lost": lambda git_dir: (git_dir / "HEAD").unlink(),
    "config lost": lambda git_dir: (git_dir / "config").unlink(),
    "config broken": lambda git_dir: (git_dir / "config").write_text("[core\n"),
    "refs lost": lambda git_dir: shutil.rmtree(git_dir / "refs"),
    "objects lost": lambda git_dir: shutil.rmtree(git_dir / "objects"),
    "packs lost": lambda git_dir: empty(git_dir / "objects" / "pack"),
    "everything lost": empty,
    "a file in its place": replace_by_file,
    "locks left": leave_locks,
    "marked": lambda git_dir: git_dir.with_suffix(".damaged").touch(),
}


@pytest.mark.parametrize("moved", [False, True], ids=["same head", "new head"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_damage_heals(site: Site, damage: Callable[[Path], object], moved: bool) -> None:
    files: Files = {f"{at}": os.urandom(100).hex().encode() for at in range(30)}
    first = site.store.commit(files, site.base)
    await site.fetch(first)
    damage(site.git_dir())
    head = site.store.commit({**files, "more": b"x\n"}, site.base) if moved else first
    wanted = len(files) + 1 + moved
    if damage is flip_the_middle and not moved:  # found only while reading; the job is tried again
        error = await failed((await site.fetch(head)).changes(site.base, head))
        assert error.retry
    assert len(await (await site.fetch(head)).changes(site.base, head)) == wanted
    if moved:  # else nothing was in the way of reading
        assert leftovers(site.git_dir()) == []


def leftovers(git_dir: Path) -> list[Path]:
    """Locks and drafts within the mirror, and anything unknown beside it."""
    within = [path for path in git_dir.rglob("*") if path.suffix in {".lock", ".keep", ".draft"} or "tmp" in path.name]
    return within + [path for path in git_dir.parent.iterdir() if path.name not in {"22.git", "22.lock"}]


async def test_a_fetch_cancelled_halfway(site: Site) -> None:
    large = site.store.commit({"large": os.urandom(300_000)}, site.base)
    await site.fetch()
    site.server.stall_after = 100_000
    fetching = asyncio.create_task(site.fetch(large))
    assert await asyncio.to_thread(site.server.stalled.wait, 10)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    site.server.stall_after = None
    repository = await site.fetch(large)
    assert len(await repository.changes(site.base, large)) == 2


async def test_a_fetch_over_its_time(site: Site) -> None:
    site.server.stall_after = 10
    error = await site.limited(FetchLimits(seconds=0.5)).failure()
    assert str(error) == "git fetch of acme/web took over 0.5 s"
    assert error.retry
    site.server.stall_after = None
    await site.fetch()


_WORKER = """
import asyncio, sys
from pathlib import Path
from app.adapters.git.mirror import GitMirrors
from app.domain.pull_request import PullRequestRef, RepositoryName
data, url, head, base, token = sys.argv[1:]
fetch = GitMirrors(Path(data), url).fetch
asyncio.run(fetch(PullRequestRef(11, 22, 7), RepositoryName("acme", "web"), head=head, base=base, token=token))
"""


async def test_a_place_that_cannot_be_written(site: Site) -> None:
    site.data_dir.write_text("no directory")
    assert str(await site.failure()) == "the mirror of acme/web cannot be written: Not a directory"


async def test_a_killed_worker_leaves_no_second_writer(site: Site) -> None:
    large = site.store.commit({"large": os.urandom(300_000)}, site.base)
    site.server.stall_after = 100_000
    arguments = [str(site.data_dir), site.server.url, large, site.base, TOKEN]
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", _WORKER, *arguments, cwd=Path.cwd())
    assert await asyncio.to_thread(site.server.stalled.wait, 20)
    worker.kill()
    assert await worker.wait() == -signal.SIGKILL
    # Its git lives on and still holds the lock: nobody writes beside it.
    error = await site.limited(FetchLimits(lock_seconds=0.2)).failure(large)
    assert str(error) == "another job holds 22.lock for over 0.2 s"
    assert error.retry
    site.server.released.set()
    repository = await site.fetch(large)
    assert len(await repository.changes(site.base, large)) == 2


async def test_the_lock_lasts_as_long_as_any_heir(tmp_path: Path) -> None:
    async with locked(tmp_path / "lock", seconds=1) as lock:
        heir = subprocess.Popen(["sleep", "60"], pass_fds=(lock,))  # noqa: ASYNC220 - it ends below
    try:
        error = await failed(locked(tmp_path / "lock", seconds=0.05).__aenter__())
        assert error.retry
    finally:
        heir.kill()
        heir.wait()
    async with locked(tmp_path / "lock", seconds=1):
        pass
