"""Commits of ours in a mirror: from a patch, and the same change once more on a newer head."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.adapters.git.objects import GitRepository
from app.adapters.git.repairs import GitRepairs
from app.domain.errors import GitFailed, PatchRefused
from app.domain.patch_policy import PatchLimits
from app.domain.patches import Edit, Patch
from app.domain.pull_request import Sha
from app.domain.pushing import Drafted
from tests.adapters.git.site import ABSENT, NAME, REF, Site, failed
from tests.adapters.git.stores import Files, Store, executable, symlink
from tests.adapters.git.test_draft_commits import TEXT

LINES = b"".join(b"line %d\n" % number for number in range(30))


def changed(number: int, text: bytes = b"changed\n", content: bytes = LINES) -> bytes:
    """The lines with another one in place of one of them."""
    return content.replace(b"line %d\n" % number, text, 1)


class Pull:
    """A pull request whose head changes and whose commits are fetched."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.repairs = GitRepairs(site.mirrors)

    async def head(self, files: Files, *parents: Sha) -> Sha:
        """Its new head, which the mirror fetches."""
        sha = self.site.store.commit(files, *(parents or (self.site.base,)))
        self.site.store.point("refs/pull/7/head", sha)
        await self.site.fetch(head=sha)
        return sha

    async def commit(self, head: Sha, *edits: Edit) -> Drafted:
        return await self.repairs.commit(REF, NAME, Patch(head, edits), TEXT, head=head)

    async def rebased(self, drafted: Drafted, onto: Sha) -> Drafted | None:
        return await self.repairs.rebased(REF, NAME, drafted.commit, TEXT, onto=onto)

    @property
    def mirror(self) -> Store:
        return Store(self.site.git_dir())

    def files(self, commit: Sha) -> dict[str, str]:
        """Mode and content of every file."""
        lines = self.mirror.git("ls-tree", "-r", commit).decode().splitlines()
        shas = {line.split("\t")[1]: line.split()[:3:2] for line in lines}
        return {
            path: f"{mode} {self.mirror.git('cat-file', 'blob', sha).decode()}" for path, (mode, sha) in shas.items()
        }


@pytest.fixture
def pull(site: Site) -> Pull:
    return Pull(site)


async def test_a_commit_is_in_the_mirror_and_on_the_head_alone(pull: Pull) -> None:
    head = await pull.head({"a": LINES, "b": b"1\n"})
    refs = pull.site.refs()
    drafted = await pull.commit(head, Edit("a", changed(3)), Edit("b", None), Edit("dir/c", b"new\n"))
    assert pull.mirror.git("rev-parse", f"{drafted.commit}^@", f"{drafted.commit}^{{tree}}").decode().split() == [
        head,
        drafted.tree,
    ]
    assert (drafted.base, [entry.path for entry in drafted.changed]) == (head, ["a", "b", "dir/c"])
    assert pull.files(drafted.commit) == {"a": f"100644 {changed(3).decode()}", "dir/c": "100644 new\n"}
    assert pull.site.refs() == refs
    repository = GitRepository(pull.site.mirrors.mirror(REF, NAME).git)
    assert [change.entry.path for change in await repository.changes(head, drafted.commit)] == ["a", "b", "dir/c"]


async def test_the_same_patch_is_the_same_commit(pull: Pull) -> None:
    head = await pull.head({"a": LINES})
    assert await pull.commit(head, Edit("a", changed(3))) == await pull.commit(head, Edit("a", changed(3)))


async def test_patches_that_are_not_committed(pull: Pull) -> None:
    head = await pull.head({"a": LINES})
    with pytest.raises(GitFailed, match="changes nothing"):
        await pull.commit(head, Edit("a", LINES))
    with pytest.raises(PatchRefused):
        await pull.commit(head, Edit(".github/workflows/ci.yml", b"on: push\n"))
    with pytest.raises(GitFailed, match="so it is not committed on"):
        await pull.repairs.commit(REF, NAME, Patch(head, (Edit("a", b"x\n"),)), TEXT, head=pull.site.base)


async def test_a_change_goes_on_a_newer_head(pull: Pull) -> None:
    head = await pull.head({"a": LINES, "run": executable(LINES), "old": b"o\n"})
    ours = await pull.commit(
        head, Edit("a", changed(3)), Edit("run", changed(5), executable=True), Edit("old", None), Edit("new", b"n\n")
    )
    newer = await pull.head({"a": changed(25), "run": executable(LINES), "old": b"o\n", "other": b"x\n"}, head)
    rebased = await pull.rebased(ours, newer)
    assert rebased is not None
    assert rebased.base == newer
    assert pull.mirror.git("rev-parse", f"{rebased.commit}^@").decode().split() == [newer]
    assert pull.files(rebased.commit) == {
        "a": f"100644 {changed(3, content=changed(25)).decode()}",
        "run": f"100755 {changed(5).decode()}",
        "new": "100644 n\n",
        "other": "100644 x\n",
    }
    assert [entry.path for entry in rebased.changed] == ["a", "new", "old", "run"]


async def test_what_a_force_push_took_away_does_not_come_back(pull: Pull) -> None:
    head = await pull.head({"a": LINES, "secret": b"taken back\n"})
    ours = await pull.commit(head, Edit("a", changed(3)))
    forced = await pull.head({"a": changed(25)})
    rebased = await pull.rebased(ours, forced)
    assert rebased is not None
    assert pull.files(rebased.commit) == {"a": f"100644 {changed(3, content=changed(25)).decode()}"}


@pytest.mark.parametrize(
    "files",
    [
        {"a": changed(3, b"theirs\n")},
        {"b": LINES},
        {"a": symlink(b"b"), "b": LINES},
        {"a/b": LINES},
        {"a": changed(3)},
        {"a": changed(3, b"theirs\n"), ".gitattributes": b"* merge=union\n"},
    ],
    ids=["other change", "renamed", "a link now", "a directory now", "the same change", "attributes that would merge"],
)
async def test_a_change_that_does_not_apply_cleanly(pull: Pull, files: Files) -> None:
    head = await pull.head({"a": LINES})
    ours = await pull.commit(head, Edit("a", changed(3)))
    assert await pull.rebased(ours, await pull.head(files, head)) is None


async def test_a_deletion_of_what_was_changed_meanwhile(pull: Pull) -> None:
    head = await pull.head({"a": LINES, "b": LINES})
    ours = await pull.commit(head, Edit("b", None))
    assert await pull.rebased(ours, await pull.head({"a": LINES, "b": changed(1)}, head)) is None


async def test_a_new_file_does_not_follow_a_renamed_directory(pull: Pull) -> None:
    old: Files = {f"old/{name}": LINES + name.encode() for name in "abc"}
    head = await pull.head(old)
    ours = await pull.commit(head, Edit("old/new", b"n\n"))
    renamed: Files = {str(path).replace("old", "fresh"): content for path, content in old.items()}
    assert await pull.rebased(ours, await pull.head(renamed, head)) is None


async def test_the_policy_on_patches_counts_again(pull: Pull) -> None:
    head = await pull.head({"a": LINES})
    ours = await pull.commit(head, Edit("a", changed(3)))
    newer = await pull.head({"a": LINES + b"x" * 500}, head)
    pull.repairs = replace(pull.repairs, patch_limits=PatchLimits(file_bytes=400))
    with pytest.raises(PatchRefused, match="400"):
        await pull.rebased(ours, newer)


async def test_only_commits_with_one_parent_are_moved(pull: Pull) -> None:
    head = await pull.head({"a": LINES})
    merge = await pull.head({"a": LINES, "b": b"1\n"}, head, pull.site.base)
    assert "has 2 parents" in str(await failed(pull.repairs.rebased(REF, NAME, merge, TEXT, onto=head)))


async def test_commits_that_are_not_here(pull: Pull) -> None:
    head = await pull.head({"a": LINES})
    ours = await pull.commit(head, Edit("a", changed(3)))
    await failed(pull.rebased(ours, ABSENT))
    await failed(pull.repairs.rebased(REF, NAME, Sha("--all"), TEXT, onto=head))
    await failed(pull.commit(ABSENT, Edit("a", b"x\n")))


async def test_nothing_is_left_in_the_mirror_by_what_does_not_apply(pull: Pull) -> None:
    head = await pull.head({"a": LINES})
    ours = await pull.commit(head, Edit("a", changed(3)))
    newer = await pull.head({"a": changed(3, b"theirs\n")}, head)
    before = sorted(pull.site.git_dir().rglob("*"))
    assert await pull.rebased(ours, newer) is None
    assert sorted(pull.site.git_dir().rglob("*")) == before


async def test_what_a_mirror_keeps_and_what_a_head_contains(pull: Pull) -> None:
    assert not await pull.repairs.keeps(REF, NAME, Sha(ABSENT)), "there is no mirror yet"
    head = await pull.head({"a": LINES})
    drafted = await pull.commit(head, Edit("a", changed(3)))
    tree = drafted.tree
    kept = [await pull.repairs.keeps(REF, NAME, Sha(sha)) for sha in (head, drafted.commit, ABSENT, tree)]
    assert kept == [True, True, False, False]

    pull.site.store.git("fetch", "-q", str(pull.site.git_dir()), drafted.commit)
    on_top = await pull.head({"a": changed(3), "b": b"1\n"}, drafted.commit)
    beside = await pull.head({"a": LINES, "b": b"1\n"}, head)
    found = {
        name: await pull.repairs.contains(REF, NAME, drafted.commit, head=at)
        for name, at in (("itself", drafted.commit), ("on top", on_top), ("beside", beside), ("below", head))
    }
    assert found == {"itself": True, "on top": True, "beside": False, "below": False}
    assert not await pull.repairs.contains(REF, NAME, Sha(ABSENT), head=on_top)


async def test_a_commit_of_ours_is_still_there_after_the_mirror_was_packed_anew(pull: Pull) -> None:
    head = await pull.head({"a": LINES})
    drafted = await pull.commit(head, Edit("a", changed(3)))
    for number in range(45):  # more packs than a mirror is left with
        await pull.head({"a": LINES, "b": b"%d\n" % number}, head)
    assert len(list((pull.site.git_dir() / "objects" / "pack").glob("*.pack"))) < 45
    assert await pull.repairs.keeps(REF, NAME, drafted.commit)
    assert pull.files(drafted.commit) == {"a": f"100644 {changed(3).decode()}"}


async def test_a_mirror_that_was_built_anew_keeps_no_commit_of_ours(pull: Pull) -> None:
    head = await pull.head({"a": LINES})
    drafted = await pull.commit(head, Edit("a", changed(3)))
    pull.site.mirrors.mirror(REF, NAME).damage_mark.touch()
    await pull.site.fetch(head=head)
    assert not await pull.repairs.keeps(REF, NAME, drafted.commit)
    assert not await pull.repairs.contains(REF, NAME, drafted.commit, head=head)
