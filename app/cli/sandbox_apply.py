"""`revwright sandbox apply`: a patch becomes a tree and a commit outside the sandbox, or is refused as a whole."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.git.drafts import Drafts
from app.adapters.git.objects import checked_branch
from app.adapters.git.process import checked_sha
from app.cli.exit_status import EXIT_PASSED, EXIT_REFUSED
from app.domain.commits import CommitText
from app.domain.errors import GitFailed, PatchRefused
from app.domain.patches import DraftedTree, Refusal
from app.domain.patches_json import parse_collected
from app.domain.pull_request import Sha
from app.wiring.sandbox_files import open_store

_LONGEST_INPUT = 16 << 20


def apply(arguments: argparse.Namespace) -> int:
    """Exit status 1 for a patch that is refused. Raises GitFailed for a store or an input that cannot be used."""
    result = asyncio.run(_applied(arguments, _read(arguments.file)))
    print(json.dumps(result, indent=2))
    return EXIT_REFUSED if result["refused"] else EXIT_PASSED


async def _applied(arguments: argparse.Namespace, given: bytes) -> dict[str, object]:
    branch = None if arguments.ref is None else checked_branch(arguments.ref)
    if branch is not None and arguments.message is None:
        raise GitFailed("--ref needs a commit to point at: add --message")
    base = checked_sha(arguments.base)
    text = None if arguments.message is None else _commit_text(arguments)
    repository = await open_store(arguments.git_dir)
    try:
        with repository.drafts() as drafts:
            drafted = await _drafted(drafts, base, given, as_diff=arguments.format == "diff")
            commit = None if text is None else await drafts.commit(drafted, text)
            if arguments.write or branch is not None:
                await drafts.release(commit or drafted.tree, base=base)
        if branch is not None and commit is not None:
            await repository.make_branch(branch, commit)
    except PatchRefused as refused:
        return _result(base, None, None, refused.refusals)
    return _result(base, drafted, commit, ())


async def _drafted(drafts: Drafts, base: Sha, given: bytes, *, as_diff: bool) -> DraftedTree:
    if as_diff:
        return await drafts.tree_of_diff(base, given)
    try:
        collected = parse_collected(json.loads(given))
    except (ValueError, RecursionError) as error:
        raise GitFailed(f"the patch is not what `revwright sandbox collect` prints: {error}") from error
    if collected.patch.base != base:
        raise GitFailed(f"the patch is for the commit {collected.patch.base[:80]!r}, not for {base}")
    if collected.refused:
        raise PatchRefused(collected.refused)
    return await drafts.tree(collected.patch)


def _result(
    base: Sha, drafted: DraftedTree | None, commit: Sha | None, refusals: tuple[Refusal, ...]
) -> dict[str, object]:
    changed = () if drafted is None else drafted.changed
    return {
        "base": base,
        "tree": None if drafted is None else drafted.tree,
        "commit": commit,
        "changed": [
            {"path": one.path, "status": str(one.status), "mode": None if one.new is None else one.new.mode}
            for one in changed
        ],
        "refused": [{"path": one.path, "reason": one.reason} for one in refusals],
    }


def _read(file: str | None) -> bytes:
    if file is None:
        given = sys.stdin.buffer.read(_LONGEST_INPUT + 1)
    else:
        try:
            with Path(file).open("rb") as stream:
                given = stream.read(_LONGEST_INPUT + 1)
        except OSError as error:
            raise GitFailed(f"{file!r} cannot be read: {error.strerror}") from error
    if len(given) > _LONGEST_INPUT:
        raise GitFailed(f"the patch is longer than {_LONGEST_INPUT} bytes")
    return given


def _commit_text(arguments: argparse.Namespace) -> CommitText:
    message = arguments.message.rstrip("\n") + "\n"
    try:
        return CommitText(author=arguments.author, committer=arguments.author, at=datetime.now(UTC), message=message)
    except ValueError as error:
        raise GitFailed(str(error)) from error
