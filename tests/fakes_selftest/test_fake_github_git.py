"""The stand-in for GitHub: git over HTTP with the real git, git data over REST, and files."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.github.small_world import HEAD_FILE, SmallWorld, small_world
from tests.fakes.github.state import FakeGitHub

ROOT = "/repos/acme/web"
READ = {"contents": "read"}
WRITE = {"contents": "write"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small_world(tmp_path / "github") as made:
        yield made
        assert made.fake.violations == []


def cloned(world: SmallWorld, folder: Path, token: str) -> Path:
    done = world.git(folder, "clone", "--quiet", "--branch", "feature", world.remote, "work", token=token)
    assert done.returncode == 0, done.stderr
    return folder / "work"


def commit(world: SmallWorld, work: Path, path: str, text: str) -> str:
    (work / path).parent.mkdir(parents=True, exist_ok=True)
    (work / path).write_text(text)
    world.git(work, "add", path)
    world.git(work, "commit", "--quiet", "--message", "Change it")
    return world.git(work, "rev-parse", "HEAD").stdout.strip()


def test_git_needs_a_token_that_reaches_the_repository(world: SmallWorld, tmp_path: Path) -> None:
    def listing(token: str | None) -> tuple[int, int | None]:
        done = world.git(tmp_path, "ls-remote", world.remote, token=token)
        return done.returncode, world.fake.git_calls[-1].status

    world.fake.create_repository("acme/other", installation=world.installation)
    assert listing(None) == (128, 401)
    assert listing("ghs_unknown") == (128, 401)
    assert listing(world.token(repositories=["other"], permissions=READ)) == (128, 404)
    assert listing(world.token(permissions={"pull_requests": "write"})) == (128, 404)
    assert listing(world.token(permissions=READ)) == (0, 200)
    assert world.fake.git_calls[-1].token_permissions == {"metadata": "read", "contents": "read"}


def test_a_push_moves_the_pull_request(world: SmallWorld, tmp_path: Path) -> None:
    token = world.token(permissions=WRITE)
    work, before = cloned(world, tmp_path, token), world.pull.head_sha
    after = commit(world, work, "a.txt", "pushed\n")
    assert world.git(work, "push", "--quiet", "origin", "feature", token=token).returncode == 0
    assert world.pull.head_sha == after
    assert world.events()[-2:] == ["push", "pull_request synchronize"]
    payload = world.fake.deliveries[-1].payload
    assert (payload["before"], payload["after"], payload["sender"]["login"]) == (before, after, "revwright[bot]")
    assert world.repository.store.refs("refs/pull/1/head") == {"refs/pull/1/head": after}
    fetched = world.git(work, "fetch", "--quiet", "origin", "refs/pull/1/head", token=token)
    assert fetched.returncode == 0


def test_reading_is_not_writing(world: SmallWorld, tmp_path: Path) -> None:
    token = world.token(permissions=READ)
    work, before = cloned(world, tmp_path, token), world.pull.head_sha
    commit(world, work, "a.txt", "pushed\n")
    assert world.git(work, "push", "--quiet", "origin", "feature", token=token).returncode != 0
    assert world.fake.git_calls[-1].status == 403
    assert world.pull.head_sha == before


def test_nobody_pushes_to_pull_request_refs(world: SmallWorld, tmp_path: Path) -> None:
    token = world.token(permissions=WRITE)
    work = cloned(world, tmp_path, token)
    commit(world, work, "a.txt", "pushed\n")
    assert world.git(work, "push", "--quiet", "origin", "HEAD:refs/pull/1/head", token=token).returncode != 0


def test_workflows_need_their_own_permission(tmp_path: Path) -> None:
    with small_world(tmp_path / "github", permissions={"metadata": "read", "contents": "write"}) as world:
        token = world.token()
        work = cloned(world, tmp_path, token)
        commit(world, work, ".github/workflows/ci.yml", "on: push\n")
        refused = world.git(work, "push", "origin", "feature", token=token)
        assert refused.returncode != 0
        assert "without `workflows` permission" in refused.stderr
        person = world.fake.add_user_token(world.developer)
        assert world.git(work, "push", "--quiet", "origin", "feature", token=person).returncode == 0


def test_partial_and_shallow_fetches_and_bare_commits_work(world: SmallWorld, tmp_path: Path) -> None:
    token, old = world.token(permissions=READ), world.pull.head_sha
    world.repository.force_push("feature", world.repository.head("main"))
    options = ("clone", "--quiet", "--bare", "--depth=1", "--filter=blob:none", world.remote, "shallow")
    assert world.git(tmp_path, *options, token=token).returncode == 0
    fetched = world.git(tmp_path / "shallow", "fetch", "--quiet", "--depth=1", "origin", old, token=token)
    assert fetched.returncode == 0, fetched.stderr
    assert world.events()[-2:] == ["push", "pull_request synchronize"]


def test_a_large_push_and_fetch_stream(world: SmallWorld, tmp_path: Path) -> None:
    token = world.token(permissions=WRITE)
    work = cloned(world, tmp_path, token)
    noise = b"".join((number * 2654435761 % 2**32).to_bytes(4, "little") for number in range(2**21))
    (work / "big.bin").write_bytes(noise)
    world.git(work, "add", "big.bin")
    world.git(work, "commit", "--quiet", "--message", "Large")
    pushed = world.git(work, "-c", "core.compression=0", "push", "--quiet", "origin", "feature", token=token)
    assert pushed.returncode == 0, pushed.stderr
    again = tmp_path / "again"
    again.mkdir()
    assert (cloned(world, again, token) / "big.bin").read_bytes() == noise


def test_deleting_the_head_branch_closes_the_pull_request(world: SmallWorld) -> None:
    world.repository.delete_branch("feature")
    assert world.pull.state == "closed"
    assert world.events()[-2:] == ["push", "pull_request closed"]


def test_pushing_the_head_to_the_base_merges_the_pull_request(world: SmallWorld) -> None:
    head = world.pull.head_sha
    world.repository.force_push("main", head)
    assert (world.pull.state, world.pull.merge_commit_sha) == ("closed", head)
    assert world.fake.deliveries[-1].payload["pull_request"]["merged"] is True


def test_the_base_of_an_open_pull_request_follows_its_branch_at_a_push_to_the_head(world: SmallWorld) -> None:
    """Not before, though a merge is made onto the branch as it is: https://github.com/github/docs/issues/431."""
    before, files = world.pull.base_sha, [file.path for file in world.pull.diff()]
    tip = world.repository.commit("main", {"unrelated.txt": "new on main\n"})
    api = world.as_installation()
    assert api("GET", f"{ROOT}/pulls/1").json()["base"]["sha"] == before != tip == world.pull.base_tip
    assert [file.path for file in world.pull.diff()] == files

    world.repository.commit("feature", {"more.txt": "more\n"})
    assert api("GET", f"{ROOT}/pulls/1").json()["base"]["sha"] == tip


def test_commits_are_made_from_git_data(world: SmallWorld) -> None:
    api, head = world.as_installation(permissions=WRITE), world.pull.head_sha
    blob = api(
        "POST", f"{ROOT}/git/blobs", {"content": base64.b64encode(b"\0data").decode(), "encoding": "base64"}
    ).json()
    entries = [
        {"path": "data.bin", "mode": "100644", "type": "blob", "sha": blob["sha"]},
        {"path": "docs/note.md", "mode": "100644", "type": "blob", "content": "# Note\n"},
        {"path": "x.bin", "mode": "100644", "type": "blob", "sha": None},
    ]
    base = api("GET", f"{ROOT}/git/commits/{head}").json()["tree"]["sha"]
    tree = api("POST", f"{ROOT}/git/trees", {"base_tree": base, "tree": entries}).json()
    made = api("POST", f"{ROOT}/git/commits", {"message": "By API", "tree": tree["sha"], "parents": [head]}).json()
    assert made["author"]["name"] == "revwright[bot]"
    moved = api("PATCH", f"{ROOT}/git/refs/heads/feature", {"sha": made["sha"]})
    assert moved.json()["object"]["sha"] == world.pull.head_sha == made["sha"]
    paths = [one["path"] for one in api("GET", f"{ROOT}/git/trees/{made['sha']}", recursive="1").json()["tree"]]
    assert paths == ["a.txt", "data.bin", "docs", "docs/note.md", "new.txt"]
    assert api("PATCH", f"{ROOT}/git/refs/heads/feature", {"sha": head}).status_code == 422
    assert api("PATCH", f"{ROOT}/git/refs/heads/feature", {"sha": head, "force": True}).status_code == 200
    assert api("GET", f"{ROOT}/git/blobs/{blob['sha']}").json()["content"] == "AGRhdGE=\n"


def test_branches_are_made_and_removed_over_rest(world: SmallWorld) -> None:
    api, head = world.as_installation(permissions=WRITE), world.pull.head_sha
    ref = {"ref": "refs/heads/revwright/fix-1", "sha": head}
    assert api("POST", f"{ROOT}/git/refs", ref).status_code == 201
    assert api("POST", f"{ROOT}/git/refs", ref).status_code == 422
    assert api("GET", f"{ROOT}/branches/revwright%2Ffix-1").json()["commit"]["sha"] == head
    assert api("DELETE", f"{ROOT}/git/refs/heads/revwright/fix-1").status_code == 204
    assert api("GET", f"{ROOT}/branches/revwright%2Ffix-1").status_code == 404
    assert api("GET", f"{ROOT}/git/ref/heads/revwright/fix-1").status_code == 404


def test_contents_are_read_at_a_ref(world: SmallWorld) -> None:
    submodule = "1" * 40
    files = {"docs/a b.md": "text\n", "link": "docs/a b.md", "lib": submodule}
    world.repository.commit("feature", files, modes={"link": "120000", "lib": "160000"})
    api = world.as_installation(permissions=READ)
    found = api("GET", f"{ROOT}/contents/a.txt", ref="feature").json()
    assert base64.b64decode(found["content"]).decode() == HEAD_FILE
    assert api("GET", f"{ROOT}/contents/a.txt", ref="main").json()["sha"] != found["sha"]
    assert (
        api("GET", f"{ROOT}/contents/docs/a%20b.md", ref="feature", accept="application/vnd.github.raw").text
        == "text\n"
    )
    assert [one["type"] for one in api("GET", f"{ROOT}/contents/docs", ref="feature").json()] == ["file"]
    assert api("GET", f"{ROOT}/contents/link", ref="feature").json()["target"] == "docs/a b.md"
    assert api("GET", f"{ROOT}/contents/lib", ref="feature").json()["type"] == "submodule"
    assert api("GET", f"{ROOT}/contents/nothing").status_code == 404
    assert api("GET", f"{ROOT}/contents/a.txt", ref="nowhere").status_code == 404


def test_commits_compare(world: SmallWorld) -> None:
    world.repository.commit("main", {"main.txt": "ahead\n"})
    api = world.as_installation(permissions=READ)
    compared = api("GET", f"{ROOT}/compare/main...feature").json()
    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == ("diverged", 1, 1)
    assert "main.txt" not in [file["filename"] for file in compared["files"]]
    single = api("GET", f"{ROOT}/commits/feature").json()
    assert single["stats"]["additions"] == 3
    assert single["author"]["login"] == "dev"


def test_an_unknown_commit_is_unprocessable(world: SmallWorld) -> None:
    api = world.as_installation()
    paths = ["commits/nowhere", f"commits/{'0' * 40}/check-runs", "commits/nowhere/pulls"]
    assert [api("GET", f"{ROOT}/{path}").status_code for path in paths] == [422] * 3


def test_changed_types_and_modes_have_files_too(world: SmallWorld) -> None:
    modes = {"a.txt": "120000", "x.bin": "100755"}
    world.repository.commit("feature", {"a.txt": "new.txt", "x.bin": b"\0\1"}, modes=modes)
    files = {one["filename"]: one for one in world.as_installation()("GET", f"{ROOT}/pulls/1/files").json()}
    assert files["a.txt"]["status"] == "changed"
    assert files["x.bin"]["status"] == "added"


def test_a_repository_starts_from_another_one_or_a_bundle(world: SmallWorld, tmp_path: Path) -> None:
    seeded = FakeGitHub(tmp_path / "other").create_repository("acme/copy", seed=world.repository.git_dir)
    assert seeded.branches == world.repository.branches
    assert seeded.store.refs("refs/pull/") == world.repository.store.refs("refs/pull/")
    bundle = tmp_path / "web.bundle"
    world.repository.store.run("bundle", "create", "--quiet", str(bundle), "--all")
    bundled = FakeGitHub(tmp_path / "third").create_repository("acme/copy", seed=bundle)
    assert bundled.branches == world.repository.branches
