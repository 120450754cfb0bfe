"""Writes that notify people wait for their turn; check runs do not, and a line that is too long is left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.pace import RedisPace
from app.domain.errors import Limit, RateLimited
from app.domain.messages.check import CheckOutput
from app.domain.pull_request import Sha
from tests.fakes.github import FakeGitHub
from tests.installed import installed


class Line:
    """Implements ports.Pace with waits that are given."""

    def __init__(self, *waits: float) -> None:
        self.waits = list(waits)
        self.asked: list[tuple[int, float]] = []

    async def turn(self, installation_id: int, *, longest_seconds: float) -> float:
        self.asked.append((installation_id, longest_seconds))
        return self.waits.pop(0)


async def test_a_write_waits_for_its_turn(github: FakeGitHub) -> None:
    line = Line(0.0, 0.75, 5.0)
    async with installed(github, pace=line) as setting:
        for _ in range(3):
            await setting.conversation.comment(setting.place, "hello")

        assert setting.slept.seconds == [0.75, 5.0]
        assert line.asked == [(setting.place.ref.installation_id, 5.0)] * 3
        assert len(setting.pull.comments) == 3


async def test_a_line_of_more_than_five_seconds_is_left_and_nothing_is_sent(github: FakeGitHub) -> None:
    async with installed(github, pace=Line(7.5)) as setting:
        with pytest.raises(RateLimited, match=r"our own pace of writing .* the next turn is in 8 s") as caught:
            await setting.conversation.comment(setting.place, "hello")

        assert caught.value.limit is Limit.PACE
        assert caught.value.retry_at == setting.clock.now + timedelta(seconds=7.5)
        assert caught.value.installation_id == setting.place.ref.installation_id
        assert (setting.written(), setting.slept.seconds) == ([], [])


async def test_every_write_that_notifies_people_stands_in_the_line_and_check_runs_do_not(github: FakeGitHub) -> None:
    line = Line(*[0.0] * 9)
    async with installed(github, pace=line) as setting:
        place, head = setting.place, Sha(setting.pull.head_sha)
        thread = setting.pull.review(
            setting.author, comments=[{"path": "a.py", "line": 1, "side": "RIGHT", "body": "Why?"}]
        )
        (first,) = (one for one in setting.pull.review_comments if one.review_id == thread.id)
        await setting.conversation.review(place, head=head, body="r", comments=())
        comment = await setting.conversation.comment(place, "c")
        await setting.conversation.edit(place, comment, "e")
        await setting.conversation.reply(place, comment_id=first.id, body="Because.")
        await setting.labels.add(place, "risky")
        await setting.labels.remove(place, "risky")
        assert len(line.asked) == 6

        output = CheckOutput("t", "s")
        check_run = await setting.checks.create(place, head=head, name="n", external_id="e", output=output)
        await setting.checks.start(place, check_run, output)
        assert len(line.asked) == 6


async def test_a_limited_installation_takes_no_turns(github: FakeGitHub, redis: ArqRedis) -> None:
    async with installed(github, pace=RedisPace(redis)) as setting:
        github.faults.secondary_rate_limit(60, path="/comments$")
        with pytest.raises(RateLimited):
            await setting.conversation.comment(setting.place, "hello")
        taken = await redis.get(keys.pace(setting.place.ref.installation_id))
        for _ in range(5):
            with pytest.raises(RateLimited):
                await setting.conversation.comment(setting.place, "hello")

        assert taken is not None
        assert await redis.get(keys.pace(setting.place.ref.installation_id)) in (taken, None)
