"""A pull request: its state, how its head follows a branch, and its real diff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tests.fakes.github import conversation, reviewing, threads
from tests.fakes.github.deliveries import is_organization
from tests.fakes.github.diff import DiffFile, diff_files
from tests.fakes.github.git_store import EPOCH
from tests.fakes.github.records import IssueComment, Label, Review, ReviewComment, User
from tests.fakes.github.render.pulls import pull_request
from tests.fakes.github.threads import Thread, number_of, threads_of

if TYPE_CHECKING:
    from datetime import datetime

    from tests.fakes.github.records import JsonObject, Team
    from tests.fakes.github.repository import Repository
    from tests.fakes.github.state import FakeGitHub

# Who GitHub says made the commits it makes itself.
GITHUB: Final = "GitHub <noreply@github.com>"


class PullRequest:
    """One pull request; change it with its methods and GitHub's events follow."""

    def __init__(
        self, repository: Repository, number: int, *, source: Repository, head: str, base: str, user: User
    ) -> None:
        """Open it between two branches that exist."""
        fake = repository.fake
        self.repository = repository
        self.number = number
        self.id = fake.ids.next("pull request")
        self.issue_id = fake.ids.next("issue")
        self.title = ""
        self.body: str | None = None
        self.state = "open"
        self.draft = False
        self.maintainers_may_edit = True
        self.user = user
        self.head_repo: Repository | None = source
        self.head_owner = source.owner
        self.head_ref = head
        self.base_ref = base
        self.head_sha = source.head(head)
        self.base_sha = repository.head(base)
        self.created_at = self.updated_at = fake.now()
        self.closed_at: datetime | None = None
        self.merged_at: datetime | None = None
        self.merged_by: User | None = None
        self.merge_commit_sha: str | None = None
        self.labels: list[Label] = []
        self.requested_reviewers: list[User] = []
        self.requested_teams: list[Team] = []
        self.mergeable: bool | None = None
        self.resolved: dict[int, User] = {}
        self.retargeted_at: list[datetime] = []
        self._heads: set[str] = set()
        # What git says about two commits never changes.
        self._bases: dict[tuple[str, str], str] = {}
        self._commits: dict[tuple[str, str], list[str]] = {}
        self._diffs: dict[tuple[str, str], list[DiffFile]] = {}

    @property
    def fake(self) -> FakeGitHub:
        """The GitHub this pull request is on."""
        return self.repository.fake

    @property
    def maintainer_can_modify(self) -> bool:
        """Whether who may push to the base may push to the head's branch in a fork; only people's forks allow it."""
        fork = self.head_repo is not None and self.head_repo is not self.repository
        return fork and self.maintainers_may_edit and not is_organization(self.head_owner)

    @property
    def comments(self) -> list[IssueComment]:
        """The conversation, oldest first."""
        return [comment for comment in self.repository.issue_comments.values() if comment.issue_number == self.number]

    @property
    def reviews(self) -> list[Review]:
        """The reviews, oldest first."""
        return [review for review in self.repository.reviews.values() if review.pull_number == self.number]

    @property
    def review_comments(self) -> list[ReviewComment]:
        """The comments on lines and files, oldest first."""
        return [comment for comment in self.repository.review_comments.values() if comment.pull_number == self.number]

    @property
    def merge_base(self) -> str:
        """The commit that the diff starts from."""
        return self.base_of(self.head_sha)

    def base_of(self, commit: str) -> str:
        """The commit that the diff of an earlier head starts from."""
        key = (self.base_sha, commit)
        if key not in self._bases:
            self._bases[key] = self.repository.store.merge_base(*key) or self.base_sha
        return self._bases[key]

    def diff(self, commit: str | None = None) -> list[DiffFile]:
        """The files of the pull request, at its head or at an earlier commit."""
        key = (self.base_of(commit or self.head_sha), commit or self.head_sha)
        if key not in self._diffs:
            self._diffs[key] = diff_files(self.repository.store, *key, max_patch_bytes=self.fake.max_patch_bytes)
        return self._diffs[key]

    def commits(self) -> list[str]:
        """The commits of the pull request, oldest first."""
        key = (self.base_sha, self.head_sha)
        if key not in self._commits:
            self._commits[key] = self.repository.store.log(self.head_sha, f"^{self.base_sha}")[::-1]
        return self._commits[key]

    def has_commit(self, sha: str) -> bool:
        """Whether a review may name this commit: in the branch's history past the base, or an earlier head."""
        store = self.repository.store
        return store.resolve(sha) == sha and (sha in self.commits() or sha in self._heads)

    def take_mergeable(self) -> bool | None:
        """Whether it merges cleanly: unknown to the first who asks, as GitHub finds out in the background."""
        known = self.mergeable
        if known is None and self.state == "open":
            self.mergeable = self._test_merge()
        return known

    @property
    def base_tip(self) -> str:
        """Where the base branch is now: what a merge is made onto."""
        return self.repository.head(self.base_ref)

    def _test_merge(self) -> bool:
        store = self.repository.store
        tip = self.base_tip
        tree = store.merge_tree(tip, self.head_sha)
        if tree is None:
            self.merge_commit_sha = None
            return False
        message = f"Merge {self.head_sha} into {tip}"
        parents = [tip, self.head_sha]
        self.merge_commit_sha = store.commit_tree(tree, parents, message=message, person=GITHUB, date=EPOCH)
        store.set_ref(f"refs/pull/{self.number}/merge", self.merge_commit_sha)
        return True

    def close(self, *, by: User | None = None) -> None:
        """Close without merging."""
        with self.fake.lock:
            if self.state == "open":
                self.state, self.closed_at = "closed", self.fake.now()
                self.announce("closed", sender=by)

    def reopen(self, *, by: User | None = None) -> None:
        """Open again; the head is where its branch is now."""
        with self.fake.lock:
            if self.state == "closed" and self.merged_at is None and self.head_repo is not None:
                self.state, self.closed_at = "open", None
                self.follow_head()
                self.announce("reopened", sender=by)

    def mark_ready(self, *, by: User | None = None) -> None:
        """Make a draft ready for review."""
        with self.fake.lock:
            if self.draft:
                self.draft = False
                self.announce("ready_for_review", sender=by)

    def convert_to_draft(self, *, by: User | None = None) -> None:
        """Make it a draft."""
        with self.fake.lock:
            if not self.draft:
                self.draft = True
                self.announce("converted_to_draft", sender=by)

    def edit(
        self,
        *,
        title: str | None = None,
        body: str | None = None,
        base: str | None = None,
        by: User | None = None,
    ) -> None:
        """Change title, body or base branch."""
        with self.fake.lock:
            changes: JsonObject = {}
            if title is not None and title != self.title:
                changes["title"], self.title = {"from": self.title}, title
            if body is not None and body != self.body:
                changes["body"], self.body = {"from": self.body}, body
            if base is not None and base != self.base_ref:
                changes["base"] = {"ref": {"from": self.base_ref}, "sha": {"from": self.base_sha}}
                self.base_ref, self.base_sha = base, self.repository.head(base)
                self.mergeable = None
                self.retargeted_at.append(self.fake.now())
            if changes:
                self.announce("edited", sender=by, extra={"changes": changes})

    def add_label(self, name: str) -> bool:
        """Put a label on; says whether it was not there yet."""
        label = self.repository.label(name)
        if label in self.labels:
            return False
        self.labels.append(label)
        return True

    def comment(self, user: User, body: str) -> IssueComment:
        """Let somebody say something in the conversation."""
        return conversation.add_comment(self, user, body)

    def review(  # GitHub's own operation takes the same
        self,
        user: User,
        event: str = "COMMENT",
        body: str = "",
        *,
        comments: Sequence[JsonObject] = (),
        commit_id: str | None = None,
    ) -> Review:
        """Let somebody review the head, or an earlier commit; comments are those of GitHub's request body."""
        with self.fake.lock:
            return reviewing.create_review(self, user, event=event, body=body, comments=comments, commit_id=commit_id)

    def dismiss(self, review: Review, *, by: User) -> None:
        """Take the weight from a review."""
        with self.fake.lock:
            reviewing.dismiss(self, review, by=by)

    def reply(self, user: User, comment: ReviewComment, body: str) -> ReviewComment:
        """Let somebody answer a comment on a line."""
        with self.fake.lock:
            return reviewing.reply(self, user, comment, body)

    @property
    def threads(self) -> list[Thread]:
        """The conversations on lines that everybody sees, oldest first."""
        return threads_of(self)

    def resolve_thread(self, comment: ReviewComment, *, by: User) -> None:
        """Let somebody resolve the conversation that a comment is in."""
        with self.fake.lock:
            self.resolved[number_of(comment)] = by
            threads.announce(self, number_of(comment), "resolved", sender=by)

    def reopen_thread(self, comment: ReviewComment, *, by: User | None = None) -> None:
        """Let somebody take that back; GitHub tells of it when the test says by whom."""
        with self.fake.lock:
            self.resolved.pop(number_of(comment), None)
            if by is not None:
                threads.announce(self, number_of(comment), "unresolved", sender=by)

    def merged(self, sha: str | None, *, by: User) -> None:
        """Record that the head reached the base branch."""
        self.state, self.closed_at, self.merged_at = "closed", self.fake.now(), self.fake.now()
        self.merged_by, self.merge_commit_sha = by, sha
        self.announce("closed", sender=by)

    def follow_head(self) -> None:
        """Take the head from its branch, and publish it as ``refs/pull/N/head``."""
        if self.head_repo is None or self.head_ref not in self.head_repo.branches:
            return
        self.head_sha = self.head_repo.head(self.head_ref)
        self.mergeable = None
        store, ref = self.repository.store, f"refs/pull/{self.number}/head"
        if self.head_repo is self.repository:
            store.set_ref(ref, self.head_sha)
        else:
            store.fetch(self.head_repo.git_dir, f"+refs/heads/{self.head_ref}:{ref}")
        self._heads.add(self.head_sha)

    def head_moved(self, *, sender: User) -> None:
        """Follow a push to the head branch."""
        if self.head_repo is None or self.head_ref not in self.head_repo.branches:
            self.close(by=sender)
            return
        before = self.head_sha
        self.follow_head()
        if self.base_ref in self.repository.branches:
            self.base_sha = self.repository.head(self.base_ref)
        self.announce("synchronize", sender=sender, extra={"before": before, "after": self.head_sha})

    def base_moved(self, *, sender: User) -> None:
        """Follow a push to the base branch; it may have brought the head in. The base that the API tells stays that of
        the last push to the head, as GitHub's does.
        """
        if self.base_ref not in self.repository.branches:
            self.close(by=sender)
            return
        tip = self.repository.head(self.base_ref)
        if self.repository.store.is_ancestor(self.head_sha, tip):
            self.merged(tip, by=sender)
            return
        self.mergeable = None

    def in_event(self) -> JsonObject:
        """This pull request as events about its parts carry it."""
        return pull_request(self)

    def announce(self, action: str, *, sender: User | None, extra: JsonObject | None = None) -> None:
        """Send a pull_request event."""
        self.updated_at = self.fake.now()
        if not self.fake.hears(self.repository):
            return
        payload = {
            "action": action,
            "number": self.number,
            "pull_request": pull_request(self),
            **(extra or {}),
        }
        self.fake.announce("pull_request", payload, repository=self.repository, sender=sender or self.user)
