"""What each field of the reduced GraphQL schema answers, from the stand-in's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from graphql import GraphQLResolveInfo

from tests.fakes.github.auth import Actor, InstallationCaller
from tests.fakes.github.graphql_commits import committing
from tests.fakes.github.graphql_history import history
from tests.fakes.github.graphql_pages import Fields, NotSimulated, Refusal, connection
from tests.fakes.github.outdated import present_place
from tests.fakes.github.render.basics import node_id
from tests.fakes.github.threads import Thread, threads_of

if TYPE_CHECKING:
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import ReviewComment, User
    from tests.fakes.github.repository import Repository
    from tests.fakes.github.state import FakeGitHub


def resolve(source: Mapping[str, Any], info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """The value of one field; one that is missing here is never taken for null."""
    if info.field_name not in source:
        raise NotSimulated(f"{info.parent_type.name}.{info.field_name}")
    value = source[info.field_name]
    return value(**arguments) if callable(value) else value


def root(fake: FakeGitHub, actor: Actor) -> Fields:
    """What queries and mutations begin with."""

    def repository(*, owner: str, name: str, followRenames: bool = True) -> Fields:  # noqa: N803 - GitHub's word
        del followRenames
        found = fake.find_repository(f"{owner}/{name}")
        if found is None or not actor.sees(found):
            raise Refusal("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return _repository(found, actor)

    def change(*, resolved: bool) -> Callable[..., Fields]:
        def changed(*, input: Mapping[str, Any]) -> Fields:  # noqa: A002 - GitHub's word
            thread = _thread_with(fake, actor, input["threadId"])
            if not _may_resolve(thread.pull, actor):
                raise Refusal("FORBIDDEN", "Resource not accessible by integration")
            if resolved:
                thread.pull.resolved.setdefault(thread.number, actor.user)
            else:
                thread.pull.resolved.pop(thread.number, None)
            return {"clientMutationId": input.get("clientMutationId"), "thread": _thread(thread, actor)}

        return changed

    return {
        "createCommitOnBranch": committing(fake, actor),
        "repository": repository,
        "resolveReviewThread": change(resolved=True),
        "unresolveReviewThread": change(resolved=False),
    }


def _repository(repository: Repository, actor: Actor) -> Fields:
    def pull_request(*, number: int) -> Fields:
        if not actor.may(repository, "pull_requests", "read"):
            raise Refusal("FORBIDDEN", "Resource not accessible by integration")
        pull = repository.pulls.get(number)
        if pull is None:
            raise Refusal("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
        return {
            "id": node_id("PullRequest", pull.id),
            "number": pull.number,
            "reviewThreads": connection(threads_of(pull, viewer=actor.user), lambda one: _thread(one, actor)),
            **history(pull),
        }

    return {
        "id": node_id("Repository", repository.id),
        "nameWithOwner": repository.full_name,
        "pullRequest": pull_request,
    }


def _thread(thread: Thread, actor: Actor) -> Fields:
    first = thread.comments[0]
    place, by = present_place(thread.pull, first), thread.resolved_by
    may = _may_resolve(thread.pull, actor)
    return {
        "id": thread.id,
        "path": first.path,
        "subjectType": first.subject_type.upper(),
        "diffSide": first.side,
        "startDiffSide": first.start_side,
        "line": place.line if place else None,
        "startLine": place.start_line if place else None,
        "originalLine": first.original_line,
        "originalStartLine": first.original_start_line,
        "isOutdated": place is None,
        "isResolved": by is not None,
        "resolvedBy": None if by is None else {"id": node_id("User", by.id), "login": by.login},
        "viewerCanResolve": may and by is None,
        "viewerCanUnresolve": may and by is not None,
        "comments": connection(thread.comments, lambda one: _comment(one, actor)),
    }


def _comment(comment: ReviewComment, actor: Actor) -> Fields:
    return {
        "id": node_id("PullRequestReviewComment", comment.id),
        "fullDatabaseId": str(comment.id),
        "body": comment.body,
        "path": comment.path,
        "author": _actor(comment.user),
        "viewerDidAuthor": comment.user is actor.user,
    }


def _actor(user: User) -> Fields:
    """GraphQL shows a bot without the `[bot]` of its login."""
    return {
        "__typename": "Bot" if user.type == "Bot" else "User",
        "id": node_id(user.type, user.id),
        "databaseId": user.id,
        "login": user.login.removesuffix("[bot]"),
    }


def _may_resolve(pull: PullRequest, actor: Actor) -> bool:
    """Who may write to the repository; and a person whose pull request it is."""
    if isinstance(actor, InstallationCaller):
        needs = (("contents", "write"), ("pull_requests", "write"))
        return all(actor.may(pull.repository, permission, level) for permission, level in needs)
    return actor.user is pull.user or actor.may(pull.repository, "contents", "write")


def _thread_with(fake: FakeGitHub, actor: Actor, id_: str) -> Thread:
    pulls = (pull for one in fake.repositories.values() if actor.sees(one) for pull in one.pulls.values())
    for pull in pulls:
        for thread in threads_of(pull, viewer=actor.user):
            if thread.id == id_:
                return thread
    raise Refusal("NOT_FOUND", f"Could not resolve to a node with the global id of '{id_}'")
