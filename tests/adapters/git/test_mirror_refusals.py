"""What cannot be fetched, or must not be, and how the error says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.git.mirror import GitMirrors
from app.adapters.git.transfer import FetchLimits
from app.domain.entries import Kind
from app.domain.errors import SettingsInvalid
from app.domain.objects import Blob
from app.domain.pull_request import RepositoryName, Sha
from tests.adapters.git.http_server import OTHER_TOKEN, TOKEN, GitServer
from tests.adapters.git.site import ABSENT, NAME, REF, Site, failed, numbered
from tests.adapters.git.stores import Files, Store, submodule


async def test_which_commit_is_not_on_the_server(site: Site) -> None:
    begin = "git fetch of acme/web failed: for the"
    error = await site.failure(ABSENT)
    assert str(error) == f"{begin} head commit, the server does not have {ABSENT}; refs/pull/7/head is {site.head}"
    assert error.retry, "it may be on its way from the API's servers to those of git"
    error = await site.failure(base=ABSENT)
    assert str(error) == f"{begin} base commit, the server does not have {ABSENT}"
    error = await site.failure(ABSENT, ref=numbered(8))
    assert str(error) == f"{begin} head commit, the server has neither {ABSENT} nor refs/pull/8/head"
    error = await site.failure(ABSENT, "2" * 40)
    assert str(error) == f"{begin} base commit, the server does not have {'2' * 40}"


async def test_an_id_that_is_no_commit(site: Site) -> None:
    tree = site.store.git("rev-parse", f"{site.head}^{{tree}}").decode().strip()
    error = await site.failure(tree)
    assert f"{tree} (head) is not a commit" in str(error)
    assert not error.retry


@pytest.mark.parametrize("name", ["refs/heads/main", "--upload-pack=touch x", "HEAD", "+" + "1" * 40, "1" * 40 + "\n"])
async def test_only_full_ids_are_fetched(site: Site, name: str) -> None:
    for error in (await site.failure(name), await site.failure(base=name)):
        assert "not a full git object id" in str(error)
    assert site.server.requests == []


@pytest.mark.parametrize("name", ["../x", "a b", "..", "", "--upload-pack=x y", "x\ny", "%2e%2e"])
async def test_odd_repository_names_are_refused(site: Site, name: str) -> None:
    for odd in (RepositoryName("acme", name), RepositoryName(name, "web")):
        for call in (
            site.mirrors.fetch(REF, odd, head=site.head, base=site.base, token=TOKEN),
            site.mirrors.pull_request_head(REF, odd, token=TOKEN),
        ):
            assert "not the name of a GitHub repository" in str(await failed(call))
    assert site.server.requests == []


async def test_an_empty_token_reaches_nobody(site: Site) -> None:
    assert "token is empty" in str(await site.failure(token=""))
    assert site.server.requests == []


@pytest.mark.parametrize(
    ("status", "retry"), [(401, False), (403, False), (404, False), (429, True), (500, True), (503, True)]
)
async def test_refusing_servers(site: Site, status: int, retry: bool) -> None:
    site.server.status = status
    error = await site.failure()
    assert str(error).startswith("git fetch of acme/web failed: fatal: ")
    assert error.retry == retry


async def test_a_wrong_token(site: Site) -> None:
    error = await site.failure(token=OTHER_TOKEN)
    assert "Authentication failed" in str(error)
    assert not error.retry


async def test_a_server_that_is_down(site: Site) -> None:
    mirrors = GitMirrors(site.data_dir, "http://127.0.0.1:1")
    error = await failed(mirrors.fetch(REF, NAME, head=site.head, base=site.base, token=TOKEN))
    assert "Failed to connect" in str(error)
    assert error.retry


async def test_redirects_are_not_followed(site: Site) -> None:
    with GitServer(site.server.root).serving() as elsewhere:
        site.server.location = elsewhere.url
        assert "302" in str(await site.failure())
        await failed(site.mirrors.pull_request_head(REF, NAME, token=TOKEN))
        assert elsewhere.requests == []


def commit_of(store: Store, base: str, mode: bytes, name: bytes, content: bytes) -> str:
    """A commit whose tree has an entry that git itself would refuse to make."""
    blob = store.git("hash-object", "-w", "--stdin", stdin=content).decode().strip()
    entry = b"%s %s\0%s" % (mode, name, bytes.fromhex(blob))
    tree = store.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=entry).decode().strip()
    return store.git("commit-tree", "-p", base, "-m", "x", tree).decode().strip()


@pytest.mark.parametrize(
    ("entry", "check"),
    [
        ((b"100644", b".git", b""), "hasDotgit"),
        ((b"100644", b".GIT", b""), "hasDotgit"),
        ((b"100644", b"git~1", b""), "hasDotgit"),
        ((b"100644", ".g\u200cit".encode(), b""), "hasDotgit"),
        ((b"100644", b"..", b""), "hasDotdot"),
        ((b"100644", b"a/b", b""), "fullPathname"),
        ((b"120000", b".gitmodules", b"x"), "gitmodulesSymlink"),
        ((b"100644", b".gitmodules", b'[submodule "a"]\n\turl = --upload-pack=x\n'), "gitmodulesUrl"),
        ((b"100644", b".gitmodules", b'[submodule "../a"]\n\turl = https://x\n'), "gitmodulesName"),
        ((b"100644", b".gitmodules", b'[submodule "a"]\n\tpath = -x\n\turl = https://x\n'), "gitmodulesPath"),
        ((b"100644", b".gitmodules", b'[submodule "a"]\n\turl = https://x\n\tupdate = !x\n'), "gitmodulesUpdate"),
        ((b"100644", b".gitattributes", b"x" * 3000 + b" text\n"), "gitattributesLineLength"),
    ],
)
async def test_hostile_trees_do_not_come_in(site: Site, entry: tuple[bytes, bytes, bytes], check: str) -> None:
    error = await site.failure(commit_of(site.store, site.base, *entry))
    assert f"{check}: " in str(error)
    assert not error.retry


async def test_a_server_of_mere_files_is_refused(site: Site) -> None:
    """git would take what it has without a check: with the control, which takes a `.git` in a tree."""
    head = commit_of(site.store, site.base, b"100644", b".git", b"")
    site.store.point("refs/pull/7/head", head)
    site.store.git("update-server-info")
    site.server.files_only = True
    assert "dumb http transport does not support shallow capabilities" in str(await site.failure(head))
    site.server.token = ""
    naive = Store.create(site.data_dir / "naive.git")
    url = site.server.url.replace("http://", "http://x-access-token:@") + "/acme/web.git"
    naive.git("-c", "fetch.fsckObjects=true", "fetch", "--quiet", url, "refs/pull/7/head")
    assert b"\t.git\n" in naive.git("ls-tree", head)


async def test_two_entries_of_one_name_do_not_come_in(site: Site) -> None:
    blob = bytes.fromhex(site.store.git("hash-object", "-w", "--stdin", stdin=b"x").decode().strip())
    twice = b"100644 a\0" + blob + b"100644 a\0" + blob
    made = site.store.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=twice)
    commit = site.store.git("commit-tree", "-p", site.base, "-m", "x", made.decode().strip()).decode().strip()
    assert "duplicateEntries: " in str(await site.failure(commit))


async def test_a_link_to_anywhere_is_only_a_text(site: Site) -> None:
    """Links are legal, and nothing of ours ever follows one."""
    commit = Sha(commit_of(site.store, site.base, b"120000", b"link", b"/etc/passwd"))
    blob = await (await site.fetch(commit)).blob(commit, "link", max_bytes=100)
    assert blob == Blob(b"/etc/passwd", 11, truncated=False, kind=Kind.SYMLINK)


@pytest.mark.parametrize("url", ["{elsewhere}/acme/web.git", "file:///etc", "ext::touch x", "ssh://127.0.0.1:1/x"])
async def test_submodules_are_never_fetched(site: Site, url: str) -> None:
    """Neither in a fetch nor afterwards, and a carriage return in a path changes nothing."""
    with GitServer(site.server.root).serving() as elsewhere:
        modules = f'[submodule "s"]\n\tpath = "s\r"\n\turl = {url.format(elsewhere=elsewhere.url)}\n'
        files: Files = {".gitmodules": modules.encode(), "s\r": submodule(site.base), "s": submodule(site.base)}
        head = site.store.commit(files, site.base)
        repository = await site.fetch(head)
        assert len(await repository.changes(site.base, head)) == 4
        assert [entry.kind for entry in await repository.tree(head).entries()][1:] == [Kind.SUBMODULE] * 2
        assert elsewhere.requests == []


async def test_a_small_pack_of_large_objects(site: Site) -> None:
    """A pack bomb: some kilobytes on the wire, a hundred megabytes as an object."""
    limits = FetchLimits(memory_bytes=60 << 20)
    error = await site.limited(limits).failure(site.store.commit({"bomb": b"\0" * (100 << 20)}, site.base))
    assert "git fetch of acme/web needs over 62914560 bytes of memory" in str(error)
    assert not error.retry


async def test_old_but_honest_objects_come_in_if_forgiven(site: Site) -> None:
    tree = site.store.git("rev-parse", f"{site.base}^{{tree}}").decode().strip()
    text = f"tree {tree}\nparent {site.base}\nauthor a <a@b> 1 +51800\ncommitter a <a@b> 1 +0000\n\nold\n"
    made = site.store.git("hash-object", "-w", "-t", "commit", "--literally", "--stdin", stdin=text.encode())
    old = made.decode().strip()
    await site.fetch(old)
    strict = replace(site, mirrors=GitMirrors(site.data_dir / "strict", site.server.url, forgiven=()))
    assert "badTimezone" in str(await strict.failure(old))


@pytest.mark.parametrize("name", ["hasDotgit", "hasdotdot", "gitmodulesUrl", "fullPathname", "x=y", ""])
def test_checks_that_protect_cannot_be_waived(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsInvalid, match="cannot be waived"):
        GitMirrors(tmp_path, "https://github.com", forgiven=(name,))
