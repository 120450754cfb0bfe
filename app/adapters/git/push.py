"""One push of one commit to one branch: by exact ids, forwards only, and looked for when its answer was lost.

It starts from a git dir of our own that borrows the mirror's objects: no hook, no remote and no configuration of a
repository is there, and nothing is left there afterwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from app.adapters.git.failures import redacted
from app.adapters.git.process import Git, checked_sha
from app.adapters.git.quarantine import quarantined
from app.adapters.git.server import GitHubServer
from app.adapters.git.transfer import talking
from app.adapters.in_flight import HEARD_OUT_SECONDS, heard_out
from app.domain.branches import problem_with_branch
from app.domain.entries import display_path
from app.domain.errors import GitFailed
from app.domain.pull_request import RepositoryName, Sha
from app.domain.pushing import PushOutcome, PushRefusal, PushState, refusal

_OPTIONS = ("--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--no-signed", "--no-progress")
_REJECTED = 1
_FORBIDDEN = re.compile(r"returned error: (?:403|404)|repository '[^']*' not found", re.IGNORECASE)
# https://git-scm.com/docs/git-push#_output, with --porcelain.
_LINE = re.compile(r"(?P<flag>[ +*=!-])\t[^\t]*:(?P<ref>refs/[^\t]*)\t(?P<summary>.*)")
_SUMMARY = re.compile(r"\[[^\]]*\] \((?P<reason>.*)\)")
_LONGEST_WORDS = 300


@dataclass(frozen=True, slots=True)
class PushLimits:
    """What one push, and one look at the branch, may take; and how long a push that nobody wants any more is heard out:
    what it has sent, the server may take all the same.
    """

    seconds: float = 120
    heard_out_seconds: float = HEARD_OUT_SECONDS
    look_seconds: float = 30
    output_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """`branch` of `repository` is to go from `old` to `new`; `old` None: it is to be made."""

    store: Git
    """Has both commits."""
    server: GitHubServer
    repository: RepositoryName
    branch: str
    old: Sha | None
    new: Sha
    token: str = field(repr=False)
    limits: PushLimits

    async def run(self) -> PushOutcome:
        """Raises GitFailed, with `retry` when nothing is known for sure or the reason may pass."""
        problem = problem_with_branch(self.branch)
        if problem is not None:
            raise GitFailed(f"nothing is pushed to {self.repository}: the name of the branch {problem}")
        checked_sha(self.new)
        with quarantined(replace(self.store, damage_mark=None)) as quarantine:
            local = replace(quarantine.git, label=str(self.repository))
            await self._check_descent(local)
            try:
                rejected = await heard_out(self._push(local), seconds=self.limits.heard_out_seconds)
            except GitFailed as failed:
                if failed.unauthorized:
                    raise
                if _FORBIDDEN.search(str(failed)):
                    return await self._looked(local, failed, why=PushRefusal.PERMISSION, words=str(failed))
                return await self._looked(local, failed)
            if rejected is None:
                return PushOutcome(PushState.PUSHED, at=self.new)
            told = f"git push of {self.repository} was rejected: {rejected or 'no reason was given'}"
            return await self._looked(local, GitFailed(told, retry=True), why=refusal(rejected), words=rejected)

    async def _check_descent(self, git: Git) -> None:
        """A lease lets git force a ref from where it is to anywhere; ours only goes on from there."""
        if self.old is None:
            return
        behind = await git.output("rev-list", "--count", checked_sha(self.old), f"^{self.new}", "--")
        if self.old == self.new or behind.strip() != b"0":
            raise GitFailed(f"nothing is pushed to {self.repository}: {self.new} does not go on from {self.old}")

    async def _push(self, local: Git) -> str | None:
        """None when the server took it, else the reason it gave for the ref; empty when it gave none."""
        limits = replace(local.limits, seconds=self.limits.seconds, output_bytes=self.limits.output_bytes)
        lease = f"--force-with-lease={self._ref}:{self.old or ''}"
        url, what = self.server.clone_url(self.repository), f"{self.new}:{self._ref}"
        with talking(replace(local, limits=limits), self.server, self.token) as git:
            printed = await git.output("push", *_OPTIONS, lease, "--end-of-options", url, what, accept=(0, _REJECTED))
        for line in printed.decode("utf-8", "replace").splitlines():
            found = _LINE.fullmatch(line)
            if found is not None and found["ref"] == self._ref:
                return self._reason(found["summary"]) if found["flag"] == "!" else None
        return ""

    def _reason(self, summary: str) -> str:
        found = _SUMMARY.fullmatch(summary)
        words = found["reason"] if found else ""
        return display_path(redacted(words, (self.token,))[:_LONGEST_WORDS])

    async def _looked(
        self, local: Git, failed: GitFailed, *, why: PushRefusal | None = None, words: str = ""
    ) -> PushOutcome:
        """What the branch itself says after an answer that was lost, or that was no plain yes. Also after a plain no:
        an earlier push may have arrived, and nobody has said so yet.
        """
        try:
            at = await self._at(local)
        except GitFailed as blind:
            if why is PushRefusal.PERMISSION:  # which may well be the same for looking
                return PushOutcome(PushState.REFUSED, why, words)
            raise GitFailed(f"{failed}; and where the branch is now cannot be seen: {blind}", retry=True) from failed
        if at == self.new:
            return PushOutcome(PushState.PUSHED, at=at)
        if at != self.old:
            return PushOutcome(PushState.MOVED, words=words, at=at)
        if why is not None:
            return PushOutcome(PushState.REFUSED, why, words, at)
        raise failed

    async def _at(self, local: Git) -> Sha | None:
        limits = replace(local.limits, seconds=self.limits.look_seconds, output_bytes=self.limits.output_bytes)
        url = self.server.clone_url(self.repository)
        with talking(replace(local, limits=limits), self.server, self.token) as git:
            printed = await git.output("ls-remote", "--quiet", "--refs", "--end-of-options", url, self._ref)
        for line in printed.split(b"\n"):  # git also lists refs that merely end like the name
            sha, _, found = line.partition(b"\t")
            if found == self._ref.encode():
                return checked_sha(sha.decode("ascii", "replace"))
        return None

    @property
    def _ref(self) -> str:
        return f"refs/heads/{self.branch}"
