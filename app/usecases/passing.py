"""Turns a check green, unless another pull request with the same head has not passed: GitHub keeps checks by commit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.messages import check as words
from app.domain.messages.check import CheckOutput, Conclusion
from app.domain.pull_request import Sha
from app.ports import Heads, Place, PullRequests
from app.usecases.check_runs import HELD, CheckRuns


@dataclass(frozen=True, slots=True)
class Passing:
    """`heads` are those of the check in `check_runs`."""

    check_runs: CheckRuns
    heads: Heads
    pull_requests: PullRequests

    async def succeed(self, place: Place, head: Sha, output: CheckOutput, run_id: str) -> None:
        """Each one notes that it has passed before it looks at the others, and one that was held looks once more, so
        that of two that pass at the same time at least one sees both.
        """
        await self.heads.note(place.ref, head, Conclusion.SUCCESS)
        if against := await self._against(place, head):
            held = words.held_by_siblings(output, against)
            await self.check_runs.conclude(place, head, Conclusion.ACTION_REQUIRED, held, state=HELD)
            if await self._against(place, head):
                return
        others = await self.heads.others(place.ref, head)
        if HELD in others.values():  # its check run may be newer than ours, and GitHub counts the newest
            await self.check_runs.conclude(place, head, Conclusion.SUCCESS, output)
        else:
            await self.check_runs.judge(place.ref, head, run_id)
        await self.check_runs.conclude(place, head, Conclusion.SUCCESS, output)

    async def _against(self, place: Place, head: Sha) -> tuple[int, ...]:
        """Open pull requests with the same head that have not passed. One that was stopped has not, unless it is a
        draft, which nobody can merge.
        """
        against: list[int] = []
        for number, state in sorted((await self.heads.others(place.ref, head)).items()):
            if state in {Conclusion.SUCCESS, HELD}:
                continue
            other = await self.pull_requests.read(replace(place.ref, number=number), place.repository)
            counts = other.ready if state == Conclusion.CANCELLED else other.open
            if counts and other.head_sha == head:
                against.append(number)
        return tuple(against)
