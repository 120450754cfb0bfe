"""One wish for a fix from its note to its report: looked into, worked on, delivered, or refused with the reason."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.commands.verbs import FIX_AGAIN
from app.domain.errors import SandboxRefused, SandboxUnavailable, SetupFailed
from app.domain.fix.memory import FixMemory, FixRound, RoundState
from app.domain.fix.order import FixOrder
from app.domain.fix.report import Cost
from app.domain.fix.verifying import Ran, impossible
from app.domain.messages import fix as words
from app.domain.messages import fix_answers as answers
from app.domain.money import caps_for
from app.domain.pull_request import PullRequest
from app.domain.row import Row
from app.ports import Place
from app.usecases.fix.checking import Checker
from app.usecases.fix.delivering import Delivering
from app.usecases.fix.drafting import Drafting
from app.usecases.fix.opening import Opening
from app.usecases.fix.parts import FixParts, NotFixed, Work
from app.usecases.fix.pushing import Resuming
from app.usecases.fix.readying import (
    Ready,
    ci_says,
    deliverable,
    environment_of,
    made_ready,
    nothing_fails,
    taken_back_from,
)
from app.usecases.fix.repairing import Repairing
from app.usecases.fix.telling import FixTelling, FixVoice
from app.usecases.fix.transcribed import TranscribedModel
from app.usecases.job import Guard, Progress
from app.usecases.metered import MeteredModel
from app.usecases.review.gather import gather
from app.usecases.review.remembered import RememberedModel


@dataclass(slots=True)
class Attending:
    """One wish of one row."""

    parts: FixParts
    order: FixOrder
    row: Row
    _meter: MeteredModel | None = None
    _model: RememberedModel | None = None
    _repairing: Repairing | None = None
    _progress: Progress | None = None

    @property
    def _place(self) -> Place:
        return Place(self.row.key.ref, self.row.wanted.repository)

    async def attend(self, guard: Guard, progress: Progress) -> str:
        """What became of it, in our words. Raises what GitHub's, git's, the ledger's and, while nothing is spent, the
        sandboxes' being away raise.
        """
        parts, order, self._progress = self.parts, self.order, progress
        memory = await parts.fixes.recall(self._place.ref)
        known = memory.of(order.wish)
        if known is not None and known.state is RoundState.ENDED:
            return "answered before"
        await parts.scribe(self.row).asked(order, self.row.attempts)
        if known is not None:
            return await self._concluded(known, guard)
        try:
            await self._worked(memory, guard, progress)
        except (NotFixed, SandboxUnavailable, SandboxRefused) as error:
            if isinstance(error, SandboxUnavailable) and self._model is None:
                raise  # no model was asked, so another attempt loses nothing
            why = error if isinstance(error, NotFixed) else _without_sandbox(error)
            await self._refused(why)
            return f"nothing pushed: {why.reason}"
        delivered = await self._known()
        assert delivered is not None  # else it would not be delivered
        await self._keep(replace(delivered, state=RoundState.ENDED, report=""))
        await self._cleared()
        return "delivered"

    async def _cleared(self) -> None:
        """The head moves on, and nobody comes back to the workspace. One that stays goes by its age."""
        if self.parts.sandboxes is not None:
            with contextlib.suppress(SandboxUnavailable):
                await self.parts.sandboxes.forget(str(self._place.ref))

    async def waits(self, reason: str, until: datetime) -> None:
        """Tells why nothing goes on, and when it does. What GitHub does not take is not told."""
        if (await self.parts.fixes.recall(self._place.ref)).of(self.order.wish) is None:
            await self._telling().line(words.waits(reason, until))

    async def ended_early(self, why: str) -> None:
        """Tells that nothing comes of it; or of the commit, where one may be on GitHub. `why` is inert."""
        known = (await self.parts.fixes.recall(self._place.ref)).of(self.order.wish)
        if known is None:
            telling = self._telling()
            await self._reported(telling, words.not_fixed(why, telling.speaker.origin, self._cost()))
        elif known.state is not RoundState.ENDED:
            await self._concluded(known, why=why)

    async def _worked(self, memory: FixMemory, guard: Guard, progress: Progress) -> None:
        parts, order = self.parts, self.order
        pull = await parts.pull_requests.read(self._place.ref, self._place.repository)
        telling = self._telling()
        ready = await made_ready(parts, order, pull, memory)
        await self._not_taken_back(ready, memory, pull)
        await guard()
        if parts.sandboxes is None:
            raise NotFixed(answers.no_sandbox())
        if parts.turns is None:
            raise NotFixed(answers.one_sandbox())
        ci = await ci_says(parts, Place(pull.ref, pull.repository), pull.head_sha)
        if order.ci and not ci.failing:
            raise await nothing_fails(parts, pull, ready.policy, ci)
        work = Work(
            parts=parts,
            order=order,
            row=self.row,
            pull=pull,
            branch=ready.branch,
            repository=ready.repository,
            policy=ready.policy,
            findings=ready.findings,
            words=ready.words,
            ci=ci.words,
            failing=ci.failing if order.ci else (),
            speaker=telling.speaker,
            telling=telling,
            guard=guard,
            progress=progress,
        )
        environment = await environment_of(ready, pull, parts.tool_chain)
        if parts.turns.locked():
            await telling.line("it waits until other fixes are done")
        async with parts.turns:
            await telling.line("it begins")
            checker = Checker(parts.sandboxes, ready.checks, progress.note, work.scribe, environment)
            await self._fixed(work, checker, await self._left_for(work))

    async def _left_for(self, work: Work) -> frozenset[str]:
        """What an earlier try of the same person for the same wish left. What another one left is nobody's any more,
        also should this try end without a word of its own.
        """
        fixes, pull = self.parts.fixes, work.pull
        memory = await fixes.recall(pull.ref)
        left = memory.left_at(pull.head_sha, requester=work.order.who.id, wanted=work.wanted)
        if not left:
            await fixes.keep(pull.ref, memory.with_nothing_left())
        return frozenset(left)

    async def _fixed(self, work: Work, checker: Checker, earlier: frozenset[str]) -> None:
        parts, pull = self.parts, work.pull
        deliverable(work.branch, work.policy.fix.deliver)
        await work.telling.line("the checks run before anything is changed")
        before = await _baseline(checker, work)
        choice = parts.engine.choice
        if choice is None:
            raise NotFixed(answers.no_model())
        caps = caps_for(work.policy.limits, parts.deployment_caps)
        self._meter = MeteredModel(choice.model, parts.purse, pull.ref, caps, choice.prices, chains=choice.chains)
        self._model = RememberedModel(self._meter, parts.answers, self.row.key, choice.prices)
        gathered = await gather(
            work.repository,
            parts.ceilings.parse,
            base=pull.base_sha,
            head=pull.head_sha,
            title=pull.title,
            body=pull.body,
        )
        snapshot = replace(gathered, policy=work.policy)  # with what is said above the repository's own file
        try:
            model = TranscribedModel(self._model, work.scribe)
            self._repairing = Repairing(work, snapshot, checker, before, model, Drafting(work), earlier)
            repair = await self._repairing.repair()
        finally:
            if self._meter.calls:
                await work.progress.spent(self._meter.uses())
        await Delivering(work, checker, self._cost()).deliver(repair)

    async def _not_taken_back(self, ready: Ready, memory: FixMemory, pull: PullRequest) -> None:
        """Who took a commit of ours back does not want the next one, until a maintainer says so."""
        back = await taken_back_from(self.parts, pull, ready.repository, memory)
        if back is None and not memory.off:
            return
        await self.parts.fixes.keep(pull.ref, replace(memory, off=True))
        back = back or memory.delivered[0].commit
        assert back is not None  # else nothing could be taken back
        commit = self._telling().speaker.origin.commit(back)
        if not self.order.again:
            raise NotFixed(answers.turned_off(commit))
        who = self.order.who
        permission = await self.parts.permissions.of(self._place, who.login, id_=who.id)
        if not permission.at_least(FIX_AGAIN):
            raise NotFixed(answers.may_not_again(commit, who.login, FIX_AGAIN))
        await self.parts.fixes.keep(pull.ref, memory.on_again())

    async def _concluded(self, known: FixRound, guard: Guard | None = None, why: str = "") -> str:
        """After a crash: whether the commit is on GitHub, and then the report, which nobody may have told yet.

        Without a `guard` nothing more is pushed: `why` is told where it is not there yet.
        """
        if known.state is RoundState.PUSHING:
            resuming = Resuming(self.parts, self.order, self._place, known)
            not_fixed, done = NotFixed(why), None
            try:
                done = await resuming.arrived() if guard is None else await resuming.finish(guard)
            except NotFixed as refused:
                not_fixed = refused
            if done is None:
                await self._refused(not_fixed)
                return f"nothing pushed: {not_fixed.reason}"
            known = replace(done, state=RoundState.PUSHED)
            await self._keep(known)
        await self._told(known)
        if known.commit is not None:
            await self._cleared()
        return "delivered before, and told of now"

    async def _refused(self, why: NotFixed) -> None:
        telling = self._telling()
        report = words.not_fixed(why.reason, telling.speaker.origin, self._cost(), details=why.details)
        known = await self._known()
        if known is None and self._model is None:  # what was refused before a model was asked is no attempt
            await self._reported(telling, report)
            return
        order = self.order
        fresh = known or FixRound(order.wish, order.head, RoundState.PUSHED, order.who.id, order.findings)
        repairing = self._repairing
        left, wanted = (tuple(sorted(repairing.left)), repairing.work.wanted) if repairing else ((), "")
        ended = replace(fresh, state=RoundState.PUSHED, commit=None, paths=left, report=report, wanted=wanted)
        await self._keep(ended)  # first: who dies right after it is told of, and nobody begins again
        await self._told(ended)

    async def _told(self, known: FixRound) -> None:
        """The last word of the comment, and then nothing of the wish is left to do."""
        telling, report = self._telling(), known.report
        if known.commit is not None:
            report = await Opening(self.parts, self._place).told(known, telling.speaker.origin)
        await self._reported(telling, report)
        await self._keep(replace(known, state=RoundState.ENDED, report=""))

    async def _reported(self, telling: FixTelling, report: str) -> None:
        untold = await telling.end(report, self.parts.scribe(self.row))
        if untold and self._progress is not None:
            await self._progress.note(untold)

    async def _known(self) -> FixRound | None:
        return (await self.parts.fixes.recall(self._place.ref)).of(self.order.wish)

    async def _keep(self, changed: FixRound) -> None:
        ref = self._place.ref
        await self.parts.fixes.keep(ref, (await self.parts.fixes.recall(ref)).having(changed))

    def _cost(self) -> Cost | None:
        """None where this attempt asked no model: what an earlier one spent, the record of the run tells."""
        if self._meter is None or self._model is None:
            return None
        uses = (*self._model.uses(), *self._meter.uses())
        known = [use.usd for use in uses if use.usd is not None]
        tokens = sum(use.usage.input_tokens + use.usage.output_tokens for use in uses)
        return Cost(tokens, sum(use.calls for use in uses), sum(known) if len(known) == len(uses) else None)

    def _telling(self) -> FixTelling:
        parts = self.parts
        voice = FixVoice(parts.conversation, parts.outbox, parts.marker_key, parts.github_url)
        return voice.of(self._place, self.order, self.row.run)


async def _baseline(checker: Checker, work: Work) -> tuple[Ran, ...]:
    """How the checks end on the head as it is. Raises NotFixed where they cannot be run."""
    before = await checker.run(work.repository.tree(work.pull.head_sha), when="before anything is changed")
    if why := impossible(before):
        raise NotFixed(answers.cannot_verify(why))
    return before


def _without_sandbox(error: SandboxRefused | SandboxUnavailable) -> NotFixed:
    if isinstance(error, SetupFailed):
        return NotFixed(answers.setup_failed(error.command, error.reach, error.output), words.printed(error.output))
    return NotFixed(answers.sandbox_gone(str(error)))
