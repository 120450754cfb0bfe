"""A policy tried on pull requests of GitHub: what is asked of it, what cannot be told, and what ends it early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.domain.codeowners import MAX_BYTES
from app.domain.entries import Kind, Status
from app.domain.errors import GitHubRefused, GitHubUnavailable, Limit, RateLimited
from app.domain.gate.past_pull import Approval, ChangedFile, FileList, PastPull
from app.domain.gate.reviews import Person, Review, ReviewState
from app.domain.gate.simulation import ANYONE, History, PastMerge, Simulation, names_of
from app.domain.objects import Blob
from app.domain.policy import CoreRequirement, Policy, TierPolicy
from app.domain.pull_request import RepositoryName, Sha
from app.usecases.gate.simulate import Past
from app.usecases.gate.simulate_pulls import PullSimulator

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
POLICY = Policy(tiers=TierPolicy(core=(CoreRequirement(("core/**",), 1, (), ""),)))
TIP = Sha("f" * 40)
Trouble = GitHubUnavailable | GitHubRefused | RateLimited


def sha(number: int) -> Sha:
    return Sha(f"{number:040x}")


def owners(text: bytes, kind: Kind = Kind.FILE) -> Blob:
    return Blob(text, len(text), truncated=False, kind=kind)


@dataclass
class Pulls:
    """Implements PastPullRequests. `changed` has the paths of each pull request; its base commit has its number."""

    changed: Mapping[int, Sequence[str] | Trouble]
    owners: Mapping[int, Blob] = field(default_factory=dict)
    said: Mapping[int, int] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)

    async def merged(self, since: datetime, *, most: int) -> History:
        assert since == WHEN
        merges = [
            PastMerge(
                sha(100 + number), (), WHEN, f"#{number}", PastPull(number, "olga", sha(number), sha(50 + number))
            )
            for number in self.changed
        ]
        return History(tuple(merges[:most]), more=len(merges) > most)

    async def files(self, number: int) -> FileList:
        self.read.append(f"files {number}")
        paths = self.changed[number]
        if isinstance(paths, Exception):
            raise paths
        return FileList(tuple(ChangedFile(path, Status.MODIFIED) for path in paths), self.said.get(number, len(paths)))

    async def reviews(self, number: int) -> tuple[Review, ...]:
        self.read.append(f"reviews {number}")
        return (Review(1, Person(7, "ann"), True, ReviewState.APPROVED, sha(50 + number), WHEN - timedelta(minutes=1)),)

    async def blobs(self, commit: Sha, paths: Sequence[str], *, max_bytes: int) -> dict[str, Blob]:
        assert (max_bytes, "docs/CODEOWNERS" in paths) == (MAX_BYTES, True)
        number = int(commit, 16)
        self.read.append(f"owners {number}")
        return {"CODEOWNERS": self.owners[number]} if number in self.owners else {}


async def simulate(pulls: Pulls, *, most: int = 10) -> tuple[Simulation, list[tuple[int, int]]]:
    heard: list[tuple[int, int]] = []
    simulator = PullSimulator(pulls, POLICY, "try.yml", RepositoryName("acme", "web"))
    done = await simulator.simulate(Past("main", TIP, WHEN), lambda *told: heard.append(told), most=most)
    return done, heard


async def test_owners_and_reviews_are_asked_for_only_where_somebody_is_needed() -> None:
    pulls = Pulls({1: ["core/a", "x"], 2: ["x"]})
    done, heard = await simulate(pulls)

    first, second = done.merges
    assert (first.core, first.changed, first.approvals) == (("core/a",), 2, (Approval("ann", True, True),))
    assert (second.core, second.changed, second.approvals) == ((), 1, None)
    assert pulls.read == ["files 1", "owners 1", "reviews 1", "files 2"]
    assert (done.repository, done.branch, done.tip, done.policy, done.left) == ("acme/web", "main", TIP, "try.yml", 0)
    assert heard == [(0, 2), (1, 2), (2, 2)]


async def test_the_owners_are_those_of_each_base_commit() -> None:
    same = owners(b"* @new\n")
    large = Blob(b"", MAX_BYTES, truncated=True, kind=Kind.FILE)
    link = owners(b"* @linked\n", Kind.SYMLINK)
    pulls = Pulls(
        dict.fromkeys(range(1, 7), ("core/a",)), {1: same, 2: same, 3: owners(b"* @old\n"), 4: large, 5: link}
    )
    done, _ = await simulate(pulls)
    asked = [names_of(one.needs[0].eligible) for one in done.merges]
    assert asked == [("@new",), ("@new",), ("@old",), (ANYONE,), (ANYONE,), (ANYONE,)]


async def test_a_list_that_is_not_whole_is_no_pass() -> None:
    done, _ = await simulate(Pulls({1: [], 2: ["x"]}, said={1: 3_001, 2: 2}))
    assert [bool(one.unknown) for one in done.merges] == [True, True]
    assert (done.totals.unknown, done.totals.waiting, done.totals.percent) == (2, 0, 0.0)


async def test_one_that_fails_is_named_and_the_rest_goes_on() -> None:
    refused, down = GitHubRefused("gone", status=404), GitHubUnavailable("down")
    done, _ = await simulate(Pulls({1: refused, 2: down, 3: ["core/a"], 4: refused, 5: down, 6: ["x"]}))
    assert [one.unknown for one in done.merges] == ["gone", "down", "", "gone", "down", ""]
    assert (done.left, done.stopped) == (0, "")


async def test_three_failures_in_a_row_end_it() -> None:
    down = GitHubUnavailable("down")
    pulls = Pulls({1: ["core/a"], 2: down, 3: down, 4: down, 5: ["core/a"], 6: ["core/a"]})
    done, heard = await simulate(pulls)
    assert [one.unknown for one in done.merges] == ["", "down", "down", "down"]
    assert (done.left, done.stopped) == (2, "GitHub failed 3 times in a row: down")
    assert heard[-1] == (6, 6)
    assert pulls.read[-1] == "files 4"

    last, _ = await simulate(Pulls({1: down, 2: down, 3: down}))
    assert (len(last.merges), last.left, last.stopped) == (3, 0, "")


async def test_a_limit_ends_it_at_once() -> None:
    limited = RateLimited("come back at noon", retry_at=WHEN, limit=Limit.PRIMARY)
    pulls = Pulls({1: ["x"], 2: limited, 3: ["x"]})
    done, heard = await simulate(pulls)
    assert (len(done.merges), done.left, done.stopped) == (1, 2, "come back at noon")
    assert pulls.read == ["files 1", "files 2"]
    assert heard == [(0, 3), (1, 3), (3, 3)]
    assert done.totals.merges == 1


async def test_at_most_so_many() -> None:
    done, _ = await simulate(Pulls({1: ["x"], 2: ["x"], 3: ["x"]}), most=2)
    assert (len(done.merges), done.more, done.most) == (2, True, 2)


async def test_a_merge_without_a_number_is_not_known() -> None:
    class Numberless(Pulls):
        async def merged(self, since: datetime, *, most: int) -> History:
            return History((PastMerge(sha(1), (), WHEN, "?"),), more=False)

    done, _ = await simulate(Numberless({}))
    assert [one.unknown for one in done.merges] == ["it has no number on GitHub"]
