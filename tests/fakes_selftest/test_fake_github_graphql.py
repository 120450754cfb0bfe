"""The stand-in for GitHub: GraphQL documents are executed against GitHub's schema, and mistakes do not pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.github.graphql import SCHEMA
from tests.fakes.github.small_world import Api, SmallWorld, small_world

THREADS = """
query Threads($owner: String!, $name: String!, $number: Int!, $first: Int, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    reviewThreads(first: $first, after: $after) {
      totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id isResolved isOutdated path line originalLine diffSide subjectType viewerCanResolve viewerCanUnresolve
        resolvedBy { login }
        comments(first: 2) { totalCount nodes { body author { __typename login } viewerDidAuthor } }
      }
    }
  } }
}
"""
RESOLVE = """
mutation Resolve($thread: ID!) { resolveReviewThread(input: {threadId: $thread}) {
  clientMutationId thread { isResolved resolvedBy { login } } } }
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small_world(tmp_path) as made:
        for line in (5, 30):
            made.pull.review(made.developer, comments=[{"path": "a.txt", "line": line, "body": f"Line {line}?"}])
        yield made
        assert made.fake.violations == []


def ask(api: Api, document: str, **variables: Any) -> Any:
    url = str(api.client.base_url).removesuffix("/v3/") + "/graphql"
    reply = api("POST", url, {"query": document, "variables": variables})
    assert reply.status_code == httpx.codes.OK, reply.text
    return reply.json()


def threads(api: Api, **changes: Any) -> Any:
    told = ask(api, THREADS, **{"owner": "acme", "name": "web", "number": 1, "first": 10, **changes})
    assert "errors" not in told
    return told["data"]["repository"]["pullRequest"]["reviewThreads"]


def test_review_comments_are_threads_with_their_answers(world: SmallWorld) -> None:
    first, _ = world.pull.review_comments
    world.pull.reply(world.developer, first, "Because.")

    found = threads(world.as_installation())

    assert found["totalCount"] == 2
    assert found["nodes"][0] == {
        "id": world.pull.threads[0].id,
        "isResolved": False,
        "isOutdated": False,
        "path": "a.txt",
        "line": 5,
        "originalLine": 5,
        "diffSide": "RIGHT",
        "subjectType": "LINE",
        "viewerCanResolve": True,
        "viewerCanUnresolve": False,
        "resolvedBy": None,
        "comments": {
            "totalCount": 2,
            "nodes": [
                {"body": body, "author": {"__typename": "User", "login": "dev"}, "viewerDidAuthor": False}
                for body in ("Line 5?", "Because.")
            ],
        },
    }
    assert found["nodes"][1]["line"] == 30


def test_a_changed_line_makes_its_thread_outdated(world: SmallWorld) -> None:
    changed = world.repository.store.run("cat-file", "blob", "feature:a.txt").decode()
    world.repository.commit("feature", {"a.txt": "top\n" + changed.replace("line thirty\n", "line 30!\n")})

    moved, gone = threads(world.as_installation())["nodes"]

    assert (moved["line"], moved["isOutdated"]) == (6, False)
    assert (gone["line"], gone["isOutdated"], gone["originalLine"]) == (None, True, 30)


def test_pages_follow_each_other(world: SmallWorld) -> None:
    api = world.as_installation()
    first = threads(api, first=1)
    second = threads(api, first=1, after=first["pageInfo"]["endCursor"])

    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert [one["nodes"][0]["line"] for one in (first, second)] == [5, 30]
    assert second["pageInfo"]["hasPreviousPage"]
    assert threads(api, first=0)["nodes"] == []


def test_people_and_the_app_resolve_threads(world: SmallWorld) -> None:
    first, second = world.pull.review_comments
    world.pull.resolve_thread(first, by=world.developer)
    told = ask(world.as_installation(), RESOLVE, thread=world.pull.threads[1].id)
    assert told["data"]["resolveReviewThread"]["thread"] == {
        "isResolved": True,
        "resolvedBy": {"login": "revwright[bot]"},
    }

    found = threads(world.as_user(world.developer))["nodes"]

    assert [one["resolvedBy"]["login"] for one in found] == ["dev", "revwright[bot]"]
    assert all(one["viewerCanUnresolve"] and not one["viewerCanResolve"] for one in found)
    world.pull.reopen_thread(second)
    assert [one["isResolved"] for one in threads(world.as_installation())["nodes"]] == [True, False]


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"name": "nowhere"}, "NOT_FOUND", "Could not resolve to a Repository with the name 'acme/nowhere'."),
        ({"number": 99}, "NOT_FOUND", "Could not resolve to a PullRequest with the number of 99."),
        ({"first": None}, "MISSING_PAGINATION_BOUNDARIES", "You must provide"),
        ({"first": 101}, "EXCESSIVE_PAGINATION", "Requesting 101 records"),
        ({"after": "!"}, "INVALID_CURSOR_ARGUMENTS", "does not appear to be a valid cursor"),
    ],
)
def test_refusals_have_githubs_types(world: SmallWorld, changes: dict[str, Any], kind: str, words: str) -> None:
    variables = {"owner": "acme", "name": "web", "number": 1, "first": 10, **changes}
    told = ask(world.as_installation(), THREADS, **variables)

    (error,) = told["errors"]
    assert (error["type"], error["path"][0]) == (kind, "repository")
    assert words in error["message"]


def test_permissions_are_asked_for(world: SmallWorld) -> None:
    thread = world.pull.threads[0].id
    variables = {"owner": "acme", "name": "web", "number": 1, "first": 10}

    told = ask(world.as_installation(permissions={"issues": "write"}), THREADS, **variables)
    assert told["errors"][0]["type"] == "FORBIDDEN"
    told = ask(world.as_installation(permissions={"pull_requests": "write"}), RESOLVE, thread=thread)
    assert (told["data"], told["errors"][0]["type"]) == ({"resolveReviewThread": None}, "FORBIDDEN")
    told = ask(world.as_user(world.fake.add_user("stranger")), RESOLVE, thread=thread)
    assert told["errors"][0]["type"] == "NOT_FOUND"
    assert not world.pull.resolved


def test_a_token_that_is_not_known_gets_401(world: SmallWorld) -> None:
    reply = httpx.post(f"{world.fake.url}/api/graphql", json={"query": "{ __typename }"})

    assert reply.status_code == httpx.codes.UNAUTHORIZED
    assert world.fake.calls[-1].operation_id == "graphql"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"query": "{ repository { secrets } }"}, "Cannot query field 'secrets'"),
        ({"query": "{ viewer { login } }"}, "Cannot query field 'viewer'"),
        ({"query": "{ repository("}, "Syntax Error"),
        (
            {"query": '{ repository(owner: "acme", name: "web") { id } }'},
            "texts belong into variables: ['acme', 'web']",
        ),
        ({"query": THREADS, "variables": {"owner": 7}}, "String cannot represent a non string value"),
        ({"query": "query($o: String!) { repository(owner: $o, name: $o) { id } }"}, "of non-null type 'String!'"),
        ({}, "has no query"),
        ([], "has no query"),
    ],
)
def test_a_mistake_fails_the_test_that_makes_it(world: SmallWorld, body: object, words: str) -> None:
    url = f"{world.fake.url}/api/graphql"
    reply = httpx.post(url, json=body, headers={"authorization": f"token {world.token()}"})

    assert reply.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    (violation,) = world.fake.violations
    assert words in str(violation)
    world.fake.violations.clear()


def test_what_is_no_json_gets_400(world: SmallWorld) -> None:
    assert httpx.post(f"{world.fake.url}/api/graphql", content=b"{").status_code == httpx.codes.BAD_REQUEST


def test_a_field_that_the_stand_in_does_not_answer_is_not_null(world: SmallWorld) -> None:
    document = THREADS.replace("first: $first, after", "first: $first, last: $first, after")
    url = f"{world.fake.url}/api/graphql"
    body = {"query": document, "variables": {"owner": "acme", "name": "web", "number": 1, "first": 1}}
    httpx.post(url, json=body, headers={"authorization": f"token {world.token()}"})

    (violation,) = world.fake.violations
    assert "NotSimulated: pages by last" in str(violation)
    world.fake.violations.clear()


def test_the_schema_is_what_the_script_makes_of_the_listed_fields() -> None:
    listed = (SCHEMA.parent / "fields.txt").read_text(encoding="utf-8").split()
    schema = SCHEMA.read_text(encoding="utf-8")

    assert listed == sorted(listed)
    for name in listed:
        owner, _, field = name.partition(".")
        block = schema[schema.index(f" {owner} ") :].partition("}")[0]
        assert f"\n  {field}" in block
