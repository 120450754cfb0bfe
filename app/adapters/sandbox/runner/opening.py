"""How a sandbox begins, on the worker's side: its files are sent, its environment set up and given its place."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Sequence

from app.adapters.sandbox.runner.believing import reach_of
from app.adapters.sandbox.runner.keeping_messages import AskReach, Bind, OpenWith, Reach
from app.adapters.sandbox.runner.messages import Done, Filled, Opened, Put
from app.adapters.sandbox.runner.records import encode_record
from app.adapters.sandbox.runner.talk import ANSWER_SECONDS, Talk
from app.domain.command_output import Cleaner, Keeper
from app.domain.entries import Kind
from app.domain.errors import SandboxRefused, SandboxUnavailable, SetupFailed
from app.domain.patches import TreeEntry
from app.domain.sandbox import (
    Command,
    CommandLimits,
    Isolation,
    Mode,
    SetupReach,
    Stream,
    WorkspaceKey,
    bindable,
    check_owner,
)
from app.ports import Prepared, Sandbox, Tree

_PUT_BYTES = 512 << 10
_HEAD_BYTES, _TAIL_BYTES = 400, 4_000
_MOST_THINGS = 1_000


def check_isolation(isolation: Isolation) -> None:
    """SandboxRefused where nothing is executed."""
    if isolation.mode is Mode.REFUSED:
        raise SandboxRefused(f"nothing is executed on this host: {isolation.reason}. {isolation.remedy}".strip())


def owner_digest(owner: str) -> str:
    """What the runner is told of an owner. ValueError for what cannot be one."""
    check_owner(owner)
    return hashlib.sha256(owner.encode("ascii")).hexdigest()


def open_with(environment: Prepared | None, keep: WorkspaceKey | None, *, git: bool) -> OpenWith:
    """How to ask for what is kept."""
    state = "" if keep is None else hashlib.sha256(json.dumps([keep.commit, git]).encode("ascii")).hexdigest()
    return OpenWith(
        owner="" if keep is None else owner_digest(keep.owner),
        state=state,
        environment="" if environment is None else environment.key,
    )


async def bind(talk: Talk, things: Sequence[str], entries: Sequence[TreeEntry]) -> None:
    """Give an environment's things their places among a commit's files. Raises SandboxRefused, SandboxUnavailable."""
    if len(things) > _MOST_THINGS:
        raise talk.garbage(f"an environment of {len(things)} things")
    try:
        paths = bindable(things, (entry.path for entry in entries))
    except ValueError as error:
        raise SandboxRefused(f"the environment does not fit to this commit: {error}") from None
    await talk.ask(Bind(paths), Done)


async def set_up(talk: Talk, sandbox: Sandbox, line: str, limits: CommandLimits) -> None:
    """Run a setup command. Raises SetupFailed, SandboxRefused, SandboxUnavailable."""
    cleaner, keeper = Cleaner(), Keeper(head_bytes=_HEAD_BYTES, tail_bytes=_TAIL_BYTES)

    async def hear(_stream: Stream, data: bytes) -> None:
        keeper.feed(cleaner.feed(data))

    ended = await sandbox.run(Command(argv=("sh", "-c", line), limits=limits, label="setup"), hear)
    keeper.feed(cleaner.finish())
    if not ended.succeeded:
        raise SetupFailed(line, ended, str(keeper.kept()), await _reach(talk))


async def _reach(talk: Talk) -> SetupReach | None:
    """None where the runner does not tell: the failure of the command is what matters."""
    try:
        reach, _ = await talk.ask(AskReach(), Reach)
    except (SandboxRefused, SandboxUnavailable):
        return None
    return reach_of(reach)


async def filled(talk: Talk, tree: Tree, entries: Sequence[TreeEntry], *, git: bool) -> bool:
    """Sends the files and answers whether there is a repository. A refusal may come while files are being sent."""
    answering = asyncio.create_task(talk.answer(Opened, seconds=3 * ANSWER_SECONDS))
    sending = asyncio.create_task(_send_files(talk, tree, entries, git=git))
    try:
        await asyncio.wait((answering, sending), return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            with contextlib.suppress(SandboxUnavailable):  # what came back has the better words
                sending.result()
        opened, _ = await answering
    finally:
        for task in (answering, sending):
            task.cancel()
        await asyncio.gather(answering, sending, return_exceptions=True)
    return opened.git


async def _send_files(talk: Talk, tree: Tree, entries: Sequence[TreeEntry], *, git: bool) -> None:
    batch = bytearray()
    files = [entry for entry in entries if entry.kind is not Kind.SUBMODULE]
    async with contextlib.aclosing(tree.contents(files)) as chunks:
        async for chunk in chunks:
            batch += encode_record(chunk)
            if len(batch) >= _PUT_BYTES:
                await talk.send(Put(), bytes(batch))
                batch.clear()
    if batch:
        await talk.send(Put(), bytes(batch))
    await talk.send(Filled(git))
