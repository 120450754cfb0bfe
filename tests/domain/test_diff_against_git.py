"""Diffs of arbitrary contents: rebuilt from git's own output, and compared with another parser."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unidiff.patch import PatchSet

from app.domain.diff import DiffLine, FileDiff, LineKind, split_patches
from app.domain.entries import Entry, Status, parse_raw
from tests.adapters.git.stores import Files, Node, Store, executable, symlink
from tests.examples import examples

PATHS = ("a.py", "--- b", "dir/with space\tand tab", b"caf\xe9\n@@ -1 +1 @@")
ROWS = st.one_of(
    st.sampled_from(
        [
            b"",
            b"+",
            b"-",
            b" ",
            b"one",
            b"two",
            b"-- a/a.py",
            b"++ b/a.py",
            b"diff --git a/a.py b/a.py",
            b"--- a/a.py",
            b"+++ b/a.py",
            b"@@ -1,3 +1,3 @@ def f():",
            b"index 1111111..2222222 100644",
            b"Binary files a/a.py and b/a.py differ",
            b"\\ No newline at end of file",
            b"GIT binary patch",
            b"crlf\r",
            b"\r",
            b"lone\rreturn",
            b"\x0bform\x0cfeed\x1c\x1d\x1e",
            b"\xc2\x85\xe2\x80\xa8\xe2\x80\xa9",
            b"\xff\xfe not utf-8",
            b"\xed\xa0\x80 surrogate",
        ]
    ),
    st.binary(max_size=12).map(lambda row: row.replace(b"\0", b"0").replace(b"\n", b"n")),
)
CONTENT = st.tuples(st.lists(ROWS, max_size=25), st.sampled_from([b"", b"\n"])).map(
    lambda parts: b"\n".join(parts[0]) + (parts[1] if parts[0] else b"")
)
NODES = st.one_of(CONTENT, CONTENT.map(executable), CONTENT.filter(bool).map(symlink))
FILES = st.dictionaries(st.sampled_from(PATHS), NODES)
# The other parser takes lines apart at more than line feeds, and does not know git's quoted names.
TAME_ROWS = st.one_of(ROWS.filter(lambda row: row.isascii() and (not row or row.decode().isprintable())))
TAME = st.lists(TAME_ROWS, max_size=25).map(lambda rows: b"".join(row + b"\n" for row in rows))
TAME_FILES = st.dictionaries(st.sampled_from(("a.py", "b.py", "dir/c")), TAME)
PROPERTY = settings(max_examples=examples(30, search=60), deadline=None)


@pytest.fixture(scope="module")
def module_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store.create(tmp_path_factory.mktemp("diff") / "store.git")


def diffs(store: Store, old: Files, new: Files) -> tuple[str, list[tuple[Entry, FileDiff | None]]]:
    """Git's patch output between two commits of these files, and what we read of it."""
    command = ("diff-tree", "-r", "--no-renames", "--full-index")
    commits = store.commit(old), store.commit(new)
    entries = parse_raw(store.git(*command, "--raw", "-z", *commits))
    output = store.git(*command, "-p", *commits)
    found = list(zip(entries, split_patches(entries, output), strict=True))
    return output.decode("utf-8", "replace"), found


def lines_of(files: Files, entry: Entry) -> list[str]:
    """The file's lines as git counts them: only line feeds end one."""
    by_path = {path if isinstance(path, bytes) else path.encode(): node for path, node in files.items()}
    node = by_path.get(entry.path.encode("utf-8", "surrogateescape"), b"")
    lines = (node.data if isinstance(node, Node) else node).split(b"\n")
    return [line.decode("utf-8", "replace") for line in (lines if lines[-1] else lines[:-1])]


def patched(old: list[str], diff: FileDiff) -> list[str]:
    """The new side, from the old side and the hunks, checking every number on the way."""
    new: list[str] = []
    done = 0
    for hunk in diff.hunks:
        start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        new += old[done:start]
        done = start
        for line in hunk.lines:
            if line.kind is not LineKind.ADDED:
                assert (line.old_number, line.text) == (done + 1, old[done])
                done += 1
            if line.kind is not LineKind.REMOVED:
                new.append(line.text)
                assert line.new_number == len(new)
        assert list(hunk.new_numbers) == [line.new_number for line in hunk.lines if line.new_number is not None]
        assert hunk.old_count == sum(line.old_number is not None for line in hunk.lines)
    return new + old[done:]


@PROPERTY
@given(old=FILES, new=FILES)
def test_the_new_side_can_be_rebuilt(module_store: Store, old: Files, new: Files) -> None:
    _, found = diffs(module_store, old, new)
    for entry, diff in found:
        before, after = lines_of(old, entry), lines_of(new, entry)
        assert diff is not None
        if entry.status is Status.TYPE_CHANGED:
            assert [line.text for line in diff.removed_lines()] == before
            assert [line.text for line in diff.added_lines()] == after
        else:
            assert patched(before, diff) == after
        assert diff.added_numbers <= diff.commentable_lines <= set(range(1, len(after) + 1))


@PROPERTY
@given(old=TAME_FILES, new=TAME_FILES)
def test_another_parser_reads_the_same(module_store: Store, old: Files, new: Files) -> None:
    output, found = diffs(module_store, old, new)
    ours = [[shown(line) for line in hunk.lines] for _, diff in found if diff for hunk in diff.hunks]
    theirs = [
        [
            (line.line_type, line.source_line_no, line.target_line_no, line.value.removesuffix("\n"))
            for line in hunk
            if line.line_type != "\\"
        ]
        for file in PatchSet(output)
        for hunk in file
    ]
    assert ours == theirs


def shown(line: DiffLine) -> tuple[str, int | None, int | None, str]:
    mark = {LineKind.CONTEXT: " ", LineKind.ADDED: "+", LineKind.REMOVED: "-"}[line.kind]
    return (mark, line.old_number, line.new_number, line.text)


def test_only_the_last_line_can_lack_its_line_feed(module_store: Store) -> None:
    _, [(_, diff)] = diffs(module_store, {"a": b"one\ntwo"}, {"a": b"one\ntwo\nthree"})
    assert diff is not None
    assert [(line.text, line.newline) for line in diff.hunks[0].lines] == [
        ("one", True),
        ("two", False),
        ("two", True),
        ("three", False),
    ]
