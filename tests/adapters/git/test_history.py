"""The merges of a branch, from its first-parent history, and the entries of a change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.git.changes import DiffLimits
from app.adapters.git.local import open_local
from app.adapters.git.objects import GitRepository
from app.domain.entries import Status
from app.domain.errors import GitFailed
from app.domain.gate.simulation import PastMerge
from app.domain.pull_request import Sha
from app.ports import PastChanges
from tests.adapters.git.fake_git import fake_git
from tests.adapters.git.stores import Store, executable, symlink

START = datetime(2026, 1, 1, tzinfo=UTC)
ONE = Sha("1" * 40)
EVER = datetime(1970, 1, 1, tzinfo=UTC)


def at(day: int) -> int:
    return int((START + timedelta(days=day)).timestamp())


def history(store: Store) -> list[Sha]:
    """A first commit, a branch of two commits that is merged, and a squashed change; newest first."""
    first = store.commit({"a": b"1\n"}, message="first", seconds=at(0))
    side = store.commit({"a": b"1\n", "b": b"1\n"}, first, message="side", seconds=at(1))
    side = store.commit({"a": b"1\n", "b": b"2\n"}, side, message="side again", seconds=at(2))
    merged = store.commit({"a": b"1\n", "b": b"2\n"}, first, side, message="Merge #1\n\nBody.\n", seconds=at(3))
    squashed = store.commit({"a": b"2\n", "b": b"2\n"}, merged, message="Squash (#2)", seconds=at(4))
    return [squashed, merged, side, first]


def test_it_is_what_the_use_case_expects(repository: GitRepository) -> None:
    port: PastChanges = repository
    assert port is repository


async def test_commits_of_merged_branches_are_no_merges(store: Store, repository: GitRepository) -> None:
    squashed, merged, side, first = history(store)

    found = await repository.merges(squashed, EVER, most=10)
    assert found.merges == (
        PastMerge(squashed, (merged,), START + timedelta(days=4), "Squash (#2)"),
        PastMerge(merged, (first, side), START + timedelta(days=3), "Merge #1"),
        PastMerge(first, (), START, "first"),
    )
    assert not found.more


async def test_what_is_older_or_too_much_is_left_out(store: Store, repository: GitRepository) -> None:
    squashed, merged, _, first = history(store)

    late = await repository.merges(squashed, START + timedelta(days=3), most=10)
    assert [one.commit for one in late.merges] == [squashed, merged]
    two = await repository.merges(squashed, EVER, most=2)
    assert ([one.commit for one in two.merges], two.more) == ([squashed, merged], True)
    three = await repository.merges(squashed, EVER, most=3)
    assert ([one.commit for one in three.merges], three.more) == ([squashed, merged, first], False)
    assert (await repository.merges(squashed, START + timedelta(days=9), most=3)).merges == ()


async def test_one_wrong_clock_does_not_hide_what_came_before(store: Store, repository: GitRepository) -> None:
    first = store.commit({"a": b"1\n"}, seconds=at(5))
    wrong = store.commit({"a": b"2\n"}, first, seconds=at(-900))
    last = store.commit({"a": b"3\n"}, wrong, seconds=at(6))

    found = await repository.merges(last, START, most=10)
    assert [one.commit for one in found.merges] == [last, first]


async def test_a_subject_is_anybodys_words(store: Store, repository: GitRepository) -> None:
    head = store.commit({}, message="a\tb\r\x1b[2Jc\nsecond line\n\nbody")
    long = store.commit({}, head, message="x" * 9_000)

    subjects = [one.subject for one in (await repository.merges(long, EVER, most=10)).merges]
    assert subjects == ["x" * 500, "a\tb\r\x1b[2Jc second line"]


async def test_a_shallow_clone_ends_where_it_was_cut(store: Store, tmp_path: Path) -> None:
    squashed, merged, *_ = history(store)
    (store.git_dir / "shallow").write_text(f"{merged}\n")

    found = await (await open_local(store.git_dir)).merges(squashed, EVER, most=10)
    assert [(one.commit, one.parents) for one in found.merges] == [(squashed, (merged,)), (merged, ())]


async def test_entries_are_those_of_the_changes(store: Store, repository: GitRepository) -> None:
    old = store.commit({"a": b"1\n", "gone": b"", "link": b"x", b"caf\xe9": b""})
    new = store.commit({"a": executable(b"1\n"), "new": b"\0", "link": symlink(b"x"), b"caf\xe9": b"1"}, old)

    entries = await repository.entries(old, new)
    assert entries == tuple(change.entry for change in await repository.changes(old, new))
    assert {one.path: one.status for one in entries} == {
        "a": Status.MODIFIED,
        "caf\udce9": Status.MODIFIED,
        "gone": Status.DELETED,
        "link": Status.TYPE_CHANGED,
        "new": Status.ADDED,
    }
    assert await repository.entries(new, new) == ()


async def test_a_change_of_too_many_entries_is_an_error(store: Store) -> None:
    old = store.commit({})
    new = store.commit({f"{number}": b"" for number in range(20)}, old)
    repository = await open_local(store.git_dir, limits=DiffLimits(list_bytes=1000))

    with pytest.raises(GitFailed, match="printed more than 1000 bytes"):
        await repository.entries(old, new)


@pytest.mark.parametrize("name", ["HEAD", "--all", "1" * 39])
async def test_only_whole_ids_are_taken(repository: GitRepository, name: str) -> None:
    for asked in (
        repository.merges(Sha(name), EVER, most=1),
        repository.entries(Sha(name), Sha("1" * 40)),
        repository.entries(Sha("1" * 40), Sha(name)),
    ):
        with pytest.raises(GitFailed, match="not a full git object id"):
            await asked


@pytest.mark.parametrize("seconds", ["253402214400", "99999999999999999999"])
async def test_a_commit_may_claim_any_time(tmp_path: Path, seconds: str) -> None:
    repository = GitRepository(fake_git(tmp_path, f"printf '{ONE} {seconds} {ONE}\\ts\\n'"))
    (merge,) = (await repository.merges(ONE, EVER, most=1)).merges
    assert merge == PastMerge(ONE, (ONE,), datetime(9999, 12, 30, tzinfo=UTC), "s")


@pytest.mark.parametrize("line", ["what?", ONE, f"{ONE} 1", "\\ts", f"{ONE} -1 \\ts", f"{ONE} 1 {ONE}{ONE[1:]} \\ts"])
async def test_what_git_prints_is_not_trusted(tmp_path: Path, line: str) -> None:
    repository = GitRepository(fake_git(tmp_path, f"printf '%b\\n' '{line}'"))
    with pytest.raises(GitFailed, match="printed something unknown"):
        await repository.merges(ONE, EVER, most=1)


async def test_a_list_of_entries_that_git_garbles_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="diff-tree of acme/web printed something unknown"):
        await GitRepository(fake_git(tmp_path, "printf 'what?'")).entries(ONE, ONE)
