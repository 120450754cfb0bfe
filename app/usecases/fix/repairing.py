"""A model at work in the sandbox: what it changed is guarded, run in fresh copies, and handed back until it is fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from string import Template

from app.domain.diff import FileDiff
from app.domain.errors import PatchRefused, SetupFailed
from app.domain.findings import Finding
from app.domain.fix.answer import FIX_SCHEMA, FixAnswer, FixTexts, addressed, decode_fix
from app.domain.fix.git_patch import git_patch
from app.domain.fix.guards import GuardPolicy
from app.domain.fix.report import ChangedFile, Checked, Fixed, Shown
from app.domain.fix.test_changes import changed_expectations, is_test_path
from app.domain.fix.verifying import Ran, compare, fails_without
from app.domain.messages import fix as words
from app.domain.messages import fix_answers as answers
from app.domain.messages.fix_account import unfixed_account
from app.domain.model import Message, Role
from app.domain.objects import Change
from app.domain.patches import Collected, Edit, Refusal
from app.domain.prompting.fix import finding_words, ran_text, refusal_text
from app.domain.prompting.system import guidelines_words
from app.domain.prompting.templates import user_message
from app.domain.pushing import Drafted
from app.domain.sandbox import WorkspaceKey
from app.domain.shown import shown_path
from app.domain.snapshot import Snapshot
from app.ports import KeptSandbox, Model, Tree
from app.usecases.agent import Task, Tool, Unfinished, work
from app.usecases.fix.checking import Checker
from app.usecases.fix.drafting import Drafting
from app.usecases.fix.guarding import guarded, undrafted_patch
from app.usecases.fix.noted import Noted
from app.usecases.fix.parts import NotFixed, Work
from app.usecases.fix.transcribed import TranscribedTool
from app.usecases.tools.apply_patch import ApplyPatchTool
from app.usecases.tools.files_in import WorkspaceReadTool
from app.usecases.tools.plan import PlanTool
from app.usecases.tools.run import RunLimits, RunTool

MOST_TRIES = 3
"""How often a patch that is not fit is handed back to the model, the first time included."""
_STEPS, _SECONDS = 60, 2_400.0
_RUN = RunLimits(commands=80, seconds=300.0)


@dataclass(frozen=True, slots=True)
class Repair:
    """A commit that is fit to be pushed, what there is to say of it, and its changes as git tells them."""

    drafted: Drafted
    fixed: Fixed
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Unfit:
    """What stands in the way of a patch: for people, inert; and for the model, as it is."""

    reason: str
    for_model: str = ""
    details: str = ""


@dataclass(slots=True)
class Repairing:
    """One work-place with one model. `before` is how the checks ended on the head."""

    work: Work
    snapshot: Snapshot
    checker: Checker
    before: tuple[Ran, ...]
    model: Model
    drafting: Drafting
    earlier: frozenset[str] = frozenset()
    """What an earlier wish on this head changed and was refused for, if the workspace still has it."""
    left: frozenset[str] = field(default=frozenset(), init=False)
    """What stays changed in the workspace."""

    async def repair(self) -> Repair:
        """Raises NotFixed, SandboxRefused, SandboxUnavailable. What is refused stays in the workspace."""
        head = self.snapshot.head
        key = WorkspaceKey(str(self.work.pull.ref), head)
        if not self.earlier:  # what is left there is nothing that we know of
            await self.checker.sandboxes.forget(key.owner)
        async with self.checker.opened(self.work.repository.tree(head), key) as sandbox:
            found: Repair | NotFixed
            try:
                found = await self._tries(sandbox)
            except NotFixed as refused:
                found = refused
        if isinstance(found, NotFixed):
            raise found
        return found

    async def _tries(self, sandbox: KeptSandbox) -> Repair:
        patching = ApplyPatchTool(sandbox, allowed=GuardPolicy(self.work.policy).path_refusal)
        note = self.work.progress.note
        tools: tuple[Tool, ...] = (
            PlanTool(self.work.telling.planned),
            Noted(RunTool(sandbox, _RUN, label="fix"), note),
            Noted(WorkspaceReadTool(sandbox), note),
            Noted(patching, note),
        )
        tools = tuple(TranscribedTool(tool, self.work.scribe) for tool in tools)
        earlier = self.earlier if sandbox.resumed else frozenset()
        asked = self.work
        messages = first_messages(
            asked.parts.texts,
            self.snapshot,
            asked.findings,
            asked.words,
            self.before,
            ci=asked.ci,
            earlier=earlier,
        )
        unfit = Unfit("")
        for number in range(1, MOST_TRIES + 1):
            await self.work.telling.line("a model is at work" if number == 1 else f"the patch is mended, try {number}")
            try:
                answer = await self._asked(messages, tools, number)
            finally:
                self.left = patching.touched | earlier
            barred = tuple(Refusal(path, reason) for path, reason in sorted(patching.barred.items()))
            found = await self._looked_at(answer, await sandbox.collect(self.left), barred, number)
            if isinstance(found, Repair):
                return found
            unfit = found
            await self.work.progress.note(f"try {number}: {unfit.reason}")
            again = user_message(self.work.parts.texts.again, [("what stands in the way", unfit.for_model)])
            messages = (*messages, Message(Role.ASSISTANT, answer.summary), again)
        raise NotFixed(unfit.reason, unfit.details)

    async def _asked(self, messages: tuple[Message, ...], tools: tuple[Tool, ...], number: int) -> FixAnswer:
        """Raises NotFixed when the model does not come to an end."""
        parts = self.work.parts
        choice = parts.engine.choice
        assert choice is not None  # else nobody would have been asked
        task = Task(
            label=f"fix, try {number}",
            model=choice.deep,
            messages=messages,
            schema=FIX_SCHEMA,
            decode=decode_fix,
            tools=tools,
            cache_key=f"revwright-fix-{self.work.pull.ref.repository_id}",
        )
        limits = replace(choice.limits, steps=_STEPS, seconds=_SECONDS)
        ended = await work(self.model, task, limits, parts.engine.texts)
        if isinstance(ended, Unfinished):
            raise NotFixed(answers.model_ended(ended.reason))
        return ended.value

    async def _looked_at(
        self, answer: FixAnswer, collected: Collected, barred: tuple[Refusal, ...], number: int
    ) -> Repair | Unfit:
        """Everything a patch must be before anybody is shown it. Raises NotFixed for one that changes nothing."""
        repository, scribe, when = self.work.repository, self.work.scribe, f"try {number}"
        if not collected.patch.edits and not collected.refused:
            told = (words.barred(barred), unfixed_account(answer.not_fixed, self.work.ids))
            raise NotFixed(answers.no_change(), "\n\n".join(one for one in told if one))
        drafted = await self._drafted(collected, answer)
        if not isinstance(drafted, Drafted):
            await scribe.patched(when, await undrafted_patch(repository, collected.patch), drafted)
            return _not_allowed(drafted)
        looked = await guarded(repository, drafted, self.work.policy, self.checker.checks.all)
        await scribe.patched(when, git_patch(looked.changes), looked.refusals)
        if looked.refusals:
            return _not_allowed(looked.refusals)
        found = await self._checked(collected.patch.edits, when)
        if isinstance(found, Unfit):
            return found
        files = tuple(_counted(change) for change in looked.changes)
        expected = changed_expectations(looked.texts)
        meant = self.work.ids, self.work.failing
        fixed = Fixed(answer, files, found, expected, collected.extras, barred, *meant)
        return Repair(drafted, fixed, looked.changes)

    async def _drafted(self, collected: Collected, answer: FixAnswer) -> Drafted | tuple[Refusal, ...]:
        """The commit, or why there is none."""
        if collected.refused:
            return collected.refused
        try:
            return await self.drafting.draft(collected.patch, addressed(answer, self.work.ids))
        except PatchRefused as error:
            return error.refusals

    async def _checked(self, edits: Sequence[Edit], when: str) -> Checked | Unfit:
        tree = self.work.repository.tree(self.snapshot.head)
        await self.work.telling.line("the checks run on the patch, in a fresh copy")
        after = await self.checker.run(tree, edits, when=f"{when}, with the patch")
        compared = compare(self.before, after)
        printed = "\n\n".join(ran_text(ran) for ran in after)
        if not compared.accepted:
            told = "\n".join(compared.reasons)
            return Unfit(answers.checks_worse(), f"{told}\n\n{printed}", words.reasons(compared.reasons))
        red = [ran for ran in after if not ran.passed]
        if red:
            failing = [name for ran in red if ran.counts for name in ran.counts.failing]
            return Unfit(answers.still_red(failing), printed, words.still_failing(red))
        shown = await self._regression(tree, edits, after, when)
        return Checked(self.checker.checks.source, self.before, after, compared.reasons, shown)

    async def _regression(self, tree: Tree, edits: Sequence[Edit], after: Sequence[Ran], when: str) -> Shown:
        """Whether the tests of the patch fail on the code as it was: else they show nothing."""
        if not all(ran.passed for ran in self.before):
            return Shown.FAILED_BEFORE
        tests = [edit for edit in edits if is_test_path(edit.path)]
        if not tests:
            return Shown.NO_TEST
        await self.work.telling.line("the new tests run on the code without the fix")
        try:
            alone = await self.checker.run(tree, tests, when=f"{when}, its tests without the fix")
        except SetupFailed:
            return Shown.NOT_RUN
        if (fails := fails_without(after, alone)) is not None:
            return Shown.FAILS_WITHOUT if fails else Shown.PASSES_WITHOUT
        return Shown.NOT_RUN if any(ran.counts for ran in after) else Shown.NOT_COUNTED


def first_messages(
    texts: FixTexts,
    snapshot: Snapshot,
    findings: Sequence[Finding],
    said: str,
    before: Sequence[Ran],
    *,
    ci: str = "",
    earlier: Collection[str] = (),
) -> tuple[Message, ...]:
    """What a model is told first: how a fix is made, what is to be fixed, and how the checks end without it."""
    guidelines = guidelines_words(snapshot.policy.review.instructions, snapshot.guidelines)
    data = [("findings", "\n\n".join(finding_words(one) for one in findings) or "(none)")]
    if said:
        data.append(("asked for in words", said))
    if ci:
        data.append(("what CI says of this head", ci))
    if earlier:
        named = "\n".join(shown_path(path) for path in sorted(earlier))
        data.append(("files that an earlier try has changed already", named))
    data.append(("checks before", "\n\n".join(ran_text(ran) for ran in before)))
    system = Message(Role.SYSTEM, Template(texts.system).substitute(guidelines=guidelines))
    return (system, user_message(texts.task, data))


def _not_allowed(refusals: tuple[Refusal, ...]) -> Unfit:
    return Unfit(answers.refused_patch(), refusal_text(refusals), words.refusals(refusals))


def _counted(change: Change) -> ChangedFile:
    diff = change.diff or FileDiff(())
    return ChangedFile(change.entry.path, sum(1 for _ in diff.added_lines()), sum(1 for _ in diff.removed_lines()))
