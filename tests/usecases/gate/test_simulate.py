"""A policy tried on the past: which commits are compared, and whose CODEOWNERS holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.domain.entries import Entry, Kind, Side, Status
from app.domain.errors import GitFailed
from app.domain.gate.simulation import ANYONE, History, PastMerge, Simulation, names_of
from app.domain.objects import Blob
from app.domain.policy import CoreRequirement, Policy, TierPolicy
from app.domain.pull_request import Sha
from app.usecases.gate.simulate import Past, Simulator

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
POLICY = Policy(tiers=TierPolicy(core=(CoreRequirement(("core/**",), 1, (), ""),)))


def sha(name: str) -> Sha:
    return Sha(name.encode().hex().rjust(40, "0"))


def past(name: str, *parents: str) -> PastMerge:
    return PastMerge(sha(name), tuple(sha(parent) for parent in parents), WHEN, name)


@dataclass
class Clone:
    """Implements PastChanges. `changed` is what there is between two commits, by their names."""

    merged: Sequence[PastMerge]
    changed: Mapping[tuple[str, str], Sequence[str]]
    bases: Mapping[tuple[str, str], str] = field(default_factory=dict)
    owners: Mapping[str, bytes] = field(default_factory=dict)
    read: list[Sha] = field(default_factory=list)

    async def merges(self, tip: Sha, since: datetime, *, most: int) -> History:
        assert (tip, since) == (sha("tip"), WHEN)
        return History(tuple(self.merged[:most]), more=len(self.merged) > most)

    async def merge_base(self, a: Sha, b: Sha) -> Sha | None:
        found = {(sha(one), sha(two)): sha(base) for (one, two), base in self.bases.items()}
        return found.get((a, b))

    async def entries(self, old: Sha, new: Sha) -> tuple[Entry, ...]:
        known = {(sha(one), sha(two)): paths for (one, two), paths in self.changed.items()}
        if (old, new) not in known:
            raise GitFailed("two commits that nobody should compare")
        return tuple(Entry(path, Status.ADDED, None, Side("100644", "1" * 40, Kind.FILE)) for path in known[old, new])

    async def blobs(self, commit: Sha, paths: Sequence[str], *, max_bytes: int) -> dict[str, Blob]:
        assert ".github/CODEOWNERS" in paths
        self.read.append(commit)
        text = {sha(name): content for name, content in self.owners.items()}.get(commit)
        return {} if text is None else {"CODEOWNERS": Blob(text, len(text), truncated=False, kind=Kind.FILE)}


async def simulate(clone: Clone, *, most: int = 10) -> tuple[Simulation, list[tuple[int, int]]]:
    heard: list[tuple[int, int]] = []
    simulator = Simulator(clone, POLICY, "try.yml")
    done = await simulator.simulate(Past("main", sha("tip"), WHEN), lambda *told: heard.append(told), most=most)
    return done, heard


async def test_a_merge_is_what_its_branch_changed_since_it_left() -> None:
    clone = Clone([past("M", "P", "H")], {("B", "H"): ["core/a"], ("P", "M"): ["other"]}, {("P", "H"): "B"})
    (one,) = (await simulate(clone))[0].merges
    assert (one.core, one.unknown) == (("core/a",), "")


async def test_a_squashed_commit_and_an_octopus_are_what_they_change_themselves() -> None:
    merged = [past("O", "S", "x", "y"), past("S", "P")]
    done, _ = await simulate(Clone(merged, {("S", "O"): ["core/o", "z"], ("P", "S"): ["core/s"]}))
    assert [(one.core, one.changed) for one in done.merges] == [(("core/o",), 2), (("core/s",), 1)]


async def test_the_owners_are_those_of_the_time() -> None:
    merged = [past("C", "B"), past("B", "A"), past("A", "0")]
    changed = {("B", "C"): ["core/a"], ("A", "B"): ["core/a"], ("0", "A"): ["core/a"]}
    clone = Clone(merged, changed, owners={"B": b"* @new\n", "A": b"* @old\n"})
    done, _ = await simulate(clone)
    assert [names_of(one.needs[0].eligible) for one in done.merges] == [("@new",), ("@old",), (ANYONE,)]


async def test_owners_are_not_read_for_what_is_not_core_nor_parsed_twice() -> None:
    merged = [past("C", "B"), past("B", "A"), past("A", "0")]
    changed = {("B", "C"): ["core/a"], ("A", "B"): ["x"], ("0", "A"): ["core/b"]}
    clone = Clone(merged, changed, owners={"B": b"* @new\n", "0": b"* @new\n"})
    done, _ = await simulate(clone)

    assert clone.read == [sha("B"), sha("0")]
    assert [len(one.needs) for one in done.merges] == [1, 0, 1]
    assert done.merges[0].needs == done.merges[2].needs


async def test_what_cannot_be_told_is_named_and_the_rest_goes_on() -> None:
    merged = [past("M", "P", "H"), past("S", "gone"), past("S", "P"), past("first")]
    done, _ = await simulate(Clone(merged, {("P", "S"): ["core/a"]}))

    unrelated, broken, fine, first = done.merges
    assert "have no common ancestor here" in unrelated.unknown
    assert broken.unknown == "two commits that nobody should compare"
    assert (fine.unknown, len(fine.needs)) == ("", 1)
    assert first.unknown.startswith("it has no parent here")
    assert (done.totals.merges, done.totals.unknown, done.totals.waiting) == (4, 3, 1)


async def test_progress_and_the_limit() -> None:
    merged = [past("C", "B"), past("B", "A"), past("A", "0")]
    changed: dict[tuple[str, str], Sequence[str]] = {("B", "C"): [], ("A", "B"): [], ("0", "A"): []}
    done, heard = await simulate(Clone(merged, changed), most=2)

    assert (len(done.merges), done.more, done.policy, done.branch) == (2, True, "try.yml", "main")
    assert heard == [(0, 2), (1, 2), (2, 2)]
    assert (await simulate(Clone([], {})))[1] == [(0, 0)]
