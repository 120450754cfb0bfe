"""`revwright config`: what holds, where it comes from, and files that are no policy files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from app.adapters.rules.policy_schema import policy_schema
from app.cli.main import run
from tests.fakes.github import FakeGitHub, Repository

HOME = {"HOME": "/nonexistent"}


@pytest.fixture
def repo(github: FakeGitHub) -> Repository:
    made = github.create_repository("acme/web")
    made.commit("main", {".github/revwright.yml": "version: 1\nlimits:\n  rounds: 9\n"})
    made.commit("plain", {".github/revwright.yml": None})
    made.commit("wrong", {".github/revwright.yml": "version: 1\nlimit: {}\n"})
    return made


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def shown(text: str) -> dict[str, tuple[str, str]]:
    return {key: (value, source) for key, source, value in (line.split(maxsplit=2) for line in text.splitlines())}


def show(repo: Repository, *arguments: str, env: dict[str, str] | None = None) -> int:
    return run(["config", "show", "--repo", str(repo.git_dir), *arguments], HOME | (env or {}))


def test_the_policy_of_a_commit_with_the_source_of_each_value(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(repo, "--ref", "main") == 0
    values = shown(capsys.readouterr().out)
    assert values["limits.rounds"] == ("9", "repository")
    assert values["review.block_at"] == ("P1", "built-in")

    assert show(repo, "--ref", "plain") == 0
    assert shown(capsys.readouterr().out)["limits.rounds"] == ("6", "built-in")


def test_all_layers_as_json(repo: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deployment = written(tmp_path, "d.yml", "version: 1\nlimits: {rounds: 3}\n")
    organisation = written(tmp_path, "o.yml", "version: 1\nreview: {drafts: true}\n")
    options = ["--ref", "main", "--organisation", organisation, "--json"]

    assert show(repo, *options, env={"REVWRIGHT_POLICY_FILE": deployment}) == 0
    from_settings = json.loads(capsys.readouterr().out)
    assert show(repo, *options, "--deployment", deployment) == 0
    assert json.loads(capsys.readouterr().out) == from_settings

    values = {one["key"]: one for one in from_settings["values"]}
    assert values["review.drafts"]["source"] == ["organisation"]
    assert (values["limits.rounds"]["value"], values["limits.rounds"]["source"]) == ("3", ["deployment"])
    assert "the repository asks for 9 in line 3" in values["limits.rounds"]["note"]


def test_a_file_in_place_of_the_one_of_a_commit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "own.yml", "version: 1\nreview: {max_findings: 4}\n")

    assert run(["config", "show", "--repo", "/nowhere", "--file", file], HOME) == 0
    assert shown(capsys.readouterr().out)["review.max_findings"] == ("4", "repository")


def test_a_policy_that_is_not_valid_is_told_and_nothing_is_shown(
    repo: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(repo, "--ref", "wrong") == 1
    assert show(repo, "--ref", "main", "--deployment", written(tmp_path, "d.yml", "version: 3\n")) == 1
    captured = capsys.readouterr()

    assert captured.out == ""
    commit, deployment = captured.err.splitlines()
    assert commit == ".github/revwright.yml:2:1: unknown key 'limit': did you mean 'limits'?"
    assert deployment.startswith(f"{tmp_path}/d.yml:1:10: ")


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "schema"], {}) == 0
    assert json.loads(capsys.readouterr().out) == policy_schema()


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "own.yml", "version: 1\n")
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_bytes(b"#" * 70_000)

    for name in ("link", "fifo", "large", ""):
        assert run(["config", "check", str(tmp_path / name)], {}) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.rpartition(": ")[2].partition(";")[0] for line in said] == [
        "it is a symbolic link, and none is followed on GitHub",
        "it is not a regular file",
        "it has more than 65,536 bytes",
        "it is not a regular file",
    ]


def test_a_local_review_stays_below_the_ceiling_of_the_deployment(
    repo: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ceiling = written(tmp_path, "d.yml", "version: 1\nlimits: {rounds: 3}\ntiers: {core: [{paths: ['app/**']}]}\n")
    repo.commit("feature", {"app/a.py": "a = 1\n"}, parent=repo.head("main"))
    range_ = ["review", "--repo", str(repo.git_dir), "--base", "main", "--head", "feature", "--format", "json"]

    run(range_, HOME | {"REVWRIGHT_POLICY_FILE": ceiling})
    report = json.loads(capsys.readouterr().out)
    assert report["coverage"][0]["tier"] == "core"
    assert report["notes"][0] == "limits.rounds is 3: the repository asks for 9 in line 3, the deployment sets a limit"
