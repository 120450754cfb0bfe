"""Rules that a repository keeps for itself: `rules.extra` of the policy, read at the base commit only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from app.cli.main import run
from tests.fakes.github import FakeGitHub, Repository
from tests.fakes.github.fast_import import Content

_POLICY = "version: 1\nrules: {packs: [sql], extra: [checks/, more]}\n"
_RULE = """---
id: {id}
title: The old client is used
severity: P1
globs: ["**/*.py"]
detect:
  match: ['old_client']
fix: Use the new client.
examples:
  hit: [{{path: a.py, text: 'old_client.get()'}}]
  miss: [{{path: a.py, text: 'client.get()'}}]
---

Flag the old client.
"""
_USE = {"app/a.py": "old_client.get()\n"}


@pytest.fixture
def repo(github: FakeGitHub) -> Repository:
    return github.create_repository("acme/web")


def reviewed(
    repo: Repository, base: Mapping[str, Content], head: Mapping[str, Content], capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """The static report on a head over a base."""
    repo.commit("main", {".github/revwright.yml": _POLICY, "more/README.md": "# More\n", **base})
    repo.commit("feature", dict(head))
    command = ["review", "--repo", str(repo.git_dir), "--base", "main", "--head", "feature", "--static"]
    run([*command, "--format", "json"], {"HOME": "/nonexistent"})
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def rule(id_: str) -> str:
    return _RULE.format(id=id_)


def test_a_rule_of_the_base_counts_like_a_shipped_one(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    report = reviewed(repo, {"checks/team/old-client.md": rule("team/old-client")}, _USE, capsys)

    (found,) = report["findings"]
    assert (found["rule"], found["severity"], found["path"]) == ("team/old-client", "P1", "app/a.py")
    assert report["verdict"]["state"] == "blocked"
    assert report["rule_packs"]["team"] == 1


def test_the_same_rule_on_the_head_does_not_count(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    head: dict[str, Content] = {"checks/team/old-client.md": rule("team/old-client"), **_USE}
    report = reviewed(repo, {"checks/README.md": "# Checks\n"}, head, capsys)

    assert report["findings"] == []
    assert {c["path"]: c["tier"] for c in report["coverage"]}["checks/team/old-client.md"] == "core"


def test_an_id_that_is_taken_is_refused_and_so_is_one_that_stands_twice(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    base: dict[str, Content] = {
        "checks/python/bare-except-pass.md": rule("python/bare-except-pass"),
        "checks/team/old-client.md": rule("team/old-client"),
        "more/team/old-client.md": rule("team/old-client"),
    }
    report = reviewed(repo, base, {"app/a.py": "client.get()\n"}, capsys)

    taken = "there is a rule with this id already; choose another name"
    assert problems(report) == [
        f"correct checks/python/bare-except-pass.md: {taken}",
        f"correct more/team/old-client.md: {taken}",
    ]


def test_what_is_wrong_is_told_with_file_and_line_and_waits_for_a_person(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = rule("team/broken").replace("severity: P1", "severity: P9")
    report = reviewed(repo, {"checks/team/broken.md": broken}, _USE, capsys)

    assert problems(report)[0].startswith("correct checks/team/broken.md:4: ")
    assert "P9" in problems(report)[0]
    assert report["verdict"]["state"] == "needs_human"


def problems(report: dict[str, Any]) -> list[str]:
    verdict = report["verdict"]
    return list(verdict.get("requirements", []))
