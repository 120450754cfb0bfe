"""Which changes may become a commit."""

from __future__ import annotations

from hashlib import sha1

import pytest

from app.domain.blobs import blob_id
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.errors import PatchRefused
from app.domain.patch_policy import PatchLimits, plan, refused, refused_paths
from app.domain.patches import Edit, Refusal, TreeEntry

ONE = blob_id(b"1")
BASE = {
    path: TreeEntry(path, mode, ONE, 1)
    for path, mode in {
        "a": "100644",
        "dir/b": "100755",
        "dir/deep/c": "100644",
        "link": "120000",
        "sub": "160000",
    }.items()
}


def side(mode: str, content: bytes = b"1") -> Side:
    return Side(mode, blob_id(content), Kind.of_mode(mode))


def added(path: str, mode: str = "100644", content: bytes = b"2") -> Entry:
    return Entry(path, Status.ADDED, None, side(mode, content))


def test_the_id_of_a_blob() -> None:
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert blob_id(b"12") == sha1(b"blob 2\x0012", usedforsecurity=False).hexdigest()


def test_a_plan() -> None:
    edits = (
        Edit("a", b"2"),
        Edit("dir/b", b"1"),
        Edit("dir/deep/c", b"1"),
        Edit("n", b"3", executable=True),
        Edit("sub", None),
    )
    planned = plan(edits, BASE)
    assert planned.refusals == ()
    assert planned.changes == {
        "a": Entry("a", Status.MODIFIED, side("100644"), side("100644", b"2")),
        "dir/b": Entry("dir/b", Status.MODIFIED, side("100755"), side("100644")),
        "n": added("n", "100755", b"3"),
        "sub": Entry("sub", Status.DELETED, side("160000"), None),
    }


def test_edits_that_mean_nothing() -> None:
    planned = plan((Edit("n", None), Edit("a", b"2"), Edit("a", None)), BASE)
    assert list(planned.changes) == ["a"]
    assert planned.refusals == (
        Refusal("n", "is to be deleted but is not in the base"),
        Refusal("a", "is edited twice"),
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a", None),
        ("n", None),
        ("dir/n", None),
        ("dir/deep/n/n", None),
        ("../n", "is a path that has the part `..`"),
        (".github/workflows/n", "is a path that is protected (.github/workflows/**)"),
        ("link", "is a symbolic link in the base, and those are never changed or deleted"),
        ("sub", "is a submodule in the base, and those are never changed or deleted"),
        ("link/n", "lies below what is a symbolic link in the base"),
        ("sub/n/n", "lies below what is a submodule in the base"),
        ("a/n", "lies below what is a file in the base"),
        ("dir/b/n", "lies below what is a file in the base"),
        ("dir", "is a directory in the base"),
        ("dir/deep", "is a directory in the base"),
    ],
)
def test_paths(path: str, reason: str | None) -> None:
    assert refused_paths((path,), BASE) == (() if reason is None else (Refusal(path, reason),))


def test_kinds_and_sizes() -> None:
    changes = (
        added("l", "120000"),
        added("s", "160000"),
        added("large", content=b"12345"),
        added("fits", content=b"1234"),
        Entry("a", Status.DELETED, side("100644"), None),
        added("a/n", "120000"),
    )
    sizes = {blob_id(b"12345"): 5, blob_id(b"1234"): 4}
    assert refused(changes, BASE, sizes, PatchLimits(file_bytes=4)) == (
        Refusal("a/n", "lies below what is a file in the base"),
        Refusal("l", "would be a symbolic link, and those are never made"),
        Refusal("s", "would be a submodule, and those are never made"),
        Refusal("large", "has 5 bytes, over 4"),
    )


def test_the_patch_as_a_whole() -> None:
    changes = tuple(added(f"n{at}", content=b"%d" % at) for at in range(3))
    sizes = {blob_id(b"%d" % at): 1 for at in range(3)}
    assert refused(changes, BASE, sizes, PatchLimits(files=3, total_bytes=3)) == ()
    assert refused(changes, BASE, sizes, PatchLimits(total_bytes=2)) == (Refusal("", "it writes 3 bytes, over 2"),)
    many = (added("../x"), *changes)
    assert refused(many, BASE, {}, PatchLimits(files=3)) == (Refusal("", "it changes 4 files, over 3"),)


def test_names_that_collide() -> None:
    sizes = {blob_id(b"2"): 1}
    gone = Entry("a", Status.DELETED, side("100644"), None)
    assert refused((added("A"),), BASE, sizes, PatchLimits()) == (
        Refusal("A", "cannot stand beside 'a' on every file system"),
    )
    assert refused((added("A"), gone), BASE, sizes, PatchLimits()) == ()
    assert refused((added("LINK/n"),), BASE, sizes, PatchLimits()) == (
        Refusal("LINK/n", "cannot stand beside 'link' on every file system"),
    )


def test_the_words_of_a_refusal() -> None:
    refusals = (Refusal("", "it is large"), *(Refusal(f"{at}\x1b", "is bad") for at in range(5)))
    error = PatchRefused(refusals)
    assert error.refusals == refusals
    assert str(error) == (
        "the patch is refused: it is large; "
        r"'0\\x1b' is bad; '1\\x1b' is bad; '2\\x1b' is bad; '3\\x1b' is bad; and 1 more"
    )
    assert str(PatchRefused(refusals[:1])) == "the patch is refused: it is large"
