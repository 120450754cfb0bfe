"""Names on an attacker's side: a branch or a repository that means something else gets no commit and no say."""

from __future__ import annotations

import pytest

from tests.fakes.model import Answer, Reply, Seen
from tests.security.fixing import ASK, FILES, REPAIR, RIGHT, VERIFY, Attacker, bare, patching, pushed
from tests.stories.fixing import FIXED, asked, policy, told
from tests.stories.test_fix import world as world  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import place as place  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import runner as runner  # noqa: PLC0414 - the fixture
from tests.world import World


@pytest.mark.parametrize("branch", ["refs/heads/main", "$(id);a", "@octocat", "m\u0430in"])
async def test_a_branch_whose_name_means_something_else_is_the_only_one_that_moves(world: World, branch: str) -> None:
    assert world.model is not None
    world.model.behaviour = Attacker(((patching(REPAIR),), Answer(dict(FIXED))))
    world.repo.commit("main", {**FILES, ".github/revwright.yml": policy(VERIFY)})
    world.repo.commit(branch, {"x.txt": "x\n"})
    pull = world.repo.open_pull_request(head=branch)
    await world.settle()
    refs = world.repo.store.refs("refs/heads")
    await asked(world, pull, ASK)

    assert pushed(world, pull) == {"price.sh": RIGHT}
    assert "@octocat" not in bare(told(pull))
    now = world.repo.store.refs("refs/heads")
    moved = {name for name in refs.keys() | now.keys() if refs.get(name) != now.get(name)}
    assert moved == {f"refs/heads/{branch}"}


async def test_a_branch_that_begins_like_an_option_is_refused_before_anybody_is_asked(world: World) -> None:
    branch = "--upload-pack=id"
    assert world.model is not None
    attacker = Attacker(((patching(REPAIR),), Answer(dict(FIXED))))
    world.model.behaviour = attacker
    world.repo.commit("main", {**FILES, ".github/revwright.yml": policy(VERIFY)})
    world.repo.commit(branch, {"x.txt": "x\n"})
    pull = world.repo.open_pull_request(head=branch)
    await world.settle()
    refs = world.repo.store.refs("refs/heads")
    await asked(world, pull, ASK)

    assert "Nothing was pushed" in told(pull)
    assert "begins like an option" in told(pull)
    assert attacker.seen == []
    assert world.repo.store.refs("refs/heads") == refs


async def test_a_repository_that_gets_another_name_while_a_fix_is_made_gets_no_commit_elsewhere(world: World) -> None:
    """Whoever takes the old name gets nothing: what is pushed to is looked up right before."""
    assert world.model is not None
    attacker = Attacker(((patching(REPAIR),), Answer(dict(FIXED))))

    def renaming(seen: Seen) -> Reply:
        if seen.task == "fix" and world.repo.name == "web":
            world.repo.name = "moved"
            other = world.github.create_repository("acme/web", installation=world.repo.installation)
            other.commit("main", dict(FILES))
            other.commit("feature", {"x.txt": "x\n"})
            other.open_pull_request(head="feature")
        return attacker(seen)

    world.model.behaviour = renaming
    world.repo.commit("main", {**FILES, ".github/revwright.yml": policy(VERIFY)})
    world.repo.commit("feature", {"x.txt": "x\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    await asked(world, pull, ASK)

    (other,) = [one for one in world.github.repositories.values() if one.name == "web"]
    (commit,) = other.store.commits([other.head("feature")])
    assert not commit.message.startswith("fix:")
    assert list(other.issue_comments.values()) == []
