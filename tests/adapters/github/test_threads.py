"""Conversations on lines, through GraphQL: read whole, told ours from others', resolved and reopened."""

from __future__ import annotations

import pytest

from app.adapters.github.transport import open_transport
from app.domain.errors import GitHubRefused, GitHubUnavailable, Limit, RateLimited, WriteUncertain
from app.domain.messages.comments import InlineComment
from app.domain.pull_request import Sha
from app.domain.threads import ReviewThread
from tests.fakes.github import FakeGitHub
from tests.installed import Installed, installed

GRAPHQL = "/api/graphql"


async def say(setting: Installed, body: str = "Ours.") -> None:
    """A comment of our own on the changed line."""
    head = Sha(setting.pull.head_sha)
    comments = (InlineComment("a.py", 1, 1, body),)
    await setting.conversation.review(setting.place, head=head, body="See below.", comments=comments)


def others(setting: Installed, *bodies: str, side: str = "RIGHT") -> None:
    comments = [{"path": "a.py", "line": 1, "side": side, "body": body} for body in bodies]
    setting.pull.review(setting.author, comments=comments)


async def test_threads_are_told_with_their_place_author_and_state(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        await say(setting)
        others(setting, "Mine.")
        first, second = setting.pull.review_comments
        setting.pull.reply(setting.author, first, "An answer is no thread.")
        setting.pull.resolve_thread(first, by=setting.author)

        ours, theirs = await setting.threads.all(setting.place)

        assert ours == ReviewThread(
            id=ours.id,
            comment_id=first.id,
            path="a.py",
            start_line=None,
            line=1,
            resolved=True,
            resolved_by="acme-dev",
            author="revwright",
            ours=True,
            body="Ours.",
        )
        assert (theirs.comment_id, theirs.resolved, theirs.resolved_by) == (second.id, False, None)
        assert (theirs.author, theirs.ours, theirs.body) == ("acme-dev", False, "Mine.")


async def test_nobody_can_pass_for_us(github: FakeGitHub) -> None:
    """Not by our words, not by a user's name like our App's, not as another App."""
    async with installed(github) as setting:
        await say(setting, "<!-- a marker -->")
        namesake = github.add_user("revwright")
        other_app = github.add_app("revwright-2")
        for user in (namesake, other_app.bot):
            setting.pull.repository.permissions[user.id] = "write"
            setting.pull.review(user, comments=[{"path": "a.py", "line": 1, "body": "<!-- a marker -->"}])

        threads = await setting.threads.all(setting.place)

        assert [thread.ours for thread in threads] == [True, False, False]


async def test_an_outdated_thread_and_one_on_the_base_have_no_line(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        others(setting, "Right.")
        others(setting, "Left.", side="LEFT")
        (right, left) = await setting.threads.all(setting.place)
        assert (right.line, left.line) == (1, None)

        setting.pull.repository.commit("feature", {"a.py": "a = 3\n"}, author=setting.author)
        assert [thread.line for thread in await setting.threads.all(setting.place)] == [None, None]


async def test_a_range_has_its_start(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        setting.pull.repository.commit("feature", {"a.py": "a = 2\nb = 3\n"}, author=setting.author)
        setting.pull.review(setting.author, comments=[{"path": "a.py", "start_line": 1, "line": 2, "body": "Both."}])

        (thread,) = await setting.threads.all(setting.place)
        assert (thread.start_line, thread.line) == (1, 2)


async def test_what_somebody_is_still_writing_is_not_seen(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        others(setting, "Soon.")
        (review,) = setting.pull.reviews
        review.state = "PENDING"

        assert await setting.threads.all(setting.place) == ()


async def test_every_page_is_read_up_to_a_bound(github: FakeGitHub, caplog: pytest.LogCaptureFixture) -> None:
    async with installed(github) as setting:
        others(setting, *(f"number {number}" for number in range(250)))
        found = await setting.threads.all(setting.place)
        assert [thread.body for thread in found] == [f"number {number}" for number in range(250)]
        assert len([call for call in github.calls if call.path == GRAPHQL]) == 3

        others(setting, *(f"number {number}" for number in range(250, 1_020)))
        assert len(await setting.threads.all(setting.place)) == 1_000
        assert "more than 1000 conversations" in caplog.text


async def test_resolving_and_reopening_may_be_repeated(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        await say(setting)
        (thread,) = await setting.threads.all(setting.place)

        assert [await setting.threads.resolve(setting.place, thread.id) for _ in range(2)] == [True, True]
        (resolved,) = await setting.threads.all(setting.place)
        assert (resolved.resolved, resolved.resolved_by) == (True, "revwright[bot]")
        assert [await setting.threads.reopen(setting.place, thread.id) for _ in range(2)] == [True, True]
        (reopened,) = await setting.threads.all(setting.place)
        assert (reopened.resolved, reopened.resolved_by) == (False, None)


async def test_a_thread_that_is_gone_is_no_error(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        assert not await setting.threads.resolve(setting.place, "PRRT_gone")
        assert not await setting.threads.reopen(setting.place, 'x"}) { id } #')


async def test_names_of_pull_requests_are_variables_only(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        await setting.threads.all(setting.place)

        (call,) = (call for call in github.calls if call.path == GRAPHQL)
        assert call.operation_id == "graphql/ReviewThreads"
        assert "acme" not in call.body["query"]
        assert call.body["variables"] == {"owner": "acme", "name": "web", "number": 1, "page": 100, "after": None}


async def test_an_app_that_may_not_write_contents_cannot_resolve(github: FakeGitHub) -> None:
    github.app.permissions["contents"] = "read"
    async with installed(github) as setting:
        await say(setting)
        (thread,) = await setting.threads.all(setting.place)

        with pytest.raises(GitHubRefused, match="no resolve token") as caught:
            await setting.threads.resolve(setting.place, thread.id)
        assert caught.value.status == 422
        github.unprocessable.clear()
        assert "contents write to resolve conversations" in str(caught.value)


async def test_only_a_token_for_resolving_may_write_contents(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        await say(setting)
        (thread,) = await setting.threads.all(setting.place)
        await setting.threads.resolve(setting.place, thread.id)

        asked = {call.operation_id: call.token_permissions or {} for call in github.calls if call.path == GRAPHQL}
        assert asked["graphql/Resolve"] == {"contents": "write", "pull_requests": "write", "metadata": "read"}
        assert "contents" not in asked["graphql/ReviewThreads"]


FORBIDDEN = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
NOT_FOUND = {"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}
WRONG = {"extensions": {"code": "undefinedField"}, "message": "Field 'x' doesn't exist"}
OWN_TROUBLE = {"message": "Something went wrong while executing your query."}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait."}


@pytest.mark.parametrize(
    ("errors", "kind", "status"),
    [
        ([FORBIDDEN], GitHubRefused, 403),
        ([NOT_FOUND], GitHubRefused, 404),
        ([OWN_TROUBLE, FORBIDDEN], GitHubRefused, 403),
        ([WRONG], GitHubRefused, 422),
        ([OWN_TROUBLE], GitHubUnavailable, None),
        ([{}], GitHubUnavailable, None),
        (["odd"], GitHubUnavailable, None),
        ([SECONDARY], RateLimited, None),
    ],
)
async def test_errors_in_an_answer_with_200_are_errors(
    github: FakeGitHub, errors: list[object], kind: type[Exception], status: int | None
) -> None:
    async with installed(github) as setting:
        github.faults.add(path=GRAPHQL, status=200, body={"data": {"repository": None}, "errors": errors})
        with pytest.raises(kind) as caught:
            await setting.threads.all(setting.place)

        assert getattr(caught.value, "status", None) == status
        assert str(caught.value)


async def test_a_secondary_limit_stops_every_call_of_the_installation(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        body = {"data": None, "errors": [SECONDARY]}
        github.faults.add(path=GRAPHQL, status=200, headers={"retry-after": "90"}, body=body)
        with pytest.raises(RateLimited) as caught:
            await setting.threads.all(setting.place)
        assert caught.value.limit is Limit.SECONDARY
        assert (caught.value.retry_at - setting.clock.now).total_seconds() == 90

        with pytest.raises(RateLimited, match="not called"):
            await setting.conversation.comment(setting.place, "hello")


async def test_graphqls_own_points_do_not_stop_rest(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        reset = int(setting.clock.now.timestamp()) + 600
        headers = {"x-ratelimit-resource": "graphql", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
        body = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
        github.faults.add(path=GRAPHQL, status=200, headers=headers, body=body)
        with pytest.raises(RateLimited) as caught:
            await setting.threads.all(setting.place)
        assert (caught.value.limit, int(caught.value.retry_at.timestamp())) == (Limit.PRIMARY, reset)

        assert await setting.conversation.comment(setting.place, "hello")


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"data": None},
        {"errors": "no"},
        {"data": {"repository": None}},
        {"data": {"repository": {"pullRequest": {"reviewThreads": {"nodes": []}}}}},
        {
            "data": {
                "repository": {
                    "pullRequest": {
                        "reviewThreads": {"nodes": [{"id": "x"}], "pageInfo": {"hasNextPage": False, "endCursor": None}}
                    }
                }
            }
        },
    ],
)
async def test_an_answer_of_another_shape_comes_again_later(github: FakeGitHub, body: object) -> None:
    async with installed(github) as setting:
        github.faults.add(path=GRAPHQL, status=200, body=body)
        with pytest.raises(GitHubUnavailable) as caught:
            await setting.threads.all(setting.place)
        assert not isinstance(caught.value, WriteUncertain)


async def test_a_query_is_repeated_and_a_mutation_whose_fate_is_unknown_is_not(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        await say(setting)
        github.faults.add(path=GRAPHQL, status=502, times=2)
        (thread,) = await setting.threads.all(setting.place)

        github.faults.add(path=GRAPHQL, drop=True, when="after")
        with pytest.raises(WriteUncertain):
            await setting.threads.resolve(setting.place, thread.id)
        (resolved,) = await setting.threads.all(setting.place)
        assert resolved.resolved
        github.faults.add(path=GRAPHQL, status=200, body={"data": {"unresolveReviewThread": None}})
        with pytest.raises(WriteUncertain, match="without a thread"):
            await setting.threads.reopen(setting.place, thread.id)


async def test_reading_is_no_write_and_resolving_is(github: FakeGitHub) -> None:
    """What may not be written any more must not stop a question, and must stop a change."""

    def never() -> None:
        raise AssertionError("not now")

    async with open_transport(github.api_url, now=github.now, may_write=never) as transport:
        with pytest.raises(GitHubRefused):
            await transport.call("POST", transport.graphql_url, authorization="token x", body={}, reads=True)
        with pytest.raises(AssertionError, match="not now"):
            await transport.call("POST", transport.graphql_url, authorization="token x", body={})


@pytest.mark.parametrize(
    ("api", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://api.github.com/", "https://api.github.com/graphql"),
        ("https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql"),
        ("https://github.acme.example/api/v3", "https://github.acme.example/api/graphql"),
        ("http://127.0.0.1:8080/base/api/v3/", "http://127.0.0.1:8080/base/api/graphql"),
    ],
)
async def test_graphql_stands_beside_rest(github: FakeGitHub, api: str, graphql: str) -> None:
    async with open_transport(api, now=github.now) as transport:
        assert transport.graphql_url == graphql
