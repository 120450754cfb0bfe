"""The last look at a commit that is made and not yet pushed: what git says that it changes, and all refusals of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.fix.edit_patch import edited
from app.domain.fix.git_patch import git_patch
from app.domain.fix.guards import GuardedChange, GuardPolicy, guard
from app.domain.fix.test_changes import FileChange, weakened
from app.domain.objects import Blob, Change
from app.domain.patches import Patch, Refusal
from app.domain.policy import Policy
from app.domain.pushing import Drafted
from app.ports import Repository
from app.usecases.fix.check_scripts import check_scripts

_FILE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a commit changes, as git tells it, and what speaks against it; with one refusal it is not to be used."""

    changes: tuple[Change, ...]
    texts: tuple[FileChange, ...]
    refusals: tuple[Refusal, ...]


async def guarded(repository: Repository, drafted: Drafted, policy: Policy, verify: Sequence[str]) -> Guarded:
    """`verify` are the commands that a fix must not change the meaning of. Raises GitFailed."""
    changes = await repository.changes(drafted.base, drafted.commit)
    paths = tuple(change.entry.path for change in changes)
    before = await repository.blobs(drafted.base, paths, max_bytes=_FILE_BYTES)
    after = await repository.blobs(drafted.commit, paths, max_bytes=_FILE_BYTES)
    both = [
        GuardedChange(one, _whole(before.get(one.entry.path)), _whole(after.get(one.entry.path))) for one in changes
    ]
    texts = tuple(FileChange(one.change.entry.path, _text(one.before), _text(one.after)) for one in both)
    added = (one.path for one in texts if one.before is None)
    scripts = await check_scripts(repository, drafted.base, verify, added)
    return Guarded(changes, texts, (*guard(both, GuardPolicy(policy)), *weakened(texts, verify, scripts)))


async def undrafted_patch(repository: Repository, patch: Patch) -> str:
    """What may leave the sandbox of a patch of which no commit was made, for `git apply`. Raises GitFailed."""
    paths = tuple(edit.path for edit in patch.edits)
    before = await repository.blobs(patch.base, paths, max_bytes=_FILE_BYTES)
    return git_patch(edited(before, patch.edits))


def _whole(blob: Blob | None) -> bytes | None:
    return None if blob is None or blob.truncated else blob.text_bytes


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "replace")
