"""Files of a commit without a clone: modes, links, sizes, and what is read once."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.adapters.github.git_objects import GitObjectReader
from app.domain.entries import Kind
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.objects import Blob
from app.domain.pull_request import Sha
from tests.fakes.github import FakeGitHub, Repository
from tests.installed import installed

PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


@asynccontextmanager
async def reading(github: FakeGitHub) -> AsyncIterator[tuple[Repository, GitObjectReader]]:
    async with installed(github) as setting:
        yield setting.pull.repository, GitObjectReader(setting.client, setting.place)


def git_calls(github: FakeGitHub) -> list[str]:
    return [str(call.operation_id) for call in github.calls if "/git/" in call.path]


async def test_files_links_and_what_is_neither(github: FakeGitHub) -> None:
    async with reading(github) as (repo, reader):
        files: dict[str, Any] = {".github/CODEOWNERS": "a\n", "CODEOWNERS": "x", "docs": "no directory"}
        commit = repo.commit("main", files, modes={"CODEOWNERS": "120000", ".github/CODEOWNERS": "100755"})
        read = await reader.blobs(Sha(commit), (*PATHS, ".github", "none/at/all"), max_bytes=10)
        assert read == {
            ".github/CODEOWNERS": Blob(b"a\n", 2, False, Kind.EXECUTABLE),
            "CODEOWNERS": Blob(b"x", 1, False, Kind.SYMLINK),
        }


async def test_of_what_is_too_large_there_is_only_the_size(github: FakeGitHub) -> None:
    async with reading(github) as (repo, reader):
        commit = Sha(repo.commit("main", {"CODEOWNERS": b"#" * 11}))
        assert await reader.blobs(commit, PATHS, max_bytes=10) == {"CODEOWNERS": Blob(b"", 11, True, Kind.FILE)}
        assert "git/get-blob" not in git_calls(github)
        assert (await reader.blobs(commit, PATHS, max_bytes=11))["CODEOWNERS"].text_bytes == b"#" * 11


async def test_a_file_over_1_mb_is_read_too(github: FakeGitHub) -> None:
    async with reading(github) as (repo, reader):
        commit = Sha(repo.commit("main", {"CODEOWNERS": b"#" * 1_500_000}))
        read = await reader.blobs(commit, PATHS, max_bytes=2_000_000)
        assert (read["CODEOWNERS"].size, len(read["CODEOWNERS"].text_bytes)) == (1_500_000, 1_500_000)


async def test_what_did_not_change_is_read_once(github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reading(github) as (repo, reader):
        first = Sha(repo.commit("main", {".github/CODEOWNERS": "a\n"}))
        second = Sha(repo.commit("main", {"x": "1\n"}))
        for commit in (first, second, first):
            assert ".github/CODEOWNERS" in await reader.blobs(commit, PATHS, max_bytes=10)
        assert git_calls(github) == ["git/get-tree", "git/get-tree", "git/get-blob", "git/get-tree"]

        monkeypatch.setattr("app.adapters.github.git_objects._MOST_KEPT", 1)
        github.calls.clear()
        await reader.blobs(second, PATHS, max_bytes=10)
        assert git_calls(github)[0] == "git/get-tree"


async def test_a_commit_that_is_gone_is_an_error_and_no_absence(github: FakeGitHub) -> None:
    async with reading(github) as (_, reader):
        with pytest.raises(GitHubRefused, match="404"):
            await reader.blobs(Sha("a" * 40), PATHS, max_bytes=10)


ENTRY = {"path": "CODEOWNERS", "mode": "100644", "type": "blob", "sha": "b" * 40, "size": 2}


def tree(*entries: dict[str, Any], truncated: bool = False) -> dict[str, Any]:
    return {"sha": "a" * 40, "tree": list(entries), "truncated": truncated}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({}, "wrong shape"),
        (tree({**ENTRY, "mode": "x"}), "wrong shape"),
        (tree({**ENTRY, "sha": "../../x"}), "wrong shape"),
        (tree({**ENTRY, "size": -1}), "wrong shape"),
        (tree(ENTRY, truncated=True), "more entries than GitHub lists"),
        (tree({key: value for key, value in ENTRY.items() if key != "size"}), "does not say how large CODEOWNERS is"),
    ],
)
async def test_a_tree_of_another_shape_has_no_files(github: FakeGitHub, answer: Any, told: str) -> None:
    async with reading(github) as (_, reader):
        github.faults.add(path="/git/trees/", status=200, body=answer)
        with pytest.raises(GitHubUnavailable, match=told):
            await reader.blobs(Sha("a" * 40), PATHS, max_bytes=10)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"content": "YQo=", "encoding": "utf-8"},
        {"content": "Y", "encoding": "base64"},
        {"content": base64.b64encode(b"abc").decode(), "encoding": "base64"},
    ],
)
async def test_a_blob_of_another_shape_or_size_is_no_file(github: FakeGitHub, answer: Any) -> None:
    async with reading(github) as (repo, reader):
        commit = Sha(repo.commit("main", {"CODEOWNERS": "a\n"}))
        github.faults.add(path="/git/blobs/", status=200, body=answer)
        with pytest.raises(GitHubUnavailable, match=r"wrong shape|another size"):
            await reader.blobs(commit, PATHS, max_bytes=10)
