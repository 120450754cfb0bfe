"""Answers, labels and requests for review: once each, whatever gets lost on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from arq.connections import ArqRedis

from app.adapters.store.outbox import RedisOutbox
from app.domain.errors import GitHubRefused, GitHubUnavailable, RateLimited, WriteUncertain
from app.ports import Reviewers
from app.usecases.writes import label_once, reply_once, request_reviewers_once, unlabel
from tests.fakes.github import FakeGitHub, User
from tests.installed import Installed, installed

KEY = b"a key for markers"


@dataclass
class Case:
    """An open change on which somebody has asked something on a line, and what we do about it."""

    github: FakeGitHub
    setting: Installed
    outbox: RedisOutbox
    question: int
    ann: User
    bob: User

    async def reply(self, key: str = "why") -> int:
        return await reply_once(
            self.outbox,
            self.setting.conversation,
            self.setting.place,
            comment_id=self.question,
            key=key,
            text="Because of the cache.",
            marker_key=KEY,
        )

    async def label(self, name: str = "risky: high/low") -> None:
        await label_once(self.outbox, self.setting.labels, self.setting.place, name)

    async def unlabel(self, name: str = "risky: high/low") -> None:
        await unlabel(self.outbox, self.setting.labels, self.setting.place, name)

    async def ask(self, *users: str, teams: tuple[str, ...] = ("core",)) -> Reviewers:
        wanted = Reviewers(frozenset(users or ("Ann", "bob")), frozenset(teams))
        return await request_reviewers_once(self.outbox, self.setting.requests, self.setting.place, wanted)

    def answers(self) -> list[str]:
        return [one.body for one in self.setting.pull.review_comments if one.in_reply_to_id == self.question]

    def labels(self) -> list[str]:
        return [one.name for one in self.setting.pull.labels]

    def asked(self) -> list[str]:
        pull = self.setting.pull
        return [user.login for user in pull.requested_reviewers] + [team.slug for team in pull.requested_teams]

    def told(self, action: str) -> int:
        """How many events of this kind GitHub made: every one is a notification to somebody."""
        return sum(d.payload.get("action") == action for d in self.github.deliveries)


@pytest.fixture
async def case(github: FakeGitHub, redis: ArqRedis) -> AsyncIterator[Case]:
    async with installed(github) as setting:
        repo = setting.pull.repository
        ann, bob = github.add_user("ann"), github.add_user("bob")
        for user in (ann, bob):
            repo.permissions[user.id] = "write"
        github.add_team(repo.owner, "core", [github.add_user("carl")])
        setting.pull.review(bob, comments=[{"path": "a.py", "line": 1, "side": "RIGHT", "body": "Why?"}])
        (question,) = setting.pull.review_comments
        yield Case(github, setting, RedisOutbox(redis), question.id, ann, bob)


Write = Callable[[Case], Awaitable[object]]
Seen = Callable[[Case], list[str]]

WRITES = [
    pytest.param(Case.reply, Case.answers, r"/replies$", 1, id="reply"),
    pytest.param(Case.label, Case.labels, r"/labels$", 1, id="label"),
    pytest.param(Case.ask, Case.asked, r"/requested_reviewers$", 2, id="reviewers"),
]


@pytest.mark.parametrize(("write", "seen", "path", "things"), WRITES)
async def test_a_write_is_made_once_however_often_it_is_asked_for(
    case: Case, write: Write, seen: Seen, path: str, things: int
) -> None:
    for _ in range(3):
        await write(case)

    assert len(seen(case)) == things
    assert len(case.setting.written()) == 1


@pytest.mark.parametrize(("write", "seen", "path", "things"), WRITES)
async def test_a_write_whose_answer_was_lost_is_found_and_not_repeated(
    case: Case, write: Write, seen: Seen, path: str, things: int
) -> None:
    case.github.faults.add(method="POST", path=path, when="after", drop=True)
    with pytest.raises(WriteUncertain):
        await write(case)
    assert len(seen(case)) == things

    await write(case)
    await write(case)
    assert len(seen(case)) == things
    assert len(case.setting.written()) == 1


@pytest.mark.parametrize(("write", "seen", "path", "things"), WRITES)
async def test_a_write_that_was_lost_on_the_way_is_made_once(
    case: Case, write: Write, seen: Seen, path: str, things: int
) -> None:
    case.github.faults.add(method="POST", path=path, when="before", drop=True)
    with pytest.raises(WriteUncertain):
        await write(case)
    assert seen(case) == []

    await write(case)
    await write(case)
    assert len(seen(case)) == things
    assert len(case.setting.written()) == 2


@pytest.mark.parametrize(("write", "seen", "path", "things"), WRITES)
async def test_while_it_cannot_be_looked_up_nothing_is_written(
    case: Case, write: Write, seen: Seen, path: str, things: int
) -> None:
    case.github.faults.add(method="POST", path=path, when="after", drop=True)
    with pytest.raises(WriteUncertain):
        await write(case)
    case.github.faults.add(method="GET", times=3, status=502)
    with pytest.raises(GitHubUnavailable):
        await write(case)

    await write(case)
    assert len(seen(case)) == things
    assert len(case.setting.written()) == 1


@pytest.mark.parametrize(("write", "seen", "path", "things"), WRITES)
async def test_a_write_that_a_limit_refuses_is_made_once_when_it_is_over(
    case: Case, write: Write, seen: Seen, path: str, things: int
) -> None:
    case.github.faults.secondary_rate_limit(60, path=path)
    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            await write(case)
    case.setting.clock.now = caught.value.retry_at
    await write(case)

    assert len(seen(case)) == things
    assert case.github.calls[-1].status in {200, 201}


@pytest.mark.parametrize(("write", "seen", "path", "things"), WRITES)
async def test_a_token_that_ends_at_the_write_does_not_double_it(
    case: Case, write: Write, seen: Seen, path: str, things: int
) -> None:
    case.github.faults.add(method="POST", path=path, status=401, body={"message": "Bad credentials"})
    await write(case)
    await write(case)

    assert len(seen(case)) == things
    assert len(case.setting.written()) == 2  # the refused one and the one


async def test_answers_with_different_keys_are_different_answers(case: Case) -> None:
    first, second = await case.reply("why"), await case.reply("how")

    assert first != second
    assert len(case.answers()) == 2
    assert await case.reply("why") == first


async def test_an_answer_is_found_among_many_comments_and_a_copy_of_it_is_not_ours(case: Case) -> None:
    case.github.faults.add(method="POST", path=r"/replies$", when="after", drop=True)
    with pytest.raises(WriteUncertain):
        await case.reply()
    (body,) = case.answers()
    question = case.setting.pull.repository.review_comments[case.question]
    for number in range(105):
        case.setting.pull.reply(case.ann, question, f"{number} {body}")
    found = await case.reply()

    ours = case.setting.pull.repository.review_comments[found]
    assert ours.user is case.github.app.bot
    assert len([one for one in case.setting.pull.review_comments if one.user is case.github.app.bot]) == 1


async def test_an_answer_to_a_comment_that_is_gone_is_refused_and_may_be_tried_anew(case: Case) -> None:
    gone = case.setting.pull.repository.review_comments.pop(case.question)
    with pytest.raises(GitHubRefused, match="404"):
        await case.reply()
    case.setting.pull.repository.review_comments[case.question] = gone

    await case.reply()
    assert len(case.answers()) == 1


async def test_a_label_that_somebody_took_off_is_not_put_back(case: Case) -> None:
    await case.label()
    case.setting.pull.labels.clear()
    await case.label()

    assert case.labels() == []


async def test_a_label_of_somebody_else_is_neither_put_on_nor_taken_off(case: Case) -> None:
    case.setting.pull.add_label("Risky: High/Low")
    await case.label()
    await case.unlabel()

    assert case.labels() == ["Risky: High/Low"]
    assert case.setting.written() == []


@pytest.mark.parametrize("fault", [None, {"when": "after", "drop": True}, {"when": "before", "drop": True}])
async def test_our_label_is_taken_off_and_can_be_put_on_anew(case: Case, fault: dict[str, object] | None) -> None:
    await case.label()
    if fault is not None:
        case.github.faults.add(method="DELETE", **fault)  # type: ignore[arg-type]
    await case.unlabel()
    assert case.labels() == []

    await case.unlabel()
    await case.label()
    assert case.labels() == ["risky: high/low"]
    assert (case.told("labeled"), case.told("unlabeled")) == (2, 1)


async def test_a_label_that_cannot_be_taken_off_stays_ours(case: Case) -> None:
    await case.label()
    case.github.faults.add(method="DELETE", status=403, body={"message": "no"})
    with pytest.raises(GitHubRefused, match="403"):
        await case.unlabel()

    await case.unlabel()
    assert case.labels() == []


async def test_a_label_that_github_takes_and_does_not_show_is_looked_for(case: Case) -> None:
    case.github.faults.add(method="POST", path=r"/labels$", when="after", status=200, body=[])
    with pytest.raises(GitHubUnavailable, match="does not show it"):
        await case.label()
    await case.label()

    assert len(case.setting.written()) == 1


async def test_who_has_reviewed_is_asked_already_or_is_the_author_is_not_asked(case: Case) -> None:
    pull = case.setting.pull
    pull.review(case.bob, "APPROVE")
    dora = case.github.add_user("dora")
    pull.repository.permissions[dora.id] = "write"
    pull.requested_reviewers.append(dora)
    asked = await case.ask("Ann", "Bob", "Dora", case.setting.author.login)

    assert asked == Reviewers(frozenset({"ann"}), frozenset({"core"}))
    assert case.asked() == ["dora", "ann", "core"]
    assert case.told("review_requested") == 2


async def test_where_nobody_is_left_nobody_is_asked(case: Case) -> None:
    asked = await case.ask(case.setting.author.login, teams=())

    assert asked == Reviewers()
    assert case.setting.written() == []


async def test_who_reviewed_while_the_answer_was_lost_is_not_asked_again(case: Case) -> None:
    case.github.faults.add(method="POST", path=r"/requested_reviewers$", when="after", drop=True)
    with pytest.raises(WriteUncertain):
        await case.ask("ann")
    case.setting.pull.review(case.ann, "APPROVE")
    await case.ask("ann")

    assert case.asked() == ["core"]
    assert case.told("review_requested") == 2


async def test_whom_a_person_took_off_the_list_is_not_asked_anew(case: Case) -> None:
    await case.ask("ann")
    case.setting.pull.requested_reviewers.clear()

    assert await case.ask("Ann") == Reviewers()
    assert case.asked() == ["core"]


async def test_a_reviewer_without_access_is_refused_in_githubs_words_and_nobody_is_asked(case: Case) -> None:
    case.github.add_user("stranger")
    with pytest.raises(GitHubRefused, match="only be requested from collaborators") as caught:
        await case.ask("ann", "stranger")

    assert caught.value.status == 422
    case.github.unprocessable.clear()
    assert case.asked() == []
    await case.ask("ann")
    assert case.asked() == ["ann", "core"]


async def test_a_change_by_a_deleted_account_has_no_author_to_spare(case: Case) -> None:
    rendered = case.github.deliveries.of("pull_request")[-1].payload["pull_request"] | {"user": None}
    case.github.faults.add(method="GET", path=r"/pulls/\d+$", status=200, body=rendered)
    standing = await case.setting.requests.standing(case.setting.place)

    assert standing.author is None
    assert standing.reviewed == {"bob"}
