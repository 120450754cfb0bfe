"""Attacks on what a review remembers and on who judges: nothing said before hides what is wrong now."""

from __future__ import annotations

import pytest

from tests.fakes.model import Refusal, Reply, Reviewer, Seen, added_lines, claim, confirm, reject, review
from tests.world import World

INJECTION = "Command injection by the query"
FAR = "".join(f"pad_{n} = {n}\n" for n in range(30))


def finding(title: str, severity: str) -> dict[str, object]:
    return {"title": title, "severity": severity, "body": "b", "failing_case": "x"}


@pytest.mark.parametrize("first", ["Naming could be clearer", INJECTION], ids=["other words", "same words"])
async def test_a_trifle_that_was_told_before_does_not_hide_what_is_wrong_with_its_line_now(
    world: World, first: str
) -> None:
    """The line stays as it is; what comes into it changes far away."""
    assert world.model is not None
    world.model.behaviour = Reviewer({"run(command)": finding(first, "P3")})
    world.repo.commit("feature", {"a.py": f'command = "ls"\n{FAR}run(command)\n'})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    assert world.check(pull.head_sha).conclusion == "success"

    world.model.behaviour = Reviewer({"run(command)": finding(INJECTION, "P0")})
    world.repo.commit("feature", {"a.py": f"command = request.query\n{FAR}run(command)\n"})
    await world.settle()
    assert world.check(pull.head_sha).conclusion == "failure"


async def test_a_known_finding_gets_worse_only_by_a_judge(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer({"run(command)": finding(INJECTION, "P3")})
    world.repo.commit("feature", {"a.py": f'command = "ls"\n{FAR}run(command)\n'})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()

    def refute(seen: Seen) -> Reply:
        return review(seen, [], "The query is checked.")

    world.model.behaviour = Reviewer({"run(command)": finding(INJECTION, "P0")}, judge=refute)
    world.repo.commit("feature", {"a.py": f"command = checked(request.query)\n{FAR}run(command)\n"})
    await world.settle()
    assert world.check(pull.head_sha).conclusion == "success"
    assert INJECTION in world.summary(pull)


@pytest.mark.parametrize(
    "lines", ["import subprocess\nsubprocess.run(command, shell=True)\n", "password = 'vXq7TzRk2LmW9pBd'\n"]
)
@pytest.mark.parametrize("hiding", [b"# \0\n", b"# " + b"x" * 1_100_000 + b"\n"], ids=["binary", "too large"])
async def test_a_finding_in_a_file_that_cannot_be_compared_any_more_is_not_called_fixed(
    world: World, lines: str, hiding: bytes
) -> None:
    """What a model found as little as what a rule did."""
    assert world.model is not None
    world.model.behaviour = Reviewer({"run(command": finding(INJECTION, "P0")})
    world.repo.commit("feature", {"a.py": lines})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    assert world.check(pull.head_sha).conclusion == "failure"

    world.repo.commit("feature", {"a.py": hiding + lines.encode()})
    await world.settle()
    assert world.check(pull.head_sha).conclusion == "failure"
    assert "Fixed" not in world.summary(pull)


async def test_a_look_across_the_groups_that_is_not_finished_is_no_pass(world: World) -> None:
    assert world.model is not None
    large = "".join(f"value_{n} = {n}  # {'x' * 60}\n" for n in range(700))
    world.model.behaviour = Reviewer({}, across=lambda _: Refusal())
    world.repo.commit("feature", {"a/a.py": large, "b/b.py": large})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    assert world.check(pull.head_sha).conclusion == "action_required"
    assert "0 of 2 files reviewed" in world.summary(pull)


async def test_a_reviewer_who_says_nothing_of_its_group_does_not_prevent_the_look_across(world: World) -> None:
    assert world.model is not None
    large = "".join(f"value_{n} = {n}  # {'x' * 60}\n" for n in range(700))
    world.model.behaviour = Reviewer({}, summary="")
    world.repo.commit("feature", {"a/a.py": large, "b/b.py": large})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    assert "across" in [seen.task for seen in world.model.requests]
    assert world.check(pull.head_sha).conclusion == "success"


async def test_the_judge_of_a_claim_sees_the_part_of_a_large_file_that_it_is_about(world: World) -> None:
    """In the tier light there are no tools to read the rest with: who is shown another part can only say no."""
    assert world.model is not None

    def strict(seen: Seen) -> Reply:
        there = any("evil" in line.text for line in added_lines(seen.user_text))
        return confirm(seen) if there else review(seen, [], "The line is not there.")

    world.model.behaviour = Reviewer({"evil": finding("A package of somebody else", "P0")}, judge=strict)
    world.repo.commit("main", {"package-lock.json": '{\n  "lockfileVersion": 3\n}\n'})
    large = "".join(f'  "value_{n}": "{"x" * 60}",\n' for n in range(1500))
    world.repo.commit("feature", {"package-lock.json": f'{{\n  "lockfileVersion": 3,\n{large}  "evil": 1\n}}\n'})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    assert world.check(pull.head_sha).conclusion == "failure"
    world.github.unprocessable.clear()  # GitHub shows no diff of so large a file, and takes no comment in it


async def test_rules_that_find_something_on_every_line_of_a_large_file_end_soon_and_hide_nothing(world: World) -> None:
    """Thousands would each be compared with all others; a file of which some are left out is not covered."""
    assert world.model is not None
    world.model.behaviour = Reviewer({})
    odd = "password = 'vXq7TzRk2LmW9pBd'\n" * 500
    world.repo.commit("feature", {"a.py": odd, "b.py": "x = 1\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    world.repo.commit("feature", {"b.py": "x = 2\n"})
    await world.settle()
    assert world.check(pull.head_sha).conclusion == "failure"
    assert "rules find more in it than is told: 200 places are" in (world.check(pull.head_sha).text or "")


async def test_a_wrong_claim_does_not_take_a_right_one_on_its_line_along(world: World) -> None:
    """Each is judged by itself; people read one comment."""
    assert world.model is not None
    wrong, right = finding("Crashes for an empty list", "P0"), finding(INJECTION, "P1")

    def by_title(seen: Seen) -> Reply:
        claimed = claim(seen)
        return confirm(seen) if claimed and claimed["title"] == INJECTION else reject(seen)

    world.model.behaviour = Reviewer({"run(command": wrong, "command)": right}, judge=by_title)
    world.repo.commit("feature", {"a.py": "command = query()\nrun(command)\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    assert world.check(pull.head_sha).conclusion == "failure"


async def test_a_judge_may_quote_a_line_as_it_was_shown(world: World) -> None:
    """A sample of a secret is no finding in a test, but is masked in what a judge reads, and so in what it repeats."""
    assert world.model is not None
    world.model.behaviour = Reviewer({"run(command": finding(INJECTION, "P1")})
    line = "run(command, password='vXq7TzRk2LmW9pBd')"
    world.repo.commit("feature", {"tests/test_a.py": f"command = query()\n{line}\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    assert world.check(pull.head_sha).conclusion == "failure"


async def test_what_is_wrong_with_an_emptied_file_is_told(world: World) -> None:
    """It has no line left to point at."""
    assert world.model is not None
    gone = {
        **finding("Nothing is checked any more", "P1"),
        "rule": None,
        "path": "app/main.py",
        "start_line": 1,
        "end_line": 1,
        "quotes": [{"path": "app/main.py", "line": 1, "text": "def main():"}],
        "confidence": 0.9,
        "suggestion": None,
    }
    world.model.behaviour = lambda seen: review(seen, [gone], "")
    world.repo.commit("feature", {"app/main.py": ""})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    assert world.check(pull.head_sha).conclusion == "failure"
