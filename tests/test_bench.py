"""The benchmark's own words: what was not measured is never called reached, and a saved run reads back the same."""

from __future__ import annotations

import asyncio
import hashlib
import random
from functools import partial
from pathlib import Path

import pytest

from scripts.bench import ack, contenders, files, invented, launching, sandbox
from scripts.bench.results import Results, Section
from scripts.bench.targets import verdicts


def run(**measures: list[float]) -> Results:
    """A run of `ack` in which only the product was measured."""
    section = Section(ack.NAME, "Acknowledgement", {contenders.PRODUCT: measures}, ("Probot is not measured.",))
    return Results({"at": "now"}, (section,))


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([1.0, 1.05, 1.1], "reached"),
        ([0.9, 1.0, 1.2], "reached, but close"),
        ([1.0, 1.2, 1.3], "missed, but close"),
        ([1.2, 1.3, 1.4], "missed"),
    ],
)
def test_the_median_decides_and_the_spread_says_close(values: list[float], verdict: str) -> None:
    (row,) = [row for row in verdicts(run(**{ack.CPU_TO_PROBOT: values})) if ack.CPU_TO_PROBOT in row[0]]

    assert row[2:] == ["1.1", verdict]


def test_a_target_without_its_other_side_is_not_measured() -> None:
    told = {row[0]: row[3] for row in verdicts(run(**{ack.RSS: [60.0]}))[1:]}

    assert told.pop(f"{contenders.PRODUCT}: {ack.RSS}") == "reached"
    assert set(told.values()) == {"not measured"}
    assert f"{contenders.PRODUCT}: {ack.CPU_TO_PR_AGENT}" in told


def test_a_saved_run_reads_back_the_same(tmp_path: Path) -> None:
    before = run(**{ack.RSS: [60.0, 61.5]})
    before.save(tmp_path / "run.json")

    assert Results.load(tmp_path / "run.json") == before


def test_no_two_contenders_of_the_ladder_have_one_name() -> None:
    names = [contender.name for contender in contenders.LADDER]

    assert len(set(names)) == len(names)
    assert {contenders.HMAC, contenders.DURABLE, contenders.PRODUCT} <= set(names)


def test_what_a_sandbox_costs_is_counted_against_the_plain_run_just_before() -> None:
    """So a machine that is slow for a while is slow on both sides."""
    seconds = {"plain": [0.001, 0.101, 0.001], "sandboxed": [0.011, 0.111, 0.013]}

    found = launching.overheads(seconds, "plain")

    assert set(found["plain"]) == {launching.START}
    assert found["sandboxed"][launching.START] == pytest.approx(13)
    assert found["sandboxed"][launching.OVERHEAD] == pytest.approx(10)
    assert 10 < found["sandboxed"][launching.OVERHEAD_95] < 13
    assert launching.TO_ALONE not in found["sandboxed"]


def test_what_watching_costs_is_told_as_a_ratio() -> None:
    seconds = {"plain": [0.001, 0.001], "alone": [0.010, 0.020], "watched": [0.012, 0.030]}

    found = launching.overheads(seconds, "plain", "alone")

    assert found["watched"][launching.TO_ALONE] == pytest.approx(1.35)
    assert launching.TO_ALONE not in found["alone"]


async def test_what_runs_at_once_shares_the_work() -> None:
    counts = [0, 0, 0]

    async def run(number: int) -> None:
        counts[number] += 1
        await asyncio.sleep(0)

    rate = await launching.per_second([partial(run, number) for number in range(3)], 12)

    assert rate > 0
    assert counts == [4, 4, 4]


def test_invented_files_are_the_same_in_every_run() -> None:
    numbers = range(0, 20_000, 400)
    text = [b"".join(invented.lines(number)) for number in numbers]

    assert text == [b"".join(invented.lines(number)) for number in numbers]
    assert (
        hashlib.sha256(b"".join(text)).hexdigest() == "1019bd2111e5b37edddc8f091e71cb4a189d4b2549ab14d168099e65f9058359"
    )
    assert len({invented.path(number) for number in range(20_000)}) == 20_000
    assert {path.count("/") for path in map(invented.path, range(20))} == {1, 2, 3, 4, 5}


def test_an_edit_changes_little() -> None:
    before = invented.lines(7)
    after = invented.edited(before, random.Random(1))

    assert len(after) == len(before) + 1
    assert 2 <= len(set(after) - set(before)) <= 3


def test_each_step_of_files_stands_beside_the_least_that_can_be_done() -> None:
    baselines = {
        files.CHECKOUT: [1.0, 2.0],
        files.COPY: [1.0, 1.0],
        files.HASH: [0.5, 0.5],
        files.REMOVE_BASE: [1.0, 4.0],
    }
    table = files.with_ratios(
        {**baselines, files.FILL: [2.0, 2.0], files.COLLECT: [1.0, 1.0], files.REMOVE: [2.0, 2.0]}
    )

    assert table[files.FILL_TO_GIT] == [2.0, 1.0]
    assert table[files.COLLECT_TO_HASH] == [2.0, 2.0]
    assert table[files.REMOVE_TO_RM] == [2.0, 0.5]
    assert list(table).index(files.FILL) == list(table).index(files.CHECKOUT) + 2
    assert files.with_ratios({}) == {}


def test_a_host_without_sandboxes_reaches_no_target_of_them() -> None:
    nothing = Section(sandbox.NAME, "A sandbox", {sandbox.WATCHED: {}}, ("Not measured: there is no bubblewrap.",))

    (_, *rows) = verdicts(Results({"at": "now"}, (nothing,)))

    assert [row[3] for row in rows] == ["not measured"] * 4
