"""The stand-in for GitHub: faults before and after the write, lost connections and rate limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.fakes.github.small_world import SmallWorld, small_world

COMMENTS = "/repos/acme/web/issues/1/comments"
HELLO = {"body": "Hello."}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small_world(tmp_path / "github") as made:
        yield made
        assert made.fake.violations == []


def test_a_fault_before_the_write_answers_instead(world: SmallWorld) -> None:
    api = world.as_installation()
    fault = world.fake.faults.add(method="POST", path=r"/comments$", times=2, status=502, headers={"retry-after": "1"})
    replies = [api("POST", COMMENTS, HELLO) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [502, 502, 201]
    assert replies[0].headers["retry-after"] == "1"
    assert fault.hits == 2
    assert [comment.body for comment in world.pull.comments] == ["Hello."]
    assert [call.status for call in world.fake.calls[-3:]] == [502, 502, 201]


def test_a_fault_after_the_write_loses_the_answer_only(world: SmallWorld) -> None:
    api = world.as_installation()
    world.fake.faults.add(method="POST", path=COMMENTS, status=504, body="<html>timeout</html>", when="after")
    assert api("POST", COMMENTS, HELLO).text == "<html>timeout</html>"
    world.fake.faults.add(method="POST", path=COMMENTS, when="after", drop=True)
    with pytest.raises(httpx.RemoteProtocolError):
        api("POST", COMMENTS, HELLO)
    assert len(world.pull.comments) == 2
    assert world.events()[-2:] == ["issue_comment created"] * 2
    assert world.fake.calls[-1].status is None
    assert api("GET", COMMENTS).status_code == 200


def test_a_connection_dropped_before_the_write_does_nothing(world: SmallWorld) -> None:
    api = world.as_installation()
    world.fake.faults.add(method="POST", path=COMMENTS, drop=True)
    with pytest.raises(httpx.RemoteProtocolError):
        api("POST", COMMENTS, HELLO)
    assert world.pull.comments == []


def test_a_delay_alone_does_not_fail(world: SmallWorld) -> None:
    api = world.as_installation()
    world.fake.faults.add(path=COMMENTS, status=None, delay=0.2)
    start = time.monotonic()
    assert api("POST", COMMENTS, HELLO).status_code == 201
    assert time.monotonic() - start >= 0.2


def test_a_push_can_land_and_its_answer_be_lost(world: SmallWorld, tmp_path: Path) -> None:
    token = world.token(permissions={"contents": "write"})
    world.git(tmp_path, "clone", "--quiet", "--branch", "feature", world.remote, "work", token=token)
    work = tmp_path / "work"
    (work / "a.txt").write_text("pushed\n")
    world.git(work, "commit", "--quiet", "--all", "--message", "Change it")
    head = world.git(work, "rev-parse", "HEAD").stdout.strip()
    world.fake.faults.add(method="POST", path="git-receive-pack", when="after", drop=True)
    assert world.git(work, "push", "--quiet", "origin", "feature", token=token).returncode != 0
    assert world.pull.head_sha == head
    world.fake.faults.add(path="info/refs", status=503)
    assert world.git(work, "fetch", "--quiet", "origin", token=token).returncode != 0


def test_the_primary_rate_limit_ends_at_its_time(tmp_path: Path) -> None:
    now = [datetime(2026, 5, 1, tzinfo=UTC)]
    with small_world(tmp_path, clock=lambda: now[0]) as world:
        api = world.as_installation()
        assert int(api("GET", COMMENTS).headers["x-ratelimit-remaining"]) > 0
        reset = now[0] + timedelta(minutes=10)
        world.fake.faults.primary_rate_limit(reset)
        limited = api("GET", COMMENTS)
        assert limited.status_code == 403
        assert limited.headers["x-ratelimit-remaining"] == "0"
        assert limited.headers["x-ratelimit-reset"] == str(int(reset.timestamp()))
        assert api("GET", "/rate_limit").json()["rate"]["remaining"] == 0
        now[0] = reset
        assert api("GET", COMMENTS).status_code == 200


def test_an_installation_has_so_many_calls_left_as_a_test_says(tmp_path: Path) -> None:
    now = [datetime(2026, 5, 1, tzinfo=UTC)]
    with small_world(tmp_path, clock=lambda: now[0]) as world:
        api = world.as_installation()
        world.fake.faults.calls_left(2, installation=world.installation)
        answers = [api("GET", COMMENTS) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 403]
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
        assert f"installation ID {world.installation.id}" in answers[2].json()["message"]
        now[0] += timedelta(hours=1)
        assert world.as_installation()("GET", COMMENTS).status_code == 200


def test_the_secondary_rate_limit_says_how_long_to_wait(world: SmallWorld) -> None:
    api = world.as_installation()
    world.fake.faults.secondary_rate_limit(17)
    limited = api("POST", COMMENTS, HELLO)
    assert (limited.status_code, limited.headers["retry-after"]) == (403, "17")
    assert "secondary rate limit" in limited.json()["message"]
    assert api("POST", COMMENTS, HELLO).status_code == 201


def test_stopping_gives_up_what_is_still_delayed(tmp_path: Path) -> None:
    with small_world(tmp_path) as world, ThreadPoolExecutor(1) as executor:
        api = world.as_installation()
        world.fake.faults.add(path=COMMENTS, status=None, delay=60)
        waiting = executor.submit(api, "GET", COMMENTS)
        while world.fake.calls[-1].path != COMMENTS:
            time.sleep(0.01)
        world.fake.stop()
        assert isinstance(waiting.exception(timeout=10), httpx.HTTPError)
