"""What stories about commands share: people who say things, and what came of it on GitHub."""

from __future__ import annotations

from tests.fakes.github import FakeGitHub, IssueComment, PullRequest, ReviewComment, User
from tests.stories.pushes import BUG, DIVISION, PRICE, opened, person, says
from tests.world import World

MACHINE = "<!-- revwright"
OURS = "revwright[bot]"


async def reviewed_bug(world: World) -> PullRequest:
    """A pull request with one finding that blocks."""
    says(world, DIVISION)
    return await opened(world, {PRICE: BUG})


def writer(github: FakeGitHub, world: World, login: str = "ann") -> User:
    return person(github, world.repo, login, "write")


async def said(world: World, pull: PullRequest, user: User, body: str) -> IssueComment:
    """Somebody says something, and everything comes to rest."""
    comment = pull.comment(user, body)
    await world.settle()
    return comment


async def answered(world: World, pull: PullRequest, user: User, to: ReviewComment, body: str) -> ReviewComment:
    """The same in a thread on a line."""
    comment = pull.reply(user, to, body)
    await world.settle()
    return comment


def signs(comment: IssueComment | ReviewComment) -> list[str]:
    """Our reactions to it, in order."""
    return [one.content for one in comment.reactions if one.user.login == OURS]


def replies(pull: PullRequest) -> list[str]:
    """What we said in the conversation, but for the summary."""
    ours = [one.body for one in pull.comments if one.user.login == OURS]
    return [body.partition(MACHINE)[0].strip() for body in ours if f"{MACHINE}:say:" in body]


def reply(pull: PullRequest) -> str:
    """Our one answer."""
    (one,) = replies(pull)
    return one
