"""The check run of one name on one head: made once, started, concluded; older heads' checks are cancelled."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.errors import GitHubError, GitHubRefused
from app.domain.messages import check as words
from app.domain.messages.check import REVIEW_CHECK, CheckOutput, Conclusion
from app.domain.pull_request import PullRequestRef, Sha
from app.ports import Checks, Heads, Outbox, Place
from app.usecases.once import once

PENDING = "pending"
HELD = "held"
"""Passed, but held back by another pull request with the same head."""

_GONE = frozenset((404, 410, 422))


@dataclass(frozen=True, slots=True)
class CheckRuns:
    """`check:<head>` is the outbox key of a head's check run; `concluded:<head>` says that it is over.

    `prefix` stands before these keys, so that checks of several names have keys of their own; `heads` are this check's.
    """

    checks: Checks
    outbox: Outbox
    heads: Heads
    name: str = REVIEW_CHECK
    prefix: str = ""

    async def ensure(self, place: Place, head: Sha, output: CheckOutput) -> int:
        """The head's open check run; a new one when there is none or the last one is concluded."""
        over = await self.outbox.finished(place.ref, self._concluded(head))
        if over:
            await self.forget(place.ref, head)
        external_id = f"{self.prefix}{place.ref}:{head}"
        return await once(
            self.outbox,
            place.ref,
            self._made(head),
            find=lambda: self.checks.find(place, head=head, name=self.name, external_id=external_id),
            act=lambda: self.checks.create(place, head=head, name=self.name, external_id=external_id, output=output),
        )

    async def announce(self, place: Place, head: Sha, output: CheckOutput) -> int:
        """The open check run of a head that is about to be looked at."""
        await self.heads.note(place.ref, head, PENDING)
        return await self.ensure(place, head, output)

    async def start(self, place: Place, head: Sha, output: CheckOutput) -> int:
        check_run = await self.announce(place, head, output)
        await self.checks.start(place, check_run, output)
        return check_run

    async def conclude(
        self,
        place: Place,
        head: Sha,
        conclusion: Conclusion,
        output: CheckOutput,
        *,
        state: str | None = None,
    ) -> None:
        """Ends the head's check run, making one if there is none, so that a required check never hangs.

        `state` is how the pull request stands at this head where that is not the conclusion.
        """
        check_run = await self.ensure(place, head, output)
        await self.checks.conclude(place, check_run, conclusion, output)
        await self.outbox.finish(place.ref, self._concluded(head), check_run)
        await self.heads.note(place.ref, head, state or conclusion)

    async def cancel_others(self, place: Place, head: Sha | None, told: CheckOutput | None = None) -> None:
        """Ends every open check run of other heads as `cancelled`, with `told` or as superseded by a newer head."""
        for other in await self.open_heads(place.ref):
            if other != head:
                try:
                    await self.conclude(place, other, Conclusion.CANCELLED, told or words.superseded())
                except GitHubRefused as gone:  # an old check that cannot be written must not stop the new head
                    if gone.status not in _GONE:
                        raise
                    await self.outbox.forget(place.ref, self._made(other))

    async def fail(self, place: Place, head: Sha | None, output: CheckOutput, run_id: str) -> None:
        """Ends the head's check run, and every other that is open, as something that a person has to look at. What the
        run has ended so before, because another one was refused, it leaves alone.
        """
        known, number = await self.outbox.finished(place.ref, ""), _number(run_id)
        heads = list(await self.open_heads(place.ref))
        if head is not None and not (known.get(self._failed(head)) == number and self._concluded(head) in known):
            heads.append(head)
        refused: GitHubError | None = None
        for one in dict.fromkeys(heads):
            try:
                await self.conclude(place, one, Conclusion.ACTION_REQUIRED, output)
                await self.outbox.finish(place.ref, self._failed(one), number)
            except GitHubError as error:  # it must not keep the others open
                refused = error
        if refused is not None:
            raise refused

    async def is_over(self, ref: PullRequestRef, head: Sha) -> bool:
        """Whether the head's check run is concluded."""
        return bool(await self.outbox.finished(ref, self._concluded(head)))

    async def judge(self, ref: PullRequestRef, head: Sha, run_id: str) -> None:
        """Notes that the run is about to say its last word on the head."""
        await self.outbox.finish(ref, self._judged(head), _number(run_id))

    async def judged_by(self, ref: PullRequestRef, head: Sha, run_id: str) -> bool:
        """Whether the run has said its last word on the head, and GitHub has it."""
        known = await self.outbox.finished(ref, "")
        return known.get(self._judged(head)) == _number(run_id) and self._concluded(head) in known

    async def forget(self, ref: PullRequestRef, head: Sha) -> None:
        """Nothing is known of the head's check run any more."""
        await self.outbox.forget(ref, self._made(head))
        await self.outbox.forget(ref, self._concluded(head))

    async def open_heads(self, ref: PullRequestRef) -> tuple[Sha, ...]:
        """Heads whose check run is not concluded; one that was begun may be on GitHub though we never heard."""
        known = await self.outbox.finished(ref, "")
        made = (*(key for key in known if key.startswith(self._made(""))), *await self.outbox.open(ref, self._made("")))
        heads = (key.removeprefix(self._made("")) for key in made)
        return tuple(Sha(head) for head in heads if self._concluded(head) not in known)

    def _made(self, head: str) -> str:
        return f"{self.prefix}check:{head}"

    def _concluded(self, head: str) -> str:
        return f"{self.prefix}concluded:{head}"

    def _failed(self, head: str) -> str:
        return f"{self.prefix}failed:{head}"

    def _judged(self, head: str) -> str:
        return f"{self.prefix}judged:{head}"


def _number(run_id: str) -> int:
    """The outbox keeps numbers."""
    return int.from_bytes(run_id.encode(), "big")
