"""Freezes a change into a snapshot: entries, diffs, policy and guidelines at exact commits."""

from __future__ import annotations

from app.domain.entries import Kind
from app.domain.errors import GitFailed, PolicyInvalid
from app.domain.guidelines import MAX_BYTES_PER_FILE, Guideline, arrange, candidate_paths
from app.domain.objects import Blob
from app.domain.policy import POLICY_PATH, Policy
from app.domain.pull_request import Sha
from app.domain.snapshot import Snapshot
from app.ports import PolicyParser, Repository

_POLICY_BYTES = 64 * 1024 + 1
_GUIDELINE_BYTES = 4 * MAX_BYTES_PER_FILE


async def gather(
    repository: Repository, parse_policy: PolicyParser, *, base: Sha, head: Sha, title: str, body: str
) -> Snapshot:
    """Everything that steers the review comes from `base`; `head` is only ever looked at."""
    merge_base = await repository.merge_base(base, head)
    if merge_base is None:
        raise GitFailed(f"{base} and {head} have no common ancestor, so there is no change to review")
    changes = await repository.changes(merge_base, head)
    paths = candidate_paths(change.entry.path for change in changes)
    blobs = await repository.blobs(base, (POLICY_PATH, *paths), max_bytes=max(_POLICY_BYTES, _GUIDELINE_BYTES))
    policy, problems = _policy(blobs.get(POLICY_PATH), parse_policy)
    return Snapshot(
        title=title,
        body=body,
        head=head,
        base=base,
        merge_base=merge_base,
        policy=policy,
        policy_problems=problems,
        guidelines=_guidelines(paths, blobs),
        changes=changes,
    )


def _policy(blob: Blob | None, parse_policy: PolicyParser) -> tuple[Policy, tuple[str, ...]]:
    if blob is None:
        return Policy(), ()
    if blob.kind not in (Kind.FILE, Kind.EXECUTABLE):
        return Policy(), (f"{POLICY_PATH} must be a regular file, not a {blob.kind}",)
    try:
        return parse_policy(blob.text_bytes, POLICY_PATH), ()
    except PolicyInvalid as error:
        return Policy(), tuple(f"{error.path}:{p.line}:{p.column}: {p.message}" for p in error.problems)


def _guidelines(paths: tuple[str, ...], blobs: dict[str, Blob]) -> tuple[Guideline, ...]:
    """Regular files only: a link would let a guideline be something else than what it seems."""
    found = ((path, blobs[path]) for path in paths if path in blobs)
    regular = ((p, b) for p, b in found if b.kind in (Kind.FILE, Kind.EXECUTABLE))
    return arrange(
        (path, blob.text_bytes.decode("utf-8", "replace"), blob.size - len(blob.text_bytes)) for path, blob in regular
    )
