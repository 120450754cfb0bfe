"""Who wrote which line, and which commit touched a path last: as the history says, not as the change would have it."""

from __future__ import annotations

import pytest

from app.adapters.git.local import open_local
from app.adapters.git.objects import GitRepository
from app.adapters.git.process import Git
from app.domain.code import BlameLine
from app.domain.errors import GitFailed
from app.domain.pull_request import Sha
from tests.adapters.git.dangers import Traps
from tests.adapters.git.fake_git import fake_git
from tests.adapters.git.stores import Files, Store, symlink

DAY = "2026-01-01"
ODD = b"caf\xe9\n\"--x'".decode("utf-8", "surrogateescape")
HOSTILE = ("-rf", "--contents=/etc/passwd", ":(glob)**", "*", ":/a", "a b", "$(id)", ODD, "-L1,1", "--", "HEAD")


async def test_lines_name_their_commits(store: Store, repository: GitRepository) -> None:
    first = store.commit({"a.py": b"one\ntwo\nthree\n"}, message="first\n\nbody")
    second = store.commit({"a.py": b"one\r\nTWO \xff\nthree\n"}, first, message="second")
    assert await repository.blame(second, "a.py", start_line=1, end_line=3) == (
        BlameLine(1, second, DAY, "second", "one"),
        BlameLine(2, second, DAY, "second", "TWO \ufffd"),
        BlameLine(3, first, DAY, "first", "three"),
    )
    assert await repository.blame(second, "a.py", start_line=3, end_line=3) == (
        BlameLine(3, first, DAY, "first", "three"),
    )


async def test_a_line_that_moved_between_files_is_followed(store: Store, repository: GitRepository) -> None:
    """git follows a whole file that was renamed."""
    first = store.commit({"old.py": b"one\ntwo\n"})
    second = store.commit({"new.py": b"one\ntwo\n"}, first)
    lines = await repository.blame(second, "new.py", start_line=1, end_line=2)
    assert [line.commit for line in lines] == [first, first]


@pytest.mark.parametrize("path", HOSTILE)
async def test_a_path_is_never_an_option_or_a_pattern(store: Store, repository: GitRepository, path: str) -> None:
    name = path.encode("utf-8", "surrogateescape")
    first = store.commit({name: b"1\n", "other": b"2\n"})
    second = store.commit({name: b"1\n", "other": b"3\n"}, first)
    (line,) = await repository.blame(second, path, start_line=1, end_line=1)
    assert (line.commit, line.text) == (first, "1")
    assert await repository.last_change(first, second, path) is None
    third = store.commit({name: b"4\n"}, second)
    assert await repository.last_change(first, third, path) == third


@pytest.mark.parametrize(
    "path", ["absent", "", "/etc/passwd", "../a.py", "dir", "dir/../a.py", "./a.py", "a.py\0", "\ud800", ".git/config"]
)
async def test_what_is_no_file_has_no_history(store: Store, repository: GitRepository, path: str) -> None:
    first = store.commit({"a.py": b"1\n"})
    second = store.commit({"a.py": b"1\n", "dir2/b": b"1\n"}, first)
    with pytest.raises(GitFailed, match=r"no such path|no tree holds a file"):
        await repository.blame(second, path, start_line=1, end_line=1)
    assert await repository.last_change(first, second, path) is None


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [(0, 1, "lines count from 1"), (2, 1, "lines count from 1"), (-5, -1, "lines count from 1"),
     (1, 501, "at most 500 lines at a time, not 501"), (4, 4, "has only 3 lines"), (10**9, 10**9, "has only 3 lines")],
)  # fmt: skip
async def test_lines_that_are_not_there(
    store: Store, repository: GitRepository, start: int, end: int, message: str
) -> None:
    with pytest.raises(GitFailed, match=message):
        await repository.blame(store.commit({"a": b"1\n2\n3\n"}), "a", start_line=start, end_line=end)


async def test_five_hundred_lines_and_long_ones(store: Store, repository: GitRepository) -> None:
    commit = store.commit({"a": b"x" * 2_000_000 + b"\n" + b"y\n" * 499}, message="s" * 1000)
    lines = await repository.blame(commit, "a", start_line=1, end_line=500)
    assert [line.line for line in lines] == list(range(1, 501))
    assert (lines[0].text, lines[0].summary, lines[1].text) == ("x" * 400 + "…", "s" * 200 + "…", "y")


async def test_a_link_is_its_target(store: Store, repository: GitRepository) -> None:
    commit = store.commit({"link": symlink(b"/etc/passwd")})
    (line,) = await repository.blame(commit, "link", start_line=1, end_line=1)
    assert line.text == "/etc/passwd"


@pytest.mark.parametrize("sha", ["HEAD", "--all", "-h", "1" * 39, ""])
async def test_names_are_not_commits(store: Store, repository: GitRepository, sha: str) -> None:
    commit = store.commit({"a": b"1\n"})
    for call in (
        repository.blame(Sha(sha), "a", start_line=1, end_line=1),
        repository.last_change(commit, Sha(sha), "a"),
        repository.last_change(Sha(sha), commit, "a"),
    ):
        with pytest.raises(GitFailed, match="not a full git object id"):
            await call


HINTS: Files = {
    ".mailmap": b"Nobody <nobody@example.org> <a@b>\n",
    ".git-blame-ignore-revs": b"not a revision\n",
    ".gitattributes": b"* diff=x filter=x -text binary\n",
}


async def test_what_a_change_brings_along_has_no_say(store: Store, repository: GitRepository) -> None:
    first = store.commit({"a": b"1\n2\n", **HINTS})
    second = store.commit({"a": b"1\n3\n", **HINTS}, first)
    lines = await repository.blame(second, "a", start_line=1, end_line=2)
    assert [(line.commit, line.text) for line in lines] == [(first, "1"), (second, "3")]


@pytest.mark.parametrize("place", ["clone", "git dir"])
async def test_a_configuration_cannot_ignore_a_commit(traps: Traps, place: str) -> None:
    """Neither a clone's own configuration nor one that somebody put into a mirror."""
    for text in ("total = price * 1\n", "total = price * 2\n"):
        (traps.clone / "a.py").write_text(text)
        traps.plain("commit", "--quiet", "--all", "--message", "doubled")
    head = Sha(traps.plain("rev-parse", "HEAD"))
    traps.append("ignored", f"{head}\n")
    traps.configure({"blame.ignoreRevsFile": str(traps.clone / "ignored"), "blame.markIgnoredLines": "true"})
    assert traps.plain("blame", "-s", "HEAD", "--", "a.py").lstrip("^?*")[:7] != head[:7]
    repository = await open_local(traps.clone) if place == "clone" else GitRepository(Git(traps.git_dir, "acme/web"))
    (line,) = await repository.blame(head, "a.py", start_line=1, end_line=1)
    assert (line.commit, line.summary, line.text) == (head, "doubled", "total = price * 2")


@pytest.fixture
def traps(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    return Traps.create(tmp_path_factory.mktemp("traps"))


SHA = "1" * 40
ABOUT = "author-time 0\\nauthor-tz +0000\\nsummary s\\n\\tx\\n"


@pytest.mark.parametrize(
    ("seconds", "zone", "day"),
    [("0", "+0000", "1970-01-01"), ("0", "-0100", "1969-12-31"), ("86399", "+0001", "1970-01-02"),
     ("99999999999999999999", "+1400", "9999-12-30"), ("-1", "+0000", "1970-01-01"), ("0", "+9999", "1970-01-01"),
     ("0", "oops", "1970-01-01"), ("", "", "1970-01-01")],
)  # fmt: skip
async def test_a_commit_may_claim_any_time(
    tmp_path_factory: pytest.TempPathFactory, seconds: str, zone: str, day: str
) -> None:
    printed = f"{SHA} 1 1 1\\nauthor-time {seconds}\\nauthor-tz {zone}\\nsummary s\\n\\tx\\n"
    repository = GitRepository(fake_git(tmp_path_factory.mktemp("git"), f"printf '{printed}'"))
    assert await repository.blame(Sha(SHA), "a", start_line=1, end_line=1) == (BlameLine(1, Sha(SHA), day, "s", "x"),)


@pytest.mark.parametrize("printed", ["what?\\n", f"{SHA}\\n", f"{SHA} 1 x 1\\n", "\\tx\\n"])
async def test_what_git_prints_is_not_trusted(tmp_path_factory: pytest.TempPathFactory, printed: str) -> None:
    repository = GitRepository(fake_git(tmp_path_factory.mktemp("git"), f"printf '{printed}'"))
    with pytest.raises(GitFailed, match=r"printed something unknown|not a full git object id"):
        await repository.blame(Sha(SHA), "a", start_line=1, end_line=1)


async def test_the_last_change_of_a_path(store: Store, repository: GitRepository) -> None:
    base = store.commit({"a": b"1\n", "b": b"1\n"})
    one = store.commit({"a": b"2\n", "b": b"1\n"}, base)
    two = store.commit({"a": b"2\n", "b": b"2\n"}, one)
    gone = store.commit({"b": b"2\n"}, two)
    assert await repository.last_change(base, two, "a") == one
    assert await repository.last_change(base, two, "b") == two
    assert await repository.last_change(one, two, "a") is None
    assert await repository.last_change(base, gone, "a") == gone
    assert await repository.last_change(two, two, "b") is None
    assert await repository.last_change(base, two, "A") is None


async def test_the_last_change_may_come_by_a_merge(store: Store, repository: GitRepository) -> None:
    base = store.commit({"a": b"1\n"})
    side = store.commit({"a": b"2\n"}, base)
    main = store.commit({"a": b"1\n", "b": b"1\n"}, base)
    merge = store.commit({"a": b"2\n", "b": b"1\n"}, main, side)
    assert await repository.last_change(base, merge, "a") == side
    assert await repository.last_change(main, merge, "a") == side
