"""What we say in the conversations of a pull request: a finding is fixed, or still there, or how to go on is asked."""

from __future__ import annotations

import re

from app.domain.findings import Finding
from app.domain.inert import Inert, phrase
from app.domain.messages.counting import counted
from app.domain.messages.origin import Origin
from app.domain.pull_request import Sha

# Letters, digits and single hyphens, at most 39; accounts of an enterprise end in an underscore and its short code.
# https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication
_LOGIN = re.compile(r"(?=.{1,39}\Z)[A-Za-z0-9](?:-?[A-Za-z0-9])*(?:_[A-Za-z0-9]+)?")

MAX_NAMED = 10


def mention(login: str) -> Inert:
    """A mention, which notifies. Raises ValueError for what is no login of a person on GitHub."""
    if not may_be_mentioned(login):
        raise ValueError(f"not a login that may be mentioned: {login!r}")
    return Inert(f"@{login}")


def may_be_mentioned(login: str) -> bool:
    """Whether it is the login of a person: that of an App ends in `[bot]`."""
    return _LOGIN.fullmatch(login) is not None


def fixed_reply(commit: Sha, origin: Origin) -> str:
    """In the thread of a finding that this commit fixed, before the thread is resolved."""
    return f"Fixed by {origin.commit(commit)}."


def gone_reply(origin: Origin) -> str:
    """The same where no single commit can be named: between two heads there may be a rebase."""
    return f"No longer there on {origin.commit(origin.head)}."


def still_there_reply(origin: Origin) -> str:
    """In a thread that is resolved while the finding is there and nobody who may dismissed it."""
    return (
        f"Still there on {origin.commit(origin.head)}, so this is open again. Somebody with write access dismisses it "
        f"by resolving this thread."
    )


def round_question(
    blocking: tuple[Finding, ...], origin: Origin, mark: str, *, rounds: int, person: str | None = None
) -> str:
    """The one question when the policy's rounds are used up. `person` is the login of the one who is asked; an App
    is asked nothing.
    """
    asked = f"{mention(person)}, how" if person and may_be_mentioned(person) else "How"
    told = [
        f"- **{f.severity}** {phrase(f.title, limit=160)} ({origin.location(f.location)}, `{f.id}`)"
        for f in blocking[:MAX_NAMED]
    ]
    if len(blocking) > MAX_NAMED:
        told.append(f"- … and {len(blocking) - MAX_NAMED} more")
    still = f"{counted(len(blocking), 'finding')} still {'blocks' if len(blocking) == 1 else 'block'}"
    question = (
        f"{asked} shall this go on? It was reviewed in {counted(rounds, 'round')}, as many as `limits.rounds` of the "
        f"policy allows, and {still}:"
    )
    ways = (
        "Fix what is right, or dismiss what is not by resolving its thread. Until then no new comments are posted "
        "here; the check keeps telling how the newest head stands."
    )
    return "\n\n".join([question, "\n".join(told), ways, mark])
