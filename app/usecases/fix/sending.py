"""How the commit of a fix gets to GitHub: pushed, or made there so that GitHub signs it; looked for before either."""

from __future__ import annotations

from dataclasses import replace

from app.domain.branches import HeadBranch
from app.domain.errors import GitHubRefused, GitHubUnavailable, WriteUncertain
from app.domain.fix.memory import FixRound
from app.domain.messages import fix_delivery as words
from app.domain.pull_request import PullRequest, RepositoryName, Sha
from app.domain.pushing import PushOutcome, PushState
from app.ports import Place
from app.usecases.fix.parts import FixParts
from app.usecases.policies import opened

_CONTENT_BYTES = 16 << 20
_CONFLICT = 409


async def sent(parts: FixParts, place: Place, going: FixRound, branch: HeadBranch) -> tuple[FixRound, PushOutcome]:
    """Sends the commit of a round on its way, again if need be; `branch` is the pull request's. What is on GitHub
    already is PUSHED; the round then has the commit as GitHub has it.
    """
    if going.by_github:
        return await _made(parts, place, going, branch.repository)
    if going.onto:
        assert going.commit is not None  # a round that is pushing has one
        return going, await _new_branch(parts, place, going, branch.repository, going.commit)
    return going, await pushed_once(parts, place, going, branch)


async def found(parts: FixParts, place: Place, going: FixRound, repository: RepositoryName) -> FixRound | None:
    """The round with the commit that its branch is at, if that is the commit of the round, whoever made it."""
    headline, _, body = going.message.partition("\n\n")
    made = await parts.signed.find(
        place,
        repository=repository,
        branch=going.branch,
        expected_head=going.head,
        headline=headline,
        body=body,
    )
    return None if made is None else await _compared(parts, place, replace(going, commit=made), repository)


async def _compared(parts: FixParts, place: Place, made: FixRound, repository: RepositoryName) -> FixRound:
    """With a word where GitHub's commit is not what was verified."""
    assert made.commit is not None  # it is on GitHub
    tree = await parts.signed.tree(place, repository=repository, commit=made.commit)
    return made if tree == made.tree else replace(made, report=f"{words.other_content()}\n\n{made.report}")


async def _made(
    parts: FixParts, place: Place, going: FixRound, repository: RepositoryName
) -> tuple[FixRound, PushOutcome]:
    done = await found(parts, place, going, repository)
    if done is None and going.onto:
        outcome = await _new_branch(parts, place, going, repository, going.head)
        if outcome.state is not PushState.PUSHED:
            return going, outcome
    try:
        done = done or await _created(parts, place, going, repository)
    except GitHubRefused as error:
        if error.status == _CONFLICT and going.onto:  # only ours was ever there, so GitHub has not seen it yet
            raise GitHubUnavailable(f"the new branch {going.branch} is not where it was made: {error}") from error
        state = PushState.MOVED if error.status == _CONFLICT else PushState.REFUSED
        left = f" (the new branch {going.branch} was made before, and has no commit of its own)" if going.onto else ""
        return going, PushOutcome(state, words=f"{error}{left}")
    return done, PushOutcome(PushState.PUSHED, at=done.commit)


async def _created(parts: FixParts, place: Place, going: FixRound, repository: RepositoryName) -> FixRound:
    try:
        made = await _create(parts, place, going, repository)
    except WriteUncertain:
        done = await found(parts, place, going, repository)
        if done is None:
            raise
        return done
    return await _compared(parts, place, replace(going, commit=made), repository)


async def _create(parts: FixParts, place: Place, going: FixRound, repository: RepositoryName) -> Sha:
    assert going.commit is not None  # a round that is pushing has the drafted one
    pull = await parts.pull_requests.read(place.ref, place.repository)
    mirror = await parts.mirrors.fetch(place.ref, pull.repository, head=pull.head_sha, base=pull.base_sha)
    blobs = await mirror.blobs(going.commit, going.paths, max_bytes=_CONTENT_BYTES)
    headline, _, body = going.message.partition("\n\n")
    return await parts.signed.create_commit(
        place,
        repository=repository,
        branch=going.branch,
        expected_head=going.head,
        additions={path: blob.text_bytes for path, blob in blobs.items()},
        deletions=[path for path in going.paths if path not in blobs],
        headline=headline,
        body=body,
    )


async def _new_branch(
    parts: FixParts, place: Place, going: FixRound, repository: RepositoryName, at: Sha
) -> PushOutcome:
    """A branch that is there is left as it is, unless it is there by an earlier attempt."""
    return await parts.repairs.push(place, repository=repository, branch=going.branch, old=None, new=at)


async def landed(parts: FixParts, pull: PullRequest, branch: HeadBranch | None, going: FixRound) -> bool:
    """Whether the commit of the round is on the branch, whatever was pushed on top of it since.

    GitHub may tell of the branch before it does of the pull request, and of the latter when the branch is gone.
    """
    commit = going.commit
    assert commit is not None  # a round that is pushing has one
    heads = {pull.head_sha} | ({branch.at} if branch is not None and branch.at is not None else set())
    if commit in heads:
        return True
    for head in heads - {going.head}:  # where it was before, nothing arrived
        await opened(parts.ceilings, parts.mirrors, replace(pull, head_sha=head))
        if await parts.repairs.contains(pull.ref, pull.repository, commit, head=head):
            return True
    return False


async def pushed_once(parts: FixParts, place: Place, going: FixRound, branch: HeadBranch) -> PushOutcome:
    """Sends the commit of a round on its way, again if need be: what was pushed before is PUSHED, also where somebody
    pushed on top of it before we looked.
    """
    assert going.commit is not None  # a round that is pushing has one
    outcome = await parts.repairs.push(
        place, repository=branch.repository, branch=going.branch, old=going.head, new=going.commit
    )
    if outcome.state is PushState.MOVED and outcome.at is not None:
        pull = await parts.pull_requests.read(place.ref, place.repository)
        if await landed(parts, pull, replace(branch, at=outcome.at), going):
            return PushOutcome(PushState.PUSHED, at=outcome.at)
    return outcome
