"""A change of hundreds of files on GitHub: the worst one is named, and everything fits GitHub's limits."""

from __future__ import annotations

import json
import re

from tests.fakes.model import Reviewer
from tests.world import World

MAX_BODY = 65_536
EVIL = {"eval(": {"title": "Runs any text as code", "severity": "P0", "body": "`eval` of what a caller sends."}}


async def test_of_301_files_the_last_one_is_named_and_all_are_accounted_for(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(EVIL)
    files = {f"src/module_{n % 7}/file_{n:03}.py": f"value = {n}\n" for n in range(300)}
    world.repo.commit("feature", {**files, "zz/last.py": "def run(text):\n    return eval(text)\n"})
    pull = world.repo.open_pull_request(head="feature", title="Many files")
    await world.settle()

    check = world.check(pull.head_sha)
    assert check.conclusion == "failure"
    (comment,) = pull.review_comments
    assert (comment.path, comment.original_line) == ("zz/last.py", 2)
    assert "zz/last.py" in world.summary(pull)
    assert "301 of 301 files reviewed" in world.summary(pull)
    machine = json.loads(re.findall(r"<!-- revwright (\{.*\}) -->", check.text or "")[-1])
    assert machine["unreviewed"] == 0
    for text in (world.summary(pull), check.summary, check.text, comment.body, *(one.body for one in pull.reviews)):
        assert len(text or "") < MAX_BODY
