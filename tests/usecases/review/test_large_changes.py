"""Large and odd changes: the worst file is found wherever it stands, and what cannot be read is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.domain.coverage import Unreviewed
from app.domain.verdict import Blocked
from tests.adapters.git.stores import Files, Store
from tests.examining import Asked, Said, Seen, answer, claim_of, confirm, examine

EVIL = b"def run(text):\n    return BUG(text)\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "store.git")


def find_bugs(asked: Asked) -> Said:
    """Every added line with BUG in it."""
    if asked.task == "judge":
        return confirm(asked)
    bugs = [row for row in asked.rows if row.mark == "+" and "BUG" in row.text]
    return answer(*[claim_of(row, path=row.path) for row in bugs[:20]])


async def seen_of(store: Store, base: Files, head: Files) -> Seen:
    first = store.commit(base)
    return await examine(store.git_dir, first, store.commit(head, first), say=find_bugs)


@pytest.mark.parametrize("count", [301, 3_001])
async def test_the_last_of_many_files_is_read_like_the_first(store: Store, count: int) -> None:
    base: Files = {f"src/f{n:04}.py": b"x = 1\n" * 5 for n in range(count - 1)}
    head: Files = dict.fromkeys(base, b"x = 1\n" * 5 + b"y = 2\n") | {"zz/last.py": EVIL}

    seen = await seen_of(store, base, head)

    report = seen.examined.report
    assert seen.paths == tuple(str(path) for path in sorted(head))
    assert report.ledger.unreviewed == ()
    assert isinstance(report.verdict, Blocked)
    assert [finding.location.path for finding in report.findings] == ["zz/last.py"]


async def test_many_claims_about_many_files_are_all_judged(store: Store) -> None:
    """Each judge gets its tools at once, however many files there are."""
    base: Files = {f"src/f{n:04}.py": b"x = 1\n" for n in range(300)}
    head: Files = dict.fromkeys(base, b"x = 1\nBUG\n")

    seen = await seen_of(store, base, head)

    judged = [asked for asked in seen.model.asked if asked.task == "judge"]
    assert len(judged) == len(seen.examined.report.findings) == len(seen.examined.report.judgements)
    assert len(judged) >= 20


@pytest.mark.parametrize(
    "line",
    [b"z" * 2_000_000, b"a" * 4_001, b"[" * 500_000],
    ids=["2 MB", "just too long", "deeply nested"],
)
async def test_a_line_that_is_too_long_leaves_its_file_unreviewed_and_the_others_read(
    store: Store, line: bytes
) -> None:
    seen = await seen_of(store, {"a.py": b"x\n"}, {"a.py": b"y\n", "big.json": line + b"\n", "zz.py": EVIL})

    report = seen.examined.report
    assert seen.paths == ("a.py", "big.json", "zz.py")
    assert [entry.path for entry in report.ledger.unreviewed] == ["big.json"]
    assert [finding.location.path for finding in report.findings] == ["zz.py"]


async def test_a_file_of_fifty_thousand_lines_is_read_to_its_end(store: Store) -> None:
    seen = await seen_of(store, {}, {"data.txt": b"x = 1\n" * 49_999 + b"BUG\n"})

    report = seen.examined.report
    (entry,) = report.ledger.entries
    assert not isinstance(entry.coverage, Unreviewed)
    assert [finding.location.end_line for finding in report.findings] == [50_000]
    assert len({asked.label for asked in seen.model.asked if asked.task == "review"}) > 10


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(json.loads("[" * 400 + "]" * 400), indent=1).encode(),
        ("a" + "\u0301" * 3_000 + "\n").encode(),
        b"\xff\xfe\n" * 50,
        b"x" * 10 + b"\r" * 2_000 + b"\n",
    ],
    ids=["nested JSON", "combining characters", "no UTF-8", "carriage returns"],
)
async def test_odd_text_is_read_line_by_line(store: Store, text: bytes) -> None:
    seen = await seen_of(store, {}, {"odd.json": text})

    assert seen.examined.report.ledger.unreviewed == ()
    shown = [row for asked in seen.model.asked if asked.task == "review" for row in asked.rows]
    assert len(shown) == len(text.removesuffix(b"\n").split(b"\n"))
