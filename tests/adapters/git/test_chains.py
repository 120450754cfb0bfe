"""The chain of first parents, and what a merge would give: from real objects, and nothing is left in the store."""

from __future__ import annotations

import pytest

from app.adapters.git.objects import GitRepository
from app.domain.errors import GitFailed
from app.domain.pull_request import Sha
from tests.adapters.git.stores import Node, Store


def tree_of(store: Store, commit: Sha) -> str:
    return store.git("rev-parse", f"{commit}^{{tree}}").decode().strip()


async def test_the_chain_has_every_first_parent_with_its_tree_and_subject(
    store: Store, repository: GitRepository
) -> None:
    base = store.commit({"a": b"1"})
    side = store.commit({"a": b"1", "b": b"1"}, base)
    first = store.commit({"a": b"2"}, base, message="Second (#2)\n\nMore of #9")
    merge = store.commit({"a": b"2", "b": b"1"}, first, side, message="Merge pull request #1")
    chain = await repository.chain(base, merge, most=2)

    assert chain is not None
    assert [(link.sha, link.parents, link.named) for link in chain] == [
        (first, (base,), (2,)),
        (merge, (first, side), (1,)),
    ]
    assert [link.tree for link in chain] == [tree_of(store, first), tree_of(store, merge)]


async def test_what_leads_elsewhere_or_too_far_is_no_chain(store: Store, repository: GitRepository) -> None:
    base = store.commit({"a": b"1"})
    other = store.commit({"a": b"2"}, base)
    head = store.commit({"a": b"3"}, base)
    merge = store.commit({"a": b"3"}, head, other)
    later = store.commit({"a": b"4"}, merge)

    assert await repository.chain(base, base, most=9) is None
    assert await repository.chain(other, head, most=9) is None
    assert await repository.chain(other, merge, most=9) is None  # only its second parent leads there
    assert await repository.chain(base, later, most=2) is None
    assert len(await repository.chain(base, later, most=3) or ()) == 3


async def test_a_subject_of_any_bytes_is_words_and_no_more(store: Store, repository: GitRepository) -> None:
    base = store.commit({"a": b"1"})
    head = store.commit({"a": b"2"}, base, message="\x1b[31m #0 #12 #9999999999999 # 5 \u202e #7x (#3) #4 #5 #6 #8")
    chain = await repository.chain(base, head, most=1)

    assert chain is not None
    assert chain[0].named == (12, 3, 4, 5, 6)


async def test_the_tree_of_a_merge_and_none_of_a_conflict(store: Store, repository: GitRepository) -> None:
    base = store.commit({"a": b"1\n2\n3\n4\n5\n", "gone": b"x"})
    ours = store.commit({"a": b"one\n2\n3\n4\n5\n", "gone": b"x"}, base)
    theirs = store.commit({"a": b"1\n2\n3\n4\nfive\n"}, base)
    against = store.commit({"a": b"eins\n2\n3\n4\n5\n", "gone": b"x"}, base)
    merged = store.commit({"a": b"one\n2\n3\n4\nfive\n"}, base)
    before = store.git("count-objects", "-v")

    assert await repository.merged_tree(ours, theirs) == tree_of(store, merged)
    assert await repository.merged_tree(ours, against) is None
    assert await repository.merged_tree(base, ours) == tree_of(store, ours)
    assert store.git("count-objects", "-v") == before


async def test_attributes_of_the_files_have_no_say(store: Store, repository: GitRepository) -> None:
    """A driver that takes both sides would make a merge of what is in conflict."""
    rules: dict[str | bytes, bytes | Node] = {".gitattributes": b"* merge=union\n"}
    base = store.commit({**rules, "a": b"1\n"})
    ours, theirs = store.commit({**rules, "a": b"2\n"}, base), store.commit({**rules, "a": b"3\n"}, base)

    assert await repository.merged_tree(ours, theirs) is None


@pytest.mark.parametrize("bad", ["--output=x", "main", "9" * 39])
async def test_only_full_ids_reach_git(store: Store, repository: GitRepository, bad: str) -> None:
    base = store.commit({"a": b"1"})
    for asked in (
        repository.chain(Sha(bad), base, most=1),
        repository.chain(base, Sha(bad), most=1),
        repository.merged_tree(base, Sha(bad)),
        repository.merged_tree(Sha(bad), base),
    ):
        with pytest.raises(GitFailed, match="not a full git object id"):
            await asked


async def test_what_is_not_here_is_an_error(store: Store, repository: GitRepository) -> None:
    base = store.commit({"a": b"1"})
    with pytest.raises(GitFailed):
        await repository.merged_tree(base, Sha("9" * 40))
