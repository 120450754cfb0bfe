"""What stories about `fix` share: a repository with a real bug, a writer who asks, and a model that does the work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tests.fakes.github import PullRequest, User
from tests.fakes.model import Answer, Behaviour, Reviewer, Steps, ToolCall
from tests.repairs.tasks import Call
from tests.stories.saying import OURS
from tests.world import World

FIXED: Mapping[str, object] = {
    "summary": "The defect is repaired where it is.",
    "fixed": [{"what": "what was asked", "how": "As the patch shows."}],
    "not_fixed": [],
    "test": "The tests that the patch adds.",
}


def calls(script: tuple[Call, ...]) -> tuple[tuple[ToolCall, ...], ...]:
    """Each call as a step of its own."""
    return tuple((ToolCall(name, dict(arguments)),) for name, arguments in script)


def repairer(
    script: tuple[Call, ...], answer: Mapping[str, object] = FIXED, *, review: Behaviour | None = None
) -> Steps:
    """Reviews find nothing, unless `review` says otherwise; a fix goes through the script."""
    return Steps({"fix": (*calls(script), Answer(dict(answer)))}, otherwise=review or Reviewer({}))


def policy(verify: str, **more: str) -> str:
    """Without a `verify` where that is empty."""
    commands = f"[{json.dumps(verify)}]" if verify else "[]"
    lines = "".join(f"  {key}: {value}\n" for key, value in more.items())
    return f"version: 1\nfix:\n  verify: {commands}\n{lines}"


def later(world: World, seconds: float = 5.0) -> None:
    """Time passes on GitHub's clock: people write after they have seen what was pushed."""
    world.github.clock = lambda: datetime.now(UTC) + timedelta(seconds=seconds)


def writer(world: World, login: str = "wanda") -> User:
    user = world.github.users.get(login) or world.github.add_user(login)
    world.repo.permissions[user.id] = "write"
    return user


async def asked(world: World, pull: PullRequest, said: str, login: str = "wanda") -> None:
    """Somebody asks, and everything comes to rest."""
    later(world)
    pull.comment(writer(world, login), said)
    await world.settle()


def told(pull: PullRequest) -> str:
    """The one comment of a fix."""
    (body,) = [one.body for one in pull.comments if one.user.login == OURS and "<!-- revwright:fix:" in one.body]
    return body


def open_task(
    world: World, files: Mapping[str, str], verify: str, change: Mapping[str, str], **more: str
) -> PullRequest:
    """The project on the base branch, and a pull request that changes something in it."""
    world.repo.commit("main", {**files, ".github/revwright.yml": policy(verify, **more)})
    world.repo.commit("feature", dict(change))
    return world.repo.open_pull_request(head="feature", title="Something else")
