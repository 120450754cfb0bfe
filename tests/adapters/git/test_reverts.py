"""Which commits a later one says it reverts: the words of `git revert` itself, and what is no revert."""

from __future__ import annotations

import pytest

from app.adapters.git import reverts
from app.adapters.git.repairs import GitRepairs
from app.domain.errors import GitFailed
from app.domain.pull_request import Sha
from tests.adapters.git.site import NAME, REF, Site
from tests.adapters.git.stores import Files

FILES: Files = {"a": b"1\n"}


class Branch:
    """A pull request with a commit of ours, `ours`, on which more is put."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.before = self.put("before", site.base)
        self.ours = self.put("fix: as asked", self.before)

    def put(self, message: str, *parents: Sha) -> Sha:
        return self.site.store.commit(FILES, *parents, message=message)

    async def reverted(self, head: Sha, *commits: Sha) -> Sha | None:
        self.site.store.point("refs/pull/7/head", head)
        await self.site.fetch(head=head)
        repairs = GitRepairs(self.site.mirrors)
        return await repairs.reverted(REF, NAME, commits or (self.ours,), base=self.site.base, head=head)


@pytest.fixture
def branch(site: Site) -> Branch:
    return Branch(site)


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ('Revert "fix: as asked"\n\nThis reverts commit {ours}.\n', True),
        ("Away\n\n* one\n\nThis reverts commit {ours}, because it is wrong.\n\n* two\n", True),
        ("This reverts commit {short}.", False),
        ("This reverts commit {before}.", False),
        ("Revert {ours}", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("on_top", [False, True])
async def test_a_commit_is_reverted_by_the_words_of_git(
    branch: Branch, message: str, *, found: bool, on_top: bool
) -> None:
    told = message.format(ours=branch.ours, short=branch.ours[:12], before=branch.before)
    head = branch.put(told, branch.put("work", branch.ours))

    assert await branch.reverted(branch.put("more", head) if on_top else head) == (branch.ours if found else None)


async def test_the_merge_that_brought_a_commit_is_reverted_for_it(branch: Branch) -> None:
    theirs = branch.put("work", branch.before)
    merge = branch.put("Merge pull request #8", theirs, branch.ours)
    said = f"This reverts commit {merge}, reversing\nchanges made to {theirs}.\n"

    assert await branch.reverted(merge) is None
    assert await branch.reverted(branch.put(said, merge)) == branch.ours


async def test_a_merge_of_something_else_into_the_branch_is_reverted_alone(branch: Branch) -> None:
    merge = branch.put("Merge branch 'main'", branch.ours, branch.put("main", branch.site.base))

    assert await branch.reverted(branch.put(f"This reverts commit {merge}, reversing", merge)) is None


async def test_of_several_commits_the_first_is_told(branch: Branch) -> None:
    head = branch.put(f"This reverts commit {branch.ours}.", branch.ours)
    both = branch.put(f"This reverts commit {branch.before}.", head)

    assert await branch.reverted(both, branch.ours, branch.before) == branch.ours
    assert await branch.reverted(both, branch.before, branch.ours) == branch.before
    assert await branch.reverted(head, branch.before, branch.ours) == branch.ours


async def test_nothing_is_reverted_where_the_head_is_in_the_base(branch: Branch) -> None:
    assert await branch.reverted(branch.site.base) is None


async def test_so_many_commits_are_looked_at_and_no_more(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    head = branch.put("more", branch.put(f"This reverts commit {branch.ours}.", branch.ours))
    for most, found in ((2, branch.ours), (1, None)):
        monkeypatch.setattr(reverts, "MOST_COMMITS", most)
        assert await branch.reverted(head) == found


async def test_what_is_no_id_is_handed_to_nobody(branch: Branch) -> None:
    with pytest.raises(GitFailed, match="not a full git object id"):
        await branch.reverted(branch.ours, Sha("--all"))
