"""What the gate reads: reviews, who had a hand in the commits, people and teams; doubt is never taken for a yes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.adapters.github.approvals import ReviewReader
from app.adapters.github.graphql import GraphQL
from app.adapters.github.histories import HistoryReader
from app.adapters.github.people import PeopleReader
from app.domain.errors import GitHubUnavailable
from app.domain.gate.reviews import Person, ReviewState
from app.domain.threads import Permission
from tests.fakes.github import FakeGitHub, User
from tests.installed import Installed, installed


def history(setting: Installed) -> HistoryReader:
    return HistoryReader(GraphQL(setting.client, now=setting.clock))


def collaborator(github: FakeGitHub, setting: Installed, login: str, role: str = "write") -> User:
    person = github.add_user(login)
    setting.pull.repository.permissions[person.id] = role
    return person


async def test_reviews_are_told_with_state_commit_and_time(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        ann, pull = collaborator(github, setting, "ann"), setting.pull
        first = pull.head_sha
        pull.review(ann, "REQUEST_CHANGES", "no")
        pull.repository.commit("feature", {"b.py": "b = 1\n"})
        setting.clock.now += timedelta(minutes=1)
        pull.review(ann, "APPROVE")
        pull.dismiss(pull.reviews[0], by=setting.author)

        told = await ReviewReader(setting.client).all(setting.place)

    assert [(one.author, one.human, one.state, one.commit) for one in told] == [
        (Person(ann.id, "ann"), True, ReviewState.DISMISSED, first),
        (Person(ann.id, "ann"), True, ReviewState.APPROVED, pull.head_sha),
    ]
    assert told[1].submitted_at - told[0].submitted_at == timedelta(minutes=1)


REVIEW: dict[str, Any] = {
    "id": 1,
    "user": {"id": 7, "login": "ann", "type": "User"},
    "state": "APPROVED",
    "commit_id": "a" * 40,
    "submitted_at": "2026-01-02T03:04:05Z",
}


@pytest.mark.parametrize(
    ("changes", "author", "human", "commit"),
    [
        ({"user": None}, None, False, "a" * 40),
        ({"user": {"id": 9, "login": "x[bot]", "type": "Bot"}}, Person(9, "x[bot]"), False, "a" * 40),
        ({"commit_id": None}, Person(7, "ann"), True, None),
    ],
)
async def test_ghosts_and_bots_are_told_as_such(
    github: FakeGitHub, changes: dict[str, Any], author: Person | None, human: bool, commit: str | None
) -> None:
    async with installed(github) as setting:
        github.faults.add(path="/reviews$", status=200, body=[REVIEW | changes])
        (told,) = await ReviewReader(setting.client).all(setting.place)

    assert (told.author, told.human, told.commit) == (author, human, commit)


async def test_a_review_that_is_still_written_is_none(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(path="/reviews$", status=200, body=[REVIEW | {"state": "PENDING", "submitted_at": None}])
        assert await ReviewReader(setting.client).all(setting.place) == ()


@pytest.mark.parametrize("changes", [{"state": "BLESSED"}, {"id": "x"}, {"commit_id": "main"}])
async def test_a_review_that_is_not_understood_is_no_decision(github: FakeGitHub, changes: dict[str, Any]) -> None:
    async with installed(github) as setting:
        github.faults.add(path="/reviews$", status=200, body=[REVIEW | changes])
        with pytest.raises(GitHubUnavailable):
            await ReviewReader(setting.client).all(setting.place)


async def test_everybody_who_had_a_hand_in_a_commit_is_told(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        ann, bob, cid = (collaborator(github, setting, name) for name in ("ann", "bob", "cid"))
        message = (
            f"Change\n\nRevwright-Requested-By: {cid.id}\n"
            f"Co-authored-by: Bob <{bob.email}>\nCo-authored-by: Nobody <nobody@example.com>"
        )
        setting.pull.repository.commit("feature", {"b.py": "b = 1\n"}, author=ann, message=message)

        told = await history(setting).of(setting.place)

    assert {ann.id, bob.id} <= told.committers
    assert cid.id not in told.committers
    assert (told.requesters, told.complete, told.retargeted_at) == (frozenset({cid.id}), True, None)


async def test_another_base_is_told_with_its_time(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        setting.pull.repository.commit("release", {"r.txt": "1\n"})
        setting.pull.edit(base="release")
        told = await history(setting).of(setting.place)

    assert told.retargeted_at is not None
    assert abs(told.retargeted_at - setting.clock.now) < timedelta(seconds=1)


async def test_more_than_a_page_of_commits_is_read(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        people = [collaborator(github, setting, f"dev-{number}") for number in range(3)]
        for number in range(102):
            setting.pull.repository.commit("feature", {"b.py": f"b = {number}\n"}, author=people[number % 3])
        told = await history(setting).of(setting.place)

    assert {person.id for person in people} <= told.committers
    assert told.complete


@pytest.mark.parametrize(
    "data",
    [
        {"repository": None},
        {"repository": {"pullRequest": {}}},
        {"repository": {"pullRequest": {"commits": {"nodes": [None]}, "timelineItems": {"nodes": []}}}},
        {
            "repository": {
                "pullRequest": {
                    "commits": {"nodes": [{"commit": {}}], "pageInfo": {"hasNextPage": False, "endCursor": None}},
                    "timelineItems": {"nodes": []},
                }
            }
        },
    ],
)
async def test_a_history_that_is_not_understood_is_no_decision(github: FakeGitHub, data: dict[str, Any]) -> None:
    async with installed(github) as setting:
        github.faults.add(method="POST", path="/graphql$", status=200, body={"data": data})
        with pytest.raises(GitHubUnavailable, match="documented shape"):
            await history(setting).of(setting.place)


async def test_a_collaborator_is_who_has_the_login_now(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        ann = collaborator(github, setting, "ann", "maintain")
        people = PeopleReader(setting.client)
        told = await people.collaborator(setting.place, "Ann")

        assert told is not None
        assert (told.person, told.permission) == (Person(ann.id, "ann"), Permission.MAINTAIN)
        assert await people.collaborator(setting.place, "nobody") is None
        assert await people.collaborator(setting.place, "../x") is None


@pytest.mark.parametrize(
    ("answer", "permission"),
    [
        ({"permission": "write", "role_name": "release-crew"}, Permission.WRITE),
        ({"permission": "owner", "role_name": "king"}, Permission.NONE),
        ({"permission": "owner", "permissions": {"push": True, "pull": True}}, Permission.WRITE),
    ],
)
async def test_a_role_is_worth_what_github_grants_for_sure(
    github: FakeGitHub, answer: dict[str, Any], permission: Permission
) -> None:
    async with installed(github) as setting:
        body = {"user": {"id": 3, "login": "ann", "type": "User"}, **answer}
        github.faults.add(path="/permission$", status=200, body=body)
        told = await PeopleReader(setting.client).collaborator(setting.place, "ann")

    assert told is not None
    assert told.permission is permission


async def test_a_bot_is_nobody(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        body = {"user": {"id": 3, "login": "ann", "type": "Bot"}, "permission": "admin"}
        github.faults.add(path="/permission$", status=200, body=body)
        assert await PeopleReader(setting.client).collaborator(setting.place, "ann") is None


async def test_trouble_is_neither_yes_nor_no(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(path="/(permission|members)$", status=502, times=99)
        people = PeopleReader(setting.client)
        with pytest.raises(GitHubUnavailable):
            await people.collaborator(setting.place, "ann")
        with pytest.raises(GitHubUnavailable):
            await people.team(setting.place, "acme/core")


async def test_writers_are_people_who_may_write(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        collaborator(github, setting, "ann")
        collaborator(github, setting, "ron", "read")
        people = PeopleReader(setting.client)
        told = await people.writers(setting.place, most=9)

        assert {one.person.login for one in told} == {"acme-dev", "ann"}
        assert len(await people.writers(setting.place, most=1)) == 1


async def test_a_team_is_its_members_and_one_that_cannot_be_read_is_none(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        ann = collaborator(github, setting, "ann")
        github.add_team("acme", "core", [ann])
        people = PeopleReader(setting.client)

        assert await people.team(setting.place, "acme/core") == (Person(ann.id, "ann"),)
        assert await people.team(setting.place, "acme/other") is None
        assert await people.team(setting.place, "no team") is None


async def test_open_requests_are_counted_for_people_and_teams(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        ann = collaborator(github, setting, "Ann")
        setting.pull.requested_reviewers.append(ann)
        setting.pull.requested_teams.append(github.add_team("acme", "core", [ann]))
        told = await PeopleReader(setting.client).open_requests(setting.place)

    assert dict(told) == {"ann": 1, "acme/core": 1}
