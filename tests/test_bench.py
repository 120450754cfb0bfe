"""The benchmark's own words: what was not measured is never called reached, and a saved run reads back the same."""

from __future__ import annotations

import asyncio
import hashlib
import random
from functools import partial
from pathlib import Path

import pytest

from scripts.bench import accounts, ack, colleague, contenders, engine, files, invented, launching, sandbox
from scripts.bench.real_ranges import LARGE, MEDIUM, real_ranges, versions
from scripts.bench.results import Results, Section
from scripts.bench.targets import TARGETS, Target, verdicts
from tests.fakes.model import Answer, Seen, ToolCall, Usage
from tests.fakes.model.seen import read


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


_DIFF = """\
diff --git a/app/cart.py b/app/cart.py
--- a/app/cart.py
+++ b/app/cart.py
@@ -1,3 +1,4 @@
 import money
-total = 0
+total = sum(prices)
+average = total / len(prices)
 print(total)
"""
_GROUP = """\
# Files of group standard 1/1

<<<DATA-0123
=== file: app/cart.py (modified)
@@ -1,3 +1,4 @@
     1| import money
      |-total = 0
     2|+total = sum(prices)
     3|+average = total / len(prices)
     4| print(total)
DATA-0123>>>
"""
_REVIEW = "# Task: review\n\nReview group standard 1/1. Go through its files hunk by hunk."


def asked(*texts: str, model: str = "m", turns: tuple[dict[str, object], ...] = ()) -> Seen:
    """A request with a rule for everybody, then these messages of the user."""
    said = [{"role": "system", "content": "Rules. " * 100}, *({"role": "user", "content": text} for text in texts)]
    tool = {"type": "function", "function": {"name": "symbols", "parameters": {"type": "object"}}}
    seen = read("chat", {"model": model, "messages": [*said, *turns], "tools": [tool]}, {})
    seen.usage = Usage(input_tokens=-(-len(seen.prompt) // 4), output_tokens=5)
    return seen


def called(id_: str, result: str) -> tuple[dict[str, object], ...]:
    call = {"id": id_, "type": "function", "function": {"name": "symbols", "arguments": "{}"}}
    return {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": id_, "content": result}


@pytest.mark.parametrize(
    "package", ["procrastinate-2.9.2-2.15.1", "runway-2.4.0-2.8.4", "capacitor-android-5.7.8-6.1.2"]
)
def test_both_versions_of_a_bundled_range_are_what_git_was_given(package: str) -> None:
    for path, one in versions(package).items():
        ids = tuple(
            "0" * 40 if side is None else hashlib.sha1(b"blob %d\0%s" % (len(side), side)).hexdigest()  # noqa: S324
            for side in (one.old, one.new)
        )
        assert ids == one.ids, path


def test_the_real_ranges_have_the_sizes_that_docs_tell() -> None:
    sizes = {one.name: len(one.head) for one in real_ranges()}

    assert tuple(sizes) == engine.FULL.sizes
    assert list(sizes.values()) == [2, 3, 17, 114]
    assert all(one.base.get(path) != text for one in real_ranges() for path, text in one.head.items())
    assert {MEDIUM, LARGE} < sizes.keys()


def test_a_second_call_is_as_fresh_as_what_no_earlier_one_to_its_model_began_with() -> None:
    first, other = asked(_GROUP, _REVIEW), asked(_GROUP, _REVIEW, model="another")
    second = asked(_GROUP, _REVIEW, turns=called("c1", "x" * 400))

    counted = accounts.tokens([first, other, second])

    rest = len(second.prompt) - len(first.prompt)
    assert counted.calls == 3
    assert counted.output == 15
    assert counted.fresh == (2 * len(first.prompt) + rest) // 4
    assert counted.prefix_share == pytest.approx(100 * len(first.prompt) / len(second.prompt), abs=0.5)
    assert accounts.tokens([first]).prefix_share == 0


def test_what_tools_said_counts_once_in_each_conversation() -> None:
    judge = "# Task: judge\n\nIs it so?"
    said = [
        asked(_GROUP, _REVIEW, turns=called("c1", "x" * 400)),
        asked(_GROUP, _REVIEW, turns=(*called("c1", "x" * 400), *called("c2", ""))),
        asked(_GROUP, judge, turns=called("c1", "y" * 40)),
    ]

    words = len("symbols{}")
    assert accounts.of_tools(said) == sum(-(-n // 4) for n in (400 + words, words, 40 + words))
    assert {name: n for name, n in accounts.by_pass(said).items() if n} == {"standard": 2, "judge": 1}


def test_each_changed_line_is_found_in_what_was_sent() -> None:
    """The same message in several calls is one; the same file in another group of its tier is not."""
    changed = accounts.changed_lines(_DIFF)
    twice = _GROUP.replace("standard 1/1", "standard 2/2")

    once = accounts.sent([asked(_GROUP, _REVIEW), asked(_GROUP, "# Task: judge")])["standard"]
    again = accounts.sent([asked(_GROUP, _REVIEW), asked(twice, _REVIEW)])["standard"]

    assert changed.total() == 3
    assert (once.most(changed), again.most(changed)) == (1, 2)
    assert 2 * once.bytes["app/cart.py"] == again.bytes["app/cart.py"]
    assert engine.figures([asked(_GROUP, _REVIEW)], _DIFF)[engine.UNSENT] == 0
    assert engine.figures([asked(_GROUP.replace("average", "mean"), _REVIEW)], _DIFF)[engine.UNSENT] == 1


def test_the_stand_in_looks_something_up_before_it_answers() -> None:
    first = colleague.answer(asked(_GROUP, _REVIEW))
    after = colleague.answer(asked(_GROUP, _REVIEW, turns=called("c1", "cart")))

    assert isinstance(first, Answer)
    assert first.tool_calls == (ToolCall("symbols", {"path": "app/cart.py"}),)
    assert isinstance(after, Answer)
    assert after.tool_calls == ()
    assert "average" in str(after.data) or "total" in str(after.data)


@pytest.mark.parametrize(("value", "verdict"), [(87.0, "reached"), (59.0, "missed")])
def test_some_targets_are_least_values(value: float, verdict: str) -> None:
    section = Section(engine.NAME, "Engine", {LARGE: {engine.SHARE: [value]}})
    rows = verdicts(Results({"at": "now"}, (section,)))

    assert [row[2:] for row in rows if row[0] == f"{LARGE}: {engine.SHARE}"] == [["at least 60", verdict]]
    assert Target(engine.NAME, LARGE, engine.FRESH_TO_RAW, 2.0) in TARGETS
