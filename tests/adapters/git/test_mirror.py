"""Mirrors hold what a pull request needs, fetch only what is missing, and stay small."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.adapters.git.mirror import GitMirrors
from app.adapters.git.transfer import FetchLimits
from app.domain.errors import SettingsInvalid
from app.domain.objects import NotDiffed
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from tests.adapters.git.http_server import TOKEN
from tests.adapters.git.site import ABSENT, NAME, REF, Site, failed, numbered
from tests.adapters.git.stores import Store


async def test_both_commits_arrive_with_their_history(site: Site) -> None:
    repository = await site.fetch()
    assert await repository.merge_base(site.base, site.head) == site.base
    assert await repository.resolve(f"{site.base}~1")
    (change,) = await repository.changes(site.base, site.head)
    assert change.diff is not None
    assert [line.text for line in change.diff.added_lines()] == ["two"]
    assert site.refs() == {
        "refs/revwright/pulls/7/base": site.base,
        "refs/revwright/pulls/7/head": site.head,
    }


async def test_what_is_here_is_not_fetched_again(site: Site) -> None:
    await site.fetch()
    asked = len(site.server.requests)
    await site.fetch()
    await site.fetch(site.base, site.head, ref=numbered(8), token="no-longer-valid")
    assert len(site.server.requests) == asked


async def test_a_moved_head_is_fetched(site: Site) -> None:
    await site.fetch()
    forced = site.store.commit({"a.py": b"forced\n"}, site.base)
    repository = await site.fetch(forced)
    assert len(await repository.changes(site.head, forced)) == 1
    assert site.refs()["refs/revwright/pulls/7/head"] == forced


async def test_history_that_is_here_is_not_gone_through_again(site: Site) -> None:
    """git does so for every fetch that asks for a depth, which takes seconds where there are 10,000 commits."""

    def asked_for_a_depth() -> bool:
        bodies, site.server.bodies = site.server.bodies, []
        assert any(b"want " in body for body in bodies)
        return any(b"deepen" in body for body in bodies)

    await site.fetch()
    assert asked_for_a_depth(), "so that a server of mere files is refused"
    head = site.store.commit({"a.py": b"later\n"}, site.head)
    repository = await site.fetch(head)
    assert not asked_for_a_depth()
    assert await repository.merge_base(site.base, head) == site.base


async def test_a_commit_no_ref_points_at_any_more(site: Site) -> None:
    site.store.point("refs/pull/7/head", site.base)
    repository = await site.fetch()
    assert len(await repository.changes(site.base, site.head)) == 1


async def test_a_head_that_is_the_base(site: Site) -> None:
    repository = await site.fetch(site.base, site.base)
    assert await repository.changes(site.base, site.base) == ()


async def test_mirrors_are_private(site: Site) -> None:
    await site.fetch()
    assert (site.data_dir / "mirrors").stat().st_mode & 0o077 == 0


async def test_installations_share_nothing(site: Site) -> None:
    await site.fetch()
    stranger = PullRequestRef(12, 22, 7)
    error = await site.failure(ref=stranger, token="wrong")
    assert "Authentication failed" in str(error)
    await site.fetch(ref=stranger)
    assert site.git_dir() != site.git_dir(stranger)


async def test_a_server_that_serves_refs_only(site: Site) -> None:
    site.server.protocol_v2 = False
    site.server.config = ("uploadpack.allowAnySHA1InWant=false",)
    middle = site.store.commit({"a.py": b"2\n"}, site.base)
    head = site.store.commit({"a.py": b"3\n"}, middle)
    site.store.point("refs/pull/7/head", head)
    error = await site.failure(middle)
    assert f"does not have {middle}; refs/pull/7/head is {head}" in str(error)
    repository = await site.fetch(head)
    assert len(await repository.changes(middle, head)) == 1


async def test_a_broken_connection_keeps_the_mirror(site: Site) -> None:
    await site.fetch()
    before = site.git_dir().stat().st_ino
    large = site.store.commit({"large": os.urandom(200_000)}, site.base)
    site.server.break_after = 50_000
    error = await site.failure(large)
    assert error.retry
    site.server.break_after = None
    repository = await site.fetch(large)
    changes = await repository.changes(site.base, large)
    assert [change.not_diffed for change in changes] == [None, NotDiffed.BINARY]
    assert site.git_dir().stat().st_ino == before


async def test_a_pack_over_the_limit(site: Site) -> None:
    small = site.limited(FetchLimits(pack_bytes=100_000))
    error = await small.failure(site.store.commit({"bomb": os.urandom(300_000)}, site.base))
    assert str(error) == "git fetch of acme/web needs a file over 100000 bytes"
    await small.fetch()


async def test_the_head_asked_of_the_server(site: Site) -> None:
    for number in (7, 8):
        site.store.point(f"refs/elsewhere/refs/pull/{number}/head", site.base)
    assert await site.mirrors.pull_request_head(REF, NAME, token=TOKEN) == site.head
    assert await site.mirrors.pull_request_head(numbered(8), NAME, token=TOKEN) is None
    site.store.git("update-ref", "-d", "refs/pull/7/head")
    assert await site.mirrors.pull_request_head(REF, NAME, token=TOKEN) is None


async def test_a_branch_asked_of_the_server(site: Site) -> None:
    site.store.point("refs/heads/deep/main", site.head)
    site.store.point("refs/heads/caf\u00e9", site.head)
    assert await site.mirrors.branch_head(REF, NAME, "main", token=TOKEN) == site.base
    assert await site.mirrors.branch_head(REF, NAME, "caf\u00e9", token=TOKEN) == site.head
    assert await site.mirrors.branch_head(REF, NAME, "gone", token=TOKEN) is None
    for pattern in ("*", "mai?", "[m]ain", "", "a b"):
        assert await site.mirrors.branch_head(REF, NAME, pattern, token=TOKEN) is None


async def test_a_third_commit_is_fetched_and_kept_as_long_as_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.git.storage._PULLS_KEPT", 1)
    floor = site.store.commit({"policy": b"1\n"}, site.base)
    await site.fetch()
    repository = await site.mirrors.fetch(REF, NAME, head=site.head, base=site.base, floor=floor, token=TOKEN)
    assert set(await repository.blobs(floor, ("policy",), max_bytes=10)) == {"policy"}
    assert site.refs()["refs/revwright/pulls/7/floor"] == floor

    asked = len(site.server.requests)
    await site.mirrors.fetch(REF, NAME, head=site.head, base=site.base, floor=floor, token="no-longer-valid")
    assert len(site.server.requests) == asked
    await site.fetch(site.store.commit({"a.py": b"8\n"}, site.base), ref=numbered(8))
    assert {name.split("/")[3] for name in site.refs()} == {"8"}


async def test_a_third_commit_that_the_server_does_not_have(site: Site) -> None:
    error = await failed(site.mirrors.fetch(REF, NAME, head=site.head, base=site.base, floor=ABSENT, token=TOKEN))
    assert f"for the floor commit, the server does not have {ABSENT}" in str(error)
    assert error.retry


async def test_the_head_of_a_repository_that_is_gone(site: Site) -> None:
    error = await failed(site.mirrors.pull_request_head(REF, RepositoryName("acme", "gone"), token=TOKEN))
    assert str(error).startswith("git ls-remote of acme/gone failed: fatal: ")
    assert str(error).endswith("not found")


async def test_two_fetches_of_one_mirror(site: Site) -> None:
    other_process = site.limited(FetchLimits())
    repositories = await asyncio.gather(
        *(each.fetch(ref=numbered(number)) for each in (site, other_process) for number in (7, 8))
    )
    for repository in repositories:
        assert len(await repository.changes(site.base, site.head)) == 1
    assert len([request for request in site.server.requests if request.startswith("POST")]) == 1


async def test_refs_and_packs_stay_few(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.adapters.git.storage._PULLS_KEPT", 2)
    monkeypatch.setattr("app.adapters.git.storage._PACKS_BEFORE_REPACK", 3)
    heads: Mapping[int, Sha] = {
        number: site.store.commit({"a.py": b"%d\n" % number}, site.base) for number in (5, 9, 8, 7, 6)
    }
    for number, head in heads.items():
        await site.fetch(head, ref=numbered(number))
    mirror = Store(site.git_dir())
    assert {name.split("/")[3] for name in site.refs()} == {"9", "6"}
    assert len(list((mirror.git_dir / "objects" / "pack").glob("*.pack"))) <= 3
    for head in heads.values():  # though no ref holds them any more, a job may still be reading them
        assert mirror.git("cat-file", "-t", head) == b"commit\n"


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com",
        "http://10.0.0.1",
        "ssh://github.com",
        "github.com",
        "",
        "https://u:p@github.com",
        "https://[::1",
    ],
)
def test_only_https_or_loopback(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"the GitHub URL (must|is none)"):
        GitMirrors(tmp_path, url)


@pytest.mark.parametrize(
    "url",
    ["https://github.com", "https://ghe.example:8443/", "http://127.0.0.2:80", "http://[::1]:1", "http://localhost"],
)
def test_usable_urls(tmp_path: Path, url: str) -> None:
    GitMirrors(tmp_path, url)


async def test_a_proxy_and_a_certificate_authority(site: Site) -> None:
    mirrors = GitMirrors(site.data_dir, "https://github.invalid", proxy="http://127.0.0.1:1", ca_file="/nonexistent")
    error = await failed(mirrors.fetch(REF, NAME, head=site.head, base=site.base, token=TOKEN))
    assert "/nonexistent" in str(error) or "127.0.0.1 port 1" in str(error)
