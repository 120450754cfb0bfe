"""The receipt of a review: it says what GitHub shows, is there before the check says so, and outlives crashes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from arq.connections import RedisSettings

from app.cli.main import run
from app.domain.jobs import JobKind
from app.domain.messages.check import REVIEW_CHECK
from app.domain.receipt_basis import TASKS
from app.ports import Receipts
from app.wiring.engine import load_agent_texts, load_templates
from app.wiring.receipts import key_directory
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import FakeModel, Reviewer
from tests.stories.pushes import BUG, DIVISION, FIXED, PRICE, model_of, opened, pushed, says
from tests.stories.test_memory_crashes import dies
from tests.world import World, open_world

PUBLIC = "https://revwright.acme.test"
POLICY = ".github/revwright.yml"


@dataclass
class Kept(Receipts):
    """Passes everything on, and remembers what was given to it to keep."""

    real: Receipts
    given: list[bytes] = field(default_factory=list)
    refuses: bool = False

    async def recall(self, run_id: str) -> bytes | None:
        return await self.real.recall(run_id)

    async def keep(self, run_id: str, receipt: bytes) -> bool:
        self.given.append(receipt)
        return not self.refuses and await self.real.keep(run_id, receipt)


def watched(world: World, *, refuses: bool = False) -> Kept:
    """What is kept from now on, by a clock that goes on a minute with each look."""
    review = world.services.review
    minutes: Iterator[datetime] = (datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(minutes=n) for n in range(100))
    kept = Kept(review.receipts.receipts, refuses=refuses)
    mended = replace(review, receipts=replace(review.receipts, receipts=kept, now=lambda: next(minutes)))
    world.services = replace(world.services, review=mended, jobs={**world.services.jobs, JobKind.REVIEW: mended})
    return kept


def told(world: World, pull: PullRequest) -> dict[str, Any]:
    """The last line of the newest check's details."""
    text = world.checks(pull.head_sha)[-1].text or ""
    machine: dict[str, Any] = json.loads(re.findall(r"<!-- revwright (\{.*\}) -->", text)[-1])
    return machine


async def receipt_of(world: World, pull: PullRequest) -> bytes:
    answer = await world.web.get(f"/runs/{told(world, pull)['run']}/receipt.json")
    assert answer.status_code == 200
    return answer.content


def payload_of(receipt: bytes) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(receipt)["payload"]
    return payload


async def verify(world: World, file: Path, *arguments: str) -> int:
    """By the command, with nothing but the data directory."""
    environ = {"HOME": "/nonexistent", "REVWRIGHT_DATA_DIR": str(world.settings.data_dir)}
    return await asyncio.to_thread(run, ["receipt", "verify", str(file), *arguments], environ)


async def test_what_the_receipt_says_is_what_github_shows(
    github: FakeGitHub,
    redis_settings: RedisSettings,
    model: FakeModel,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with open_world(github, redis_settings, tmp_path / "data", model=model, REVWRIGHT_PUBLIC_URL=PUBLIC) as world:
        world.repo.commit("main", {"AGENTS.md": "Be exact.\n"}, message="guidelines")
        says(world, DIVISION)
        pull = await opened(world, {PRICE: BUG, "logo.png": "not a picture"})
        receipt = await receipt_of(world, pull)
        (tmp_path / "receipt.json").write_bytes(receipt)
        payload, machine = payload_of(receipt), told(world, pull)

        assert await verify(world, tmp_path / "receipt.json", "--head", pull.head_sha, "--repository", "acme/web") == 0
        said = capsys.readouterr().out
        assert f"acme/web#{pull.number}" in said
        assert "blocked: " in said
        assert str(world.settings.data_dir / "receipt-keys") in said
        url = f"{PUBLIC}/runs/{machine['run']}/receipt.json"
        assert f"| receipt | [signed receipt]({url}) |" in (world.check(pull.head_sha).text or "")
        assert f"[signed receipt]({url})" in world.summary(pull)
        assert [one["id"] for one in payload["findings"]] == [one["id"] for one in machine["findings"]]
        assert [one["standing"] for one in payload["findings"]] == [one["standing"] for one in machine["findings"]]
        assert (
            [one["blocks"] for one in payload["findings"]] == [one["blocks"] for one in machine["findings"]] == [True]
        )
        assert payload["verdict"]["blocking"] == [machine["findings"][0]["id"]]
        states = [one["state"] for one in payload["coverage"]]
        assert (len(states), states.count("reviewed"), states.count("unreviewed")) == (
            machine["entries"],
            machine["reviewed"],
            machine["unreviewed"],
        )
        commits = ("head", "base", "merge_base")
        assert [payload[name] for name in commits] == [machine[name] for name in commits]
        assert payload["run"] == machine["run"]
        assert (payload["repository"], payload["repository_id"]) == ("acme/web", world.repo.id)
        assert sum(one["calls"] for one in payload["models"]) == machine["calls"] == len(model_of(world).requests)
        (guideline,) = payload["guidelines"]
        content = b"Be exact.\n"
        assert (guideline["path"], guideline["sha256"], guideline["hashed_bytes"]) == (
            "AGENTS.md",
            hashlib.sha256(content).hexdigest(),
            len(content),
        )


async def test_the_prompts_are_named_by_the_digests_of_their_files(world: World) -> None:
    says(world, DIVISION)
    payload = payload_of(await receipt_of(world, await opened(world, {PRICE: BUG})))
    folder = Path(__file__).parents[2] / "app/usecases/prompts"
    others = ("ask_", "fix_")  # those answer questions, and fix
    reviewing = (path for path in folder.glob("*.md") if not path.stem.startswith(others))
    files = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in reviewing}

    assert {one["name"]: one["sha256"] for one in payload["prompts"]} == files
    calls = {one["name"]: one["calls"] for one in payload["prompts"]}
    assert (calls["review_standard"], calls["judge"], calls["system"], calls["prove"]) == (1, 1, None, 0)
    assert set(TASKS.values()) == {name for name, count in calls.items() if count is not None}
    assert {f"agent_{name}" for name in load_agent_texts().__slots__} | set(load_templates().__slots__) == set(files)


async def test_rule_packs_are_named_by_what_is_in_them(world: World) -> None:
    payload = payload_of(await receipt_of(world, await opened(world, {PRICE: BUG})))
    packs = {one["pack"]: one for one in payload["rule_packs"]}

    assert {"general", "python"} <= set(packs)
    assert all(re.fullmatch("[0-9a-f]{64}", one["sha256"]) and one["rules"] for one in packs.values())
    assert packs["python"]["applied"] > 0 == packs["go"]["applied"]
    world.repo.commit("main", {POLICY: "version: 1\nrules: {disable: [python/mutable-default]}\n"}, message="policy")
    world.repo.commit("other", {PRICE: BUG}, message="again")
    other = world.repo.open_pull_request(head="other", title="Again")
    await world.settle()
    after = payload_of(await receipt_of(world, other))
    assert after["policy"] != payload["policy"]


@pytest.mark.parametrize(
    ("policy", "content", "state", "conclusion"),
    [
        ("version: 1\n", FIXED, "passed", "success"),
        ("version: 1\n", BUG, "blocked", "failure"),
        ("version: 7\n", FIXED, "needs_human", "action_required"),
    ],
)
async def test_every_concluded_review_has_one(
    world: World, policy: str, content: str, state: str, conclusion: str
) -> None:
    world.repo.commit("main", {POLICY: policy}, message="policy")
    model_of(world).behaviour = Reviewer(DIVISION)
    pull = await opened(world, {PRICE: content})
    payload = payload_of(await receipt_of(world, pull))

    assert (payload["verdict"]["state"], world.check(pull.head_sha).conclusion) == (state, conclusion)
    assert payload["policy_problems"] == int(state == "needs_human")
    assert bool(payload["verdict"]["reasons"]) == (state == "needs_human")


async def test_a_review_without_a_model_has_one_that_says_so(world_without_model: World) -> None:
    world = world_without_model
    pull = await opened(world, {PRICE: BUG})
    payload = payload_of(await receipt_of(world, pull))

    assert payload["verdict"]["state"] == "incomplete"
    assert payload["model_note"] == "Static rules ran, AI did not look: no model is configured."
    assert (payload["models"], payload["prompts"]) == ([], [])
    assert {one["state"] for one in payload["coverage"]} == {"unreviewed"}


async def test_without_a_public_address_the_check_names_the_command(
    world: World, redis_settings: RedisSettings, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    pull = await opened(world, {PRICE: FIXED})
    run_id = told(world, pull)["run"]
    environ = {"HOME": "/nonexistent", "REVWRIGHT_REDIS_URL": f"unix://{redis_settings.unix_socket_path}"}

    assert f"| receipt | `revwright receipt show {run_id}` |" in (world.check(pull.head_sha).text or "")
    assert await asyncio.to_thread(run, ["receipt", "show", run_id], environ) == 0
    assert capfdbinary.readouterr().out == await receipt_of(world, pull)


@pytest.mark.parametrize("station", ["before checks.conclude", "after checks.conclude", "after conversation.review"])
async def test_an_attempt_after_a_crash_leaves_the_receipt_as_it_is(world: World, station: str) -> None:
    says(world, DIVISION)
    kept = watched(world)
    jobs = world.services.jobs
    dying = dies(world, station)
    world.services = replace(world.services, jobs={**jobs, JobKind.REVIEW: world.services.review})
    pull = await opened(world, {PRICE: BUG})

    assert dying.deaths == 1
    assert len(kept.given) == 1
    assert await receipt_of(world, pull) == kept.given[0]
    assert payload_of(kept.given[0])["made_at"] == "2026-11-21T12:00:00Z"


async def test_it_is_kept_before_the_check_is_concluded(world: World) -> None:
    kept = watched(world)
    told_then: list[tuple[int, str]] = []
    checks = world.services.review.check_runs.checks
    conclude = checks.conclude

    async def noted(place: Any, check_run: int, conclusion: Any, output: Any) -> None:
        if world.repo.check_runs[check_run].name == REVIEW_CHECK:
            told_then.append((len(kept.given), str(conclusion)))
        await conclude(place, check_run, conclusion, output)

    checks.conclude = noted  # type: ignore[method-assign]
    await opened(world, {PRICE: FIXED})

    assert told_then == [(1, "success")]


async def test_one_that_is_too_large_is_not_pointed_at(world: World) -> None:
    watched(world, refuses=True)
    pull = await opened(world, {PRICE: FIXED})
    text = world.check(pull.head_sha).text or ""

    assert world.check(pull.head_sha).conclusion == "success"
    assert "the receipt is too large to be kept" in text
    assert "| receipt |" not in text
    assert (await world.web.get(f"/runs/{told(world, pull)['run']}/receipt.json")).status_code == 404


async def test_each_head_has_its_own_and_one_before_a_rotation_is_still_valid(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    says(world, DIVISION)
    pull = await opened(world, {PRICE: BUG})
    first_head, file = pull.head_sha, tmp_path / "first.json"
    file.write_bytes(await receipt_of(world, pull))
    await asyncio.to_thread(key_directory(world.settings).rotate)
    await pushed(world, {PRICE: FIXED})
    second = payload_of(await receipt_of(world, pull))

    assert await verify(world, file, "--head", first_head) == 0
    assert await verify(world, file, "--head", pull.head_sha) == 1
    words = capsys.readouterr().err
    assert first_head in words
    assert pull.head_sha in words
    assert second["head"] == pull.head_sha
    assert [(one["state"], one["standing"]) for one in second["findings"]] == [("fixed", None)]
    keys = {json.loads(data)["signatures"][0]["key"] for data in (file.read_bytes(), await receipt_of(world, pull))}
    assert len(keys) == 2
