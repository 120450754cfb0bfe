"""`revwright runs` through the real parser on a real server: what is printed, to which stream, and the exit status."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.store.embedded import open_embedded_server
from app.adapters.store.runs import RedisRuns
from app.cli.main import parser, run
from app.cli.runs import runs
from app.domain.jobs import RowKey
from app.domain.pull_request import PullRequestRef
from app.domain.runs import RunState
from app.settings import Settings
from app.wiring.redis import open_redis
from app.wiring.runs import RunsServices, open_runs_services
from tests.build import KEY, model_use, run_start

ROOT = Path(__file__).parent.parent.parent
OTHER = RowKey(KEY.kind, PullRequestRef(11, 22, 8))
FIRST, SECOND, THIRD = "3f2a9c010a0b0c0d", "3f2abb0000000001", "9e00000000000002"


@dataclass
class Rows:
    """Implements ports.Orders on a few rows that are open, given up, or paused."""

    open: set[RowKey] = field(default_factory=set)
    dead: set[RowKey] = field(default_factory=set)
    paused: set[RowKey] = field(default_factory=set)

    async def retry(self, key: RowKey) -> bool:
        return self._move(key, self.dead, self.open)

    async def stop(self, key: RowKey) -> bool:
        return self._move(key, self.open, self.dead)

    async def pause(self, key: RowKey) -> bool:
        return self._move(key, self.open, self.paused)

    async def resume(self, key: RowKey) -> bool:
        return self._move(key, self.paused, self.open)

    def _move(self, key: RowKey, source: set[RowKey], target: set[RowKey]) -> bool:
        if key not in source:
            return False
        source.remove(key)
        target.add(key)
        return True


@pytest.fixture
def env(redis_settings: RedisSettings) -> dict[str, str]:
    return {"HOME": "/nonexistent", "REVWRIGHT_REDIS_URL": f"unix://{redis_settings.unix_socket_path}"}


@pytest.fixture
async def kept(redis: ArqRedis) -> RedisRuns:
    """Three runs: two of one pull request, the newer one failed, and one of another."""
    made = RedisRuns(redis)
    await made.begin(replace(run_start(), id=FIRST))
    await made.spent(FIRST, (model_use("gpt-5.4", calls=2, usd=0.0123),))
    await made.log(FIRST, ["2026-11-21 12:56:04Z INFO    workers.attempts  begun", "evil \x1b[2Jline"])
    await made.end(FIRST, RunState.DONE, outcome="success")
    await made.begin(replace(run_start(), id=SECOND))
    await made.end(SECOND, RunState.FAILED, error="GitHub answered 403 \x1b]0;x\x07")
    await made.begin(replace(run_start(key=OTHER), id=THIRD))
    return made


async def called(env: dict[str, str], *arguments: str) -> int:
    return await asyncio.to_thread(run, ["runs", *arguments], env)


async def test_list_piped_has_one_line_for_each_run(
    kept: RedisRuns, env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await called(env, "list") == 0

    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["RUN", "STATE", "STARTED", "(UTC)", "TOOK", "TOKENS", "USD", "TRY", "JOB"]
    assert [line.split()[:2] for line in lines] == [[THIRD, "running"], [SECOND, "failed"], [FIRST, "done"]]
    assert lines[0].endswith("review acme/web#8 bbbbbbb")
    assert lines[1].endswith("review acme/web#7 bbbbbbb  GitHub answered 403 <U+001B>]0;x<U+0007>")
    assert lines[2].endswith("1.0k   $0.0123    1  review acme/web#7 bbbbbbb  success")


async def test_list_takes_a_limit_and_a_state(
    kept: RedisRuns, env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await called(env, "list", "--limit", "1") == 0
    assert re.findall(r"^[0-9a-f]{16}", capsys.readouterr().out, re.MULTILINE) == [THIRD]
    assert await called(env, "list", "--state", "done") == 0
    assert re.findall(r"^[0-9a-f]{16}", capsys.readouterr().out, re.MULTILINE) == [FIRST]
    assert await called(env, "list", "--state", "paused") == 0
    assert capsys.readouterr() == ("", "no run is paused\n")


async def test_no_runs_at_all(redis: ArqRedis, env: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert await called(env, "list") == 0
    assert capsys.readouterr() == ("", "no runs are kept\n")
    assert await called(env, "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"schema": 1, "runs": []}
    assert await called(env, "show", "acme/web#7") == 2
    assert capsys.readouterr().err == "revwright: no kept run is acme/web#7; no runs are kept at all\n"


async def test_json(kept: RedisRuns, env: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert await called(env, "list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in listed["runs"]] == [THIRD, SECOND, FIRST]

    assert await called(env, "show", FIRST, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["id"], shown["state"], shown["outcome"], shown["usd"]) == (FIRST, "done", "success", 0.0123)
    assert [event["text"] for event in shown["timeline"]] == ["an attempt begins", "done: success"]


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (FIRST, FIRST),
        ("3f2a9", FIRST),
        ("3F2AB", SECOND),
        ("9e00", THIRD),
        ("acme/web#7", SECOND),
        ("Acme/Web#8", THIRD),
    ],
)
async def test_a_run_is_named_by_its_id_the_beginning_of_it_or_its_pull_request(
    named: str, found: str, kept: RedisRuns, env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await called(env, "show", named) == 0
    assert capsys.readouterr().out.startswith(f"Run {found}: ")


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("3f2a", f"2 runs begin with 3f2a; write more of it: {SECOND} (review acme/web#7, failed), {FIRST} ("),
        ("ffff", f"no kept run is ffff; the newest are: {THIRD} (review acme/web#8, running), {SECOND} ("),
        ("acme/web#9", f"no kept run is acme/web#9; the newest are: {THIRD} ("),
        ("acme/w\x9b2Jeb#9", "no kept run is acme/w<U+009B>2Jeb#9; the newest"),
        ("3f2", "'3f2' names no run; write its id, 4 digits of it or more, or OWNER/REPOSITORY#NUMBER"),
        ("acme/web", "'acme/web' names no run"),
        ("../x#1\x1b", r"'../x#1\x1b' names no run"),
        ("acme/web#99999999999", "names no run"),
    ],
)
@pytest.mark.parametrize("action", ["show", "logs", "retry"])
async def test_a_run_that_is_not_there_or_not_the_only_one_is_an_error_that_says_what_is(
    *, action: str, named: str, told: str, kept: RedisRuns, env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await called(env, action, named) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("revwright: ")
    assert told in captured.err


async def test_logs(kept: RedisRuns, env: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert await called(env, "logs", FIRST) == 0
    assert capsys.readouterr().out == ("2026-11-21 12:56:04Z INFO    workers.attempts  begun\nevil <U+001B>[2Jline\n")
    assert await called(env, "logs", SECOND) == 0
    assert capsys.readouterr() == ("", f"run {SECOND} has logged nothing\n")


async def test_logs_as_json(kept: RedisRuns, env: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert await called(env, "logs", FIRST, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema": 1,
        "id": FIRST,
        "lines": ["2026-11-21 12:56:04Z INFO    workers.attempts  begun", "evil <U+001B>[2Jline"],
        "lines_missing": 0,
        "transcript": False,
    }


@pytest.mark.parametrize(
    ("action", "source", "target", "done", "nothing"),
    [
        ("retry", "dead", "open", "will be tried again", "there is nothing to try again"),
        ("stop", "open", "dead", "is stopped", "there is nothing to stop"),
        ("pause", "open", "paused", "is paused", "there is nothing to pause"),
        ("resume", "paused", "open", "goes on", "it is not paused"),
    ],
)
async def test_orders_reach_the_row_of_the_run_and_say_whether_they_changed_it(
    *,
    action: str,
    source: str,
    target: str,
    done: str,
    nothing: str,
    kept: RedisRuns,
    env: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = Rows()
    getattr(rows, source).update({KEY, OTHER})

    @asynccontextmanager
    async def services(settings: Settings) -> AsyncIterator[RunsServices]:
        async with open_runs_services(settings) as real:
            yield replace(real, orders=rows)

    async def order() -> int:
        arguments = parser().parse_args(["runs", action, "acme/web#7"])
        return await asyncio.to_thread(runs, arguments, env, open_services=services)

    assert await order() == 0
    assert capsys.readouterr() == (f"review acme/web#7 {done}\n", "")
    assert (getattr(rows, source), getattr(rows, target)) == ({OTHER}, {KEY})
    assert await order() == 1
    assert capsys.readouterr() == ("", f"review acme/web#7: {nothing}\n")


@pytest.mark.parametrize(
    "arguments",
    [[], ["list", "--limit", "0"], ["list", "--limit", "1001"], ["list", "--limit", "٣"], ["show"], ["dance", "x"]],
)
def test_wrong_arguments_are_told_by_the_parser(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["runs", *arguments], {})
    assert ended.value.code == 2
    assert "usage: revwright runs" in capsys.readouterr().err


def test_the_states_of_the_help_are_the_states_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    for state in RunState:
        assert parser().parse_args(["runs", "list", "--state", state]).state == state
    with pytest.raises(SystemExit):
        run(["runs", "list", "--state", "happy"], {})
    assert f"'happy' is not one of {', '.join(RunState)}" in capsys.readouterr().err


def test_without_a_server_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "list"], {"HOME": str(tmp_path)}) == 2
    told = capsys.readouterr().err
    assert f"no embedded Redis answers in {tmp_path}/.local/state/revwright/redis; start `revwright up`" in told
    assert run(["runs", "list"], {"HOME": "/", "REVWRIGHT_REDIS_URL": "unix:///nonexistent/socket"}) == 2
    assert capsys.readouterr().err.startswith("revwright: Redis cannot be reached: ConnectionError")


async def test_without_a_url_the_embedded_server_of_the_data_directory_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_embedded_server(tmp_path) as server, open_redis(server.settings) as client:
        await RedisRuns(client).begin(replace(run_start(), id=FIRST))

        assert await called({"REVWRIGHT_DATA_DIR": str(tmp_path), "HOME": "/"}, "list") == 0
    assert FIRST in capsys.readouterr().out


async def test_a_terminal_gets_colours_and_two_lines_unless_it_asks_for_none(
    kept: RedisRuns, env: dict[str, str]
) -> None:
    def on_a_terminal(**extra: str) -> str:
        words = f"stty cols 80; {sys.executable} -m app.cli runs list"
        command = ["script", "-qec", words, "/dev/null"]
        told = {**env, "PATH": "/usr/bin:/bin", **extra}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=told, cwd=ROOT).stdout

    coloured, plain = await asyncio.gather(
        asyncio.to_thread(on_a_terminal), asyncio.to_thread(on_a_terminal, NO_COLOR="1")
    )
    assert "\x1b[1;31mfailed\x1b[0m" in coloured
    assert "\x1b" not in plain
    lines = plain.splitlines()
    assert len(lines) == 7
    assert max(map(len, lines)) <= 80
    assert lines[2] == "  review acme/web#8 bbbbbbb"
