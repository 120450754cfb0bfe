"""Buttons that would do harm are not offered, and what we send stays within GitHub's limits."""

from __future__ import annotations

import pytest

from tests.fakes.model import Answer
from tests.stories.test_failures import FINDING, model_of
from tests.stories.test_first_review import open_bug
from tests.world import World

BUTTON = "```suggestion"


async def test_an_empty_suggestion_is_no_button_that_deletes(world: World) -> None:
    findings = [FINDING | {"suggestion": ""}, FINDING | {"suggestion": " \n", "start_line": 1, "end_line": 1}]
    model_of(world, Answer({"findings": findings, "summary": "s", "diagram": None}))
    pull = open_bug(world)
    await world.settle()

    assert len(pull.review_comments) == 2
    assert all(BUTTON not in comment.body for comment in pull.review_comments)


async def test_a_workflow_gets_no_button(world: World) -> None:
    path = ".github/workflows/ci.yml"
    model_of(
        world,
        Answer(
            {
                "findings": [FINDING | {"path": path, "suggestion": "on: pull_request_target"}],
                "summary": "s",
                "diagram": None,
            }
        ),
    )
    world.repo.commit("feature", {path: "on: push\njobs: {}\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    (comment,) = pull.review_comments
    assert BUTTON not in comment.body


@pytest.mark.parametrize(
    ("line", "suggestion", "shown"),
    [
        ('g(password="Xy9#kLm2pQ")', 'h(password="[secret: password]")', "[secret: password]"),
        ('s = "a\u00adb"', 's = "a<U+00AD>b"', "<U+00AD>"),
    ],
    ids=["secret", "hidden character"],
)
async def test_a_suggestion_that_repeats_a_placeholder_of_the_prompt_is_no_button(
    world: World, line: str, suggestion: str, shown: str
) -> None:
    """The button would write the placeholder into the code."""
    assert world.model is not None
    finding = FINDING | {"path": "tests/a.py", "start_line": 1, "end_line": 1, "suggestion": suggestion}
    model_of(world, Answer({"findings": [finding], "summary": "s", "diagram": None}))
    world.repo.commit("feature", {"tests/a.py": f"{line}\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    assert shown in world.model.requests[0].user_text
    assert len(pull.review_comments) >= 1
    assert all(BUTTON not in comment.body for comment in pull.review_comments)


@pytest.mark.parametrize("length", [2_500, 4_500, 60_500])
async def test_an_over_long_suggestion_is_no_button_and_costs_no_comment(world: World, length: int) -> None:
    other = FINDING | {"start_line": 1, "end_line": 1, "suggestion": "x"}
    long = FINDING | {"suggestion": "x" * length, "body": "&" * 2_000}
    model_of(world, Answer({"findings": [long, other], "summary": "s", "diagram": None}))
    pull = open_bug(world)
    await world.settle()

    bodies = {comment.original_line: comment.body for comment in pull.review_comments}
    assert BUTTON not in bodies[2]
    assert BUTTON in bodies[1]


@pytest.mark.parametrize("name", ["文" * 30, "文" * 60, "😀" * 50], ids=["short", "long", "emoji"])
async def test_the_check_stays_within_its_bytes_with_names_of_wide_characters(world: World, name: str) -> None:
    world.repo.commit("feature", {f"模块/{name}{n}.py": "x = 1\n" for n in range(300)})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    check = world.check(pull.head_sha)
    assert check.status == "completed"
    assert len((check.text or "").encode()) <= 65_535
    assert len((check.summary or "").encode()) <= 65_535
    assert "<!-- revwright {" in (check.text or "")


async def test_findings_under_wide_names_stay_within_the_bytes_of_the_summary(world: World) -> None:
    files = {f"模块/{'文' * 70}{n}.py": "requests.get(u, verify=False)\n" * 5 for n in range(60)}
    world.repo.commit("feature", files)
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    check = world.check(pull.head_sha)
    assert check.conclusion == "failure"
    assert len((check.text or "").encode()) <= 65_535
    assert len((check.summary or "").encode()) <= 65_535


async def test_a_claim_about_lines_that_are_not_there_is_no_annotation_and_told_as_dropped(world: World) -> None:
    beyond = FINDING | {"title": "Beyond", "end_line": 10**30}
    model_of(world, Answer({"findings": [beyond, FINDING | {"start_line": 1}], "summary": "s", "diagram": None}))
    pull = open_bug(world)
    await world.settle()

    (annotation,) = world.check(pull.head_sha).annotations
    assert (annotation["start_line"], annotation["end_line"]) == (1, 2)
    assert world.check(pull.head_sha).conclusion == "failure"
    assert "P1 dropped: Beyond" in world.summary(pull)


async def test_an_annotation_shows_control_characters_instead_of_having_them(world: World) -> None:
    odd = FINDING | {"title": "a\x00b\u202ec", "body": "x\x00y \u202e \x1b[31m"}
    model_of(world, Answer({"findings": [odd], "summary": "\x00s", "diagram": None}))
    pull = open_bug(world)
    await world.settle()

    (annotation,) = world.check(pull.head_sha).annotations
    text = annotation["title"] + annotation["message"]
    assert not set(text) & {"\x00", "\x1b", "\u202e"}
    assert len(annotation["title"]) <= 255


async def test_a_flood_of_findings_is_at_most_fifty_annotations_in_one_call(world: World) -> None:
    world.repo.commit("feature", {"a.py": "requests.get(u, verify=False)\n" * 600})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    updates = [call.body for call in world.github.calls if call.operation_id == "checks/update"]
    annotated = [len(body["output"]["annotations"]) for body in updates if body["output"].get("annotations")]
    check = world.check(pull.head_sha)
    assert annotated == [50]
    assert (check.conclusion, check.title) == ("failure", "Blocked by 200 findings")
