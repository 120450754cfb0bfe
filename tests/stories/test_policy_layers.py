"""What an operator, an organisation and the default branch say holds for every repository and branch below them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from arq.connections import RedisSettings

from tests.fakes.github import FakeGitHub, PullRequest, Repository
from tests.fakes.github.render.pulls import pull_request
from tests.fakes.model import FakeModel, Reviewer
from tests.stories.test_first_review import BUG, DIVISION, open_bug
from tests.world import World, open_world

CORE = "version: 1\ntiers:\n  core:\n    - paths: ['app/**']\n      reason: Everything here is ours.\n"


def organisation(world: World, files: dict[str, str | bytes | None], **how: Any) -> Repository:
    """The account's repository `.github`, in the installation."""
    made = world.github.create_repository("acme/.github", installation=world.repo.installation)
    made.commit("main", files, **how)
    return made


def open_to(world: World, base: str) -> PullRequest:
    """A pull request with one bug to another branch."""
    world.repo.commit("feature", {"app/price.py": BUG}, parent=world.repo.head(base))
    return world.repo.open_pull_request(head="feature", base=base)


def summary(world: World, sha: str) -> str:
    return world.check(sha).summary or ""


def waits_at_the_gate(world: World, pull: PullRequest) -> None:
    gate = world.gate(pull)
    assert gate.conclusion == "action_required"
    assert "app/price.py" in (gate.summary or "")


def asked_of_the_organisation(world: World) -> list[str]:
    """Token requests and reads for the repository `.github`."""
    return [
        call.operation_id or ""
        for call in world.github.calls
        if "/.github/" in call.path or "repositories" in (call.body or {})
    ]


@asynccontextmanager
async def limited(
    github: FakeGitHub, redis_settings: RedisSettings, folder: Path, model: FakeModel, policy: str
) -> AsyncIterator[World]:
    """A deployment whose operator set a ceiling."""
    file = folder / "ceiling.yml"
    file.write_text(policy)
    async with open_world(
        github, redis_settings, folder / "data", model=model, gate=True, REVWRIGHT_POLICY_FILE=str(file)
    ) as world:
        yield world


async def test_the_deployment_caps_what_a_repository_may_spend_and_says_so(
    github: FakeGitHub, redis_settings: RedisSettings, tmp_path: Path, model: FakeModel
) -> None:
    ceiling = "version: 1\nlimits:\n  usd_per_pull_request: 0.5\n"
    async with limited(github, redis_settings, tmp_path, model, ceiling) as world:
        world.repo.commit("main", {".github/revwright.yml": "version: 1\nlimits: {usd_per_pull_request: 5}\n"})
        pull = open_bug(world)
        await world.settle()

        assert "of $0.50 known to be spent on this pull request" in world.summary(pull)
        assert "is 0.5: the repository asks for 5 in line 2, the deployment sets a limit" in world.summary(pull)
        assert world.check(pull.head_sha).conclusion == "success"


async def test_what_the_deployment_calls_core_is_core_everywhere(
    github: FakeGitHub, redis_settings: RedisSettings, tmp_path: Path, model: FakeModel
) -> None:
    async with limited(github, redis_settings, tmp_path, model, CORE) as world:
        world.repo.commit("main", {".github/revwright.yml": "version: 1\ntiers: {skip: ['**']}\n"})
        pull = open_bug(world)
        await world.settle()

        waits_at_the_gate(world, pull)
        assert "1 of 1 files reviewed" in world.summary(pull)


async def test_an_organisation_adds_a_core_path(gated: World) -> None:
    world = gated
    organisation(world, {"revwright.yml": CORE})
    world.repo.commit("main", {".github/revwright.yml": "version: 1\ntiers: {core: [], skip: ['docs/**']}\n"})
    pull = open_bug(world, **{"docs/a.md": "x\n"})
    await world.settle()

    waits_at_the_gate(world, pull)
    assert "1 of 2 files reviewed, 1 excluded" in world.summary(pull)


async def test_an_organisation_file_that_is_not_valid_is_named_and_the_rest_holds(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    organisation(world, {"revwright.yml": "version: 1\nlimits:\n  round: 3\n"})
    world.repo.commit("main", {".github/revwright.yml": "version: 1\nreview: {block_at: P0}\n"})
    pull = open_bug(world)
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "action_required"
    told = summary(world, pull.head_sha)
    assert "acme/.github/revwright.yml:3:3" in told
    assert "did you mean" in told
    assert "rounds" in told


async def test_an_organisation_file_that_is_a_link_is_not_followed(world: World) -> None:
    organisation(world, {"revwright.yml": "elsewhere.yml"}, modes={"revwright.yml": "120000"})
    pull = open_bug(world)
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "action_required"
    assert "acme/.github/revwright.yml must be a regular file, not a symlink" in summary(world, pull.head_sha)


async def test_an_organisation_is_asked_once_a_minute_and_not_for_every_review(world: World) -> None:
    organisation(world, {"revwright.yml": "version: 1\nreview: {max_findings: 1}\n"})
    open_bug(world)
    await world.settle()
    assert asked_of_the_organisation(world) == ["apps/create-installation-access-token", "repos/get-content"]
    reads = [call for call in world.github.calls if not call.path.endswith("/access_tokens")]
    assert len(reads) <= 8

    world.repo.commit("feature", {"app/more.py": "x = 1\n"})
    await world.settle()
    assert len(asked_of_the_organisation(world)) == 2


async def test_while_the_organisation_cannot_be_asked_nothing_is_judged(gated: World) -> None:
    """Without its policy nobody knows what it forbids."""
    world = gated
    organisation(world, {"revwright.yml": CORE})
    world.github.faults.add(path=r"/contents/", times=3, status=502)
    pull = open_bug(world)
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "success", "at the next attempt"
    waits_at_the_gate(world, pull)


def permissive_branch(world: World) -> str:
    """A branch that anybody with write access could have prepared, and a pull request's way around the gate."""
    world.repo.commit("main", {".github/revwright.yml": CORE})
    world.repo.commit("loose", {".github/revwright.yml": "version: 1\ntiers: {skip: ['**']}\n"})
    return "loose"


async def test_a_permissive_branch_does_not_escape_the_default_branch(gated: World) -> None:
    world = gated
    base = permissive_branch(world)
    pull = open_to(world, base)
    await world.settle()

    waits_at_the_gate(world, pull)
    assert "tiers.skip is none: the repository asks for" in world.summary(pull)


async def test_a_default_branch_without_a_policy_is_a_floor_as_well(world: World) -> None:
    world.repo.commit("loose", {".github/revwright.yml": "version: 1\ntiers: {skip: ['**']}\n"})
    pull = open_to(world, "loose")
    await world.settle()

    assert "1 of 1 files reviewed" in world.summary(pull)


async def test_an_invalid_policy_of_the_default_branch_asks_a_person(world: World) -> None:
    world.repo.commit("stable", {"a.txt": "a\n"})
    world.repo.commit("main", {".github/revwright.yml": "version: 2\n"})
    pull = open_to(world, "stable")
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "action_required"
    assert "the default branch's `.github/revwright.yml:1:10`" in summary(world, pull.head_sha)


async def test_an_operator_can_let_branches_go_their_own_way(
    github: FakeGitHub, redis_settings: RedisSettings, tmp_path: Path, model: FakeModel
) -> None:
    async with open_world(
        github, redis_settings, tmp_path / "data", model=model, REVWRIGHT_POLICY_BRANCHES="release/*,loose"
    ) as world:
        base = permissive_branch(world)
        pull = open_to(world, base)
        await world.settle()

        assert world.check(pull.head_sha).conclusion == "success"
        assert "0 of 1 files reviewed, 1 excluded" in world.summary(pull)


async def test_a_default_branch_that_git_does_not_have_yet_is_waited_for(world: World) -> None:
    """The API and git disagree for a moment when a branch is renamed."""
    pull = open_bug(world)
    told = pull_request(pull)
    told["base"]["repo"]["default_branch"] = "trunk"
    world.github.faults.add(path=r"/pulls/\d+$", times=1, status=200, body=told)
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "success"
    assert len([call for call in world.github.calls if call.path.endswith("/pulls/1")]) == 2
