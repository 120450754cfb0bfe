"""Everything that must hold before a model is asked to fix anything, looked at in this order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from app.domain.branches import HeadBranch, problem_with_branch
from app.domain.commands import Fix, parse
from app.domain.commands.verbs import Verb, needed
from app.domain.entries import Kind
from app.domain.findings import Finding
from app.domain.fix.ci import ci_words
from app.domain.fix.discovery import PATHS, discover
from app.domain.fix.environment import environment_key, lock_paths
from app.domain.fix.memory import FixMemory, FixRound, taken_back
from app.domain.fix.order import FixOrder
from app.domain.memory import FindingState
from app.domain.messages import fix_answers as answers
from app.domain.policy import Delivery, Policy
from app.domain.pull_request import PullRequest, Sha
from app.ports import Place, Prepared, Repository
from app.usecases.fix.checking import Checks
from app.usecases.fix.parts import FixParts, NotFixed
from app.usecases.policies import held

_FILE_BYTES = 256 * 1024
_CONTENT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ready:
    """What was found to hold."""

    repository: Repository
    policy: Policy
    branch: HeadBranch
    checks: Checks
    findings: tuple[Finding, ...]
    words: str


async def may_still(parts: FixParts, order: FixOrder, pull: PullRequest, policy: Policy) -> None:
    """Asks GitHub for the permission of the person who asked, now. Raises NotFixed."""
    permission = await parts.permissions.of(Place(pull.ref, pull.repository), order.who.login, id_=order.who.id)
    if not permission.at_least(needed(Verb.FIX, policy)):
        raise NotFixed(answers.may_not(order.who.login))


def deliverable(branch: HeadBranch, deliver: Delivery) -> None:
    """Raises NotFixed where a push would go to a branch that is not the pull request's alone, or that git could take
    for something else.
    """
    if deliver is Delivery.SUGGEST or not branch.may_modify:
        return
    if (problem := problem_with_branch(branch.name)) is not None:
        raise NotFixed(answers.branch_unfit(branch.name, problem))
    if deliver is not Delivery.PUSH:
        return
    if branch.protected or branch.default:
        raise NotFixed(answers.branch_protected(branch.name, fork=branch.fork))
    if branch.base_of is not None:
        raise NotFixed(answers.branch_is_base(branch.name, branch.base_of))


def same_head(order: FixOrder, pull: PullRequest) -> None:
    """Raises NotFixed for a pull request that is closed, or at another head."""
    if not pull.open:
        raise NotFixed(answers.closed())
    if pull.head_sha != order.head:
        raise NotFixed(answers.head_moved(pull.head_sha))


async def made_ready(parts: FixParts, order: FixOrder, pull: PullRequest, memory: FixMemory) -> Ready:
    """Raises NotFixed, and what GitHub's and git's being away raise."""
    same_head(order, pull)
    found = await held(parts.ceilings, parts.mirrors, pull)
    policy = found.effective.policy
    if found.problems:
        raise NotFixed(answers.policy_invalid())
    if not policy.fix.enabled:
        raise NotFixed(answers.not_enabled())
    await may_still(parts, order, pull, policy)
    if memory.attempts >= policy.fix.max_attempts:
        raise NotFixed(answers.too_many_attempts(policy.fix.max_attempts))
    branch = await parts.head_branches.read(Place(pull.ref, pull.repository))
    if branch is None:
        raise NotFixed(answers.branch_gone())
    if not await parts.repairs.merges(pull.ref, pull.repository, base=pull.base_sha, head=pull.head_sha):
        raise NotFixed(answers.conflict(pull.base_ref))
    checks = await _checks(found.repository, pull.base_sha, policy)
    findings, said = await _wanted(parts, order, pull)
    return Ready(found.repository, policy, branch, checks, findings, said)


async def taken_back_from(parts: FixParts, pull: PullRequest, repository: Repository, memory: FixMemory) -> Sha | None:
    """The commit of ours that is not in the head any more, is reverted by a later commit, or is undone in one of its
    files that nothing else of ours has changed since; None when there is none. Raises GitFailed.
    """
    ref, head, here = pull.ref, pull.head_sha, dict[Sha, FixRound]()
    for one in memory.delivered:
        assert one.commit is not None  # it was delivered
        if await parts.repairs.contains(ref, pull.repository, one.commit, head=head):
            here[one.commit] = one
        # The mirror may have been built anew since, without it. People merge a pull request of ours when they like.
        elif not one.onto:
            return one.commit
    if not here:
        return None
    reverted = await parts.repairs.reverted(ref, pull.repository, [*here], base=pull.base_sha, head=head)
    if reverted is not None:
        return reverted
    later: set[str] = set()
    for commit, one in here.items():
        paths = tuple(path for path in one.paths if path not in later)
        before = await repository.blobs(one.head, paths, max_bytes=_CONTENT_BYTES)
        if taken_back(paths, before, await repository.blobs(head, paths, max_bytes=_CONTENT_BYTES)):
            return commit
        later |= {*paths}
    return None


async def environment_of(ready: Ready, pull: PullRequest, root: str) -> Prepared | None:
    """What the policy's `setup` makes of the base commit; None where it names no command. Raises GitFailed."""
    if not ready.checks.setup:
        return None
    tree = ready.repository.tree(pull.base_sha)
    entries = {entry.path: entry.sha for entry in await tree.entries()}
    locks = {path: entries[path] for path in lock_paths(entries, ready.checks.setup)}
    repository = f"{pull.ref.installation_id}:{pull.ref.repository_id}"
    key = environment_key(ready.checks.setup, locks, root, repository=repository, branch=pull.base_ref)
    return Prepared(tree, ready.checks.setup, key)


@dataclass(frozen=True, slots=True)
class CiSaid:
    """What checks of others say of a head."""

    words: str = ""
    """For a model; nothing where none is known to fail."""
    failing: tuple[str, ...] = ()
    """Names, as others wrote them."""
    unread: tuple[str, ...] = ()
    """What could not be looked at, and why."""


async def ci_says(parts: FixParts, place: Place, head: Sha) -> CiSaid:
    """What the failing checks of others say."""
    checks = await parts.ci.read(place, head)
    failing = tuple(check.name for check in checks if check.known)
    unread = tuple(f"{check.name}: {check.note}" for check in checks if not check.known)
    # A large log takes seconds, in which a lease must be kept.
    return CiSaid(await asyncio.to_thread(ci_words, checks) if failing else "", failing, unread)


async def nothing_fails(parts: FixParts, pull: PullRequest, policy: Policy, ci: CiSaid) -> NotFixed:
    """Why there is nothing to do for somebody who named nothing."""
    past = await parts.past.recall(pull.ref)
    unseen = None if past is not None and past.head == pull.head_sha else pull.head_sha
    least = policy.review.block_at
    found = [k.finding for k in (past.findings if past else ()) if k.state is FindingState.OPEN]
    if since := [one.id for one in found if one.severity.at_least(least)]:
        return NotFixed(answers.found_since(since))
    return NotFixed(answers.nothing_fails(least, ci.unread, unseen=unseen))


async def _checks(repository: Repository, base: Sha, policy: Policy) -> Checks:
    """The policy's commands, else what the files of the base commit name."""
    if policy.fix.verify:
        return Checks(policy.fix.setup, policy.fix.verify, "the policy's fix.verify")
    blobs = await repository.blobs(base, PATHS, max_bytes=_FILE_BYTES)
    regular = (Kind.FILE, Kind.EXECUTABLE)
    files = {p: blob.text_bytes.decode("utf-8", "replace") for p, blob in blobs.items() if blob.kind in regular}
    found = discover(files)
    if not found:
        raise NotFixed(answers.no_checks())
    sources = ", ".join(dict.fromkeys(one.source for one in found))
    return Checks(policy.fix.setup, tuple(one.command for one in found), sources)


async def _wanted(parts: FixParts, order: FixOrder, pull: PullRequest) -> tuple[tuple[Finding, ...], str]:
    """The findings as they stand now, and the person's words as they stand in the comment."""
    past = await parts.past.recall(pull.ref)
    is_open = {k.finding.id: k.finding for k in (past.findings if past else ()) if k.state is FindingState.OPEN}
    findings = tuple(is_open[id_] for id_ in order.findings if id_ in is_open)
    said = await _words(parts, order, pull) if order.words else ""
    if order.words and not said:  # what is left of the wish may be the opposite of what is wanted now
        raise NotFixed(answers.comment_gone())
    if not findings and not said and not order.ci:
        raise NotFixed(answers.nothing_to_fix("such finding open any more"))
    return findings, said


async def _words(parts: FixParts, order: FixOrder, pull: PullRequest) -> str:
    """Nothing where the comment is gone, or is not what it was any more."""
    comment = await parts.comments.read(Place(pull.ref, pull.repository), order.comment, line=order.thread is not None)
    if comment is None or comment.edited or comment.author_id != order.who.id:
        return ""
    paragraph = parts.first_paragraph(comment.body)
    command = None if paragraph is None else parse(paragraph, await parts.own_name.slug())
    return command.what if isinstance(command, Fix) else ""
