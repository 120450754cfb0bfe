"""Past pull requests as GitHub lists them: pages, files with both paths of a rename, answers of another shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.adapters.github.past_pulls import PastPullReader
from app.domain.entries import Status
from app.domain.errors import GitHubUnavailable
from app.domain.gate.past_pull import ChangedFile, FileList, PastPull
from app.domain.gate.reviews import ReviewState
from app.domain.pull_request import Sha
from tests.fakes.github import FakeGitHub, PullRequest
from tests.installed import Installed, installed

DAY = timedelta(days=1)


@asynccontextmanager
async def reading(github: FakeGitHub, **options: Any) -> AsyncIterator[tuple[Installed, PastPullReader]]:
    """The pull request of the setting stays open."""
    async with installed(github) as setting:
        place = replace(setting.place, ref=replace(setting.place.ref, number=0))
        yield setting, PastPullReader(setting.client, place, "main", **options)


def closed(setting: Installed, count: int, *, merged: bool = True) -> list[PullRequest]:
    """Merged one after the other, a minute each, without what merging does in git."""
    start, repo = setting.clock.now, setting.pull.repository
    made = []
    for number in range(count):
        pull = repo.open_pull_request(head="feature", title=f"Change {number}", user=setting.author)
        setting.clock.now = start + timedelta(minutes=number)
        if merged:
            pull.merged("c" * 40, by=setting.author)
        else:
            pull.close()
        made.append(pull)
    return made


def listings(github: FakeGitHub) -> list[str]:
    return [call.query["page"] for call in github.calls if call.operation_id == "pulls/list"]


async def test_a_merged_pull_request_with_its_commits(github: FakeGitHub) -> None:
    async with reading(github) as (setting, reader):
        start = setting.clock.now
        (pull,) = closed(setting, 1)
        closed(setting, 1, merged=False)
        history = await reader.merged(start - DAY, most=10)

        (one,) = history.merges
        assert (one.commit, one.parents, one.subject, history.more) == ("c" * 40, (), "Change 0", False)
        assert one.at == start.replace(microsecond=0)
        assert one.pull == PastPull(pull.number, "acme-dev", Sha(pull.base_sha), Sha(pull.head_sha))
        assert await reader.reviews(pull.number) == ()
    query = next(call.query for call in github.calls if call.operation_id == "pulls/list")
    assert query == {
        "state": "closed",
        "base": "main",
        "sort": "updated",
        "direction": "desc",
        "per_page": "100",
        "page": "1",
    }


async def test_pages_are_read_until_no_more_can_matter(github: FakeGitHub) -> None:
    async with reading(github) as (setting, reader):
        start = setting.clock.now
        closed(setting, 250)
        everything = await reader.merged(start - DAY, most=1_000)
        assert [one.subject for one in everything.merges] == [f"Change {number}" for number in range(249, -1, -1)]
        assert (everything.more, listings(github)) == (False, ["1", "2", "3"])

        github.calls.clear()
        few = await reader.merged(start - DAY, most=5)
        assert ([one.subject for one in few.merges][-1], few.more, listings(github)) == ("Change 245", True, ["1"])

        github.calls.clear()
        late = await reader.merged(start.replace(microsecond=0) + timedelta(minutes=200), most=1_000)
        assert (len(late.merges), late.more, listings(github)) == (50, False, ["1"])


async def test_the_list_ends_somewhere_and_that_is_told(github: FakeGitHub) -> None:
    async with reading(github, most_pages=1) as (setting, reader):
        start = setting.clock.now
        closed(setting, 101)
        history = await reader.merged(start - DAY, most=1_000)
        assert (len(history.merges), history.more) == (100, True)


async def test_what_was_touched_later_does_not_hide_what_was_merged_later(github: FakeGitHub) -> None:
    async with reading(github) as (setting, reader):
        start = setting.clock.now
        pulls = closed(setting, 150)
        setting.clock.now += DAY
        for pull in pulls[:120]:
            pull.announce("labeled", sender=None)
        history = await reader.merged(start - DAY, most=10)
        assert [one.subject for one in history.merges] == [f"Change {number}" for number in range(149, 139, -1)]
        assert (history.more, listings(github)) == (True, ["1", "2"])


async def test_files_have_both_paths_of_a_rename(github: FakeGitHub) -> None:
    async with reading(github) as (setting, reader):
        repo = setting.pull.repository
        repo.commit("main", {"old.py": "x = 1\n" * 9, "gone": "1\n", "link": "1\n"})
        repo.commit(
            "moves",
            {"old.py": None, "new.py": "x = 1\n" * 9, "gone": None, "link": "a.py", "fresh": "2\n", "a.py": "a = 3\n"},
            modes={"link": "120000"},
        )
        pull = repo.open_pull_request(head="moves")
        listed = await reader.files(pull.number)
        assert (listed.said, listed.doubt) == (5, "")
        assert set(listed.files) == {
            ChangedFile("new.py", Status.ADDED, "old.py"),
            ChangedFile("gone", Status.DELETED),
            ChangedFile("link", Status.TYPE_CHANGED),
            ChangedFile("fresh", Status.ADDED),
            ChangedFile("a.py", Status.MODIFIED),
        }


async def test_more_files_than_github_lists_are_not_asked_for(github: FakeGitHub) -> None:
    async with reading(github) as (setting, reader):
        setting.pull.repository.commit("feature", {f"f/{number}": "x\n" for number in range(3_001)})
        assert await reader.files(setting.pull.number) == FileList((), 3_002)
        assert "pulls/list-files" not in {call.operation_id for call in github.calls}


async def test_reviews_are_those_of_the_pull_request(github: FakeGitHub) -> None:
    async with reading(github) as (setting, reader):
        ann = github.add_user("ann")
        setting.pull.repository.permissions[ann.id] = "write"
        setting.pull.review(ann, "APPROVE")
        (one,) = await reader.reviews(setting.pull.number)
        assert (one.state, one.commit) == (ReviewState.APPROVED, setting.pull.head_sha)


FILE = {"filename": "a", "status": "modified"}


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ({"status": "unchanged"}, ChangedFile("a", Status.MODIFIED)),
        ({"status": "something new", "previous_filename": "b"}, ChangedFile("a", Status.MODIFIED, "b")),
        ({"status": "copied", "previous_filename": "b"}, ChangedFile("a", Status.ADDED)),
    ],
)
async def test_a_status_that_is_rare_hides_no_path(github: FakeGitHub, file: dict[str, Any], told: ChangedFile) -> None:
    async with reading(github) as (setting, reader):
        github.faults.add(path="/files$", status=200, body=[FILE | file])
        assert (await reader.files(setting.pull.number)).files == (told,)


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/pulls/[0-9]+$", {}, "pull request 1 has a wrong shape at: changed_files"),
        ("/pulls/[0-9]+$", {"changed_files": -1}, "changed_files"),
        ("/files$", [{"filename": "", "status": "added"}], "the list of files of pull request 1 has a wrong shape"),
        ("/files$", [{**FILE, "previous_filename": ""}], "0.previous_filename"),
    ],
)
async def test_an_answer_of_another_shape_is_no_list(github: FakeGitHub, path: str, body: Any, told: str) -> None:
    async with reading(github) as (setting, reader):
        github.faults.add(path=path, status=200, body=body)
        with pytest.raises(GitHubUnavailable, match=told):
            await reader.files(setting.pull.number)


PULL: dict[str, Any] = {
    "number": 3,
    "title": "T",
    "user": {"login": "ann"},
    "merged_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:05Z",
    "merge_commit_sha": "c" * 40,
    "head": {"sha": "d" * 40},
    "base": {"sha": "b" * 40},
}
SINCE = datetime.fromisoformat("2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("changes", "author", "commit"),
    [
        ({}, "ann", "c" * 40),
        ({"user": None}, None, "c" * 40),
        ({"merge_commit_sha": None}, "ann", "d" * 40),
        ({"merged_at": "2026-01-02T04:04:05+01:00"}, "ann", "c" * 40),
    ],
)
async def test_what_github_may_leave_out(
    github: FakeGitHub, changes: dict[str, Any], author: str | None, commit: str
) -> None:
    async with reading(github) as (_, reader):
        github.faults.add(path="/pulls$", status=200, body=[PULL | changes])
        (one,) = (await reader.merged(SINCE, most=5)).merges
        assert one.pull is not None
        assert (one.pull.author, one.commit, f"{one.at}") == (author, commit, "2026-01-02 03:04:05+00:00")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [7],
        [PULL | {"merged_at": "2026-01-02T03:04:05"}],
        [PULL | {"merge_commit_sha": "../x"}],
        [PULL | {"base": {"sha": "HEAD"}}],
        [PULL | {"number": 0}],
    ],
)
async def test_a_list_of_another_shape_is_no_past(github: FakeGitHub, body: Any) -> None:
    async with reading(github) as (_, reader):
        github.faults.add(path="/pulls$", status=200, body=body)
        with pytest.raises(GitHubUnavailable, match="the list of pull requests has a wrong shape"):
            await reader.merged(SINCE, most=5)
