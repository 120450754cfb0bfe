"""Pull requests: reading, opening, changing, merging, and whom to ask for a review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.github.diff import diff_text
from tests.fakes.github.errors import GitHubError, not_found, unprocessable
from tests.fakes.github.exchange import Exchange, Handler, Reply
from tests.fakes.github.merging import merge
from tests.fakes.github.render.accounts import simple_user, team_simple
from tests.fakes.github.render.commits import commits
from tests.fakes.github.render.pulls import diff_entry, pull_request, pull_request_simple

if TYPE_CHECKING:
    from tests.fakes.github.records import Team, User

MAX_FILES: Final = 3000
MAX_COMMITS: Final = 250
_MAX_DIFF_LINES: Final = 20_000


def list_pulls(exchange: Exchange) -> Reply:
    """Pull requests, newest or last updated first, by state, head and base."""
    state, head, base = exchange.query.get("state", "open"), exchange.flag("head"), exchange.flag("base")
    found = [
        pull
        for pull in exchange.repository.pulls.values()
        if state in ("all", pull.state)
        and base in (None, pull.base_ref)
        and head in (None, f"{pull.head_owner.login}:{pull.head_ref}")
    ]
    newest_first = exchange.query.get("direction", "desc") == "desc"
    if exchange.query.get("sort") == "updated":
        found.sort(key=lambda pull: pull.updated_at)
    return exchange.page(found[::-1] if newest_first else found, pull_request_simple)


def create_pull(exchange: Exchange) -> Reply:
    """Open a pull request."""
    body, repository = exchange.body, exchange.repository
    owner, _, branch = body["head"].rpartition(":")
    source = repository
    if owner and owner.lower() != repository.owner.login.lower():
        forks = (one for one in exchange.fake.repositories.values() if one.parent is repository)
        fork = next((one for one in forks if one.owner.login.lower() == owner.lower()), None)
        if fork is None:
            raise unprocessable([{"resource": "PullRequest", "field": "head", "code": "invalid"}])
        source = fork
    _check_new(exchange, branch, body["base"])
    pull = repository.open_pull_request(
        head=branch,
        base=body["base"],
        title=body.get("title", branch),
        body=body.get("body"),
        user=exchange.user,
        draft=body.get("draft", False),
        head_repo=source,
    )
    rendered = pull_request(pull)
    return Reply(201, rendered, {"location": rendered["url"]})


def get_pull(exchange: Exchange) -> Reply:
    """One pull request, as JSON or as a diff."""
    pull = exchange.pull
    if "diff" in exchange.accept or "patch" in exchange.accept:
        text = diff_text(pull.repository.store, pull.merge_base, pull.head_sha)
        if text.count(b"\n") > _MAX_DIFF_LINES:
            errors = [{"resource": "PullRequest", "field": "diff", "code": "too_large"}]
            message = f"Sorry, the diff exceeded the maximum number of lines ({_MAX_DIFF_LINES})"
            raise GitHubError(406, message, errors=errors)
        return Reply(200, text, content_type="application/vnd.github.v3.diff; charset=utf-8")
    rendered = pull_request(pull)
    # The first read of a head starts GitHub's test merge; a later one sees what came of it.
    pull.take_mergeable()
    return Reply(body=rendered)


def update_pull(exchange: Exchange) -> Reply:
    """Change title, body, base or state."""
    pull, body = exchange.pull, exchange.body
    if body.get("base") is not None and body["base"] not in exchange.repository.branches:
        raise unprocessable([{"resource": "PullRequest", "field": "base", "code": "invalid"}])
    pull.edit(title=body.get("title"), body=body.get("body"), base=body.get("base"), by=exchange.user)
    if body.get("state") == "closed":
        pull.close(by=exchange.user)
    elif body.get("state") == "open":
        pull.reopen(by=exchange.user)
    return Reply(body=pull_request(pull))


def list_files(exchange: Exchange) -> Reply:
    """The files of the real diff; GitHub shows no more than 3000."""
    pull = exchange.pull
    return exchange.page(pull.diff(), lambda file: diff_entry(pull.repository, file, pull.head_sha), cap=MAX_FILES)


def list_commits(exchange: Exchange) -> Reply:
    """The commits, oldest first; GitHub shows no more than 250."""
    pull = exchange.pull
    rendered = commits(pull.repository, pull.commits()[:MAX_COMMITS])
    return exchange.page(rendered, lambda one: one)


def merge_pull(exchange: Exchange) -> Reply:
    """Merge, if the base branch's required checks let it."""
    body = exchange.body
    sha = merge(exchange.pull, by=exchange.user, method=body.get("merge_method", "merge"), expected=body.get("sha"))
    return Reply(body={"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def check_merged(exchange: Exchange) -> Reply:
    """Say whether it was merged."""
    if exchange.pull.merged_at is None:
        raise not_found()
    return Reply(204)


def list_reviewers(exchange: Exchange) -> Reply:
    """Who was asked and has not answered."""
    fake, pull = exchange.fake, exchange.pull
    users = [simple_user(fake, user) for user in pull.requested_reviewers]
    return Reply(body={"users": users, "teams": [team_simple(fake, team) for team in pull.requested_teams]})


def request_reviewers(exchange: Exchange) -> Reply:
    """Ask people and teams for a review."""
    fake, pull = exchange.fake, exchange.pull
    users, teams = _reviewers(exchange)
    if pull.user in users:
        raise GitHubError(422, "Review cannot be requested from pull request author.")
    for user in users:
        if exchange.repository.permission_of(user) == "none":
            rule = "Reviews may only be requested from collaborators."
            whom = "One or more of the users or teams you specified is not a collaborator"
            raise GitHubError(422, f"{rule} {whom} of the {exchange.repository.full_name} repository.")
    for user in users:
        if user not in pull.requested_reviewers:
            pull.requested_reviewers.append(user)
            extra = {"requested_reviewer": simple_user(fake, user)}
            pull.announce("review_requested", sender=exchange.user, extra=extra)
    for team in teams:
        if team not in pull.requested_teams:
            pull.requested_teams.append(team)
            pull.announce("review_requested", sender=exchange.user, extra={"requested_team": team_simple(fake, team)})
    return Reply(201, pull_request_simple(pull))


def remove_reviewers(exchange: Exchange) -> Reply:
    """Ask no longer."""
    fake, pull = exchange.fake, exchange.pull
    users, teams = _reviewers(exchange)
    for user in [user for user in users if user in pull.requested_reviewers]:
        pull.requested_reviewers.remove(user)
        extra = {"requested_reviewer": simple_user(fake, user)}
        pull.announce("review_request_removed", sender=exchange.user, extra=extra)
    for team in [team for team in teams if team in pull.requested_teams]:
        pull.requested_teams.remove(team)
        pull.announce("review_request_removed", sender=exchange.user, extra={"requested_team": team_simple(fake, team)})
    return Reply(body=pull_request_simple(pull))


def _check_new(exchange: Exchange, branch: str, base: str) -> None:
    for pull in exchange.repository.pulls.values():
        if (
            pull.state == "open"
            and (pull.head_ref, pull.base_ref) == (branch, base)
            and pull.head_repo is exchange.repository
        ):
            message = f"A pull request already exists for {exchange.repository.owner.login}:{branch}."
            raise unprocessable([{"resource": "PullRequest", "code": "custom", "message": message}])
    branches = exchange.repository.branches
    if (
        branch in branches
        and base in branches
        and exchange.repository.store.is_ancestor(branches[branch], branches[base])
    ):
        message = f"No commits between {base} and {branch}"
        raise unprocessable([{"resource": "PullRequest", "code": "custom", "message": message}])


def _reviewers(exchange: Exchange) -> tuple[list[User], list[Team]]:
    fake, owner = exchange.fake, exchange.repository.owner
    users = [fake.users.get(login.lower()) for login in exchange.body.get("reviewers", [])]
    teams = [fake.teams.get((owner.id, slug)) for slug in exchange.body.get("team_reviewers", [])]
    if None in users or None in teams:
        raise GitHubError(422, "Could not resolve to a node with the global id of a reviewer.")
    return [user for user in users if user], [team for team in teams if team]


HANDLERS: Final[dict[str, Handler]] = {
    "pulls/list": list_pulls,
    "pulls/create": create_pull,
    "pulls/get": get_pull,
    "pulls/update": update_pull,
    "pulls/list-files": list_files,
    "pulls/list-commits": list_commits,
    "pulls/merge": merge_pull,
    "pulls/check-if-merged": check_merged,
    "pulls/list-requested-reviewers": list_reviewers,
    "pulls/request-reviewers": request_reviewers,
    "pulls/remove-requested-reviewers": remove_reviewers,
}
