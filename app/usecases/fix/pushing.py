"""One commit on its way to a branch, over the deaths of workers: looked for first, and never made twice."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.branches import HeadBranch
from app.domain.errors import GitHubRefused
from app.domain.fix.memory import FixRound
from app.domain.fix.order import FixOrder
from app.domain.messages import fix as words
from app.domain.messages import fix_answers as answers
from app.domain.messages import fix_delivery as places
from app.domain.pull_request import PullRequest
from app.domain.pushing import PushState
from app.domain.receipt_basis import policy_digest
from app.ports import Place
from app.usecases.fix.parts import FixParts, NotFixed
from app.usecases.fix.readying import deliverable, may_still
from app.usecases.fix.sending import found, landed, sent
from app.usecases.job import Guard
from app.usecases.policies import held


@dataclass(frozen=True, slots=True)
class Resuming:
    """A round that was pushing when its worker died, or lost GitHub: the commit may be there, or on its way."""

    parts: FixParts
    order: FixOrder
    place: Place
    going: FixRound

    async def arrived(self) -> FixRound | None:
        """The round, if the branch has its commit, or had it when it was deleted. Writes nothing."""
        return await self._there(*await self._where())

    async def finish(self, guard: Guard) -> FixRound:
        """Brings it there if it is not. Raises NotFixed where it is not, and must not be brought any more."""
        parts, place, going = self.parts, self.place, self.going
        pull, branch = await self._where()
        if done := await self._there(pull, branch):
            return done
        if not pull.open:
            raise NotFixed(answers.closed())
        found = await held(parts.ceilings, parts.mirrors, pull)
        policy = found.effective.policy
        if found.problems or going.policy != policy_digest(policy) or going.base_ref != pull.base_ref:
            raise NotFixed(words.base_changed())
        await may_still(parts, self.order, pull, policy)
        if branch is None or branch.name != (going.onto or going.branch):
            raise NotFixed(answers.branch_gone())
        deliverable(branch, policy.fix.deliver)
        if not await parts.repairs.keeps(pull.ref, pull.repository, going.commit or going.head):
            raise NotFixed(answers.commit_lost())
        await guard()
        try:
            done, outcome = await sent(parts, place, going, branch)
        except GitHubRefused as refused:
            raise NotFixed(answers.github_refused(str(refused))) from refused
        if outcome.state is PushState.MOVED:
            raise NotFixed(places.branch_taken(going.branch) if going.onto else answers.moved_meanwhile())
        if outcome.state is PushState.REFUSED:
            raise NotFixed(answers.github_refused(outcome.told))
        return done

    async def _there(self, pull: PullRequest, branch: HeadBranch | None) -> FixRound | None:
        parts, going = self.parts, self.going
        if not going.by_github and not going.onto:
            return going if await landed(parts, pull, branch, going) else None
        repository = pull.repository if branch is None else branch.repository
        return await found(parts, self.place, going, repository)

    async def _where(self) -> tuple[PullRequest, HeadBranch | None]:
        parts, place = self.parts, self.place
        return await parts.pull_requests.read(place.ref, place.repository), await parts.head_branches.read(place)
