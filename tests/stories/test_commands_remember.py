"""`remember`: a pull request of our own with one more line in AGENTS.md."""

from __future__ import annotations

import pytest

from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.github.installations import change_permissions
from tests.stories.saying import replies, reply, reviewed_bug, said, signs, writer
from tests.world import World


def proposed(world: World, pull: PullRequest) -> list[PullRequest]:
    return [one for one in world.repo.pulls.values() if one is not pull]


async def test_a_rule_becomes_a_pull_request_with_its_evidence(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)

    comment = await said(world, pull, ann, "@revwright remember Use the clock,\nnot the time of the day.")

    assert signs(comment) == ["eyes", "rocket"]
    (one,) = proposed(world, pull)
    assert (one.base_ref, one.head_ref) == ("main", f"revwright/remember-{comment.id}")
    assert one.user.login == "revwright[bot]"
    assert f"#issuecomment-{comment.id}), asked by ann in [`#1`]" in (one.body or "")
    blob = world.repo.store.at_path(one.head_sha, "AGENTS.md")
    assert blob is not None
    assert world.repo.store.blob(blob).decode() == "## Review guidelines\n\n- Use the clock, not the time of the day.\n"
    assert [file.path for file in one.diff()] == ["AGENTS.md"]
    assert f"[`#{one.number}`]({github.url}/acme/web/pull/{one.number}) adds it" in reply(pull)
    assert world.repo.head("main") == one.base_sha, "the base branch is as it was"


@pytest.mark.parametrize("path", [r"/git/trees$", r"/git/refs$", r"/pulls$"])
async def test_an_answer_that_was_lost_makes_no_second_one(github: FakeGitHub, world: World, path: str) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    github.faults.add(method="POST", path=path, status=502, times=1, when="after")

    comment = await said(world, pull, ann, "@revwright remember Use the clock.")

    assert signs(comment) == ["eyes", "rocket"]
    assert len(proposed(world, pull)) == len(replies(pull)) == 1


async def test_what_stands_there_already_needs_no_pull_request(github: FakeGitHub, world: World) -> None:
    world.repo.commit("main", {"AGENTS.md": "## Review guidelines\n\n- Use the clock.\n"})
    pull, ann = await reviewed_bug(world), writer(github, world)

    comment = await said(world, pull, ann, "@revwright remember Use the clock.")

    assert signs(comment) == ["eyes", "rocket"]
    assert "says exactly that already" in reply(pull)
    assert proposed(world, pull) == []


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (b"\xff\xfe", "100644", "is not UTF-8"),
        (b"x" * 70_000, "100644", "too large, or no regular file"),
        (b"README.md", "120000", "too large, or no regular file"),
    ],
)
async def test_a_file_that_is_none_is_left_alone(
    github: FakeGitHub, world: World, content: bytes, mode: str, why: str
) -> None:
    world.repo.commit("main", {"AGENTS.md": content}, modes={"AGENTS.md": mode})
    pull, ann = await reviewed_bug(world), writer(github, world)

    comment = await said(world, pull, ann, "@revwright remember Use the clock.")

    assert signs(comment) == ["eyes", "confused"]
    assert why in reply(pull)
    assert proposed(world, pull) == []


async def test_an_app_that_may_not_write_contents_says_so(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    assert world.repo.installation is not None
    installation = world.repo.installation
    change_permissions(github, installation, {**installation.permissions, "contents": "read"})

    comment = await said(world, pull, ann, "@revwright remember Use the clock.")

    assert signs(comment) == ["eyes", "confused"]
    assert "GitHub lets the App write no branch" in reply(pull)
    assert github.unprocessable
    github.unprocessable.clear()
