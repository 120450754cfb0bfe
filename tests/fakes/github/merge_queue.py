"""The merge queue: groups with a branch and real commits of their own, announced to the App.

The payload is as in GitHub Docs, "Webhook events and payloads", `merge_group`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.github.pull_requests import GITHUB
from tests.fakes.github.render.commits import simple_commit

if TYPE_CHECKING:
    from tests.fakes.github.fast_import import Content
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import JsonObject
    from tests.fakes.github.repository import Repository


@dataclass(slots=True, eq=False)
class MergeGroup:
    """A group as the queue made it."""

    repository: Repository
    branch: str
    base_branch: str
    base_sha: str
    head_sha: str

    def destroy(self, reason: str = "invalidated") -> None:
        """Take it away, as GitHub does when it was merged, became invalid, or was taken out."""
        with self.repository.fake.lock:
            self.repository.delete_branch(self.branch)
            _announce(self, "destroyed", {"reason": reason})


def queue(
    repository: Repository,
    pulls: Sequence[PullRequest],
    *,
    method: str,
    smuggled: Mapping[str, Content] | None,
    onto: MergeGroup | None = None,
) -> MergeGroup:
    """Make the group's branch and announce that it waits for checks; ``onto`` an earlier group of the queue."""
    base = onto.head_sha if onto else repository.head(pulls[-1].base_ref)
    head = base
    for pull in pulls:
        head = _put(repository, head, pull, method)
    branch = f"gh-readonly-queue/{pulls[-1].base_ref}/pr-{pulls[-1].number}-{base}"
    repository.store.set_ref(f"refs/heads/{branch}", head)
    repository.take_refs()
    if smuggled is not None:
        head = repository.commit(branch, smuggled, message=f"{pulls[-1].title} (#{pulls[-1].number})")
    group = MergeGroup(repository, branch, pulls[-1].base_ref, base, head)
    _announce(group, "checks_requested")
    return group


def _put(repository: Repository, head: str, pull: PullRequest, method: str) -> str:
    """One pull request on top of ``head``, in the way that the queue is set to."""
    store = repository.store
    if method == "rebase":
        base = store.merge_base(head, pull.head_sha)
        tip = head
        for sha in reversed(store.log(pull.head_sha, f"^{base}")):
            tip = _commit(repository, head, sha, [tip], "A commit of a pull request")
        return tip
    squash = method == "squash"
    message = f"{pull.title} (#{pull.number})" if squash else f"Merge pull request #{pull.number}"
    return _commit(repository, head, pull.head_sha, [head] if squash else [head, pull.head_sha], message)


def _commit(repository: Repository, ours: str, theirs: str, parents: list[str], message: str) -> str:
    tree = repository.store.merge_tree(ours, theirs)
    assert tree is not None, "the queue takes no pull request that is in conflict"
    date = repository.next_commit_date()
    return repository.store.commit_tree(tree, parents, message=message, person=GITHUB, date=date)


def _announce(group: MergeGroup, action: str, extra: JsonObject | None = None) -> None:
    repository = group.repository
    payload = {
        "action": action,
        **(extra or {}),
        "merge_group": {
            "head_sha": group.head_sha,
            "head_ref": f"refs/heads/{group.branch}",
            "base_sha": group.base_sha,
            "base_ref": f"refs/heads/{group.base_branch}",
            "head_commit": simple_commit(repository, group.head_sha),
        },
    }
    repository.fake.announce(
        "merge_group", payload, repository=repository, sender=repository.fake.person_of(repository.owner)
    )
