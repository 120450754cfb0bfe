"""Freezes a change into a snapshot: entries, diffs, policy, guidelines, skills and kinds at exact commits."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from app.domain.content_kinds import ContentKind, is_lock_name, kind_of, worth_reading
from app.domain.entries import Kind
from app.domain.errors import GitFailed
from app.domain.guidelines import MAX_BYTES_PER_FILE, Guideline, arrange, candidate_paths
from app.domain.objects import Blob, Change
from app.domain.policy import POLICY_PATH, Policy
from app.domain.pull_request import Sha
from app.domain.rules import LoadedRules
from app.domain.skills import MAX_BYTES, SKILLS_DIRECTORY, Skill, read_skill, skill_paths
from app.domain.snapshot import Snapshot
from app.domain.tiers import Tier, tier_of
from app.ports import PolicyParser, Repository, RulesReader
from app.usecases.policies import READ_BYTES, Above, settle
from app.usecases.review.own_rules import read_own_rules

_GUIDELINE_BYTES = 4 * MAX_BYTES_PER_FILE
_BASE_BYTES = max(READ_BYTES, _GUIDELINE_BYTES)

MAX_KINDS = 300
"""Of how many files the content is looked at; the rest is read like any other file."""

NOTHING_ABOVE = Above()

_REGULAR = frozenset({Kind.FILE, Kind.EXECUTABLE})


def no_rules(_files: Mapping[str, bytes], _taken: Collection[str]) -> LoadedRules:
    """For whom the repository's own rules are nothing."""
    return LoadedRules((), ())


async def gather(
    repository: Repository,
    parse_policy: PolicyParser,
    *,
    base: Sha,
    head: Sha,
    title: str,
    body: str,
    read_rules: RulesReader = no_rules,
    above: Above = NOTHING_ABOVE,
) -> Snapshot:
    """Everything that steers the review comes from `base`, and from what stands `above` its policy; `head` is only ever
    looked at.
    """
    merge_base = await repository.merge_base(base, head)
    if merge_base is None:
        raise GitFailed(f"{base} and {head} have no common ancestor, so there is no change to review")
    changes = await repository.changes(merge_base, head)
    paths = candidate_paths(change.entry.path for change in changes)
    suspects = _suspects(changes)
    asked = tuple(dict.fromkeys((POLICY_PATH, *paths, *(c.entry.path for c in suspects))))
    blobs = await repository.blobs(base, asked, max_bytes=_BASE_BYTES)
    effective, problems = settle(above, blobs.get(POLICY_PATH), parse_policy)
    own = await read_own_rules(repository, base, effective.policy.rules.extra, read_rules)
    return Snapshot(
        title=title,
        body=body,
        head=head,
        base=base,
        merge_base=merge_base,
        policy=effective.policy,
        policy_problems=(*problems, *own.problems),
        guidelines=_guidelines(paths, blobs),
        changes=changes,
        kinds=await _kinds(repository, head, suspects, blobs),
        skills=await _skills(repository, base),
        own_rules=own.rules,
        linked_guidelines=tuple(path for path in paths if path in blobs and blobs[path].kind not in _REGULAR),
        policy_sources=effective.sources,
        narrowed=effective.narrowed,
    )


def _guidelines(paths: tuple[str, ...], blobs: Mapping[str, Blob]) -> tuple[Guideline, ...]:
    """Regular files only: a link would let a guideline be something else than what it seems."""
    found = ((path, blobs[path]) for path in paths if path in blobs)
    regular = ((p, b) for p, b in found if b.kind in _REGULAR)
    arranged = arrange(
        (path, blob.text_bytes.decode("utf-8", "replace"), blob.size - len(blob.text_bytes)) for path, blob in regular
    )
    return tuple(_with_digest(guideline, blobs[guideline.path].text_bytes) for guideline in arranged)


def _with_digest(guideline: Guideline, data: bytes) -> Guideline:
    return replace(guideline, sha256=hashlib.sha256(data).hexdigest(), hashed_bytes=len(data))


async def _skills(repository: Repository, base: Sha) -> tuple[Skill, ...]:
    listed = await repository.listing(base, SKILLS_DIRECTORY)
    if not listed:
        return ()
    paths = skill_paths(entry.path for entry in listed if entry.is_directory)
    blobs = await repository.blobs(base, paths, max_bytes=MAX_BYTES)
    return tuple(
        replace(read_skill(path, blobs[path].text_bytes.decode("utf-8", "replace")), digest=_digest(blobs[path]))
        for path in paths
        if path in blobs and blobs[path].kind in _REGULAR
    )


def _digest(blob: Blob) -> str:
    return hashlib.sha256(b"%d\0%b" % (blob.size, blob.text_bytes)).hexdigest()


def _suspects(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Files of which the content can change the tier: lock files first, then where most would be read."""
    able = [c for c in changes if c.diff is not None and _may_have_kind(c)]
    able.sort(key=lambda c: (not is_lock_name(c.entry.path), -_changed_lines(c), c.entry.path))
    return tuple(able[:MAX_KINDS])


def _may_have_kind(change: Change) -> bool:
    entry = change.entry
    if any(side.kind not in _REGULAR for side in entry.sides):
        return False
    if tier_of(entry.path, Policy()).tier is not Tier.STANDARD:
        return False
    return entry.old is not None or is_lock_name(entry.path)


def _changed_lines(change: Change) -> int:
    return change.diff.changed_line_count if change.diff else 0


async def _kinds(
    repository: Repository, head: Sha, suspects: tuple[Change, ...], at_base: Mapping[str, Blob]
) -> Mapping[str, ContentKind]:
    """The head is asked only for files of which the base commit leaves the matter open."""
    base = {c.entry.path: _regular_bytes(at_base.get(c.entry.path)) for c in suspects}
    open_ = tuple(c for c in suspects if worth_reading(c.entry.path, base[c.entry.path]))
    there = tuple(c.entry.path for c in open_ if c.entry.new is not None)
    at_head = await repository.blobs(head, there, max_bytes=_BASE_BYTES) if there else {}
    kinds = ((c.entry.path, kind_of(c.entry.path, base=base[c.entry.path], head=_head(c, at_head))) for c in open_)
    return {path: kind for path, kind in kinds if kind is not None}


def _head(change: Change, at_head: Mapping[str, Blob]) -> bytes | None:
    return None if change.entry.new is None else at_head[change.entry.path].text_bytes


def _regular_bytes(blob: Blob | None) -> bytes | None:
    return blob.text_bytes if blob is not None and blob.kind in _REGULAR else None
