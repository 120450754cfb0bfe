"""From a patch that is fit to a commit on GitHub, once, with everything looked at again right before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from app.domain.errors import GitHubRefused, PatchRefused, SandboxRefused
from app.domain.fix.git_patch import git_patch
from app.domain.fix.memory import FixRound, RoundState
from app.domain.fix.report import Checked, Cost, Fixed, Pushed
from app.domain.fix.verifying import compare
from app.domain.messages import fix as words
from app.domain.messages import fix_answers as answers
from app.domain.messages import fix_delivery as places
from app.domain.policy import Delivery
from app.domain.pull_request import PullRequest, Sha
from app.domain.pushing import Drafted, PushOutcome, PushState
from app.domain.receipt_basis import policy_digest
from app.usecases.fix.checking import Checker
from app.usecases.fix.drafting import Drafting
from app.usecases.fix.guarding import guarded
from app.usecases.fix.opening import Opening, own_branch
from app.usecases.fix.parts import NotFixed, Work
from app.usecases.fix.readying import deliverable, may_still
from app.usecases.fix.repairing import Repair
from app.usecases.fix.sending import sent
from app.usecases.job import OwnershipLost
from app.usecases.policies import held


@dataclass(frozen=True, slots=True)
class Delivering:
    """One patch on its way out. `cost` is what its making cost."""

    work: Work
    checker: Checker
    cost: Cost | None
    made: set[Sha] = field(default_factory=set, init=False)
    """What was on its way already, and found the branch elsewhere."""

    async def deliver(self, repair: Repair) -> None:
        """Pushes it, or offers it as text, and tells of it. Raises NotFixed."""
        if self._offered():
            await self._offer(repair)
            return
        drafted, fixed = repair.drafted, repair.fixed
        for _ in range(2):
            pull = await self._looked_again()
            if pull.head_sha != drafted.base:
                drafted, checked = await self._moved(drafted, fixed, pull)
                fixed = replace(fixed, checked=checked, onto=drafted.base)
                await self._looked_again()  # the checks took their time, in which anything may have been taken away
            outcome = await self._pushed(fixed, drafted)
            if outcome.state is PushState.PUSHED:
                return
            if outcome.state is PushState.REFUSED:
                patch = words.patch_text(repair.changes) if drafted is repair.drafted else ""
                raise NotFixed(answers.github_refused(outcome.told), patch)
            if self._stacked:
                raise NotFixed(places.branch_taken(self._branch))
        raise NotFixed(answers.moved_meanwhile())

    def _offered(self) -> bool:
        """Whether it is shown only: as the policy wants it, or because a fork does not let anybody else write."""
        deliver, branch = self.work.policy.fix.deliver, self.work.branch
        closed = not branch.may_modify or (branch.fork and deliver is Delivery.PULL_REQUEST)
        return deliver is Delivery.SUGGEST or closed

    @property
    def _stacked(self) -> bool:
        """Whether the fix gets a pull request of its own."""
        return self.work.policy.fix.deliver is Delivery.PULL_REQUEST

    @property
    def _branch(self) -> str:
        """Where the commit goes."""
        work = self.work
        return own_branch(work.order, work.place, work.row.run) if self._stacked else work.branch.name

    async def _offer(self, repair: Repair) -> None:
        """The whole patch in the comment: nothing is written to any repository."""
        work = self.work
        pull = await self._looked_again()
        why = "" if work.branch.may_modify else words.fork_is_closed()
        if self._stacked:
            why = places.only_shown_in_forks()
        if pull.head_sha != repair.drafted.base:
            why = f"{why} {places.made_before(repair.drafted.base, pull.head_sha)}".strip()
        patch = words.patch_text(repair.changes)
        if not patch:
            raise NotFixed(words.patch_not_shown(why))
        report = words.report(
            repair.fixed,
            None,
            work.speaker.origin,
            self.cost,
            delivered=words.offered(why),
            patch=patch,
        )
        await self._keep(
            replace(self._round(repair.drafted, repair.fixed, report), state=RoundState.PUSHED, commit=None)
        )
        await work.report(report)

    async def _looked_again(self) -> PullRequest:
        """The pull request now. Raises NotFixed where what was allowed is not any more."""
        work = self.work
        pull = await work.parts.pull_requests.read(work.pull.ref, work.pull.repository)
        if not pull.open:
            raise NotFixed(answers.closed())
        if pull.base_ref != work.pull.base_ref:
            raise NotFixed(words.base_changed())
        branch = await work.parts.head_branches.read(work.place)
        if branch is None or (branch.repository_id, branch.name) != (work.branch.repository_id, work.branch.name):
            raise NotFixed(answers.branch_gone())
        deliverable(branch, work.policy.fix.deliver)
        found = await held(work.parts.ceilings, work.parts.mirrors, pull)
        if found.problems or found.effective.policy != work.policy:
            raise NotFixed(words.base_changed())
        await may_still(work.parts, work.order, pull, work.policy)
        await work.guard()
        return pull

    async def _moved(self, drafted: Drafted, fixed: Fixed, pull: PullRequest) -> tuple[Drafted, Checked]:
        """The same change on the head that is there now, verified there. Raises NotFixed, also where some of it is
        there already: what is left is not what was verified and will be told of.
        """
        work, repository = self.work, self.work.repository
        try:
            rebased = await Drafting(work).rebased(drafted, fixed.addressed, pull.head_sha)
        except PatchRefused as refused:
            raise NotFixed(answers.moved_meanwhile(), words.refusals(refused.refusals)) from refused
        if rebased is None or _paths(rebased) != _paths(drafted):
            raise NotFixed(answers.moved_meanwhile())
        looked = await guarded(repository, rebased, work.policy, self.checker.checks.all)
        await work.scribe.patched(f"on the new head {pull.head_sha}", git_patch(looked.changes), looked.refusals)
        if looked.refusals:
            raise NotFixed(answers.moved_meanwhile(), words.refusals(looked.refusals))
        await work.telling.line("the branch moved: the patch is verified on its new head")
        try:
            before = await self.checker.run(repository.tree(pull.head_sha), when="on the new head")
            after = await self.checker.run(repository.tree(rebased.commit), when="on the new head, with the patch")
        except SandboxRefused as error:
            raise NotFixed(answers.moved_meanwhile()) from error
        compared = compare(before, after)
        if not compared.accepted or not all(ran.passed for ran in after):
            raise NotFixed(answers.moved_meanwhile(), words.reasons(compared.reasons))
        await work.guard()
        return rebased, replace(fixed.checked, before=before, after=after, told=compared.reasons)

    async def _pushed(self, fixed: Fixed, drafted: Drafted) -> PushOutcome:
        """Remembered before it happens, so that whoever comes after a crash looks, and does not make another one."""
        work = self.work
        branch = work.branch
        shown = f"{branch.repository.owner}:{branch.name}" if branch.fork else self._branch
        pushed = Pushed(drafted.commit, shown)
        origin = work.speaker.origin
        report = words.report(fixed, pushed, origin, self.cost, delivered="")
        going = replace(self._round(drafted, fixed, report), shown=shown)
        await self._keep(going)
        try:
            going, outcome = await sent(work.parts, work.place, going, work.branch)
        except GitHubRefused as refused:  # there is no token for it, and nothing was sent
            raise NotFixed(answers.github_refused(str(refused))) from refused
        if outcome.state is PushState.PUSHED:
            going = replace(going, state=RoundState.PUSHED)
            await self._keep(going)
            await work.report(await Opening(work.parts, work.place).told(going, origin))
        return outcome

    def _round(self, drafted: Drafted, fixed: Fixed, report: str) -> FixRound:
        work = self.work
        return FixRound(
            wish=work.order.wish,
            head=drafted.base,
            state=RoundState.PUSHING,
            requester=work.order.who.id,
            findings=fixed.addressed,
            branch=self._branch,
            onto=work.branch.name if self._stacked else "",
            message=Drafting(work).message(fixed.addressed),
            by_github=work.parts.github_commits,
            tree=drafted.tree,
            commit=drafted.commit,
            paths=_paths(drafted),
            report=report,
            base_ref=work.pull.base_ref,
            policy=policy_digest(work.policy),
            wanted=work.wanted,
        )

    async def _keep(self, changed: FixRound) -> None:
        fixes, ref = self.work.parts.fixes, self.work.pull.ref
        memory = await fixes.recall(ref)
        known = memory.of(changed.wish)
        if known is not None and known.commit not in {None, *self.made}:
            raise OwnershipLost(f"{ref}: another worker made {known.commit} for the same wish")
        if changed.commit is not None:
            self.made.add(changed.commit)
        await fixes.keep(ref, memory.having(changed))


def _paths(drafted: Drafted) -> tuple[str, ...]:
    return tuple(entry.path for entry in drafted.changed)
