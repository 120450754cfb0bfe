"""Which checks a branch requires, and of whom, without the right to administrate."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.github.required_checks import RequiredCheckReader
from app.domain.errors import GitHubRefused, GitHubUnavailable
from tests.fakes.github import FakeGitHub
from tests.installed import installed


async def test_classic_protection_and_rulesets_are_read_together(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        setting.pull.repository.required_checks = {"pinned": 42, "open": None}

        found = await RequiredCheckReader(setting.client).sources(setting.place, "main")
        assert found == {"pinned": frozenset({42}), "open": frozenset({None})}


async def test_a_branch_without_protection_requires_nothing(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        assert await RequiredCheckReader(setting.client).sources(setting.place, "main") == {}


def branch(**protection: Any) -> dict[str, Any]:
    return {"name": "main", "protection": protection}


RULE = {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "x"}]}}
OTHERS = [{"type": "deletion"}, {"type": "new_one", "parameters": 7}]


@pytest.mark.parametrize(
    ("classic", "rules", "sources"),
    [
        (branch(required_status_checks={"checks": [{"context": "x", "app_id": -1}]}), [], {None}),
        (branch(required_status_checks={"contexts": ["x"]}), [RULE, *OTHERS], {None}),
        (branch(required_status_checks={"checks": [{"context": "x", "app_id": 42}]}), [RULE], {None, 42}),
        (branch(required_status_checks={"contexts": ["x"]}), [], {None}),
        (branch(required_status_checks={"contexts": ["x"], "checks": [{"context": "x", "app_id": 42}]}), [], {42}),
        (branch(enabled=False), [RULE], {None}),
        ({"name": "main"}, [RULE], {None}),
    ],
)
async def test_answers_of_every_shape(
    github: FakeGitHub, classic: dict[str, Any], rules: list[Any], sources: set[int | None]
) -> None:
    async with installed(github) as setting:
        github.faults.add(method="GET", path="/branches/main$", status=200, body=classic)
        github.faults.add(method="GET", path="/rules/branches/main$", status=200, body=rules)

        assert await RequiredCheckReader(setting.client).sources(setting.place, "main") == {"x": frozenset(sources)}


@pytest.mark.parametrize("answer", [[], {"protection": 7}, branch(required_status_checks={"checks": [{}]})])
async def test_an_answer_of_another_shape_is_none(github: FakeGitHub, answer: Any) -> None:
    async with installed(github) as setting:
        github.faults.add(method="GET", path="/branches/main$", status=200, body=answer)

        with pytest.raises(GitHubUnavailable, match="what main requires"):
            await RequiredCheckReader(setting.client).sources(setting.place, "main")


async def test_a_refusal_is_told(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        with pytest.raises(GitHubRefused):
            await RequiredCheckReader(setting.client).sources(setting.place, "not there")
