"""The merges of a branch, read from its first-parent history, and the entries that one of them changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from app.adapters.git.changes import LIST_ENTRIES, DiffLimits
from app.adapters.git.process import Git, checked_sha
from app.domain.entries import Entry, parse_raw
from app.domain.errors import GitFailed
from app.domain.gate.simulation import History, PastMerge
from app.domain.pull_request import Sha

_LATEST = int(datetime(9999, 12, 30, tzinfo=UTC).timestamp())
_LONGEST_SUBJECT = 500
# A clock that was wrong once must not end the walk: --since would stop at the first commit that is older.
_REV_LIST = ("rev-list", "--first-parent", "--no-commit-header", "--format=%H %ct %P%x09%s")

_LINE = re.compile(rb"([0-9a-f]{40}) ([0-9]{1,20}) ((?:[0-9a-f]{40} ?)*)\t(.*)", re.DOTALL)


async def read_merges(git: Git, tip: Sha, since: datetime, *, most: int) -> History:
    """The newest `most` commits of the first-parent history that were committed since then, newest first."""
    start = max(int(since.timestamp()), 0)
    arguments = (f"--since-as-filter=@{start} +0000", f"--max-count={most + 1}", checked_sha(tip))
    found = tuple(_merges(git, await git.output(*_REV_LIST, *arguments)))
    return History(found[:most], more=len(found) > most)


async def read_entries(git: Git, old: Sha, new: Sha, *, limits: DiffLimits) -> tuple[Entry, ...]:
    """Every changed entry from `old` to `new`, in git's order, without a look at any content."""
    lister = replace(git, limits=replace(git.limits, output_bytes=limits.list_bytes))
    raw = await lister.output(*LIST_ENTRIES, checked_sha(old), checked_sha(new))
    try:
        return parse_raw(raw)
    except ValueError as error:
        raise GitFailed(f"git diff-tree of {git.label} printed something unknown: {error}") from error


def _merges(git: Git, printed: bytes) -> Iterator[PastMerge]:
    """A line each; git joins the lines of a subject by spaces."""
    for line in printed.split(b"\n")[:-1]:
        match = _LINE.fullmatch(line)
        if match is None:
            raise GitFailed(f"git rev-list of {git.label} printed something unknown: {line[:80]!r}")
        yield PastMerge(
            checked_sha(match[1].decode("ascii")),
            tuple(checked_sha(parent) for parent in match[3].decode("ascii").split()),
            datetime.fromtimestamp(min(int(match[2]), _LATEST), UTC),
            match[4].decode("utf-8", "replace")[:_LONGEST_SUBJECT],
        )
