"""A repository: a real bare git repository, and what GitHub keeps around it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.github import checking, merge_queue, pushes, workflows
from tests.fakes.github.errors import unprocessable
from tests.fakes.github.fast_import import Content, write_commit
from tests.fakes.github.git_store import EPOCH, GitStore
from tests.fakes.github.merge_queue import MergeGroup
from tests.fakes.github.pull_requests import PullRequest
from tests.fakes.github.records import (
    App,
    CheckRun,
    CheckSuite,
    CommitStatus,
    Installation,
    IssueComment,
    JsonObject,
    Label,
    Reaction,
    Review,
    ReviewComment,
    User,
)

if TYPE_CHECKING:
    from tests.fakes.github.state import FakeGitHub


class Repository:
    """One repository; change it with its methods and GitHub's events follow."""

    def __init__(
        self, fake: FakeGitHub, owner: User, name: str, *, private: bool, default_branch: str = "main"
    ) -> None:
        """Make it empty."""
        self.fake = fake
        self.id = fake.ids.next("repository")
        self.owner = owner
        self.name = name
        self.private = private
        self.default_branch = default_branch
        self.store = GitStore.create(fake.root / "repositories" / f"{self.id}.git", default_branch=default_branch)
        workflows.install_hook(self.store)
        self.installation: Installation | None = None
        self.parent: Repository | None = None
        self.deleted = False
        self.created_at = fake.now()
        self.permissions: dict[int, str] = {}
        self.required_checks: dict[str, int | None] = {}
        self.protected_branches: set[str] = set()
        self.pulls: dict[int, PullRequest] = {}
        self.issue_comments: dict[int, IssueComment] = {}
        self.reviews: dict[int, Review] = {}
        self.review_comments: dict[int, ReviewComment] = {}
        self.check_suites: dict[int, CheckSuite] = {}
        self.check_runs: dict[int, CheckRun] = {}
        self.statuses: list[CommitStatus] = []
        self.labels: dict[str, Label] = {}
        self.issue_reactions: dict[int, list[Reaction]] = {}
        self.branches: dict[str, str] = {}
        self._commits_made = 0

    @property
    def full_name(self) -> str:
        """Owner and name."""
        return f"{self.owner.login}/{self.name}"

    @property
    def git_dir(self) -> Path:
        """The bare repository on disk."""
        return self.store.git_dir

    def head(self, branch: str | None = None) -> str:
        """The commit a branch points to."""
        return self.branches[branch or self.default_branch]

    def next_commit_date(self) -> int:
        """A date for a commit we make: fixed, so that the same steps give the same ids."""
        self._commits_made += 1
        return EPOCH + 60 * self._commits_made

    def commit(
        self,
        branch: str,
        files: Mapping[str, Content],
        *,
        message: str = "Change files",
        author: User | str | None = None,
        parent: str | None = None,
        modes: Mapping[str, str] | None = None,
    ) -> str:
        """Commit to a branch as if pushed, and return the commit's id.

        ``None`` deletes a file. A new branch starts at ``parent``, or at the default branch; ``parent=""`` starts anew.
        """
        with self.fake.lock:
            start = self.branches.get(branch, self.branches.get(self.default_branch)) if parent is None else parent
            sha = write_commit(
                self.store,
                f"refs/heads/{branch}",
                files=files,
                modes=modes or {},
                message=message,
                person=_person(author),
                date=self.next_commit_date(),
                parent=start,
            )
            self.take_refs(sender=author if isinstance(author, User) else None)
            return sha

    def force_push(self, branch: str, sha: str, *, by: User | None = None) -> None:
        """Let a branch point to any commit that the repository has."""
        with self.fake.lock:
            self.store.set_ref(f"refs/heads/{branch}", sha)
            self.take_refs(sender=by)

    def delete_branch(self, branch: str, *, by: User | None = None) -> None:
        """Remove a branch; open pull requests from it or onto it are closed."""
        with self.fake.lock:
            self.store.delete_ref(f"refs/heads/{branch}")
            self.take_refs(sender=by)

    def take_refs(self, *, sender: User | None = None) -> None:
        """Notice how branches moved in git, and do what GitHub does after a push."""
        before = self.branches
        after = self.branches = self.store.branches()
        by = sender or self.fake.person_of(self.owner)
        for branch in sorted(before.keys() | after.keys()):
            if before.get(branch) != after.get(branch):
                pushes.branch_moved(self, branch, before.get(branch), after.get(branch), sender=by)

    def open_pull_request(
        self,
        *,
        head: str,
        base: str | None = None,
        title: str = "A change",
        body: str | None = None,
        user: User | None = None,
        draft: bool = False,
        head_repo: Repository | None = None,
    ) -> PullRequest:
        """Open a pull request from a branch of this repository or of a fork."""
        with self.fake.lock:
            source = head_repo or self
            base = base or self.default_branch
            if head not in source.branches or base not in self.branches:
                field = "base" if base not in self.branches else "head"
                raise unprocessable([{"resource": "PullRequest", "field": field, "code": "invalid"}])
            number = self.fake.ids.next(f"issue of {self.id}")
            author = user or self.fake.person_of(source.owner)
            pull = PullRequest(self, number, source=source, head=head, base=base, user=author)
            pull.title, pull.body, pull.draft = title, body, draft
            self.pulls[number] = pull
            pull.follow_head()
            pull.announce("opened", sender=pull.user)
            return pull

    def fork(self, owner: User | str) -> Repository:
        """Copy this repository to another account."""
        with self.fake.lock:
            account = owner if isinstance(owner, User) else self.fake.account(owner)
            fork = Repository(self.fake, account, self.name, private=self.private, default_branch=self.default_branch)
            fork.parent = self
            fork.store.fetch(self.git_dir, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
            fork.branches = fork.store.branches()
            self.fake.repositories[fork.id] = fork
            return fork

    def delete(self) -> None:
        """Delete the repository; pull requests from it stay, with a head whose repository is null."""
        with self.fake.lock:
            self.deleted = True
            del self.fake.repositories[self.id]
            for other in self.fake.repositories.values():
                for pull in other.pulls.values():
                    if pull.head_repo is self:
                        pull.head_repo = None

    def label(self, name: str) -> Label:
        """The label with this name; made if there is none."""
        key = name.lower()
        if key not in self.labels:
            self.labels[key] = Label(self.fake.ids.next("label"), name)
        return self.labels[key]

    def permission_of(self, user: User) -> str:
        """An account's role: admin, maintain, write, triage, read or none."""
        if user is self.owner or self.fake.organization_roles.get((self.owner.id, user.id)) == "admin":
            return "admin"
        if user.id in self.permissions:
            return self.permissions[user.id]
        is_member = (self.owner.id, user.id) in self.fake.organization_roles
        return "read" if is_member or not self.private else "none"

    def add_check_run(self, body: JsonObject, *, app: App | None = None) -> CheckRun:
        """Make a check run from GitHub's request body; of another App if given."""
        with self.fake.lock:
            return checking.create_check_run(self, app or self.fake.app, body)

    def add_status(
        self, sha: str, context: str, *, by: User, state: str = "success", description: str | None = None
    ) -> CommitStatus:
        """Set a commit status, as everybody with write access may."""
        with self.fake.lock:
            number, now = self.fake.ids.next("status"), self.fake.now()
            made = CommitStatus(number, sha, state, context, description, None, by, now)
            checking.announce_status(self, made)
            return made

    def rerequest(self, run: CheckRun, *, by: User) -> None:
        """Press "Re-run" on a check run."""
        with self.fake.lock:
            checking.rerequest(self, run, by=by)

    def rerequest_suite(self, suite: CheckSuite, *, by: User) -> None:
        """Press "Re-run all checks" on a commit."""
        with self.fake.lock:
            checking.rerequest_suite(self, suite, by=by)

    def request_action(self, run: CheckRun, identifier: str, *, by: User) -> None:
        """Press one of the buttons that the App put on a check run."""
        with self.fake.lock:
            checking.request_action(self, run, identifier, by=by)

    def queue(
        self,
        *pulls: PullRequest,
        method: str = "merge",
        smuggled: Mapping[str, Content] | None = None,
        onto: MergeGroup | None = None,
    ) -> MergeGroup:
        """Put pull requests into the merge queue as one group, on top of the base branch or of an earlier group.

        ``smuggled`` is one more commit on top of them.
        """
        with self.fake.lock:
            return merge_queue.queue(self, pulls, method=method, smuggled=smuggled, onto=onto)

    def check_run(self, name: str, head_sha: str) -> CheckRun | None:
        """The newest check run with this name on this commit."""
        found = [run for run in self.check_runs.values() if run.name == name and run.head_sha == head_sha]
        return found[-1] if found else None


def _person(author: User | str | None) -> str:
    if isinstance(author, User):
        return f"{author.login} <{author.email}>"
    return author or "Dev <dev@example.com>"
