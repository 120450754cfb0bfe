"""The benchmark's own words: what was not measured is never called reached, and a saved run reads back the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.bench import ack, contenders
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
