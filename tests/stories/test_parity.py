"""`revwright review` on a local clone finds exactly what the webhook path finds for the same range, at full size."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from app.cli.main import run
from tests.fakes.model import Reviewer
from tests.stories.test_first_review import BUG, DIVISION
from tests.world import MODEL_KEY, World

FILES = 5_200


def many_files() -> dict[str, str | bytes | None]:
    """A repository of ordinary size: some thousand small modules in some hundred folders."""
    return {
        f"src/p{n % 130}/m{n}.py": f'"""Module {n}."""\n\n\ndef f{n}(x):\n    return x + {n}\n' for n in range(FILES)
    }


async def test_a_local_range_gives_the_same_findings_as_the_webhook(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer({**DIVISION, "x + 10": {"title": "Adds ten", "severity": "P2"}})
    world.repo.commit("main", {**many_files(), "AGENTS.md": "# Review guidelines\nFlag division.\n"})
    world.repo.commit(
        "feature",
        {
            "app/price.py": BUG,
            "src/p1/m1.py": "def f1(x):\n    return x + 10\n\n\ndef old(text=[]):\n    return eval(text)\n",
            "src/p2/m2.py": None,
            "conf.py": 'AWS = "AKIAQ3EGRT5Y6UJ7IK8L"\n',
            "logo.png": b"\x89PNG\x00",
            "merge.txt": "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n",
        },
    )
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    clone = tmp_path / "clone"
    await clone_of(world.repo.git_dir, clone)
    env = {"HOME": str(tmp_path), "OPENAI_API_KEY": MODEL_KEY, "OPENAI_BASE_URL": world.model.base_url}
    command = ["review", "--repo", str(clone), "--base", "origin/main", "--head", "HEAD", "--format", "json"]
    status = await in_thread(command, env)
    report = json.loads(capsys.readouterr().out)

    local = {(f["id"], f["severity"], f["path"], f["start_line"], f["title"]) for f in report["findings"]}
    machine = json.loads((world.check(pull.head_sha).text or "").rsplit("<!-- revwright ", 1)[1].removesuffix(" -->"))
    posted = {(c.path, c.original_line) for c in pull.review_comments}
    assert status == 1
    assert {(f["id"], f["severity"]) for f in machine["findings"]} == {(i, s) for i, s, *_ in local}
    assert posted == {(path, line) for _, _, path, line, _ in local}
    assert len(local) >= 5
    assert machine["entries"] == len(report["coverage"]) == 6
    assert len({seen.messages[0]["content"] for seen in world.model.requests}) == 1


async def clone_of(source: Path, target: Path) -> None:
    command = ("git", "clone", "-q", "--branch", "feature", str(source), str(target))
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0


async def in_thread(command: list[str], env: dict[str, str]) -> int:
    """The command line runs its own event loop."""
    return await asyncio.to_thread(run, command, env)
