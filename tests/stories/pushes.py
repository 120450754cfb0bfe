"""What stories about several pushes to one pull request share: files with a bug, people, and what GitHub shows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.fakes.github import FakeGitHub, PullRequest, Repository, ReviewComment, User
from tests.fakes.model import FakeModel, Reviewer, Seen
from tests.fakes.model.schemas import JsonObject
from tests.world import World

PRICE = "app/price.py"
BUG = "def price(items):\n    return sum(items) / len(items)\n"
FIXED = "def price(items):\n    return mean(items)\n"
ZERO: JsonObject = {"title": "Division by zero for an empty list", "severity": "P1", "body": "`price([])` fails."}
DIVISION: dict[str, JsonObject] = {"len(items)": ZERO}


_NOBODY = {f"GIT_{who}_{what}": "x@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def push_what_git_refuses(world: World, branch: str, mode: bytes = b"100644", name: bytes = b".git") -> str:
    """A commit on top of a branch whose tree has one such entry, as no git client would make it."""
    store = world.repo.store
    entry = store.run("hash-object", "-w", "--stdin", stdin=b"[core]\n\tfsmonitor = id\n").decode().strip()
    if mode == b"40000":
        entry = store.run("mktree", stdin=f"100644 blob {entry}\tconfig\n".encode()).decode().strip()
    made = b"%s %s\0%s" % (mode, name, bytes.fromhex(entry))
    tree = store.run("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=made).decode().strip()
    parent = world.repo.head(branch)
    commit = store.run("commit-tree", "-p", parent, "-m", "x", tree, environment=_NOBODY).decode().strip()
    world.repo.force_push(branch, commit)
    return commit


def model_of(world: World) -> FakeModel:
    assert world.model is not None
    return world.model


def says(world: World, find: Mapping[str, JsonObject], **others: Any) -> None:
    """From now on the model finds this, and forgets what it was asked before."""
    model = model_of(world)
    model.behaviour = replace(Reviewer(find), **others)
    model.requests.clear()


def asked(world: World) -> list[str | None]:
    """The tasks that the model was given since `says`, in order."""
    return [seen.task for seen in model_of(world).requests]


def reviewed(world: World) -> list[Seen]:
    """The requests for a review since `says`."""
    return [seen for seen in model_of(world).requests if seen.task == "review"]


async def opened(world: World, files: Mapping[str, str | None], *, user: User | None = None) -> PullRequest:
    """A pull request with these files, reviewed."""
    world.repo.commit("feature", files, message="add it")
    pull = world.repo.open_pull_request(head="feature", title="Add it", user=user)
    await world.settle()
    return pull


async def pushed(world: World, files: Mapping[str, str | None], *, message: str = "more") -> str:
    """One more commit, reviewed."""
    sha = world.repo.commit("feature", files, message=message)
    await world.settle()
    return sha


async def rebased(world: World, files: Mapping[str, str | None], *, base: Mapping[str, str]) -> str:
    """The branch anew, with these files as its one commit, on a base that went on."""
    world.repo.commit("main", base, message="meanwhile")
    sha = world.repo.commit("rebased", files, message="add it", parent=world.repo.head("main"))
    world.repo.force_push("feature", sha)
    await world.settle()
    return sha


def person(github: FakeGitHub, repo: Repository, login: str, permission: str | None = None) -> User:
    user = github.add_user(login)
    if permission is not None:
        repo.permissions[user.id] = permission
    return user


def first_comments(pull: PullRequest) -> list[ReviewComment]:
    """Ours that begin a conversation."""
    return [one for one in pull.review_comments if one.in_reply_to_id is None and one.user.type == "Bot"]


def answers(pull: PullRequest) -> list[str]:
    """The first lines of our answers in conversations, in order."""
    replies = [one for one in pull.review_comments if one.in_reply_to_id is not None and one.user.type == "Bot"]
    return [one.body.partition("\n")[0] for one in replies]


def resolvers(pull: PullRequest) -> list[str | None]:
    """Who resolved each conversation; None for one that is open."""
    return [None if thread.resolved_by is None else thread.resolved_by.login for thread in pull.threads]


def machine(world: World, pull: PullRequest) -> dict[str, Any]:
    """The last line of the newest check of the head, for machines."""
    check = max(world.checks(pull.head_sha), key=lambda run: run.id)
    said = re.findall(r"<!-- revwright (\{.*\}) -->", check.text or "")
    told: dict[str, Any] = json.loads(said[-1])
    return told


def standings(world: World, pull: PullRequest) -> dict[str, str]:
    """How each finding stands, by id."""
    return {one["id"]: one["standing"] for one in machine(world, pull)["findings"]}


def conclusion(world: World, pull: PullRequest) -> str | None:
    """Of the newest check of the head."""
    return max(world.checks(pull.head_sha), key=lambda run: run.id).conclusion
