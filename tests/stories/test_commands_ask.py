"""`ask`: a question about the code, answered in its place, under the budget of the pull request."""

from __future__ import annotations

from typing import Any

from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import Answer, Seen, ToolCall
from tests.stories.pushes import BUG, PRICE, first_comments, model_of
from tests.stories.saying import answered, replies, reply, reviewed_bug, said, signs, writer
from tests.world import World

RIGHT = {"path": PRICE, "line": 2, "text": "return sum(items) / len(items)"}
WRONG = {"path": PRICE, "line": 1, "text": "nobody wrote this"}


def answers_with(world: World, *quotes: dict[str, Any], answer: str = "Because it divides, says @alice.") -> list[Seen]:
    """From now on the model reads the file once and then says this."""
    seen: list[Seen] = []

    def behave(request: Seen) -> Answer:
        seen.append(request)
        if not request.exchanges:
            arguments = {"path": PRICE, "start_line": 1, "end_line": 2}
            return Answer(tool_calls=(ToolCall("read_file", arguments),))
        return Answer({"answer": answer, "quotes": list(quotes)})

    model_of(world).behaviour = behave
    return seen


async def test_a_question_is_answered_with_links_to_the_lines(github: FakeGitHub, world: World) -> None:
    pull = await reviewed_bug(world)
    ann = writer(github, world)
    world.repo.permissions[ann.id] = "triage"
    seen = answers_with(world, RIGHT, WRONG)

    comment = await said(world, pull, ann, "@revwright ask Why does it fail for ignore-all-rules?")

    assert signs(comment) == ["eyes", "rocket"]
    told = reply(pull)
    assert "Because it divides, says `@alice`." in told
    assert f"/blob/{pull.head_sha}/{PRICE}#L2): `return sum(items) / len(items)`" in told
    assert "nobody wrote this" not in told
    assert len(seen) == 2
    asked = seen[0].messages[-1]["content"]
    assert "=== question\nWhy does it fail" in asked
    assert "<<<DATA-" in asked
    (run, *_) = await world.services.runs.recent(1)
    assert [use.calls for use in run.models] == [2]


async def test_in_a_thread_it_is_answered_there(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    answers_with(world)
    (first,) = first_comments(pull)

    comment = await answered(world, pull, ann, first, "@revwright ask Why?")

    assert signs(comment) == ["eyes", "rocket"]
    assert replies(pull) == []
    assert any("No line of the code was quoted" in one.body for one in pull.review_comments)


async def test_without_a_model_it_is_said_plainly(github: FakeGitHub, world_without_model: World) -> None:
    world = world_without_model
    ann = writer(github, world)
    world.repo.commit("feature", {PRICE: BUG})
    pull = world.repo.open_pull_request(head="feature")

    comment = await said(world, pull, ann, "@revwright ask Why?")

    assert signs(comment) == ["eyes", "confused"]
    assert "Models are not configured here" in reply(pull)


async def test_a_model_that_does_not_answer_is_told_of(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    model_of(world).behaviour = lambda _seen: Answer("no JSON")

    comment = await said(world, pull, ann, "@revwright ask Why?")

    assert signs(comment) == ["eyes", "confused"]
    assert "There is no answer: the model's answer was unusable twice" in reply(pull)


async def test_an_answer_that_could_not_be_posted_is_not_asked_for_twice(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    seen = answers_with(world, RIGHT)
    github.faults.add(method="POST", path=r"/issues/1/comments$", status=500, times=5)

    comment = await said(world, pull, ann, "@revwright ask Why?")

    assert signs(comment) == ["eyes", "rocket"]
    assert len(replies(pull)) == 1
    assert len(seen) == 2


async def test_a_change_of_many_files_is_listed_in_part(github: FakeGitHub, world: World) -> None:
    ann = writer(github, world)
    world.repo.commit("feature", {f"n/{number}.txt": "n\n" for number in range(210)})
    pull: PullRequest = world.repo.open_pull_request(head="feature", draft=True)
    await world.settle()
    seen = answers_with(world)

    await said(world, pull, ann, "@revwright ask Why?")

    assert "and 10 more" in seen[0].messages[-1]["content"]
