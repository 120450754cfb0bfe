"""The gate: core paths wait for people, who are asked once, and whose approval is worth what they may do now."""

from __future__ import annotations

import pytest

from app.domain.jobs import Queue
from app.domain.messages.gate import APPROVAL_LABEL
from tests.fakes.github import PullRequest, User
from tests.stories.pushes import BUG, DIVISION, PRICE, says
from tests.world import World

POLICY = """\
version: 1
tiers:
  core:
    - paths: ["app/auth/**"]
      from: ["@alice", "@acme/security"]
      reason: "Sign-in decides who gets in"
"""
AUTH = {"app/auth/login.py": "def login():\n    return True\n"}


@pytest.fixture
def people(gated: World) -> dict[str, User]:
    """alice and bob may write, rita may read; sam is in the team, olga opens pull requests."""
    fake, repo = gated.github, gated.repo
    found = {name: fake.add_user(name) for name in ("alice", "bob", "rita", "sam", "olga")}
    for name, role in {"alice": "write", "bob": "write", "rita": "read", "sam": "maintain", "olga": "write"}.items():
        repo.permissions[found[name].id] = role
    fake.add_member("acme", found["sam"])
    fake.add_team("acme", "security", [found["sam"]])
    repo.commit("main", {".github/revwright.yml": POLICY}, message="policy")
    return found


def open_core(gated: World, people: dict[str, User], files: dict[str, str] | None = None) -> PullRequest:
    gated.repo.commit("feature", dict(files or AUTH), author=people["olga"])
    return gated.repo.open_pull_request(head="feature", title="Sign in", user=people["olga"])


def approve(pull: PullRequest, user: User, *, commit: str | None = None) -> None:
    pull.review(user, event="APPROVE", commit_id=commit)


async def test_what_touches_no_core_path_passes_at_once(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people, {"app/other.py": "x = 1\n"})
    await gated.settle()

    gate = gated.gate(pull)
    assert (gate.conclusion, gate.title) == ("success", "No core path is changed")
    assert len(pull.comments) == 1  # the review's summary


async def test_a_core_path_waits_and_says_for_whom(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    await gated.settle()

    gate = gated.gate(pull)
    assert (gate.conclusion, gate.title) == ("action_required", "Waiting for 1 approval of core paths")
    assert [team.slug for team in pull.requested_teams] == ["security"]
    assert pull.requested_reviewers == []
    assert APPROVAL_LABEL in [label.name for label in pull.labels]
    (comment,) = [one.body for one in pull.comments if "core paths" in one.body]
    for word in ("app/auth/login.py", "Sign-in decides who gets in", "@alice", "@acme/security", "What to read"):
        assert word in comment, word


async def test_an_approval_lets_it_pass(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    await gated.settle()
    approve(pull, people["alice"])
    await gated.settle()

    gate = gated.gate(pull)
    assert (gate.conclusion, gate.title) == ("success", "Approved: 1 requirement met")
    assert pull.labels == []
    assert [one.body.splitlines()[0] for one in pull.comments if "core paths" in one.body] == [
        "**Approved: 1 requirement met**"
    ]


@pytest.mark.parametrize("name", ["bob", "rita", "olga"])
async def test_whose_approval_does_not_count(gated: World, people: dict[str, User], name: str) -> None:
    """Not named, may not write, wrote it."""
    pull = open_core(gated, people)
    if name == "olga":
        pull.user = people["bob"]  # who opened it is another; olga wrote the commit
    approve(pull, people[name])
    await gated.settle()

    gate = gated.gate(pull)
    assert gate.conclusion == "action_required"
    assert name in (gate.summary or "")


async def test_new_core_content_voids_an_approval_and_other_pushes_do_not(
    gated: World, people: dict[str, User]
) -> None:
    pull = open_core(gated, people)
    await gated.settle()
    approve(pull, people["alice"])
    gated.repo.commit("feature", {"README.md": "# other\n"}, author=people["olga"])
    await gated.settle()
    assert gated.gate(pull).conclusion == "success"

    gated.repo.commit("feature", {"app/auth/login.py": "def login():\n    return 1\n"}, author=people["olga"])
    await gated.settle()
    gate = gated.gate(pull)
    assert gate.conclusion == "action_required"
    assert "approved before this core content came" in (gate.summary or "")


async def test_nobody_is_asked_twice(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    await gated.settle()
    asked = [call for call in gated.written() if "requested_reviewers" in call]
    pull.requested_teams.clear()
    gated.repo.commit("feature", {"app/auth/login.py": "def login():\n    return 2\n"}, author=people["olga"])
    await gated.settle()

    again = [call for call in gated.written() if "requested_reviewers" in call]
    assert len(asked) == 1
    assert [user.login for user in pull.requested_reviewers] == ["alice"]  # the other one who may
    assert len(again) == 2
    assert pull.requested_teams == []


async def test_who_lost_the_right_to_write_approves_nothing(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    approve(pull, people["alice"])
    gated.repo.permissions[people["alice"].id] = "read"
    await gated.settle()

    assert gated.gate(pull).conclusion == "action_required"


async def test_a_dismissed_approval_is_none(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    approve(pull, people["alice"])
    await gated.settle()
    assert gated.gate(pull).conclusion == "success"
    pull.dismiss(pull.reviews[0], by=people["bob"])
    await gated.settle()

    assert gated.gate(pull).conclusion == "action_required"


async def test_another_base_asks_anew(gated: World, people: dict[str, User]) -> None:
    gated.repo.commit("release", {"notes.md": "x\n"})
    pull = open_core(gated, people)
    approve(pull, people["alice"])
    await gated.settle()
    assert gated.gate(pull).conclusion == "success"
    pull.edit(base="release")
    await gated.settle()

    gate = gated.gate(pull)
    assert gate.conclusion == "action_required"
    assert "approved before the base branch was changed" in (gate.summary or "")


@pytest.mark.parametrize(
    ("event", "told"), [("COMMENT", "commented without approving"), ("REQUEST_CHANGES", "asked for changes")]
)
async def test_what_somebody_said_who_may_approve_is_told_as_it_is(
    gated: World, people: dict[str, User], event: str, told: str
) -> None:
    """Our own remarks are not listed as approvals that do not count."""
    says(gated, DIVISION)
    pull = open_core(gated, people, {**AUTH, PRICE: BUG})
    await gated.settle()
    pull.review(people["alice"], event=event, body="Hm.")
    gated.repo.commit("feature", {"README.md": "# other\n"}, author=people["olga"])
    await gated.settle()

    (listed,) = (part for part in (gated.gate(pull).summary or "").split("\n\n") if part.startswith("- "))
    assert listed == f"- `alice` {told}."


async def test_an_invalid_policy_never_passes(gated: World, people: dict[str, User]) -> None:
    gated.repo.commit("main", {".github/revwright.yml": "version: 1\ntires: {}\n"})
    pull = open_core(gated, people, {"app/other.py": "x = 1\n"})
    await gated.settle()

    gate = gated.gate(pull)
    assert gate.conclusion == "action_required"
    assert ".github/revwright.yml:2" in (gate.summary or "")


async def test_the_gate_needs_no_model(gated: World, people: dict[str, User]) -> None:
    assert gated.model is not None
    gated.model.stop()
    pull = open_core(gated, people)
    approve(pull, people["sam"])
    await gated.deliver_new()
    await gated.work_queue(Queue.INTERACTIVE)
    assert gated.gate(pull).conclusion == "success"


async def test_run_once_more_it_says_the_same_again(gated: World, people: dict[str, User]) -> None:
    """GitHub takes the conclusion away when somebody asks for that."""
    gated.github.app.events.extend(("check_run", "check_suite"))
    pull = open_core(gated, people)
    approve(pull, people["alice"])
    await gated.settle()
    before = gated.gate(pull)
    gated.repo.rerequest(before, by=people["bob"])
    await gated.settle()

    assert gated.gate(pull).id != before.id
    assert gated.gate(pull).conclusion == "success"


async def test_who_asked_for_a_rule_does_not_approve_it(gated: World, people: dict[str, User]) -> None:
    """Revwright wrote the commit and opened the pull request, but the rule is that person's."""
    gated.github.app.events.append("issue_comment")
    pull = open_core(gated, people, {"app/other.py": "x = 1\n"})
    await gated.settle()
    pull.comment(people["bob"], "@revwright remember Passwords may be logged.")
    await gated.settle()
    (rule,) = (one for one in gated.repo.pulls.values() if one is not pull)
    approve(rule, people["bob"])
    await gated.settle()
    gate = gated.gate(rule)
    assert gate.conclusion == "action_required"
    assert "asked for a commit of the bot" in (gate.summary or "")

    approve(rule, people["alice"])
    await gated.settle()
    assert gated.gate(rule).conclusion == "success"


async def test_a_branch_without_owners_does_not_escape_those_of_the_default_branch(
    gated: World, people: dict[str, User]
) -> None:
    """Anybody with write access can make a branch from before there was a CODEOWNERS."""
    repo = gated.repo
    repo.commit("old", {"notes.md": "x\n"}, parent=repo.head("main"))
    repo.commit("main", {"CODEOWNERS": "/.github/workflows/ @alice\n"})
    repo.commit("feature", {".github/workflows/ci.yml": "on: push\n"}, author=people["olga"], parent=repo.head("old"))
    pull = repo.open_pull_request(head="feature", base="old", user=people["olga"])
    approve(pull, people["bob"])
    await gated.settle()
    assert gated.gate(pull).conclusion == "action_required"
    assert "`@alice`" in (gated.gate(pull).summary or "")

    approve(pull, people["alice"])
    await gated.settle()
    assert gated.gate(pull).conclusion == "success"


async def test_a_policy_that_came_after_the_last_push_holds(gated: World, people: dict[str, User]) -> None:
    """What GitHub's API calls the base is where the branch was at the last push to the head."""
    pull = open_core(gated, people, {"db/1.sql": "drop table users;\n"})
    await gated.settle()
    assert gated.gate(pull).conclusion == "success"
    gated.repo.commit("main", {".github/revwright.yml": POLICY.replace("app/auth/**", "db/**")})
    pull.review(people["bob"], event="REQUEST_CHANGES", body="Hm.")
    await gated.settle()

    assert gated.gate(pull).conclusion == "action_required"


async def test_what_was_taken_back_from_the_base_branch_is_in_the_change(gated: World, people: dict[str, User]) -> None:
    """The head was begun on commits that the base branch does not have any more."""
    repo = gated.repo
    before = repo.head("main")
    repo.commit("main", AUTH, message="not approved")
    repo.commit("feature", {"README.md": "# other\n"}, author=people["olga"], parent=repo.head("main"))
    pull = repo.open_pull_request(head="feature", user=people["olga"])
    await gated.settle()
    assert gated.gate(pull).conclusion == "success"
    repo.force_push("main", before)
    pull.review(people["bob"], event="REQUEST_CHANGES", body="Hm.")
    await gated.settle()

    assert gated.gate(pull).conclusion == "action_required"
    assert "app/auth/login.py" in (gated.gate(pull).summary or "")
