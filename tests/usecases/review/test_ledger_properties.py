"""No entry is lost: whatever a pull request holds and however models fail, the ledger is the tree's diff, and tells the
truth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.domain.coverage import Excluded, LedgerEntry, Reviewed, Unreviewed
from app.domain.diff import LineKind
from app.domain.errors import BudgetRefused, ModelContextFull, ModelRejected, ModelUnavailable
from app.domain.findings import Finding
from app.domain.model import Completion, StopReason
from app.domain.objects import Change
from app.domain.pull_request import Sha
from app.domain.shown import shown, shown_path
from app.domain.tiers import Tier
from app.domain.verdict import Passed
from tests.adapters.git.stores import Node, Store
from tests.examining import Asked, Said, Seen, answer, claim_of, complete, confirm, examine
from tests.examples import examples
from tests.generated_changes import Tree, pull_request

MENDED = ("garbage", "context")
"""A second try may do."""
FAILURES = ("refused", "cut off", "garbage", "outage", "rejected", "context", "budget")
BY_NAME = ("tiers.skip: ", "image, font, sound or film: ")


@dataclass(slots=True)
class Moody:
    """A reviewer who reports every line with BUG in it, and nonsense beside; `fails` says in which tasks, and how."""

    fails: Mapping[str, str]
    every: int
    """Of a failing task, each so-manieth request fails."""
    asked: int = 0
    failed: set[str] = field(default_factory=set)
    """Paths of which nobody can say that they were looked at."""

    def __call__(self, asked: Asked) -> Said | Completion:
        self.asked += 1
        how = self.fails.get(asked.task)
        if how is not None and self.asked % self.every == 0:
            if self.every == 1 or how not in MENDED:
                self.failed |= {str(asked.claim["path"])} if asked.task == "judge" else asked.paths
            return _failure(how)
        if asked.task == "judge":
            return confirm(asked)
        if asked.task == "across":
            return answer()
        bugs = [claim_of(row) for row in asked.rows if "BUG" in row.text and row.number is not None]
        odd = [claim_of(row, start_line=7_000, end_line=9_000) for row in asked.rows[:1] if row.number]
        elsewhere = [claim | {"path": "nowhere.py"} for claim in bugs[:1]]
        return answer(*bugs[:20], *odd, *elsewhere)


def _failure(how: str) -> Completion:
    match how:
        case "refused":
            return complete("", StopReason.REFUSED)
        case "cut off":
            return complete('{"findings": [', StopReason.CUT_OFF)
        case "garbage":
            return complete("<html>502</html>")
        case "outage":
            raise ModelUnavailable("nobody is at home")
        case "rejected":
            raise ModelRejected("no such model")
        case "context":
            raise ModelContextFull("at most 10 tokens")
        case _:
            raise BudgetRefused("the cap is reached")


def mood_of(seed: int) -> Moody:
    """Of three reviewers one has no trouble."""
    chance = Random(seed)
    tasks = chance.sample(["review", "security", "judge", "across"], chance.randrange(3))
    return Moody({task: chance.choice(FAILURES) for task in tasks}, every=chance.choice([1, 1, 2, 3]))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store.create(tmp_path_factory.mktemp("generated") / "store.git")


@settings(max_examples=examples(25, search=60), phases=(Phase.generate,))  # a smaller seed is no smaller change
@given(seed=st.integers(0, 2**32))
def test_the_ledger_is_the_diff_of_the_trees(store: Store, seed: int) -> None:
    pull, mood = pull_request(seed), mood_of(seed)
    base = commit(store, pull.base)
    head = commit(store, pull.head, base)
    looked = examine(
        store.git_dir,
        base,
        head,
        say=mood,
        policy=pull.policy,
        group_characters=pull.group_characters,
        max_groups=pull.max_groups,
    )

    seen = asyncio.run(looked)

    report = seen.examined.report
    assert list(seen.paths) == changed_paths(store, base, head)
    if isinstance(report.verdict, Passed):
        assert report.ledger.unreviewed == ()
    changes = {change.entry.path: change for change in seen.snapshot.changes}
    for entry in report.ledger.entries:
        check_entry(entry, changes[entry.path], seen, mood)
    for finding in report.findings:
        check_finding(finding, changes)


def commit(store: Store, tree: Tree, *parents: str) -> Sha:
    return store.commit(dict[str | bytes, bytes | Node](tree.items()), *parents)


def changed_paths(store: Store, base: str, head: str) -> list[str]:
    """As git lists them."""
    listed = store.git("diff-tree", "-r", "-z", "--no-renames", "--name-only", base, head)
    return [path.decode("utf-8", "surrogateescape") for path in listed.split(b"\0")[:-1]]


def check_entry(entry: LedgerEntry, change: Change, seen: Seen, mood: Moody) -> None:
    """What the ledger says of an entry is what was done with it."""
    match entry.coverage:
        case Excluded(rule):
            assert rule.startswith(BY_NAME)
        case Unreviewed(reason):
            assert reason
        case Reviewed(tier):
            assert tier == entry.tier != Tier.SKIP
            assert shown_path(entry.path) not in mood.failed
            for task in ("review", "security") if tier is Tier.CORE else ("review",):
                assert list(sent(seen, task, tier, entry.path)) == list(changed_lines(change))


def sent(seen: Seen, task: str, tier: Tier, path: str) -> Iterator[tuple[str, int | None, str]]:
    """The changed lines of a file in the prompts of a tier, once for each that was sent."""
    firsts = {asked.label: asked for asked in reversed(seen.model.asked) if (asked.task, asked.tier) == (task, tier)}
    for asked in sorted(firsts.values(), key=lambda one: one.number):
        for row in asked.rows:
            if row.path == shown_path(path) and row.mark != " ":
                yield row.mark, row.number, row.text


def changed_lines(change: Change) -> Iterator[tuple[str, int | None, str]]:
    assert change.diff is not None
    for hunk in change.diff.hunks:
        for row in hunk.lines:
            if row.kind is not LineKind.CONTEXT:
                yield "+" if row.kind is LineKind.ADDED else "-", row.new_number, shown(row.text)


def check_finding(finding: Finding, changes: Mapping[str, Change]) -> None:
    """It is about the change, and where it is told in the diff GitHub takes it."""
    where, diff = finding.location, changes[finding.location.path].diff
    assert diff is not None
    if finding.inline:
        assert diff.same_hunk(where.start_line, where.end_line)
