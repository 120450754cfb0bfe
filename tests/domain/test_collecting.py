"""What changed in a workspace, and what of it may leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.blobs import blob_id
from app.domain.collecting import MAX_EXTRAS, CollectionPlan, Wanted, collected, plan_collection
from app.domain.patch_policy import PatchLimits
from app.domain.patches import Collected, Edit, FoundFile, FoundKind, Patch, Refusal, TreeEntry
from app.domain.pull_request import Sha

BASE = Sha("b" * 40)
FILE, EXECUTABLE, SYMLINK, OTHER = FoundKind


def entry(path: str, content: bytes = b"old", mode: str = "100644") -> TreeEntry:
    return TreeEntry(path, mode, blob_id(content), len(content))


def found(path: str, content: bytes | None = b"old", kind: FoundKind = FILE) -> FoundFile:
    if content is None:
        return FoundFile(path, kind, 0, None)
    return FoundFile(path, kind, len(content), blob_id(content))


def wanted(path: str, content: bytes = b"new", *, executable: bool = False) -> Wanted:
    return Wanted(path, len(content), blob_id(content), executable)


ENTRIES = (
    entry("a.py"),
    entry("bin/run", b"#!", "100755"),
    entry("docs/read.me"),
    entry("link", b"a.py", "120000"),
    entry("odd", b"odd", "100664"),
    TreeEntry("vendor", "160000", "c" * 40, 0),
)
AS_BASE = (
    found("a.py"),
    found("bin/run", b"#!", EXECUTABLE),
    found("docs/read.me"),
    found("link", b"a.py", SYMLINK),
    found("odd", b"odd"),
)
LIMITS = PatchLimits()


def planned(
    *changes: FoundFile, without: Collection[str] = (), declared: Collection[str] = (), limits: PatchLimits = LIMITS
) -> CollectionPlan:
    """A workspace as the base, but for these changes."""
    there = {one.path: one for one in (*AS_BASE, *changes) if one.path not in without}
    return plan_collection(ENTRIES, there.values(), declared, limits)


NOTHING = CollectionPlan((), (), (), ())


def test_a_workspace_as_it_was_comes_to_nothing() -> None:
    assert planned() == NOTHING
    assert planned(declared=[one.path for one in ENTRIES]) == NOTHING
    assert plan_collection((), (), (), LIMITS) == NOTHING


@pytest.mark.parametrize("kind", [SYMLINK, FILE, EXECUTABLE])
def test_a_link_may_have_become_a_file_with_its_target(kind: FoundKind) -> None:
    assert planned(found("link", b"a.py", kind), declared=["link"]) == NOTHING


def test_declared_changes_are_wanted_and_others_are_told() -> None:
    changes = (
        found("a.py", b"new"),
        found("bin/run", b"new!", EXECUTABLE),
        found("new/file", b"new", EXECUTABLE),
        found("docs/read.me", b"undeclared"),
        found("b.pyc", b"\0"),
    )

    plan = planned(*changes, without=["odd"], declared=["new/file", "a.py", "bin/run", "a.py", "odd"])

    assert plan == CollectionPlan(
        (wanted("a.py"), wanted("bin/run", b"new!", executable=True), wanted("new/file", executable=True)),
        ("odd",),
        ("b.pyc", "docs/read.me"),
        (),
    )


def test_the_executable_bit_counts() -> None:
    plan = planned(found("a.py", kind=EXECUTABLE), found("bin/run", b"#!"), declared=["a.py", "bin/run"])

    assert plan.wanted == (wanted("a.py", b"old", executable=True), wanted("bin/run", b"#!"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (found("a.py", b"a.py", SYMLINK), "would be a symbolic link, and those are never made"),
        (found("a.py", b"old", SYMLINK), "would be a symbolic link, and those are never made"),
        (found("new", b"/etc/passwd", SYMLINK), "would be a symbolic link, and those are never made"),
        (found("link", b"other", SYMLINK), "is a symbolic link in the base, and those are never changed or deleted"),
        (found("link", b"other"), "is a symbolic link in the base, and those are never changed or deleted"),
        (found("vendor", b""), "is a submodule in the base, and those are never changed or deleted"),
        (found("vendor/x", b""), "lies below what is a submodule in the base"),
        (found("a.py/x", b""), "lies below what is a file in the base"),
        (found("link/x", b""), "lies below what is a symbolic link in the base"),
        (found("docs", b""), "is a directory in the base"),
        (found("a.py", None, OTHER), "is neither a file nor a link"),
        (found("fifo", None, OTHER), "is neither a file nor a link"),
        (FoundFile("a.py", FILE, 1 << 40, None), "has 1099511627776 bytes, which is too much, or was changing"),
        (found("a.py", b"x" * 1_000_001), "has 1000001 bytes, over 1000000"),
        (found(".github/workflows/x.yml"), "is a path that is protected (.github/workflows/**)"),
        (found("sub/AGENTS.md"), "is a path that is protected (**/AGENTS.md)"),
        (found(".gitattributes"), "is a path that is protected (**/.gitattributes)"),
        (found("new\nline"), "is a path that has a control character"),
        (found("caf\udce9"), "is a path that is not UTF-8"),
        (found("sub/.git", None, OTHER), "is neither a file nor a link"),
        (found(".GIT/hooks/x"), "is a path that has a part that is `.git` on some file system"),
        (found("A.py"), "cannot stand beside 'a.py' on every file system"),
        (found("DOCS/READ.me/x"), "cannot stand beside 'docs/read.me' on every file system"),
    ],
)
def test_what_may_not_change_is_refused_when_declared_and_told_when_not(change: FoundFile, reason: str) -> None:
    declared = planned(change, declared=[change.path])
    assert declared.wanted == ()
    assert declared.extras == ()
    assert [one.path for one in declared.refused] == [change.path]
    assert declared.refused[0].reason.startswith(reason)

    undeclared = planned(change)
    assert undeclared.wanted == ()
    assert undeclared.refused == ()
    assert len(undeclared.extras) == 1
    assert change.path.startswith(undeclared.extras[0])


def test_a_link_that_is_gone_is_refused_and_a_submodule_is_never_there() -> None:
    plan = planned(without=["link"], declared=["link", "vendor"])

    assert plan.deletions == ()
    assert [one.path for one in plan.refused] == ["link"]


def test_new_paths_that_collide_with_each_other_are_refused() -> None:
    plan = planned(found("New"), found("new/file"), declared=["New", "new/file"])

    assert plan.wanted == ()
    assert [one.path for one in plan.refused] == ["New", "new/file"]


def test_a_path_may_change_its_case_when_the_old_one_goes() -> None:
    plan = planned(found("A.py"), without=["a.py"], declared=["A.py", "a.py"])

    assert plan == CollectionPlan((wanted("A.py", b"old"),), ("a.py",), (), ())


@pytest.mark.parametrize(
    "instead",
    [
        pytest.param(found("docs", None, OTHER), id="closed directory"),
        pytest.param(found("docs", b"/etc", FoundKind.SYMLINK), id="link"),
        pytest.param(found("docs", b"x"), id="file that nobody declared"),
    ],
)
def test_what_lies_below_something_else_than_a_directory_is_not_taken_for_deleted(instead: FoundFile) -> None:
    plan = planned(instead, without=["docs/read.me"], declared=["docs/read.me"])

    reason = "lies below what was a directory and is none any more"
    assert plan == CollectionPlan((), (), ("docs",), (Refusal("docs/read.me", reason),))


def test_a_file_that_was_meant_to_take_the_place_of_a_directory_is_judged_like_any_other() -> None:
    plan = planned(found("docs", b"x"), without=["docs/read.me"], declared=["docs", "docs/read.me"])

    assert plan.deletions == ("docs/read.me",)
    assert plan.extras == ()


@pytest.mark.parametrize("path", ["", "../x", "/etc/passwd", ".git/config", "a\\b"])
def test_a_declared_path_that_can_be_nowhere_is_refused(path: str) -> None:
    (refusal,) = planned(declared=[path]).refused

    assert refusal.path == path
    assert refusal.reason.startswith("is a path that ")


def test_a_declared_path_that_is_nowhere_is_no_change() -> None:
    assert planned(declared=["made and deleted again", "docs"]) == NOTHING


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (PatchLimits(files=2), "it changes 3 files, over 2"),
        (PatchLimits(total_bytes=5), "it writes 6 bytes, over 5"),
    ],
)
def test_of_a_patch_that_is_too_large_nothing_is_wanted(limits: PatchLimits, reason: str) -> None:
    changes = (found("a.py", b"new"), found("b.py", b"new"))

    plan = planned(*changes, without=["odd"], declared=["a.py", "b.py", "odd"], limits=limits)

    assert plan == CollectionPlan((), (), (), (Refusal("", reason),))


def test_a_refusal_leaves_the_rest_wanted() -> None:
    plan = planned(found("a.py", b"new"), found("fifo", None, OTHER), declared=["a.py", "fifo"])

    assert plan.wanted == (wanted("a.py"),)
    assert [one.path for one in plan.refused] == ["fifo"]


def test_new_directories_are_told_as_one() -> None:
    paths = [f"build/{n}/{m}.o" for n in range(10) for m in range(10)] + ["docs/new/deep/x", "pkg/a.pyc", "pkg/b/c"]

    plan = planned(*(found(path) for path in (*paths, "pkg/a.py")), declared=["pkg/a.py"])

    assert plan.extras == ("build/", "docs/new/", "pkg/a.pyc", "pkg/b/")


def test_very_many_extras_are_counted() -> None:
    plan = planned(*(found(f"{n:05}.o") for n in range(MAX_EXTRAS + 5)))

    assert len(plan.extras) == MAX_EXTRAS + 1
    assert plan.extras[0] == "00000.o"
    assert plan.extras[-1] == "... and 5 more"


def test_contents_are_hashed_again() -> None:
    plan = CollectionPlan(
        (wanted("a.py"), wanted("b", executable=True), wanted("gone"), wanted("longer"), wanted("other")),
        ("deleted",),
        ("build/",),
        (Refusal("fifo", "is odd"),),
    )

    left = collected(plan, BASE, {"a.py": b"new", "b": b"new", "longer": b"newer", "other": b"Now"})

    assert left == Collected(
        Patch(BASE, (Edit("a.py", b"new"), Edit("b", b"new", executable=True), Edit("deleted", None))),
        ("build/",),
        (
            Refusal("fifo", "is odd"),
            Refusal("gone", "could not be read again"),
            Refusal("longer", "changed while it was collected"),
            Refusal("other", "changed while it was collected"),
        ),
    )


_PATHS = st.sampled_from(["a", "A", "b", "d/a", "d/b", "d/e/f", "link", "sub/x", ".github/x", "x\ny"])
_FILES = st.dictionaries(_PATHS, st.tuples(st.sampled_from([b"", b"1", b"22"]), st.booleans()), max_size=8)


def _without_files_above_others(tree: Mapping[str, tuple[bytes, bool]]) -> dict[str, tuple[bytes, bool]]:
    return {path: one for path, one in tree.items() if not any(other.startswith(f"{path}/") for other in tree)}


@given(_FILES, _FILES, st.sets(_PATHS))
def test_the_patch_makes_the_declared_part_of_the_workspace_and_nothing_is_left_out(
    before: dict[str, tuple[bytes, bool]], after: dict[str, tuple[bytes, bool]], declared: set[str]
) -> None:
    before, after = _without_files_above_others(before), _without_files_above_others(after)
    entries = [entry(path, content, "100755" if runs else "100644") for path, (content, runs) in before.items()]
    there = [found(path, content, EXECUTABLE if runs else FILE) for path, (content, runs) in after.items()]

    plan = plan_collection(entries, there, declared, LIMITS)
    left = collected(plan, BASE, {want.path: after[want.path][0] for want in plan.wanted})

    edits = {edit.path: None if edit.content is None else (edit.content, edit.executable) for edit in left.patch.edits}
    refused = {one.path for one in left.refused}
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert len(edits) == len(left.patch.edits)
    assert edits == {path: after.get(path) for path in (changed & declared) - refused}
    assert refused <= declared
    assert refused.isdisjoint(edits)
    assert all(
        any(path == extra or (extra.endswith("/") and path.startswith(extra)) for extra in left.extras)
        for path in changed - declared
    )
    assert all(any(path.startswith(extra) for path in changed - declared) for extra in left.extras)
