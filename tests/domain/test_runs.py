"""Runs as values: what follows from them, how they read in a terminal, and what their JSON holds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.model import Usage
from app.domain.pull_request import RepositoryName
from app.domain.report import ModelUse
from app.domain.runs import RunEvent, RunLog, RunRecord, RunState, added, ending, kept
from app.domain.runs_json import run_json, runs_json
from app.domain.runs_terminal import ONE_LINE_WIDTH, dollars, log_text, page, table
from app.domain.terminal import Style
from tests.build import model_use, run_record, run_start

NARROW = Style(colour=False, width=80)
WIDE = Style(colour=False, width=ONE_LINE_WIDTH)
COLOUR = Style(colour=True, width=ONE_LINE_WIDTH)
STARTED = run_record().started_at
NOW = STARTED + timedelta(minutes=3)
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
NASTY = "\x1b[2J\x1b]0;title\x07a\r\nb\u202ec"


def waiting(**changes: object) -> RunRecord:
    plain = run_record(
        state=RunState.WAITING, ended_at=None, next_at=NOW, outcome="", error="GitHub is down", attempts=2
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", list(RunState))
def test_only_four_states_are_the_last_word(state: RunState) -> None:
    last = {RunState.DONE, RunState.FAILED, RunState.STOPPED, RunState.SUPERSEDED}

    assert state.over is (state in last)


@pytest.mark.parametrize(
    ("models", "tokens", "usd"),
    [
        ((), 0, 0.0),
        ((model_use(), model_use("big", usd=0.25)), 2_060, 0.75),
        ((model_use(), model_use("big", usd=None)), 2_060, None),
        ((model_use(), model_use("big", known=False, usd=None)), None, None),
    ],
)
def test_what_was_spent_is_unknown_as_soon_as_a_part_is(
    models: tuple[ModelUse, ...], tokens: int | None, usd: float | None
) -> None:
    record = run_record(models=models)

    assert (record.tokens, record.usd) == (tokens, usd)


def test_a_run_that_is_not_over_takes_until_now_and_never_less_than_nothing() -> None:
    assert run_record().took(NOW) == timedelta(seconds=65)
    assert waiting().took(NOW) == timedelta(minutes=3)
    assert waiting().took(STARTED - timedelta(hours=1)) == timedelta()


def test_uses_add_up_by_model_and_an_unknown_part_stays_unknown() -> None:
    uses = (model_use("b"), model_use("a"), model_use("b", usd=None, known=False), model_use("b"))

    assert added(uses) == (
        model_use("a"),
        ModelUse("b", 3, Usage(3_000, 600, 90, known=False), None),
    )
    assert added(()) == ()


@pytest.mark.parametrize(
    ("outcome", "error", "timed", "told"),
    [
        ("success", "", False, "done: success"),
        ("", "GitHub is down", True, "done: GitHub is down; next attempt at 2026-11-21 12:59:04 UTC"),
        ("", "", False, "done"),
    ],
)
def test_how_an_attempt_ended(outcome: str, error: str, timed: bool, told: str) -> None:
    assert ending(RunState.DONE, outcome, error, NOW if timed else None) == told


def test_what_is_kept_has_no_secret_even_where_it_is_cut() -> None:
    assert kept(f"token {TOKEN} refused", 100) == "token [secret: github token] refused"
    assert kept(f"token {TOKEN} refused", 12) == "token [secr…"
    assert kept("a\x1b[2J\udc80", 100) == "a<U+001B>[2J<U+DC80>"


def test_the_table_at_80_columns_takes_two_lines_for_a_run() -> None:
    failed = run_record(state=RunState.FAILED, outcome="", error="x" * 200, models=(model_use(usd=None),))

    lines = table((run_record(), waiting(), failed), NARROW, NOW).split("\n")

    assert lines[:5] == [
        "RUN               STATE       STARTED (UTC)        TOOK   TOKENS       USD  TRY",
        "0000000000000001  done        2026-11-21 12:56    1m05s     1.0k   $0.5000    1",
        "  review acme/web#7 bbbbbbb  success",
        "0000000000000001  waiting     2026-11-21 12:56    3m00s     1.0k   $0.5000    2",
        "  review acme/web#7 bbbbbbb  again at 12:59:04 UTC: GitHub is down",
    ]
    assert lines[5].endswith("unknown    1")
    assert lines[6].endswith("xx…")
    assert max(map(len, lines)) == 80


def test_a_long_name_leaves_room_for_what_the_run_came_to() -> None:
    record = run_record(start=replace(run_start(), repository=RepositoryName("acme", "w" * 90)))

    assert table((record,), NARROW, NOW).split("\n")[2] == f"  review acme/{'w' * 20}…#7 bbbbbbb  success"
    assert table((record,), WIDE, NOW).endswith(f"  review acme/{'w' * 47}…#7 bbbbbbb  success")


def test_the_table_on_a_wide_terminal_or_in_a_pipe_takes_one_line_for_a_run() -> None:
    running = run_record(state=RunState.RUNNING, ended_at=None, outcome="")

    heading, line = table((running,), WIDE, NOW).split("\n")

    assert heading.endswith("TRY  JOB")
    assert line.endswith("  1  review acme/web#7 bbbbbbb")
    assert len(table((run_record(error="x" * 900, outcome=""),), WIDE, NOW).split("\n")[1]) == ONE_LINE_WIDTH


def test_states_are_coloured_without_moving_the_columns() -> None:
    heading, line = table((run_record(),), COLOUR, NOW).split("\n")

    assert heading.startswith("\x1b[1mRUN ")
    assert "\x1b[32mdone\x1b[0m" in line
    assert line.replace("\x1b[32m", "").replace("\x1b[0m", "") == table((run_record(),), WIDE, NOW).split("\n")[1]


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.4, "0s"), (59, "59s"), (3_599, "59m59s"), (7_500, "2h05m"), (360_000, "4d04h")]
)
def test_durations(seconds: float, told: str) -> None:
    line = table((run_record(ended_at=STARTED + timedelta(seconds=seconds)),), NARROW, NOW).split("\n")[1]

    assert f" {told} " in line


@pytest.mark.parametrize(
    ("tokens", "told"), [(0, "0"), (999, "999"), (12_345, "12.3k"), (2_500_000, "2.5M"), (None, "unknown")]
)
def test_token_counts(tokens: int | None, told: str) -> None:
    use = ModelUse("gpt", 1, Usage(tokens or 0, 0, 0, tokens is not None), 0.0)
    line = table((run_record(models=(use,)),), NARROW, NOW).split("\n")[1]

    assert line.split()[5] == told


@pytest.mark.parametrize(
    ("usd", "told"),
    [(None, "unknown"), (0, "$0"), (0.00002, "<$0.0001"), (0.0001, "$0.0001"), (9.99, "$9.9900"), (12.5, "$12.50")],
)
def test_costs(usd: float | None, told: str) -> None:
    assert dollars(usd) == told


def test_the_page_of_a_run_that_is_done() -> None:
    use = ModelUse("gpt", 2, Usage(1_000, 0, 30), 0.5)

    assert page(run_record(models=(use, model_use("mini", usd=None))), NARROW, NOW).split("\n") == [
        "Run 0000000000000001: done, success",
        "",
        "  job           review acme/web#7 (installation 11, repository 22)",
        f"  head          {'b' * 40}",
        "  generation    1, for: opened",
        "  attempts      1",
        "  started       2026-11-21 12:56:04 UTC",
        "  ended         2026-11-21 12:57:09 UTC",
        "  took          1m05s",
        "  spent         2,060 tokens, cost unknown",
        "                gpt: 2 calls, 1,000 tokens in, 30 out, $0.5000",
        "                mini: 1 call, 1,000 tokens in (200 cached), 30 out, no price",
        "                configured",
        "",
        "Timeline (UTC)",
        "  2026-11-21 12:56:04  an attempt begins",
    ]


def test_the_page_of_a_run_that_waits() -> None:
    start = replace(run_start(), triggers=frozenset[str]())
    text = page(waiting(start=start, models=(model_use(known=False, usd=None),), timeline_missing=1_200), NARROW, NOW)

    for line in (
        "Run 0000000000000001: waiting",
        "  generation    1",
        "  ended         not yet",
        "  took          3m00s so far",
        "  next attempt  2026-11-21 12:59:04 UTC",
        "  error         GitHub is down",
        "  spent         an unknown number of tokens, cost unknown",
        "                gpt: 1 call, tokens not reported by the endpoint",
        "  (1,200 older events were not kept)",
    ):
        assert line in text.split("\n")


def test_nothing_untrusted_reaches_the_terminal_raw() -> None:
    record = run_record(
        start=replace(run_start(), repository=RepositoryName("acme", NASTY), triggers=frozenset({NASTY})),
        state=RunState.FAILED,
        outcome=NASTY,
        error=NASTY,
        models=(replace(model_use(), model=NASTY),),
        timeline=(RunEvent(STARTED, NASTY), RunEvent(STARTED, "")),
    )
    log = RunLog((NASTY, "ends\r", "\ttab"), 3)

    told = table((record,), NARROW, NOW) + table((record,), WIDE, NOW) + page(record, NARROW, NOW) + log_text(log)

    assert {c for c in told if not c.isprintable()} == {"\n", "\t"}
    assert "<U+001B>[2J" in told
    assert "<U+202E>" in told
    assert len(table((record,), NARROW, NOW).split("\n")) == 3


def test_the_log_says_what_is_missing() -> None:
    assert log_text(RunLog(("one", "a\nb"), 1_000)) == "(1,000 older lines were not kept)\none\na b"
    assert log_text(RunLog((), 0)) == ""


def test_json_of_a_run() -> None:
    assert run_json(waiting(), NOW) == {
        "schema": 1,
        "id": "0000000000000001",
        "state": "waiting",
        "kind": "review",
        "repository": "acme/web",
        "number": 7,
        "installation_id": 11,
        "repository_id": 22,
        "head": "b" * 40,
        "generation": 1,
        "triggers": ["opened"],
        "attempts": 2,
        "started_at": "2026-11-21T12:56:04Z",
        "ended_at": None,
        "next_at": "2026-11-21T12:59:04Z",
        "seconds": 180.0,
        "outcome": "",
        "error": "GitHub is down",
        "tokens": 1_030,
        "usd": 0.5,
        "models": [
            {
                "model": "gpt",
                "calls": 1,
                "input_tokens": 1_000,
                "cached_input_tokens": 200,
                "output_tokens": 30,
                "tokens_reported": True,
                "usd": 0.5,
            }
        ],
        "timeline": [{"at": "2026-11-21T12:56:04Z", "text": "an attempt begins"}],
        "timeline_missing": 0,
    }


def test_json_of_a_list_has_the_same_runs_without_timelines() -> None:
    listed = runs_json((waiting(), run_record()), NOW)
    whole = run_json(run_record(), NOW)

    assert listed["schema"] == 1
    assert listed["runs"][1] == {k: v for k, v in whole.items() if k not in {"schema", "timeline", "timeline_missing"}}
    assert json.loads(json.dumps(listed)) == listed
