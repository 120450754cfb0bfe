"""`revwright runs logs --full` on a real server: what it prints, to which stream, and why it may print nothing."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.store.runs import RedisRuns
from app.cli.main import run
from app.domain.jobs import JobKind, RowKey
from app.domain.transcript import EntryKind, TranscriptEntry
from app.settings import Settings
from app.wiring.transcripts import transcripts_store
from tests.build import REF, run_start
from tests.fakes.github.auth import generate_private_key

AT = datetime(2026, 11, 22, 12, 56, 4, tzinfo=UTC)
FIX, REVIEW = run_start(1, key=RowKey(JobKind.FIX, REF)), run_start(2)
ASKED = TranscriptEntry(AT, EntryKind.ASKED, "attempt 1", "wish 7")
TOOL = TranscriptEntry(AT, EntryKind.TOOL, "run ls", f"{'x' * 1_000}\n\x1b[2Jevil\n", "refused")


@pytest.fixture
def redis_env(redis_settings: RedisSettings) -> dict[str, str]:
    return {"HOME": "/nonexistent", "REVWRIGHT_REDIS_URL": f"unix://{redis_settings.unix_socket_path}"}


@pytest.fixture
def env(redis_env: dict[str, str], private_key: str) -> dict[str, str]:
    return redis_env | {
        "REVWRIGHT_GITHUB_APP_ID": "1",
        "REVWRIGHT_GITHUB_PRIVATE_KEY": private_key,
        "REVWRIGHT_GITHUB_WEBHOOK_SECRET": "s" * 32,
    }


@pytest.fixture
async def runs(redis: ArqRedis) -> RedisRuns:
    """A fix and a review."""
    runs = RedisRuns(redis)
    await runs.begin(FIX)
    await runs.begin(REVIEW)
    return runs


async def transcribe(redis: ArqRedis, env: dict[str, str], *entries: TranscriptEntry) -> None:
    store = transcripts_store(Settings.from_environment(env), redis)
    for entry in entries:
        await store.append(FIX.id, entry)


async def called(env: dict[str, str], *arguments: str) -> int:
    return await asyncio.to_thread(run, ["runs", "logs", *arguments], env)


async def test_all_of_it_is_printed_and_nothing_in_it_steers_the_terminal(
    runs: RedisRuns, redis: ArqRedis, env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    await transcribe(redis, env, ASKED, TOOL)

    assert await called(env, FIX.id, "--full") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out == (
        "2026-11-22 12:56:04Z  asked   attempt 1\n"
        "    wish 7\n"
        "\n"
        "2026-11-22 12:56:04Z  tool    run ls\n"
        "  # refused\n"
        f"    {'x' * 1_000}\n"
        "    <U+001B>[2Jevil\n"
    )


async def test_machines_get_one_object(
    runs: RedisRuns, redis: ArqRedis, env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    await transcribe(redis, env, ASKED, TOOL)

    assert await called(env, FIX.id, "--full", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["id"], [one["kind"] for one in told["entries"]]) == (FIX.id, ["asked", "tool"])
    assert told["entries"][1]["text"] == TOOL.text


async def test_the_page_of_a_run_names_the_transcript_too(
    runs: RedisRuns, redis: ArqRedis, env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = f"\n\n(all that was said and done: revwright runs logs {FIX.id} --full)\n"
    assert await asyncio.to_thread(run, ["runs", "show", FIX.id], env) == 0
    assert told not in capsys.readouterr().out
    await transcribe(redis, env, ASKED)

    assert await asyncio.to_thread(run, ["runs", "show", FIX.id], env) == 0
    assert capsys.readouterr().out.endswith(told)


async def test_the_log_names_the_transcript_where_there_is_one_and_needs_no_key(
    runs: RedisRuns, redis: ArqRedis, env: dict[str, str], redis_env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    await transcribe(redis, env, ASKED)
    await runs.log(FIX.id, ["begun"])

    assert await called(redis_env, FIX.id) == 0
    assert capsys.readouterr() == (
        f"begun\n(all that was said and done: revwright runs logs {FIX.id} --full)\n",
        "",
    )
    assert await called(redis_env, FIX.id, "--json") == 0
    assert json.loads(capsys.readouterr().out)["transcript"] is True


@pytest.mark.parametrize(
    ("run_id", "told"),
    [
        (
            FIX.id,
            "is gone, or was never begun: the oldest go first where all of them would take more than REVWRIGHT_TR",
        ),
        (REVIEW.id, "has no transcript: it is a review, and only fixes have one"),
    ],
)
async def test_a_transcript_that_is_not_there_is_an_error_that_says_why(
    runs: RedisRuns, env: dict[str, str], run_id: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await called(env, run_id, "--full") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"run {run_id} {told}" in captured.err


async def test_a_transcript_that_another_key_sealed_is_an_error_that_says_what_to_do(
    runs: RedisRuns, redis: ArqRedis, env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    await transcribe(redis, env | {"REVWRIGHT_GITHUB_PRIVATE_KEY": generate_private_key.__wrapped__()}, ASKED, TOOL)

    assert await called(env, FIX.id, "--full") == 2
    assert "cannot be opened: none of it is sealed with the key" in capsys.readouterr().err
    await transcribe(redis, env, ASKED)
    assert await called(env, FIX.id, "--full") == 0
    assert capsys.readouterr().out.startswith("(2 entries not shown: they are not sealed with this deployment's key")


async def test_without_the_apps_settings_it_says_which_are_missing(
    runs: RedisRuns, redis_env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await called(redis_env, FIX.id, "--full") == 2
    assert "REVWRIGHT_GITHUB_PRIVATE_KEY: not set" in capsys.readouterr().err
