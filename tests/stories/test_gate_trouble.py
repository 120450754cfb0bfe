"""The gate where something is in the way: it says so, never passes by mistake, and does nothing twice."""

from __future__ import annotations

import pytest

from app.domain.jobs import JobKind, Queue, RowKey
from app.domain.messages.gate import APPROVAL_LABEL
from app.domain.pull_request import PullRequestRef, RepositoryName
from app.domain.row import Row, Wanted
from tests.fakes.github import PullRequest, User
from tests.stories.test_gate import AUTH, POLICY, approve, open_core
from tests.stories.test_gate import people as people  # noqa: PLC0414 - the fixture
from tests.world import World


def comment_of(pull: PullRequest) -> str:
    (body,) = [one.body for one in pull.comments if "core paths" in one.body]
    return body


def row_of(world: World, pull: PullRequest) -> RowKey:
    assert world.repo.installation is not None
    return RowKey(JobKind.GATE, PullRequestRef(world.repo.installation.id, world.repo.id, pull.number))


@pytest.mark.usefixtures("people")
async def test_without_owners_anyone_who_may_write_is_asked(gated: World) -> None:
    """An always-core path, nobody named: the writer with the fewest open requests."""
    writer = gated.github.users["bob"]
    gated.repo.commit("feature", {".github/workflows/ci.yml": "on: push\n"}, author=gated.github.users["olga"])
    busy = gated.repo.open_pull_request(head="feature", title="Other", user=gated.github.users["olga"])
    busy.requested_reviewers += [gated.github.users["alice"], gated.github.users["sam"]]
    gated.repo.commit("second", {".github/workflows/cd.yml": "on: push\n"}, author=gated.github.users["olga"])
    pull = gated.repo.open_pull_request(head="second", title="Mine", user=gated.github.users["olga"])
    await gated.settle()

    assert pull.requested_reviewers == [writer]
    assert gated.gate(pull).conclusion == "action_required"


async def test_owners_of_the_path_are_asked(gated: World, people: dict[str, User]) -> None:
    gated.repo.commit("main", {".github/CODEOWNERS": "* @bob\n.github/workflows/ @alice owner@example.com\n"})
    pull = open_core(gated, people, {".github/workflows/ci.yml": "on: push\n"})
    approve(pull, people["bob"])
    await gated.settle()
    assert pull.requested_reviewers == [people["alice"]]
    assert "`bob` is not among those who may approve this" in (gated.gate(pull).summary or "")

    approve(pull, people["alice"])
    await gated.settle()
    assert gated.gate(pull).conclusion == "success"


async def test_where_only_addresses_own_the_path_it_says_that_nobody_can(gated: World, people: dict[str, User]) -> None:
    gated.repo.commit("main", {"CODEOWNERS": ".github/ owner@example.com\n"})
    pull = open_core(gated, people, {".github/workflows/ci.yml": "on: push\n"})
    await gated.settle()

    assert gated.gate(pull).conclusion == "action_required"
    assert "**Nobody can approve `.github/workflows/ci.yml`**" in comment_of(pull)
    assert pull.requested_reviewers == []


async def test_requests_that_github_refuses_are_left_to_people(gated: World, people: dict[str, User]) -> None:
    gated.github.faults.add(
        method="POST", path="/requested_reviewers$", status=422, body={"message": "not a collaborator"}
    )
    pull = open_core(gated, people)
    await gated.settle()

    assert gated.gate(pull).conclusion == "action_required"
    assert "did not take the request for a review of `@acme/security`" in comment_of(pull)


async def test_a_label_or_a_comment_that_is_refused_stands_in_no_ones_way(
    gated: World, people: dict[str, User]
) -> None:
    for path in ("/labels$", "/issues/1/comments$"):
        gated.github.faults.add(method="POST", path=path, status=403, body={"message": "locked"}, times=9)
    pull = open_core(gated, people)
    await gated.settle()

    assert gated.gate(pull).conclusion == "action_required"
    assert pull.labels == []
    assert pull.requested_teams != []


async def test_a_review_that_changes_nothing_writes_nothing(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    await gated.settle()
    approve(pull, people["alice"])
    await gated.settle()
    before = len(gated.written())
    approve(pull, people["sam"])
    await gated.settle()
    told = [call for call in gated.written()[before:] if "check-runs" in call]
    assert len(told) == 2  # sam is named in it now, too

    before = len(gated.written())
    pull.review(people["alice"], "COMMENT", "Nice.")
    await gated.settle()
    assert [call for call in gated.written()[before:] if "check-runs" in call] == []


async def test_an_approval_of_a_commit_that_is_gone_counts_for_nothing(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    approve(pull, people["alice"])
    main = gated.repo.head("main")
    gated.repo.commit("other", {**AUTH, "notes.md": "x\n"}, author=people["olga"], parent=main)
    gated.repo.force_push("feature", gated.repo.head("other"), by=people["olga"])
    await gated.settle()

    gate = gated.gate(pull)
    assert gate.conclusion == "action_required"
    assert "approved a commit that cannot be read any more" in (gate.summary or "")


async def test_a_force_push_to_what_was_approved_passes_again(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    approved = pull.head_sha
    await gated.settle()
    approve(pull, people["alice"])
    gated.repo.commit("feature", {"app/auth/login.py": "def login():\n    return 3\n"}, author=people["olga"])
    await gated.settle()
    assert gated.gate(pull).conclusion == "action_required"
    gated.repo.force_push("feature", approved, by=people["olga"])
    await gated.settle()

    assert gated.gate(pull).conclusion == "success"


async def test_a_more_permissive_base_does_not_escape_the_default_branch(gated: World, people: dict[str, User]) -> None:
    gated.repo.commit("lenient", {".github/revwright.yml": "version: 1\n"}, author=people["olga"])
    gated.repo.commit("feature", dict(AUTH), author=people["olga"], parent=gated.repo.head("lenient"))
    pull = gated.repo.open_pull_request(head="feature", base="lenient", user=people["olga"])
    approve(pull, people["bob"])
    await gated.settle()

    gate = gated.gate(pull)
    assert gate.conclusion == "action_required"
    assert "app/auth/login.py" in (gate.summary or "")
    assert "Sign-in decides who gets in" in (gate.summary or "")


async def test_a_pull_request_that_closed_meanwhile_is_left_alone(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    await gated.deliver_new()
    pull.close()
    await gated.settle()

    assert gated.checks(pull.head_sha, "revwright/gate") == []
    assert APPROVAL_LABEL not in [label.name for label in pull.labels]


async def test_what_cannot_be_found_out_does_not_pass(gated: World, people: dict[str, User]) -> None:
    """And a later look puts the check right, whatever was said before."""
    gated.github.faults.add(method="GET", path="/pulls/1/reviews$", status=404, times=1, body={"message": "Not Found"})
    pull = open_core(gated, people)
    await gated.settle()
    gate = gated.gate(pull)
    assert (gate.conclusion, gate.title) == ("action_required", "Not decided: the gate failed")

    approve(pull, people["alice"])
    await gated.settle()
    assert gated.gate(pull).conclusion == "success"


async def test_unrelated_histories_are_no_change_that_passes(gated: World, people: dict[str, User]) -> None:
    gated.repo.commit("feature", dict(AUTH), author=people["olga"], parent="")
    pull = gated.repo.open_pull_request(head="feature", user=people["olga"])
    await gated.settle()

    assert gated.gate(pull).conclusion == "action_required"


async def test_an_approval_of_an_unrelated_history_counts_for_nothing(gated: World, people: dict[str, User]) -> None:
    gated.repo.commit("feature", dict(AUTH), author=people["olga"], parent="")
    pull = gated.repo.open_pull_request(head="feature", user=people["olga"])
    await gated.settle()
    approve(pull, people["alice"])
    gated.repo.commit("other", dict(AUTH), author=people["olga"], parent=gated.repo.head("main"))
    gated.repo.force_push("feature", gated.repo.head("other"), by=people["olga"])
    await gated.settle()

    gate = gated.gate(pull)
    assert gate.conclusion == "action_required"
    assert "approved a commit that cannot be read any more" in (gate.summary or "")


async def test_where_no_head_was_told_there_is_no_check_to_give_up(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    wanted = Wanted(RepositoryName.parse(gated.repo.full_name), None, "command", draft=False)
    row = Row(row_of(gated, pull), 1, 0, wanted, frozenset(), attempts=1, error="", run="run")
    await gated.services.jobs[JobKind.GATE].give_up(row, "no reason")

    assert gated.checks(pull.head_sha, "revwright/gate") == []


async def test_stopping_it_gains_nothing(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    await gated.deliver_new()
    await gated.services.orders.stop(row_of(gated, pull))
    await gated.work()
    assert [run.conclusion for run in gated.checks(pull.head_sha, "revwright/gate")] == []

    approve(pull, people["bob"])
    await gated.settle()
    assert gated.gate(pull).conclusion == "action_required"


async def test_two_pull_requests_with_one_head_pass_together_or_not_at_all(
    gated: World, people: dict[str, User]
) -> None:
    gated.repo.commit("release", {".github/revwright.yml": POLICY})
    first = open_core(gated, people)
    second = gated.repo.open_pull_request(head="feature", base="release", user=people["olga"])
    await gated.settle()
    approve(first, people["alice"])
    await gated.settle()
    assert gated.gate(first).conclusion == "action_required"
    assert f"#{second.number}" in (gated.gate(first).title or "")

    approve(second, people["alice"])
    await gated.settle()
    assert gated.gate(second).conclusion == "success"


async def test_it_is_decided_before_any_review(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    await gated.deliver_new()
    await gated.work_queue(Queue.INTERACTIVE)

    assert gated.gate(pull).conclusion == "action_required"
    assert [run.status for run in gated.checks(pull.head_sha)] == ["queued"]
