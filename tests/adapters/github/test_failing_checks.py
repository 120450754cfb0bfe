"""What CI says of a head, read from GitHub: every part may fail, and only that part is missing then."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.github.failing_checks import MOST_ANNOTATIONS, MOST_CHECKS, MOST_LOG_BYTES, FailingCheckReader
from app.adapters.github.signed_links import SignedLinks
from app.domain.fix.ci import Annotation, FailedCheck, ci_words
from app.domain.pull_request import Sha
from tests.fakes.github import FakeGitHub
from tests.fakes.github.records import App, CheckRun
from tests.installed import Installed, installed

TIME = b"2026-11-21T12:00:00.1234567Z "


def reader(setting: Installed) -> FailingCheckReader:
    links = SignedLinks(setting.client.api_url)
    return FailingCheckReader(setting.client, app_id=setting.github.app.id, links=links)


async def read(setting: Installed) -> tuple[FailedCheck, ...]:
    return await reader(setting).read(setting.place, Sha(setting.pull.head_sha))


def run(
    setting: Installed, app: App, name: str = "test", conclusion: str | None = "failure", **output: Any
) -> CheckRun:
    body: dict[str, Any] = {"name": name, "head_sha": setting.pull.head_sha}
    if conclusion is not None:
        body |= {"status": "completed", "conclusion": conclusion}
    if output:
        body["output"] = {"title": "1 failed", "summary": "One of 9.", **output}
    return setting.pull.repository.add_check_run(body, app=app)


def line(number: int = 1, **changes: Any) -> dict[str, Any]:
    one = {"path": "a.py", "start_line": number, "end_line": number, "annotation_level": "failure", "message": "wrong"}
    return {**one, **changes}


def names(told: tuple[FailedCheck, ...]) -> list[str]:
    return [one.name for one in told]


async def test_a_failed_job_is_told_with_its_annotations_and_its_log(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        job = run(setting, github.add_app("github-actions"), annotations=[line(2, title="E1"), line(3, title="E2")])
        github.job_logs.put(job.id, TIME + b"##[error]caf\xc3\xa9\n")

        (told,) = await read(setting)

    assert told == FailedCheck(
        "test",
        "github-actions",
        "failure",
        "1 failed",
        "One of 9.",
        (Annotation("a.py", 2, 2, "failure", "E1", "wrong"), Annotation("a.py", 3, 3, "failure", "E2", "wrong")),
        f"{TIME.decode()}##[error]café\n",
        "",
    )
    assert "| error: café\n" in ci_words([told])


async def test_nothing_is_written_and_no_token_may_do_more_than_read_what_it_is_for(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        job = run(setting, github.add_app("github-actions"), annotations=[line()])
        github.job_logs.put(job.id, b"x")
        setting.pull.repository.add_status(setting.pull.head_sha, "ci/old", by=setting.author, state="failure")
        github.calls.clear()
        await read(setting)
        calls = [call for call in github.calls if call.token_permissions]

        assert [(call.operation_id, call.token_permissions) for call in calls] == [
            ("checks/list-for-ref", {"metadata": "read", "checks": "read"}),
            ("repos/get-combined-status-for-ref", {"metadata": "read", "statuses": "read"}),
            ("checks/list-annotations", {"metadata": "read", "checks": "read"}),
            ("actions/download-job-logs-for-workflow-run", {"metadata": "read", "actions": "read"}),
        ]
        assert setting.written() == []
        assert [call.authorization for call in github.job_logs.requests] == [None]


async def test_our_own_checks_and_what_did_not_fail_are_left_out(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        other = github.add_app("ci")
        for conclusion in ("success", "neutral", "skipped", "cancelled", None):
            run(setting, other, f"is {conclusion}", conclusion)
        for conclusion in ("action_required", "timed_out", "failure"):
            run(setting, other, f"is {conclusion}", conclusion)
        run(setting, github.app, "revwright/review")
        repository, head = setting.pull.repository, setting.pull.head_sha
        for state in ("success", "pending", "error"):
            repository.add_status(head, f"status {state}", by=setting.author, state=state, description="so it is")

        told = await read(setting)

    assert names(told) == ["is failure", "is timed_out", "is action_required", "status error"]
    assert told[-1] == FailedCheck("status error", "", "error", "so it is", "", (), "", "")


async def test_the_newest_of_a_name_counts(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        ci, other = github.add_app("ci"), github.add_app("other")
        repository, head = setting.pull.repository, setting.pull.head_sha
        run(setting, ci, "passes now")
        run(setting, ci, "passes now", "success")
        run(setting, ci, "runs again")
        run(setting, ci, "runs again", None)
        run(setting, ci, "fails now", "success")
        run(setting, ci, "fails now")
        run(setting, other, "passes now")
        repository.add_status(head, "old", by=setting.author, state="failure")
        repository.add_status(head, "old", by=setting.author)

        told = await read(setting)

    assert [(one.name, one.app) for one in told] == [("fails now", "ci"), ("passes now", "other")]


async def test_only_jobs_of_github_actions_have_logs_that_are_fetched(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        job = run(setting, github.add_app("ci"))
        github.job_logs.put(job.id, b"secret")
        (told,) = await read(setting)

    assert (told.log, told.note, github.job_logs.requests) == ("", "", [])


@pytest.mark.parametrize(
    ("missing", "name", "note"),
    [
        ("actions", "test", "log: GitHub refuses to show it; the App may lack the permission Actions: read"),
        (
            "statuses",
            "commit statuses",
            "GitHub refuses to show it; the App may lack the permission Commit statuses: read",
        ),
        ("checks", "check runs", "GitHub refuses to show it; the App may lack the permission Checks: read"),
    ],
)
async def test_a_permission_that_is_missing_is_named(github: FakeGitHub, missing: str, name: str, note: str) -> None:
    async with installed(github) as setting:
        actions = github.add_app("github-actions")
        for job in (run(setting, actions, "more"), run(setting, actions)):
            github.job_logs.put(job.id, b"x")
        setting.pull.repository.add_status(setting.pull.head_sha, "old", by=setting.author, state="failure")
        del github.installations[setting.place.ref.installation_id].permissions[missing]
        github.calls.clear()
        told = await read(setting)
        mints = [call for call in github.calls if call.path.endswith("/access_tokens")]
        github.unprocessable.clear()  # a token with a permission that is not granted

    assert len(mints) == 3 - (missing == "checks")
    assert {one.name: one.note for one in told}[name] == note
    assert "old" in names(told) or missing == "statuses"
    assert "test" in names(told) or missing == "checks"
    assert [one.known for one in told if one.name in ("check runs", "commit statuses")] == [False] * (
        missing != "actions"
    )


FAULTS = [
    ("/check-runs$", {"status": 502}, "check runs", "not read: GET"),
    ("/check-runs$", {"status": 200, "body": {"check_runs": [{"id": "x"}]}}, "check runs", "documented shape"),
    ("/check-runs$", {"status": 200, "body": [7]}, "check runs", "documented shape"),
    ("/status$", {"drop": True, "status": None}, "commit statuses", "not read: GET"),
    ("/status$", {"status": 200, "body": {"statuses": 7}}, "commit statuses", "documented shape"),
    ("/annotations$", {"status": 500}, "test", "annotations: not read"),
    ("/annotations$", {"status": 200, "body": {"a": 1}}, "test", "annotations: GitHub's answer"),
    ("/logs$", {"status": 404}, "test", "log: not read"),
    ("/logs$", {"status": 410}, "test", "log: not read"),
    ("/logs$", {"status": 200, "body": {}}, "test", "log: GitHub did not say where it is"),
    ("/logs$", {"status": 302, "headers": {"location": "http://logs.example/x"}}, "test", "without TLS"),
    ("/logs$", {"status": 302, "headers": {"location": "https://127.0.0.1:1/x"}}, "test", "private network"),
    ("/logs$", {"status": 302, "headers": {"location": "https://[::1"}}, "test", "log: not read"),
]


@pytest.mark.parametrize(("path", "fault", "name", "note"), FAULTS)
async def test_each_part_may_fail_without_the_others(
    github: FakeGitHub, path: str, fault: dict[str, Any], name: str, note: str
) -> None:
    async with installed(github) as setting:
        job = run(setting, github.add_app("github-actions"), annotations=[line()])
        github.job_logs.put(job.id, b"printed")
        setting.pull.repository.add_status(setting.pull.head_sha, "old", by=setting.author, state="failure")
        github.faults.add(path=path, times=9, **fault)
        told = {one.name: one for one in await read(setting)}

    assert note in told[name].note
    assert told[name].known == (name == "test")
    assert {"test", "old"} - {"check runs": {"test"}, "commit statuses": {"old"}}.get(name, set()) <= told.keys()
    if name == "test":
        assert bool(told["test"].log) == ("log:" not in note and not path.startswith("/logs"))
        assert bool(told["test"].annotations) == (path != "/annotations$")


async def test_annotations_and_checks_are_bounded_and_what_is_missing_is_told(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        ci = github.add_app("ci")
        first = run(setting, ci, "a first", annotations=[line(number + 1) for number in range(50)])
        first.annotations.append(line(99))
        for number in range(MOST_CHECKS):
            run(setting, ci, f"check {number}")
        setting.pull.repository.add_status(setting.pull.head_sha, "old", by=setting.author, state="failure")
        github.calls.clear()
        told = await read(setting)

    assert len(told) == MOST_CHECKS + 1
    assert (len(told[0].annotations), told[0].note) == (MOST_ANNOTATIONS, "annotations: the first 50 of 51")
    assert (told[-1].known, told[-1].note) == (False, "12 failed; 10 of them are told")
    assert len([call for call in github.calls if call.method == "GET"]) == 3


async def test_more_than_a_page_of_check_runs_is_read_and_more_than_three_are_told(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        ci = github.add_app("ci")
        run(setting, ci, "the oldest")
        for number in range(120):
            run(setting, ci, f"good {number}", "success")
        assert names(await read(setting)) == ["the oldest"]
        for number in range(200):
            run(setting, ci, f"better {number}", "success")
        told = await read(setting)

    assert [(one.name, one.known, one.note) for one in told] == [("more check runs", False, "only 300 were looked at")]


async def test_of_a_large_log_the_end_is_told(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        job = run(setting, github.add_app("github-actions"))
        github.job_logs.put(job.id, b"x" * 3_000_000 + b"\n##[error]at the end\n")
        (told,) = await read(setting)

    assert len(told.log) == MOST_LOG_BYTES
    assert told.note == "log: the last 2,000,000 bytes"
    assert ci_words([told]).endswith("| error: at the end\n")
