"""A commit of a drafted tree says exactly what it was asked to say, and comes into the store whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from app.adapters.git.drafts import Drafts, drafting
from app.adapters.git.local import open_local
from app.adapters.git.process import Git
from app.domain.commits import CommitText, Person
from app.domain.errors import GitFailed
from app.domain.patches import DraftedTree, Edit, Patch
from app.domain.pull_request import Sha
from tests.adapters.git.listing import listing
from tests.adapters.git.stores import Store

MESSAGE = 'fix: $(id) `id` "; x\n\n# no comment\n  indented  \n\n\nTrailer: caf\u00e9\n'
TEXT = CommitText(
    author=Person("Revwright[bot]", "1+revwright[bot]@example.org"),
    committer=Person("J\u00f6rg O'Neil", "j@example.org"),
    at=datetime(2026, 1, 1, 1, 0, 0, 999, tzinfo=timezone(timedelta(hours=1))),
    message=MESSAGE,
)


@pytest.fixture
def drafts(store: Store) -> Iterator[Drafts]:
    with drafting(Git(store.git_dir, "acme/web")) as drafts:
        yield drafts


@pytest.fixture
def base(store: Store) -> Sha:
    return store.commit({"a": b"1\n", "dir/b": b"2\n"})


async def drafted(drafts: Drafts, base: Sha, content: bytes = b"3\n") -> DraftedTree:
    return await drafts.tree(Patch(base, (Edit("a", content),)))


async def test_what_a_commit_says(store: Store, drafts: Drafts, base: Sha) -> None:
    tree = await drafted(drafts, base)
    commit = await drafts.commit(tree, TEXT)
    await drafts.release(commit, base=base)
    assert store.git("cat-file", "commit", commit).decode() == (
        f"tree {tree.tree}\nparent {base}\n"
        "author Revwright[bot] <1+revwright[bot]@example.org> 1767225600 +0000\n"
        f"committer J\u00f6rg O'Neil <j@example.org> 1767225600 +0000\n\n{MESSAGE}"
    )
    assert store.content(commit, "a") == b"3\n"
    assert store.content(commit, "dir/b") == b"2\n"
    store.git("fsck", "--strict", "--no-dangling")


async def test_the_configuration_has_no_say(store: Store, drafts: Drafts, base: Sha) -> None:
    for key, value in {
        "user.name": "somebody else",
        "i18n.commitEncoding": "latin1",
        "commit.gpgSign": "true",
        "gpg.program": "/bin/false",
    }.items():
        store.git("config", key, value)
    commit = await drafts.commit(await drafted(drafts, base), TEXT)
    await drafts.release(commit, base=base)
    assert "caf\u00e9" in store.git("cat-file", "commit", commit).decode()


async def test_the_earliest_time(drafts: Drafts, base: Sha) -> None:
    text = CommitText(author=TEXT.author, committer=TEXT.author, at=datetime(1970, 1, 1, tzinfo=UTC), message="x\n")
    await drafts.commit(await drafted(drafts, base), text)


async def test_nothing_to_commit(drafts: Drafts, base: Sha) -> None:
    with pytest.raises(GitFailed, match="the patch changes nothing, so there is nothing to commit"):
        await drafts.commit(await drafted(drafts, base, b"1\n"), TEXT)


@pytest.mark.parametrize("kinds", [["blob", "tree"], ["blob", "commit", "tree"]])
async def test_only_what_is_new_is_released(store: Store, drafts: Drafts, base: Sha, kinds: list[str]) -> None:
    before = listing(store.git_dir)
    tree = await drafted(drafts, base)
    first = await drafts.commit(tree, TEXT)
    other = await drafts.commit(await drafted(drafts, base, b"4\n"), TEXT)
    assert listing(store.git_dir) == before
    await drafts.release(first if "commit" in kinds else tree.tree, base=base)
    new = {path for path in listing(store.git_dir).keys() - before.keys() if path.suffix == ".idx"}
    assert len(new) == 1
    packed = store.git("verify-pack", "-v", str(new.pop())).decode().splitlines()
    assert sorted(line.split()[1] for line in packed if line[:40].isalnum() and " " in line[40:41]) == kinds
    with pytest.raises(AssertionError):
        store.git("cat-file", "-e", other)


async def test_a_tree_alone_can_be_released(store: Store, drafts: Drafts, base: Sha) -> None:
    tree = await drafted(drafts, base)
    await drafts.release(tree.tree, base=base)
    assert store.git("cat-file", "blob", f"{tree.tree}:a") == b"3\n"


async def test_releasing_what_the_base_has(store: Store, drafts: Drafts, base: Sha) -> None:
    before = set(listing(store.git_dir))
    tree = await drafted(drafts, base, b"1\n")
    await drafts.release(tree.tree, base=base)
    assert set(listing(store.git_dir)) == before


async def test_releasing_twice(store: Store, drafts: Drafts, base: Sha) -> None:
    commit = await drafts.commit(await drafted(drafts, base), TEXT)
    await drafts.release(commit, base=base)
    before = set(listing(store.git_dir))
    await drafts.release(commit, base=base)
    assert set(listing(store.git_dir)) == before


async def test_into_a_clone(store: Store, base: Sha, tmp_path: Path) -> None:
    """A clone's objects are borrowed by one repository of ours already; a shallow clone has no history to look at."""
    child = store.commit({"a": b"2\n"}, base)
    store.point("refs/heads/main", child)
    clone = tmp_path / "clone"
    store.git("clone", "--quiet", "--bare", "--depth=1", store.git_dir.as_uri(), str(clone))
    repository = await open_local(clone)
    with repository.drafts() as drafts:
        commit = await drafts.commit(await drafted(drafts, child), TEXT)
        await drafts.release(commit, base=child)
    assert Store(clone).content(commit, "a") == b"3\n"
    assert await repository.merge_base(commit, child) == child


def test_a_store_whose_path_cannot_be_borrowed(tmp_path: Path) -> None:
    odd = Store.create(tmp_path / "a\nb.git")
    with pytest.raises(GitFailed, match="has a line break, so its objects cannot be borrowed"):
        drafting(Git(odd.git_dir, "acme/web")).__enter__()


async def test_a_store_with_an_odd_path(tmp_path: Path) -> None:
    odd = Store.create(tmp_path / 'a:b "c" #d.git')
    base = odd.commit({"a": b"1\n"})
    with drafting(Git(odd.git_dir, "acme/web")) as drafts:
        commit = await drafts.commit(await drafted(drafts, base), TEXT)
        await drafts.release(commit, base=base)
    assert odd.content(commit, "a") == b"3\n"
