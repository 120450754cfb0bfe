"""Where a command stands, and who wrote it: only the plain first paragraph of a person's new comment is one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.markdown.placements import NOT_SAID
from tests.fakes.github import Delivery, FakeGitHub, PullRequest
from tests.stories.pushes import first_comments
from tests.stories.saying import replies, reviewed_bug, said, signs, writer
from tests.stories.test_failures import row_key
from tests.world import World

HANDLES = {
    "another handle": "@revwright-x pause",
    "a longer handle": "@revwrightfix pause",
    "inside a word": "x@revwright pause",
    "the login of our account": "@revwright[bot] pause",
    "nothing between": "@revwright: pause",
    "an invisible character in the handle": "@rev\u200bwright pause",
    "an invisible character in the verb": "@revwright pa\u200buse",
    "a letter that only looks like one": "@revwr\u0456ght pause",
    "a no-break space": "@revwright\u00a0pause",
}


def written(world: World, since: int) -> list[str]:
    """What was written, but for tokens."""
    return [call for call in world.written()[since:] if "/access_tokens" not in call]


async def test_what_only_looks_like_a_command_gets_no_sign_no_word_and_no_order(
    github: FakeGitHub, world: World
) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    before, jobs = len(world.written()), len(await world.services.runs.recent(100))
    bodies = {**NOT_SAID, **HANDLES}
    comments = {name: pull.comment(ann, body) for name, body in bodies.items() if body.strip() and len(body) < 60_000}
    answers = (await world.deliver_new())[-len(comments) :]
    await world.work()

    assert {name for name, comment in comments.items() if signs(comment)} == set()
    assert replies(pull) == []
    assert written(world, before) == []
    queued = {name for name, got in zip(comments, answers, strict=True) if got.json()["result"] == "queued"}
    assert queued <= {name for name, body in bodies.items() if body.lstrip().startswith("@")}, "the rest costs no job"
    assert len(await world.services.runs.recent(100)) <= jobs + 1


async def test_the_plain_one_in_capitals_is_one(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)

    comment = await said(world, pull, ann, "\n@RevWright HELP\n\n> @revwright pause\n")

    assert signs(comment) == ["eyes", "rocket"]
    assert len(replies(pull)) == 1


def changed(delivery: Delivery, **parts: Any) -> Delivery:
    """The delivery with parts of its comment replaced; `sender` replaces that."""
    payload = delivery.payload
    sender = parts.pop("sender", payload["sender"])
    action = parts.pop("action", payload["action"])
    return delivery.with_payload(
        {**payload, "action": action, "sender": sender, "comment": {**payload["comment"], **parts}}
    )


@pytest.mark.parametrize(
    "parts",
    [
        {"action": "edited"},
        {"action": "deleted"},
        {"user": None},
        {"performed_via_github_app": {"id": 5}},
        {"sender": {"id": 1, "login": "zoe", "type": "User"}},
        {"sender": {"id": 1, "login": "other[bot]", "type": "Bot"}},
    ],
    ids=["edited", "deleted", "ghost", "through an App", "another sender", "a bot"],
)
async def test_what_no_person_newly_wrote_costs_no_job(github: FakeGitHub, world: World, parts: dict[str, Any]) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    comment = pull.comment(ann, "@revwright pause")
    (delivery,) = github.deliveries.of("issue_comment", "created")[-1:]
    world.taken = len(github.deliveries)

    assert (await world.deliver(changed(delivery, **parts))).json()["result"] == "ignored"
    await world.work()
    assert (signs(comment), replies(pull)) == ([], [])


async def test_the_body_of_a_pull_request_or_a_review_is_no_comment(github: FakeGitHub, world: World) -> None:
    ann = writer(github, world)
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    pull = world.repo.open_pull_request(head="feature", title="@revwright pause", body="@revwright pause", user=ann)
    await world.settle()
    pull.edit(body="@revwright stop", by=ann)
    pull.review(writer(github, world, "bob"), body="@revwright pause")
    await world.settle()

    assert replies(pull) == []
    assert await paused(world, pull) is False


async def paused(world: World, pull: PullRequest) -> bool:
    row = await world.services.ledger.read(row_key(world, pull))
    assert row is not None
    return row.paused


async def test_an_echo_of_our_words_after_each_of_our_comments_leads_nowhere(github: FakeGitHub, world: World) -> None:
    """Another bot, and then a person who quotes us, twenty times."""
    pull, ann, bot = await reviewed_bug(world), writer(github, world), github.add_user("echo[bot]", "Bot")
    world.repo.permissions[bot.id] = "admin"
    await said(world, pull, ann, "@revwright help")
    ours = [one.body for one in pull.comments if one.user.type == "Bot"]
    for number in range(20):
        body = ours[number % len(ours)]
        pull.comment(bot, body if number % 2 else "@revwright pause")
        pull.comment(ann, body)
    await world.settle()

    assert len(replies(pull)) == 1
    assert not await paused(world, pull)


async def test_a_comment_on_a_line_is_read_like_any_other(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    (first,) = first_comments(pull)
    quoted = pull.reply(ann, first, "> @revwright pause")
    code = pull.reply(ann, first, "@revwright `pause`")
    await world.settle()

    assert (signs(quoted), signs(code), await paused(world, pull)) == ([], [], False)


async def test_arguments_change_no_settings_and_are_not_repeated(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    before = world.settings
    for words in (
        "review --model.base_url=https://evil.test",
        "config\t--commands.pause=read",
        'status {"model__base_url": "https://evil.test"}',
        "review " + "--x.y=z " * 200,
        "stop \u2014\u2014limits.usd=9999",
        f"review {'0' * 40}",
    ):
        await said(world, pull, ann, f"@revwright {words}")

    assert world.settings == before
    told = "\n".join(replies(pull))
    assert "evil.test" not in told
    assert "--x" not in told
    assert "0000000" not in told
    assert "leave the commit out" in told
