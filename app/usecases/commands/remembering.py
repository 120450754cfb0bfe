"""`remember`: a pull request of our own that adds a rule to AGENTS.md. People decide whether it counts."""

from __future__ import annotations

from app.domain.commands import Remember
from app.domain.commands.remembering import AGENTS_PATH, MAX_FILE, Proposal, bullet, with_rule
from app.domain.commits import asked_for
from app.domain.entries import Kind
from app.domain.errors import GitHubRefused
from app.domain.messages import commands as words
from app.domain.messages.commands import Named
from app.usecases.commands.scene import Answer, Scene
from app.usecases.once import once

_REFUSALS = frozenset((403, 404, 422))


async def remember(scene: Scene, command: Remember) -> Answer:
    """One pull request for one comment, whoever dies meanwhile."""
    pull, parts = scene.pull, scene.parts
    repository = await parts.mirrors.fetch(pull.ref, pull.repository, head=pull.head_sha, base=pull.base_sha)
    blob = (await repository.blobs(pull.base_sha, (AGENTS_PATH,), max_bytes=4 * MAX_FILE)).get(AGENTS_PATH)
    if blob is not None and (blob.kind is not Kind.FILE or blob.size > MAX_FILE):
        return Answer(words.cannot_remember("`AGENTS.md` is too large, or no regular file"), done=False)
    try:
        before = "" if blob is None else blob.text_bytes.decode("utf-8")
    except UnicodeDecodeError:
        return Answer(words.cannot_remember("`AGENTS.md` is not UTF-8"), done=False)
    text = with_rule(before, bullet(command.rule))
    if text is None:
        return Answer(words.remembered_before())
    named = Named(
        "remember",
        scene.who.login,
        parts.github_url,
        pull.repository,
        pull.ref,
        scene.comment,
        scene.thread is not None,
    )
    number = pull.ref.number
    title = words.proposal_title(number)
    proposal = Proposal(
        branch=f"revwright/remember-{scene.comment}",
        base_ref=pull.base_ref,
        base=pull.base_sha,
        path=AGENTS_PATH,
        text=text,
        title=title,
        body=words.proposal_body(named, number),
        message=asked_for(title, scene.who.id),
    )
    try:
        opened = await once(
            parts.outbox,
            pull.ref,
            f"remember:{scene.comment}",
            find=lambda: parts.proposals.find(scene.place, proposal.branch),
            act=lambda: parts.proposals.propose(scene.place, proposal),
        )
    except GitHubRefused as error:
        if error.status not in _REFUSALS:
            raise
        return Answer(words.cannot_remember("GitHub lets the App write no branch or open no pull request"), done=False)
    return Answer(words.remembered(opened, named))
