"""`revwright gate simulate --github` as a program: whom past pull requests would have needed, and who approved them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import run
from tests.fakes.github import FakeGitHub, PullRequest, Repository, User
from tests.fakes.github.auth import generate_private_key
from tests.fakes.github.installations import suspend
from tests.fakes.github.merging import merge
from tests.world import environment

ROOT = Path(__file__).parents[2]
POLICY = """version: 1
tiers:
  core:
    - paths: ["auth/**"]
      from: ["@acme/security", "@alice"]
      reason: "Sign-in"
    - paths: ["db/**"]
"""
NAME = "acme/web"


@dataclass
class Past:
    """A repository with a past: people, and a clock that tests set back."""

    github: FakeGitHub
    repo: Repository
    people: dict[str, User]
    env: dict[str, str]
    policy: Path
    now: datetime

    def at(self, days: float) -> None:
        """So many days ago; 0 is now, which moves on."""
        self.github.clock = lambda: self.now - timedelta(days=days) if days else datetime.now(UTC)

    def merged(
        self,
        days: float,
        title: str,
        files: dict[str, str | bytes | None],
        *approvers: str,
        method: str = "squash",
        base: str = "main",
    ) -> PullRequest:
        """Opened, approved and merged so many days ago."""
        self.at(days)
        branch = f"topic-{len(self.repo.pulls)}"
        self.repo.commit(branch, dict(files), author=self.people["olga"], parent=self.repo.head(base))
        pull = self.repo.open_pull_request(head=branch, base=base, title=title, user=self.people["olga"])
        for login in approvers:
            pull.review(self.people[login], event="APPROVE")
        merge(pull, by=self.people["alice"], method=method)
        self.at(0)
        return pull

    def simulate(self, *arguments: str) -> int:
        return run(["gate", "simulate", "--github", NAME, "--policy", str(self.policy), *arguments], self.env)

    def program(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A process of its own, as an operator starts it."""
        command = [sys.executable, "-m", "app.cli", "gate", "simulate", *arguments]
        env = self.env | {"PATH": os.environ["PATH"]}
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def past(github: FakeGitHub, tmp_path: Path) -> Iterator[Past]:
    repo = github.create_repository(NAME, installation=github.add_installation("acme"))
    people = {name: github.add_user(name) for name in ("alice", "bob", "olga")}
    for person in people.values():
        repo.permissions[person.id] = "write"
    policy = tmp_path / "try.yml"
    policy.write_text(POLICY)
    now = datetime.now(UTC).replace(microsecond=0)
    made = Past(github, repo, people, environment(github, tmp_path / "data", None), policy, now)
    repo.commit("main", {"README.md": "# web\n", "CODEOWNERS": "db/ @old-dba\n", "auth/login.py": "x = 1\n" * 9})
    yield made
    assert github.violations == []
    written = [call for call in github.calls if call.method != "GET" and not call.path.endswith("/access_tokens")]
    assert written == []


@pytest.fixture
def four(past: Past) -> list[PullRequest]:
    """Of the last weeks, oldest first; the owner of db/ changes in between."""
    first = past.merged(20, "Rows are kept", {"db/1.sql": "1\n"}, "bob")
    past.repo.commit("main", {"CODEOWNERS": "db/ @new-dba\n"})
    second = past.merged(9, "Move sign-in\x1b[2J out", {"auth/login.py": None, "web/login.py": "x = 1\n" * 9})
    past.at(8)
    past.repo.commit("slow", {"db/2.sql": "2\n"}, author=past.people["olga"])
    third = past.repo.open_pull_request(head="slow", title="More rows", user=past.people["olga"])
    third.review(past.people["bob"], event="APPROVE")
    past.repo.commit("slow", {"db/3.sql": "3\n"}, author=past.people["olga"])
    third.review(past.people["alice"], event="APPROVE")
    past.at(3)
    merge(third, by=past.people["alice"])
    past.at(0)
    return [first, second, third, past.merged(1, "Say more", {"README.md": "# web, more\n"}, "alice")]


def test_the_table_of_a_program(past: Past, four: list[PullRequest]) -> None:
    since = f"{past.now - timedelta(days=30):%Y-%m-%d}"
    done = past.program("--github", NAME, "--policy", str(past.policy), "--since", since)

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    days = [f"{past.now - timedelta(days=ago):%Y-%m-%d}" for ago in (20, 9, 3, 1)]
    commits = [str(pull.merge_commit_sha)[:12] for pull in four]
    indent = " " * 32
    assert lines[:15] == [
        f"Pull requests merged into main of acme/web since {since}, by {past.policy}",
        "CODEOWNERS is that of each pull request's base commit",
        "",
        "COMMIT        DATE        CORE  SUBJECT",
        f"{commits[3]}  {days[3]}     0  #4 Say more",
        f"{commits[2]}  {days[2]}     2  #3 More rows",
        f"{indent}1 approval of @new-dba for 2 paths: tiers.core: db/** (policy)",
        f"{indent}approved by @bob (an earlier commit), @alice",
        f"{commits[1]}  {days[1]}     1  #2 Move sign-in<U+001B>[2J out",
        f"{indent}1 approval of @alice or @acme/security for 1 path: Sign-in (tiers.core: auth/** (policy))",
        f"{indent}approved by nobody",
        f"{commits[0]}  {days[0]}     1  #1 Rows are kept",
        f"{indent}1 approval of @old-dba for 1 path: tiers.core: db/** (policy)",
        f"{indent}approved by @bob",
        "",
    ]
    assert "  would have waited  3 (75.0 %)" in lines


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    captured = capsys.readouterr()
    assert captured.err == ""
    value: dict[str, Any] = json.loads(captured.out)
    return value


def test_the_same_as_json(past: Past, four: list[PullRequest], capsys: pytest.CaptureFixture[str]) -> None:
    assert past.simulate("--json") == 0
    value = told(capsys)

    assert (value["repository"], value["branch"], value["tip"]) == (NAME, "main", past.repo.head("main"))
    assert (value["codeowners"], value["not_looked_at"], value["stopped"]) == ("base commit", 0, None)
    third = value["merges"][1]
    assert third["pull_request"] == {
        "number": 3,
        "author": "olga",
        "base": four[2].base_sha,
        "head": four[2].head_sha,
    }
    assert third["approved_by"] == [
        {"login": "bob", "human": True, "on_head": False},
        {"login": "alice", "human": True, "on_head": True},
    ]
    assert third["commit"] == four[2].merge_commit_sha
    assert value["merges"][0]["approved_by"] is None
    assert [one["changed_paths"] for one in value["merges"]] == [1, 2, 2, 1]
    calls = [call for call in past.github.calls if call.installation_id]
    assert {frozenset((call.token_permissions or {}).items()) for call in calls} == {
        frozenset({("contents", "read"), ("pull_requests", "read"), ("metadata", "read")})
    }
    assert len(calls) <= 4 + 4 * 4


def test_only_what_was_merged_into_the_branch_since_then(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    past.at(50)
    past.repo.commit("release/1", {"x": "1\n"})
    past.merged(40, "Too old", {"db/1.sql": "1\n"}).comment(past.people["bob"], "said later")
    past.merged(5, "Released", {"db/2.sql": "1\n"}, base="release/1")
    past.repo.commit("refused", {"db/3.sql": "1\n"})
    past.repo.open_pull_request(head="refused").close()
    past.merged(4, "In time", {"db/4.sql": "1\n"})
    past.repo.commit("open", {"db/5.sql": "1\n"})
    past.repo.open_pull_request(head="open")

    assert past.simulate("--json", "--since", "30d") == 0
    assert [one["subject"] for one in told(capsys)["merges"]] == ["In time"]
    assert past.simulate("--json", "--branch", "release/1", "--since", "1w") == 0
    value = told(capsys)
    assert ([one["subject"] for one in value["merges"]], value["branch"]) == (["Released"], "release/1")


def test_without_a_file_the_policy_is_that_of_the_branch(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    past.merged(2, "Rows", {"x/1": "1\n"})
    assert run(["gate", "simulate", "--github", NAME, "--json"], past.env) == 0
    assert told(capsys)["policy"] == "the built-in policy: there is no .github/revwright.yml"

    own = 'version: 1\ntiers: {core: [{paths: ["x/**"], from: ["@bob"]}]}\n'
    past.repo.commit("main", {".github/revwright.yml": own})
    assert run(["gate", "simulate", "--github", NAME, "--json"], past.env) == 0
    value = told(capsys)
    assert value["policy"] == ".github/revwright.yml"
    assert value["merges"][0]["requirements"][0]["who"]["users"] == ["bob"]

    past.repo.commit("main", {".github/revwright.yml": "version: 1\ntier: {}\n"})
    assert run(["gate", "simulate", "--github", NAME], past.env) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(".github/revwright.yml:2:1: unknown key 'tier'")


def test_the_newest_are_looked_at_and_the_rest_is_told(
    past: Past, four: list[PullRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    four[0].comment(past.people["bob"], "touched last")
    assert past.simulate("--limit", "2") == 0
    out = capsys.readouterr().out
    assert "#4 Say more" in out
    assert "#3 More rows" in out
    assert "#1 " not in out
    assert "there are more: only the newest 2 are looked at" in out


def test_over_3_000_files_nobody_says_that_nobody_is_needed(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    past.merged(2, "Generated", {f"gen/{number}": "x\n" for number in range(3_001)})
    past.merged(1, "As many as can be", {f"gen/{number}": "y\n" for number in range(3_000)})

    assert past.simulate("--json") == 0
    value = told(capsys)
    most, over = value["merges"]
    assert (most["unknown"], most["changed_paths"]) == (None, 3_000)
    assert over["unknown"].startswith("it changes 3,001 files, and GitHub lists at most 3,000")
    assert (value["totals"]["unknown"], value["totals"]["merges"]) == (1, 2)


def test_a_rate_limit_ends_it_with_what_there_is(
    past: Past, four: list[PullRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    installation = past.repo.installation
    assert installation is not None
    past.github.faults.calls_left(500 + 6, installation=installation)

    assert past.simulate() == 3
    captured = capsys.readouterr()
    assert "#4 Say more" in captured.out
    told = "the reserve of GitHub's primary rate limit for installation"
    assert f"not looked at      3: {told}" in captured.out
    assert captured.err.startswith(f"revwright: 3 pull requests were not looked at: {told}")
    assert "no calls before 20" in captured.err
    past.github.faults.clear()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--github", "acme/nothing"], "GitHub knows no repository acme/nothing on which this App is installed"),
        (["--github", "other/web"], "GitHub knows no repository other/web on which this App is installed"),
        (["--github", NAME, "--branch", "gone"], "acme/web has no branch 'gone'"),
        (["--github", NAME, "--since", "soon"], "--since: 'soon' is no time to look back to"),
    ],
)
def test_what_is_wrong_is_named(
    past: Past, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    past.github.create_repository("other/web")
    assert run(["gate", "simulate", *arguments], past.env) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--github", NAME, "--repo", "."], "argument --repo: not allowed with argument --github"),
        (["--github", "web"], "argument --github: 'web' is not OWNER/NAME"),
        (["--github", "acme/.."], "argument --github: 'acme/..' is not OWNER/NAME"),
        (["--github", "acme/web?x"], "is not OWNER/NAME"),
        (["--limit", "0"], "argument --limit: '0' is not a number from 1 to 5,000"),
        (["--limit", "5001"], "argument --limit: '5001' is not a number from 1 to 5,000"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["gate", "simulate", *arguments], {"HOME": "/nonexistent"})
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_it_needs_to_know_who_it_is_on_github(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gate", "simulate", "--github", NAME], {"HOME": "/nonexistent"}) == 2
    assert "REVWRIGHT_GITHUB_APP_ID: not set, and needed to talk to GitHub" in capsys.readouterr().err


def test_a_wrong_app_and_a_missing_permission_are_named(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = past.env | {"REVWRIGHT_GITHUB_APP_ID": "1"}
    assert run(["gate", "simulate", "--github", NAME], wrong) == 2
    assert "that the App of REVWRIGHT_GITHUB_APP_ID is installed on acme" in capsys.readouterr().err
    other = past.env | {"REVWRIGHT_GITHUB_PRIVATE_KEY": generate_private_key.__wrapped__()}
    assert run(["gate", "simulate", "--github", NAME], other) == 2
    assert (
        "GitHub does not accept the App's JWT: check REVWRIGHT_GITHUB_APP_ID, the private key"
        in capsys.readouterr().err
    )

    installation = past.repo.installation
    assert installation is not None
    granted = installation.permissions.pop("pull_requests")
    assert past.simulate() == 2
    err = capsys.readouterr().err
    assert "no gather token" in err
    assert "the App lacks a permission" in err
    installation.permissions["pull_requests"] = granted
    suspend(past.github, installation)
    assert past.simulate() == 2
    assert "the installation is suspended" in capsys.readouterr().err
    past.github.unprocessable.clear()
