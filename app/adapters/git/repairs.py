"""Commits of ours beside what a mirror fetched: from a patch, once more on a newer head, and on their way to GitHub."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from app.adapters.git.blobs import read_blobs
from app.adapters.git.chains import merge_in, read_merged_tree
from app.adapters.git.drafts import drafting
from app.adapters.git.mirror import GitMirrors
from app.adapters.git.process import Git, checked_sha
from app.adapters.git.push import Push, PushLimits
from app.adapters.git.quarantine import Quarantine, quarantined
from app.adapters.git.reverts import read_reverted
from app.domain.commits import CommitText
from app.domain.entries import Entry, Kind, parse_raw
from app.domain.errors import GitFailed
from app.domain.patch_policy import PatchLimits
from app.domain.patches import Edit, Patch
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.domain.pushing import Drafted, PushOutcome

_CHANGED = ("diff-tree", "-r", "--raw", "-z", "--no-renames", "--full-index", "--ignore-submodules=none")
_FILES = frozenset({Kind.FILE, Kind.EXECUTABLE})
_NOBODY = "nobody <nobody> 0 +0000"


@dataclass(frozen=True, slots=True)
class GitRepairs:
    """What `ports.Repairs` needs of git; the token for a push is the caller's."""

    mirrors: GitMirrors
    patch_limits: PatchLimits = field(default_factory=PatchLimits)
    push_limits: PushLimits = field(default_factory=PushLimits)

    async def commit(
        self, ref: PullRequestRef, repository: RepositoryName, patch: Patch, text: CommitText, *, head: Sha
    ) -> Drafted:
        """See `ports.Repairs`."""
        if patch.base != head:
            raise GitFailed(f"the patch was made on {patch.base}, so it is not committed on {head}")
        return await self._drafted(self.mirrors.mirror(ref, repository).git, patch, text)

    async def rebased(
        self, ref: PullRequestRef, repository: RepositoryName, commit: Sha, text: CommitText, *, onto: Sha
    ) -> Drafted | None:
        """See `ports.Repairs`. Only files that the commit changes are changed: a change that would follow a file to
        its new name is none that applies cleanly.
        """
        git = self.mirrors.mirror(ref, repository).git
        try:
            with quarantined(git) as quarantine:
                patch = await _moved(quarantine, checked_sha(commit), checked_sha(onto), self.patch_limits)
        except OSError as error:
            raise _unwritable(repository, error) from error
        return None if patch is None else await self._drafted(git, patch, text)

    async def merges(self, ref: PullRequestRef, repository: RepositoryName, *, base: Sha, head: Sha) -> bool:
        """See `ports.Repairs`."""
        git = self.mirrors.mirror(ref, repository).git
        return await read_merged_tree(git, checked_sha(base), checked_sha(head)) is not None

    async def keeps(self, ref: PullRequestRef, repository: RepositoryName, commit: Sha) -> bool:
        """See `ports.Repairs`. Every commit of ours came as one pack with all that is new in it."""
        mirror = self.mirrors.mirror(ref, repository)
        if not (mirror.git_dir / "HEAD").is_file():
            return False
        printed = await mirror.git.output("cat-file", "--batch-check", stdin=f"{checked_sha(commit)}\n".encode())
        return printed.startswith(f"{commit} commit ".encode())

    async def contains(self, ref: PullRequestRef, repository: RepositoryName, commit: Sha, *, head: Sha) -> bool:
        """See `ports.Repairs`. All of the head's history is here, so what is not here is not in it."""
        if not await self.keeps(ref, repository, commit):
            return False
        git = self.mirrors.mirror(ref, repository).git
        return await git.output("rev-list", "--max-count=1", commit, f"^{checked_sha(head)}", "--") == b""

    async def reverted(
        self, ref: PullRequestRef, repository: RepositoryName, commits: Collection[Sha], *, base: Sha, head: Sha
    ) -> Sha | None:
        """See `ports.Repairs`."""
        return await read_reverted(self.mirrors.mirror(ref, repository).git, commits, base=base, head=head)

    async def push(
        self,
        ref: PullRequestRef,
        home: RepositoryName,
        *,
        repository: RepositoryName,
        branch: str,
        old: Sha | None,
        new: Sha,
        token: str,
    ) -> PushOutcome:
        """See `ports.Repairs`. `home` is the pull request's own repository, whose mirror has the commits."""
        push = Push(
            store=self.mirrors.mirror(ref, home).git,
            server=self.mirrors.server,
            repository=repository,
            branch=branch,
            old=old,
            new=new,
            token=token,
            limits=self.push_limits,
        )
        try:
            return await push.run()
        except OSError as error:
            raise _unwritable(home, error) from error

    async def _drafted(self, git: Git, patch: Patch, text: CommitText) -> Drafted:
        try:
            with drafting(git, limits=self.patch_limits) as drafts:
                drafted = await drafts.tree(patch)
                commit = await drafts.commit(drafted, text)
                await drafts.release(commit, base=patch.base)
        except OSError as error:
            raise GitFailed(f"a commit in {git.label} cannot be written: {error.strerror}", retry=True) from error
        return Drafted(commit, patch.base, drafted.tree, drafted.changed)


async def _moved(quarantine: Quarantine, commit: Sha, onto: Sha, limits: PatchLimits) -> Patch | None:
    """What the commit changes, as a patch of `onto`; None when that is not possible, or nothing is left to change."""
    git = quarantine.git
    parents = (await git.output("rev-parse", f"{commit}^@")).decode("ascii", "replace").split()
    if len(parents) != 1:
        raise GitFailed(f"{commit} of {git.label} has {len(parents)} parents, so it is no commit of ours")
    named = (f"{sha}^{{tree}}" for sha in (parents[0], commit, onto))
    before, after, there = (await git.output("rev-parse", *named)).decode("ascii", "replace").split()
    # A merge of the commits themselves would bring back what a force-push took away: between commits that have nothing
    # but the old tree in common, it is the change alone that is merged.
    root = await _joined(git, before)
    merged = await merge_in(quarantine, await _joined(git, there, root), await _joined(git, after, root))
    if merged is None:
        return None
    ours = {entry.path for entry in await _changed(git, before, after)}
    changed = await _changed(git, there, merged)
    if not changed or any(entry.path not in ours or not _is_plain(entry) for entry in changed):
        return None
    kept = {entry.path: entry.new for entry in changed if entry.new is not None}
    # One byte more than is allowed, so that the policy sees that it is too much.
    blobs = await read_blobs(git, merged, tuple(kept), max_bytes=limits.file_bytes + 1)
    edits = [Edit(entry.path, None) for entry in changed if entry.new is None]
    for path, side in kept.items():
        edits.append(Edit(path, blobs[path].text_bytes, executable=side.kind is Kind.EXECUTABLE))
    return Patch(onto, tuple(edits))


async def _joined(git: Git, tree: str, *parents: Sha) -> Sha:
    """A commit that only the merge sees."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {_NOBODY}", f"committer {_NOBODY}"]
    written = await git.output(
        "hash-object", "-t", "commit", "-w", "--stdin", stdin="\n".join([*lines, "", ""]).encode()
    )
    return checked_sha(written.decode("ascii", "replace").strip())


async def _changed(git: Git, old: str, new: str) -> tuple[Entry, ...]:
    try:
        return parse_raw(await git.output(*_CHANGED, old, new))
    except ValueError as error:
        raise GitFailed(f"git diff-tree of {git.label} printed something unknown: {error}") from error


def _is_plain(entry: Entry) -> bool:
    return all(side.kind in _FILES for side in entry.sides)


def _unwritable(repository: RepositoryName, error: OSError) -> GitFailed:
    return GitFailed(f"beside the mirror of {repository}, nothing can be written: {error.strerror}", retry=True)
