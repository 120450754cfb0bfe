"""Searching a commit: which lines are found, in which files, and what is said about the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.git.objects import GitRepository
from app.adapters.git.process import Git
from app.adapters.git.search import LONGEST_TEXT
from app.domain.code import SearchHit, SearchLimits, SearchResult
from app.domain.errors import GitFailed
from app.domain.pull_request import Sha
from tests.adapters.git.fake_git import fake_git
from tests.adapters.git.stores import Files, Store, executable, submodule, symlink
from tests.adapters.git.test_tree import bomb

ODD = b"caf\xe9\n--x".decode("utf-8", "surrogateescape")
FILES: Files = {
    "-rf": b"needle in an option\n",
    ":(glob)**": b"needle in a pattern\n",
    "bin/data": b"needle\0\n",
    "bin/late": b"x" * 8000 + b"\0\nneedle after the NUL\n",
    "dir/link": symlink(b"needle"),
    "dir/lib": submodule("1" * 40),
    "dir/run": executable(b"#!/bin/sh\nneedle\n"),
    "dir/windows.txt": b"one\r\nneedle\r\n\r\nthe needle",
    b"caf\xe9\n--x": b"\xff\xfe needle in bad bytes\n",
    "empty": b"",
    "none.py": b"nothing\n",
}


@dataclass(frozen=True)
class Written:
    """A pattern by Python's own engine, which tells how it was written."""

    text: str

    def found_in(self, text: str) -> bool:
        return re.search(self.text, text) is not None


@dataclass(frozen=True)
class Unwritten:
    """A pattern that does not."""

    inner: Written

    def found_in(self, text: str) -> bool:
        return self.inner.found_in(text)


async def search(
    repository: GitRepository, commit: Sha, pattern: str, glob: str = "", limits: SearchLimits | None = None
) -> SearchResult:
    return await repository.search(commit, Written(pattern), glob=glob, limits=limits or SearchLimits())


async def test_every_text_file_is_searched_and_nothing_else(store: Store, repository: GitRepository) -> None:
    assert await search(repository, store.commit(FILES), "needle") == SearchResult(
        hits=(
            SearchHit("-rf", 1, "needle in an option"),
            SearchHit(":(glob)**", 1, "needle in a pattern"),
            SearchHit("bin/late", 2, "needle after the NUL"),
            SearchHit(ODD, 1, "\ufffd\ufffd needle in bad bytes"),
            SearchHit("dir/run", 2, "needle"),
            SearchHit("dir/windows.txt", 2, "needle"),
            SearchHit("dir/windows.txt", 4, "the needle"),
        ),
        files_searched=8,
        cut="",
    )


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [("^needle", [2]), ("needle$", [2, 4]), (r"\Aone\Z", [1]), ("^$", [3]), (r"e\s+n", [4]), ("[^n]eedle", []),
     ("one\r", []), (r"\bneedle\b", [2, 4]), ("(?i)NEEDLE", [2, 4]), ("one|the", [1, 4])],
)  # fmt: skip
async def test_a_pattern_sees_one_line_without_its_end(
    store: Store, repository: GitRepository, pattern: str, lines: list[int]
) -> None:
    found = await search(repository, store.commit(FILES), pattern, "dir/*.txt")
    assert [hit.line for hit in found.hits] == lines


@pytest.mark.parametrize(
    ("glob", "paths"),
    [("dir/**", ["dir/run", "dir/windows.txt"]), ("**/run", ["dir/run"]), ("*", ["-rf", ":(glob)**", ODD]),
     ("--help", []), ("[-]rf", ["-rf"]), ("dir/link", [])],
)  # fmt: skip
async def test_a_glob_chooses_among_paths(store: Store, repository: GitRepository, glob: str, paths: list[str]) -> None:
    found = await search(repository, store.commit(FILES), "needle", glob)
    assert sorted({hit.path for hit in found.hits}) == sorted(paths)
    assert found.cut == ""


@pytest.mark.parametrize("glob", ["/etc/*", "../**", "a\\b", "[", "\n"])
async def test_a_malformed_glob_is_refused(store: Store, repository: GitRepository, glob: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        await search(repository, store.commit(FILES), "needle", glob)


async def test_only_full_ids_are_commits(repository: GitRepository) -> None:
    with pytest.raises(GitFailed, match="not a full git object id"):
        await search(repository, Sha("--all"), "needle")


async def test_a_long_line_keeps_its_beginning(store: Store, repository: GitRepository) -> None:
    commit = store.commit({"min.js": b"x" * 900_000 + b"needle\n"})
    (hit,) = (await search(repository, commit, "needle")).hits
    assert hit.text == "x" * LONGEST_TEXT + "…"


async def test_a_file_that_is_too_large_is_named_by_number(store: Store, repository: GitRepository) -> None:
    commit = store.commit({"large": b"needle" * 350_000, "small": b"needle\n"})
    assert await search(repository, commit, "needle") == SearchResult(
        (SearchHit("small", 1, "needle"),), 1, "files over 1048576 bytes were not searched: 1"
    )


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (SearchLimits(), (30, 3, "")),
        (SearchLimits(hits=30), (30, 3, "")),
        (SearchLimits(hits=29), (29, 3, "only the first 29 hits are shown; ask for less at once")),
        (SearchLimits(hits_per_file=9), (27, 3, "of 3 files only the first 9 hits are shown")),
        (SearchLimits(hits_per_file=10), (30, 3, "")),
        (SearchLimits(files=2), (20, 2, "only the first 2 of 3 files were searched, for the limit of 2 files")),
        (SearchLimits(bytes=200), (20, 2, "only the first 2 of 3 files were searched, for the limit of 200 bytes")),
        (SearchLimits(bytes=210), (30, 3, "")),
        (SearchLimits(file_bytes=69), (0, 0, "files over 69 bytes were not searched: 3")),
        (SearchLimits(seconds=0), (0, 0, "not all files were searched within 0 seconds")),
    ],
)
async def test_each_limit_says_what_it_cost(
    store: Store, repository: GitRepository, limits: SearchLimits, expected: tuple[int, int, str]
) -> None:
    commit = store.commit(dict.fromkeys("abc", b"needle\n" * 10))
    found = await search(repository, commit, "needle", limits=limits)
    assert (len(found.hits), found.files_searched, found.cut) == expected


async def test_ten_thousand_files_come_in_the_order_of_their_paths(store: Store, repository: GitRepository) -> None:
    commit = store.commit({f"{at % 100:02}/{at:05}": b"%d\nneedle %d\n" % (at, at) for at in range(10_000)})
    found = await search(repository, commit, "needle .*77$", limits=SearchLimits(hits=1000))
    paths = [hit.path for hit in found.hits]
    assert paths == [f"77/{at:05}" for at in range(77, 10_000, 100)]
    assert (found.files_searched, found.cut) == (10_000, "")


async def test_a_tree_of_ten_billion_files_is_searched_in_part(store: Store) -> None:
    blob = store.git("hash-object", "-w", "--stdin", stdin=b"needle").strip()
    commit = bomb(store, 10, b"100644 blob %s\t?\n" % blob)
    repository = GitRepository(Git(store.git_dir, "acme/web"))
    found = await search(repository, commit, "needle", limits=SearchLimits(files=5, seconds=60))
    assert (len(found.hits), found.files_searched) == (5, 5)
    assert re.match(
        r"the tree is very large: only its first \d{6} entries were looked at; only the first 5 of", found.cut
    )


async def test_a_tree_that_takes_too_long_ends_the_search(store: Store) -> None:
    empty = store.git("mktree").strip()
    commit = bomb(store, 10, b"040000 tree %s\t?\n" % empty)
    repository = GitRepository(Git(store.git_dir, "acme/web"))
    found = await search(repository, commit, "needle", limits=SearchLimits(seconds=0.5))
    assert found == SearchResult((), 0, "not all files were searched within 0.5 seconds")


async def test_a_git_that_fails_is_no_empty_answer(tmp_path_factory: pytest.TempPathFactory) -> None:
    broken = GitRepository(fake_git(tmp_path_factory.mktemp("git"), "echo 'fatal: no' >&2; exit 128"))
    with pytest.raises(GitFailed, match="no"):
        await search(broken, Sha("1" * 40), "needle")


@dataclass
class Counting:
    """How many characters a pattern was shown."""

    text: str
    seen: list[int] = field(default_factory=list)

    def found_in(self, text: str) -> bool:
        self.seen.append(len(text))
        return self.text in text


async def test_a_file_without_the_word_is_looked_at_once(store: Store, repository: GitRepository) -> None:
    pattern = Counting("needle")
    await repository.search(store.commit({"a": b"hay\n" * 1000}), pattern, glob="", limits=SearchLimits())
    assert pattern.seen == [4000]


LINES = st.lists(st.text("ab n\r\t", max_size=6), max_size=200)
PATTERNS = st.sampled_from(
    [r"a\sb", r"[^a]b", r"\bb\b", r"\Ba", "(?i)A", "a b|b a", r"^a", r"b$", r"\Ab", r"n\Z", r"(?s)a.b", r"\W\W", "aa?"]
)


@settings(max_examples=40, deadline=None)
@given(lines=LINES, pattern=PATTERNS)
async def test_looking_at_many_lines_at_once_loses_none(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], pattern: str
) -> None:
    store = Store.create(tmp_path_factory.mktemp("search") / "store.git")
    repository = GitRepository(Git(store.git_dir, "acme/web"))
    commit = store.commit({"file": "\n".join(lines).encode()})
    limits = SearchLimits(hits=1000, hits_per_file=1000)
    fast = await repository.search(commit, Written(pattern), glob="", limits=limits)
    plain = await repository.search(commit, Unwritten(Written(pattern)), glob="", limits=limits)
    assert fast == plain
