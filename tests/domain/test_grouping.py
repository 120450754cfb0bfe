"""Groups: every changed line once in its tier or a reason why not, related files side by side, always the same way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.diff import FileDiff
from app.domain.grouping import Grouped, group
from app.domain.objects import Change, NotDiffed
from app.domain.tiers import Tier
from tests.build import change, diff_of, entry
from tests.examples import examples


def standard(*changes: Change) -> Mapping[str, Tier]:
    return {one.entry.path: Tier.STANDARD for one in changes}


def sized(path: str, characters: int) -> Change:
    return change(path, "+" + "x" * characters)


def grouped(*changes: Change, size: int = 1_000, most: int = 50) -> Grouped:
    return group(changes, standard(*changes), max_characters=size, max_groups=most)


def paths(result: Grouped) -> list[tuple[str, ...]]:
    return [one.paths for one in result.groups]


def test_a_small_change_is_one_group_of_each_tier_and_core_comes_first() -> None:
    changes = [change(path, "+x") for path in ("a.py", "b.lock", "c.py", "d.py", "e.png")]
    tiers = dict(
        zip(
            ("a.py", "b.lock", "c.py", "d.py", "e.png"),
            (Tier.STANDARD, Tier.LIGHT, Tier.CORE, Tier.STANDARD, Tier.SKIP),
            strict=True,
        )
    )

    result = group(changes, tiers)

    assert [(one.label, one.paths) for one in result.groups] == [
        ("core 1/1", ("c.py",)),
        ("standard 1/1", ("a.py", "d.py")),
        ("light 1/1", ("b.lock",)),
    ]
    assert result.left_out == {}


def test_a_directory_stays_together_when_the_group_before_is_half_full() -> None:
    result = grouped(sized("a/1.py", 500), sized("b/1.py", 200), sized("b/2.py", 200))

    assert paths(result) == [("a/1.py",), ("b/1.py", "b/2.py")]
    assert [one.label for one in result.groups] == ["standard 1/2", "standard 2/2"]


def test_a_group_that_is_nearly_empty_is_filled_up() -> None:
    assert paths(grouped(sized("a/1.py", 100), sized("b/1.py", 600), sized("b/2.py", 200))) == [
        ("a/1.py", "b/1.py"),
        ("b/2.py",),
    ]


@pytest.mark.parametrize(
    ("file", "test"),
    [
        ("shop/pages.py", "tests/shop/test_pages.py"),
        ("pkg/pages.go", "pkg/pages_test.go"),
        ("src/main/java/Pages.java", "src/test/java/PagesTest.java"),
        ("src/pages.ts", "src/__tests__/pages.test.ts"),
        ("lib/pages.rb", "spec/lib/pages_spec.rb"),
    ],
)
def test_a_file_and_its_test_stand_side_by_side(file: str, test: str) -> None:
    result = grouped(sized("zz/last.py", 10), sized(test, 300), sized("m/between.py", 500), sized(file, 300))

    (together,) = [one for one in paths(result) if file in one]
    assert together[together.index(file) + 1] == test


def test_a_test_belongs_to_the_nearest_file_of_that_name() -> None:
    result = grouped(*(change(p, "+x") for p in ("b/x.py", "a/x.py", "tests/b/test_x.py", "tests/c/test_y.py")))

    assert paths(result) == [("a/x.py", "b/x.py", "tests/b/test_x.py", "tests/c/test_y.py")]


def test_of_very_many_files_of_one_name_the_first_ones_are_looked_at() -> None:
    files = [change(f"{n:03}/x.py", "+x") for n in range(150)]

    (names,) = paths(grouped(*files, change("149/test_x.py", "+x"), change("050/test_x.py", "+x"), size=60_000))

    assert names[names.index("050/test_x.py") - 1] == "050/x.py"
    assert names[names.index("149/test_x.py") - 1] == "000/x.py"


def test_what_cannot_be_shown_is_left_out_with_its_reason() -> None:
    token = "ghp_" + "A1b2C3d4E5" * 3 + "f6G7h"
    result = grouped(
        change("a.bin", not_diffed=NotDiffed.BINARY),
        sized("b.js", 4_001),
        sized("c.js", 3_000),
        change(f"{token}1.py", "+a"),
        change(f"{token}2.py", "+a"),
    )

    assert result.groups == ()
    assert result.left_out == {
        "a.bin": "binary",
        "b.js": "a line has 4001 characters, over the limit of 4000",
        "c.js": "a line of it is over the budget of 1000 characters a group",
        f"{token}1.py": "its name cannot be told from another one's",
        f"{token}2.py": "its name cannot be told from another one's",
    }


def test_over_the_budget_of_groups_the_least_important_are_left_out() -> None:
    changes = [sized(path, 700) for path in ("a.py", "b.py", "c.py", "core.py", "d.lock")]
    tiers = {**standard(*changes), "core.py": Tier.CORE, "d.lock": Tier.LIGHT}

    result = group(changes, tiers, max_characters=1_000, max_groups=3)

    assert [(one.label, one.paths) for one in result.groups] == [
        ("core 1/1", ("core.py",)),
        ("standard 1/2", ("a.py",)),
        ("standard 2/2", ("b.py",)),
    ]
    assert result.left_out == dict.fromkeys(("c.py", "d.lock"), "over the budget of 3 groups a review")


def test_a_file_that_goes_on_beyond_the_budget_is_left_out_whole() -> None:
    long = change("b.py", *(f"+{'x' * 90}" for _ in range(25)))

    result = grouped(sized("a.py", 100), long, most=2)

    assert paths(result) == [("a.py",)]
    assert result.left_out == {"b.py": "over the budget of 2 groups a review"}


_rows = st.lists(
    st.tuples(st.sampled_from("+- "), st.text(alphabet="ab@=| ", max_size=40)).map("".join), min_size=1, max_size=30
)
_diffs = st.lists(_rows, max_size=4).map(
    lambda hunks: FileDiff(tuple(diff_of(*rows, start=1 + 100 * n).hunks[0] for n, rows in enumerate(hunks)))
)
_paths = st.from_regex(r"(?:[ab]/){0,2}(?:test_)?[a-d]\.(?:py|go)", fullmatch=True)
_changes = st.dictionaries(
    _paths,
    st.tuples(_diffs | st.sampled_from([NotDiffed.BINARY, NotDiffed.TOO_LARGE]), st.sampled_from(Tier)),
    max_size=12,
)


@settings(max_examples=examples(60, search=200))
@given(_changes, st.integers(60, 2_000), st.integers(0, 6))
def test_nothing_is_lost_and_nothing_is_sent_twice(
    made: dict[str, tuple[FileDiff | NotDiffed, Tier]], size: int, most: int
) -> None:
    changes = [
        Change(entry(path), what, None) if isinstance(what, FileDiff) else Change(entry(path), None, what)
        for path, (what, _) in made.items()
    ]
    tiers = {path: tier for path, (_, tier) in made.items()}

    result = group(changes, tiers, max_characters=size, max_groups=most)

    shown: dict[str, list[str]] = {}
    for one in result.groups:
        assert sum(len(section.text) + 1 for section in one.sections) <= size + 1
        for section in one.sections:
            assert tiers[section.path] is one.tier
            shown.setdefault(section.path, []).extend(re.findall(r"^ *\d*\|([+-].*)$", section.text, re.MULTILINE))
    wanted = {path for path, tier in tiers.items() if tier is not Tier.SKIP}
    assert shown.keys() | result.left_out.keys() == wanted
    assert not shown.keys() & result.left_out.keys()
    assert len(result.groups) <= most
    assert [one.number for one in result.groups] == [
        n for tier in (Tier.CORE, Tier.STANDARD, Tier.LIGHT) for n in range(1, _count(result, tier) + 1)
    ]
    for made_of in changes:
        if made_of.diff is not None and made_of.entry.path in shown:
            assert Counter(shown[made_of.entry.path]) == Counter(_changed(made_of.diff))
    assert result == group(reversed(changes), tiers, max_characters=size, max_groups=most)


def _count(result: Grouped, tier: Tier) -> int:
    return sum(one.tier is tier for one in result.groups)


def _changed(diff: FileDiff) -> list[str]:
    return [f"+{row.text}" for row in diff.added_lines()] + [f"-{row.text}" for row in diff.removed_lines()]
