"""Commits of ours in the mirror, which nobody else has seen yet: the patch on the head, or on a newer one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.commits import CommitText
from app.domain.fix.commit_message import commit_message
from app.domain.patches import Patch
from app.domain.pull_request import Sha
from app.domain.pushing import Drafted
from app.usecases.fix.parts import Work


@dataclass(frozen=True, slots=True)
class Drafting:
    """The words of the commit are ours alone."""

    work: Work

    async def draft(self, patch: Patch, findings: Sequence[str]) -> Drafted:
        """The patch on the head, for these findings. Raises PatchRefused, GitFailed."""
        pull = self.work.pull
        text = await self._text(findings)
        return await self.work.parts.repairs.commit(pull.ref, pull.repository, patch, text, head=pull.head_sha)

    async def rebased(self, drafted: Drafted, findings: Sequence[str], onto: Sha) -> Drafted | None:
        """The same change on another head; None when it does not fit there. Raises PatchRefused, GitFailed."""
        pull = self.work.pull
        text = await self._text(findings)
        return await self.work.parts.repairs.rebased(pull.ref, pull.repository, drafted.commit, text, onto=onto)

    def message(self, findings: Sequence[str]) -> str:
        """Of a commit for these findings."""
        work, order = self.work, self.work.order
        return commit_message(
            run=work.row.run, requester=order.who.id, findings=findings, comment=order.comment or None
        )

    async def _text(self, findings: Sequence[str]) -> CommitText:
        work = self.work
        bot = await work.parts.own_name.person(work.place)
        return CommitText(author=bot, committer=bot, at=work.parts.now(), message=self.message(findings))
