"""A unified diff becomes a tree, or is refused as a whole: what it names, what it is, and what it came to."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.git.drafts import Drafts, _applied, drafting
from app.adapters.git.process import Git, GitSlow, Limits
from app.domain.errors import PatchRefused
from app.domain.patch_policy import PatchLimits
from app.domain.pull_request import Sha
from tests.adapters.git.fake_git import fake_git
from tests.adapters.git.listing import listing
from tests.adapters.git.stores import ENVIRONMENT, Files, Store, executable, submodule, symlink

FILES: Files = {
    "a.py": b"one\ntwo\nthree\n",
    "b.py": b"b\n",
    "connection": b"1\n",
    "dir/c.py": b"c\n",
    "link": symlink(b"dir"),
    "outside": symlink(b"/etc"),
    "run": executable(b"#!/bin/sh\n"),
    "sub": submodule("1" * 40),
}


@pytest.fixture
def drafts(store: Store) -> Iterator[Drafts]:
    with drafting(Git(store.git_dir, "acme/web", damage_mark=store.git_dir / "damaged")) as drafts:
        yield drafts


async def refusals(drafts: Drafts, base: Sha, diff: str | bytes) -> dict[str, str]:
    with pytest.raises(PatchRefused) as caught:
        await drafts.tree_of_diff(base, diff if isinstance(diff, bytes) else diff.encode("utf-8", "surrogateescape"))
    return {refusal.path: refusal.reason for refusal in caught.value.refusals}


def added(path: str, *, quoted: str | None = None, mode: str = "100644", text: str = "x") -> str:
    """A diff that adds a file of one line."""
    old, new = (f'"a/{quoted}"', f'"b/{quoted}"') if quoted else (f"a/{path}", f"b/{path}")
    return f"diff --git {old} {new}\nnew file mode {mode}\n--- /dev/null\n+++ {new}\n@@ -0,0 +1 @@\n+{text}\n"


def modified(path: str) -> str:
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-b\n+B\n"


FINE = modified("b.py")


async def test_what_git_prints_is_applied(store: Store, drafts: Drafts) -> None:
    """The diff between two commits, applied to the first, makes the tree of the second."""
    old = store.commit(FILES)
    files = dict(FILES) | {
        "a.py": b"one\nzwei\nthree\nfour",
        "new/e.py": b"- e\n-- /etc/x\n",
        "run2": executable(b"#!/bin/sh\n"),
        'caf\u00e9 "q".py': b"odd\n",
        "empty": b"",
    }
    del files["b.py"]
    new = store.commit(files)
    for quoting in ("true", "false"):
        diff = store.git("-c", f"core.quotePath={quoting}", "diff-tree", "-p", "--no-renames", old, new)
        drafted = await drafts.tree_of_diff(old, diff)
        assert drafted.tree == store.git("rev-parse", f"{new}^{{tree}}").decode().strip()
        assert {entry.path: str(entry.status) for entry in drafted.changed} == {
            "a.py": "modified",
            "b.py": "deleted",
            'caf\u00e9 "q".py': "added",
            "empty": "added",
            "new/e.py": "added",
            "run2": "added",
        }


async def test_words_before_the_diff_do_no_harm(store: Store, drafts: Drafts) -> None:
    diff = f"Subject: [PATCH] rename from x\n\nGIT binary patches are refused.\n---\n{FINE}-- \n2.39.5\n"
    drafted = await drafts.tree_of_diff(store.commit(FILES), diff.encode())
    assert [entry.path for entry in drafted.changed] == ["b.py"]


LINK_MOVED = """diff --git a/link b/link
index 1..2 120000
--- a/link
+++ b/link
@@ -1 +1 @@
-dir
\\ No newline at end of file
+/etc
\\ No newline at end of file
"""
SUBMODULE_MOVED = f"""diff --git a/sub b/sub
index {"1" * 40}..{"2" * 40} 160000
--- a/sub
+++ b/sub
@@ -1 +1 @@
-Subproject commit {"1" * 40}
+Subproject commit {"2" * 40}
"""
BINARY = """diff --git a/n b/n
new file mode 100644
index 0000000..1
GIT binary patch
literal 1
IcmZPo000310RR91

literal 0
HcmV?d00001

"""
HOSTILE = {
    "above": (added("../x"), "../x", "has the part `..`"),
    "above, inside": (added("dir/../../x"), "dir/../../x", "has the part `..`"),
    "absolute": (added("/etc/cron.d/x"), "/etc/cron.d/x", "is absolute"),
    "absolute without a header": ("--- /dev/null\n+++ /etc/x\n@@ -0,0 +1 @@\n+x\n", "etc/x", "has no line `diff --git"),
    "other prefixes": (FINE.replace("a/b.py", "b.py").replace("b/b.py", "b.py"), "", "must stand, with one path twice"),
    "no header": (FINE.partition("\n")[2], "b.py", "has no line `diff --git"),
    "a second file without a header": (FINE + added("n").partition("\n")[2], "n", "has no line `diff --git"),
    "a second file without a header, plain": (
        FINE + "--- a/dir/c.py\n+++ b/dir/c.py\n@@ -1 +1 @@\n-c\n+C\n",
        "dir/c.py",
        "has no line `diff --git",
    ),
    "git's own": (added(".git/hooks/pre-push"), ".git/hooks/pre-push", "is `.git` on some file system"),
    "git's own in capitals": (added(".GIT/config"), ".GIT/config", "is `.git` on some file system"),
    "git's short name": (added("git~1/config"), "git~1/config", "is `.git` on some file system"),
    "git's name with an ignored character": (added(".g\u200cit/x"), ".g\u200cit/x", "is `.git` on some file system"),
    "a new link": (added("n", mode="120000", text="/etc/passwd"), "n", "would be a symbolic link"),
    "a link changed": (
        LINK_MOVED,
        "link",
        "is a symbolic link in the base",
    ),
    "a file made a link": (
        "diff --git a/b.py b/b.py\ndeleted file mode 100644\n--- a/b.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n"
        + added("b.py", mode="120000", text="/etc/passwd"),
        "b.py",
        "would be a symbolic link",
    ),
    "through a link": (added("link/x"), "link/x", "lies below what is a symbolic link"),
    "through a link to the outside": (added("outside/x"), "outside/x", "lies below what is a symbolic link"),
    "a new submodule": (
        added("n", mode="160000", text=f"Subproject commit {'2' * 40}"),
        "n",
        "would be a submodule",
    ),
    "a submodule moved": (
        SUBMODULE_MOVED,
        "sub",
        "is a submodule in the base",
    ),
    "a workflow": (added(".github/workflows/x.yml"), ".github/workflows/x.yml", "is protected"),
    "attributes": (added(".gitattributes"), ".gitattributes", "is protected"),
    "modules": (added(".gitmodules"), ".gitmodules", "is protected"),
    "a line break in a name": (added("", quoted="a\\nb"), "a\nb", "has a control character"),
    "an octal line break": (added("", quoted="a\\012b"), "a\nb", "has a control character"),
    "no UTF-8": (added("", quoted="caf\\351"), "caf\udce9", "is not UTF-8"),
    "a mode": (
        "diff --git a/b.py b/b.py\nold mode 100644\nnew mode 100755\n",
        "b.py",
        "changes its mode from 100644 to 100755",
    ),
    "a rename": (
        "diff --git a/b.py b/n.py\nsimilarity index 100%\nrename from b.py\nrename to n.py\n",
        "",
        "must stand, with one path twice",
    ),
    "a rename to above": (
        "diff --git a/b.py b/../n.py\nsimilarity index 100%\nrename from b.py\nrename to ../n.py\n",
        "",
        "must stand, with one path twice",
    ),
    "a rename under one name": (
        "diff --git a/b.py b/b.py\nsimilarity index 100%\nrename from b.py\nrename to n.py\n",
        "n.py",
        "has no line `diff --git",
    ),
    "a binary patch": (
        BINARY,
        "",
        "has a binary patch",
    ),
    "binary files differ": (
        "diff --git a/b.py b/b.py\nindex 1..2 100644\nBinary files a/b.py and b/b.py differ\n",
        "",
        "does not apply",
    ),
    "a NUL": (added("n", text="\0"), "", "has a NUL byte"),
    "a file below a file": (added("b.py/x"), "b.py/x", "lies below what is a file"),
    "a file over a directory": (added("dir"), "dir", "is a directory in the base"),
    "another spelling": (added("B.py"), "B.py", "cannot stand beside 'b.py'"),
    "a file that is there": (added("b.py"), "", "does not apply"),
    "other content": (modified("dir/c.py"), "", "does not apply"),
    "an absent file": (modified("absent"), "", "does not apply"),
    "what sounds like a broken mirror": (modified("loose object"), "", "does not apply"),
    "what sounds like a bad moment": (modified("connection"), "", "does not apply"),
    "no diff": ("please apply this\n", "", "does not apply"),
    "nothing": ("", "", "does not apply"),
    "half a diff": (FINE[:-10], "", "does not apply"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_part_refuses_the_whole(store: Store, drafts: Drafts, name: str) -> None:
    diff, path, reason = HOSTILE[name]
    base = store.commit(FILES)
    before = listing(store.git_dir)
    whole = diff if FINE.partition("\n")[2] in diff or not diff or "please" in diff or "a/b.py" in diff else FINE + diff
    told = await refusals(drafts, base, whole)
    assert reason in told[path], told
    assert listing(store.git_dir) == before  # not even a mark that says that the mirror is broken


async def test_nothing_outside_is_written(store: Store, drafts: Drafts, tmp_path: Path) -> None:
    """With a control: patch -p1 in a directory below does write there, or says that it wanted to."""
    outside = tmp_path / "it was written"
    await refusals(drafts, store.commit(FILES), added(f"../{outside.name}"))
    assert not present(outside)
    (tmp_path / "below").mkdir()
    diff = added(str(outside)).replace(f"b/{outside}", str(outside)).replace(f"a/{outside}", str(outside))
    naively_apply(tmp_path / "below", diff)
    await refusals(drafts, store.commit(FILES), diff)
    assert present(outside)


def naively_apply(directory: Path, diff: str) -> None:
    naive = ["git", "apply", "-p0", "--unsafe-paths", "-"]
    subprocess.run(naive, cwd=directory, input=diff.encode(), env=ENVIRONMENT, check=True)


def present(path: Path) -> bool:
    return path.exists()


async def test_a_diff_over_its_limit_is_not_shown_to_git(store: Store, drafts: Drafts) -> None:
    told = await refusals(drafts, store.commit(FILES), added("n", text="x" * 6_000_000))
    assert list(told) == [""]
    assert told[""] == "it has 6000078 bytes, over 5000000"


async def test_a_file_over_its_limit(store: Store) -> None:
    with drafting(Git(store.git_dir, "acme/web"), limits=PatchLimits(file_bytes=10)) as drafts:
        told = await refusals(drafts, store.commit(FILES), added("n", text="0123456789"))
    assert told == {"n": "has 11 bytes, over 10"}


async def test_many_files(store: Store) -> None:
    with drafting(Git(store.git_dir, "acme/web"), limits=PatchLimits(files=3)) as drafts:
        told = await refusals(drafts, store.commit(FILES), "".join(added(f"n{at}") for at in range(4)))
    assert told == {"": "it changes 4 files, over 3"}


async def test_a_hundred_thousand_files(store: Store, drafts: Drafts) -> None:
    """Not one of them is looked at."""
    told = await refusals(drafts, store.commit(FILES), "diff --git a/../x b/../x\n" * 100_000)
    assert told == {"": "it changes 100000 files, over 300"}


async def test_a_diff_that_takes_too_long_is_no_refusal(tmp_path: Path) -> None:
    with pytest.raises(GitSlow):
        await _applied(fake_git(tmp_path, "sleep 60", limits=Limits(seconds=0.3)), b"")
