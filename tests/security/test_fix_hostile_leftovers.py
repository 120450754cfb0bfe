"""What a refused fix leaves in its workspace, and who may make a commit of it: nobody but the one who asked for it."""

from __future__ import annotations

import pytest

from tests.fakes.github import PullRequest
from tests.security.fixing import FILES, VERIFY
from tests.stories.fixing import asked, later, writer
from tests.stories.refusing import adds, changes, does, opened, patch
from tests.stories.saying import OURS
from tests.stories.test_fix import world as world  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import place as place  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import runner as runner  # noqa: PLC0414 - the fixture
from tests.world import World

WISH = "@revwright fix something in other"
REMOVES = "*** Begin Patch\n*** Delete File: conftest.py\n*** End Patch\n"


def newest(pull: PullRequest) -> str:
    return [one.body for one in pull.comments if one.user.login == OURS and "<!-- revwright:fix:" in one.body][-1]


async def refused(world: World) -> PullRequest:
    """Wanda's wish changes a file, and is refused for another one that stays in the workspace, too."""
    pull = opened(world, files={**FILES, "other.txt": "A\n", "third.txt": "T\n"}, verify=VERIFY)
    does(world, patch(changes("other.txt", before="A\n", after="wanda\n")), patch(adds("conftest.py", "x = 1")))
    await world.settle()
    before = pull.head_sha
    await asked(world, pull, WISH)
    assert pull.head_sha == before
    assert "`conftest.py`" in newest(pull)
    return pull


@pytest.mark.parametrize(
    ("login", "wish"), [("bob", WISH), ("wanda", "@revwright fix the T"), ("bob", "@revwright fix the T")]
)
async def test_a_commit_has_nothing_in_it_that_another_wish_left(world: World, login: str, wish: str) -> None:
    pull = await refused(world)
    before = pull.head_sha
    does(world, patch(changes("third.txt", before="T\n", after="mended\n")))
    later(world, 20)
    pull.comment(writer(world, login), wish)
    await world.settle()

    assert "Fixed in" in newest(pull)
    assert world.repo.store.run("diff", "--name-only", before, pull.head_sha).decode().split() == ["third.txt"]


async def test_the_same_wish_of_the_same_person_goes_on_where_it_was_refused(world: World) -> None:
    pull = await refused(world)
    before = pull.head_sha
    does(world, patch(REMOVES))
    later(world, 20)
    pull.comment(writer(world), WISH)
    await world.settle()

    assert "Fixed in" in newest(pull)
    assert world.repo.store.run("diff", "--name-only", before, pull.head_sha).decode().split() == ["other.txt"]
