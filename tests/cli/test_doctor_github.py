"""`revwright doctor OWNER/NAME`: whether somebody else could pass for us there, and what we may read, with remedies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.main import run
from app.domain.messages.check import REVIEW_CHECK
from app.domain.messages.gate import GATE_CHECK
from tests.fakes.github import FakeGitHub, Repository
from tests.world import environment

NAME = "acme/web"


@pytest.fixture
def repo(github: FakeGitHub) -> Repository:
    installation = github.add_installation(github.add_user("acme", type="Organization"))
    repository = github.create_repository(NAME, installation=installation)
    repository.commit("main", {"README.md": "# web\n"})
    repository.required_checks = {GATE_CHECK: github.app.id, REVIEW_CHECK: github.app.id}
    return repository


class Doctor:
    """Runs the command, and keeps what it told: name -> state, words and remedy."""

    def __init__(self, github: FakeGitHub, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.github, self.folder, self.capsys = github, folder, capsys

    def told(self, *names: str, status: int = 0) -> dict[str, tuple[str, str, str]]:
        assert run(["doctor", "--json", *names], environment(self.github, self.folder, None)) == status
        found = json.loads(self.capsys.readouterr().out)
        assert self.github.violations == []
        assert [
            call.path for call in self.github.calls if call.method != "GET" and "access_tokens" not in call.path
        ] == []
        return {one["name"]: (one["state"], one["words"], one["remedy"]) for one in found}

    def checks(self) -> tuple[str, str, str]:
        return self.told(NAME)[f"required checks of {NAME}"]


@pytest.fixture
def doctor(github: FakeGitHub, repo: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    assert repo.full_name == NAME
    return Doctor(github, tmp_path, capsys)


def test_a_repository_where_all_is_well(doctor: Doctor) -> None:
    told = doctor.told(NAME)
    assert {name: state for name, (state, _, _) in told.items() if "acme/web" in name} == {
        f"required checks of {NAME}": "ok",
        f"organisation policy for {NAME}": "ok",
        f"teams of {NAME}": "ok",
    }
    assert doctor.checks()[1] == "main requires revwright/gate and revwright/review from this App alone"


@pytest.mark.parametrize(
    ("required", "words"),
    [
        ({}, "revwright/gate is not required"),
        ({GATE_CHECK: None, REVIEW_CHECK: 424242}, "revwright/gate has its expected source not set"),
        ({GATE_CHECK: 424242, REVIEW_CHECK: 15368}, "revwright/review is required of the App 15368"),
    ],
)
def test_checks_that_others_could_set_are_told(
    doctor: Doctor, repo: Repository, required: dict[str, int | None], words: str
) -> None:
    repo.required_checks = required

    state, told, remedy = doctor.checks()
    assert (state, words in told) == ("weak", True)
    assert "choose this App as the source of each" in remedy


def test_what_cannot_be_read_is_said_with_how_to_see_it_by_hand(doctor: Doctor, github: FakeGitHub) -> None:
    github.faults.add(method="GET", path="/rules/branches/", status=403, body={"message": "not for you"}, times=9)

    state, told, remedy = doctor.checks()
    assert state == "weak"
    assert told.startswith("what main requires cannot be read: ")
    assert "not for you" in told
    assert remedy.startswith("To see it by hand: ")


def test_a_policy_of_the_organisation_is_told(doctor: Doctor, github: FakeGitHub, repo: Repository) -> None:
    title = f"organisation policy for {NAME}"
    state, told, _ = doctor.told(NAME)[title]
    assert (state, told.startswith("none: acme/.github has no revwright.yml")) == ("ok", True)
    assert told.endswith("fine if none is wanted")
    other = github.create_repository("acme/.github", installation=repo.installation)
    other.commit("main", {"revwright.yml": "version: 1\n"})
    assert doctor.told(NAME)[title][:2] == ("ok", "revwright.yml of acme/.github is read")

    github.faults.add(method="GET", path="/contents/revwright.yml$", status=403, body={"message": "no"}, times=9)
    assert doctor.told(NAME, status=1)[title][0] == "fail"


@pytest.mark.parametrize("path", [".github/revwright.yml", ".github/CODEOWNERS", "CODEOWNERS"])
def test_teams_that_cannot_be_read_are_told(doctor: Doctor, github: FakeGitHub, repo: Repository, path: str) -> None:
    repo.commit("main", {path: "app/ @acme/Security\n"})
    title = f"teams of {NAME}"
    state, told, remedy = doctor.told(NAME)[title]
    assert (state, "@acme/security: there is no such team" in told) == ("weak", True)
    assert remedy.startswith("Correct the name")

    github.add_team("acme", "security", [github.add_user("sam")])
    assert doctor.told(NAME)[title][:2] == ("ok", "the members of 1 that approve core paths can be read")

    assert repo.installation is not None
    del repo.installation.permissions["members"]
    state, told, remedy = doctor.told(NAME)[title]
    assert (state, told) == ("weak", "the App may not read who is in @acme/security, so no approval of theirs counts")
    assert "Members: read" in remedy


@pytest.mark.parametrize(
    ("name", "words"),
    [("acme/none", "no such repository"), ("acme", "write OWNER/NAME"), ("a/b/c", "write OWNER/NAME")],
)
def test_a_name_that_leads_nowhere_fails(doctor: Doctor, name: str, words: str) -> None:
    state, told, _ = doctor.told(name, status=1)[f"GitHub {name}"]
    assert (state, words in told) == ("fail", True)


def test_each_of_several_repositories_is_looked_at(doctor: Doctor) -> None:
    told = doctor.told("acme/none", NAME, status=1)
    assert {"GitHub acme/none", f"required checks of {NAME}"} <= set(told)


def test_without_settings_for_github_it_says_which_are_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json", NAME], {"REVWRIGHT_SANDBOX": "off"}) == 1
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert "REVWRIGHT_GITHUB_APP_ID" in found["GitHub"]["words"]
