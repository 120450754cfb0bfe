"""`revwright sandbox apply`: what it prints, what it writes and what it leaves alone."""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from app.cli.exit_status import EXIT_PASSED, EXIT_REFUSED
from app.cli.main import parser
from app.cli.sandbox_apply import apply
from app.domain.errors import GitFailed
from app.domain.patches import Collected, Edit, Patch, Refusal
from app.domain.patches_json import collected_json
from app.domain.pull_request import Sha
from tests.adapters.git.listing import listing
from tests.adapters.git.stores import Store, executable

DIFF = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-one\n+two\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "store.git")


@pytest.fixture
def base(store: Store) -> Sha:
    return store.commit({"a.py": b"one\n", "b.py": b"b\n"})


class Applying:
    """The command on one store, with the patch in a file."""

    def __init__(self, store: Store, base: Sha, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.base = base
        self._store = store
        self._file = directory / "patch"
        self._capsys = capsys

    def parsed(self, *options: str) -> argparse.Namespace:
        own = ["sandbox", "apply", "--git-dir", str(self._store.git_dir), "--base", self.base]
        return parser().parse_args([*own, *options])

    def run(self, patch: str, *options: str) -> tuple[int, dict[str, Any]]:
        self._file.write_text(patch, encoding="utf-8")
        status = apply(self.parsed(*options, str(self._file)))
        return status, json.loads(self._capsys.readouterr().out)

    def json(self, *edits: Edit, refused: tuple[Refusal, ...] = ()) -> str:
        return json.dumps(collected_json(Collected(Patch(self.base, edits), ("build.o",), refused)))


@pytest.fixture
def applying(store: Store, base: Sha, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Applying:
    return Applying(store, base, tmp_path, capsys)


def test_collected_edits(store: Store, applying: Applying) -> None:
    before = listing(store.git_dir)
    patch = applying.json(Edit("a.py", b"two\n"), Edit("b.py", None), Edit("n", b"\xff", executable=True))
    status, printed = applying.run(patch)
    assert status == EXIT_PASSED
    assert listing(store.git_dir) == before
    tree = store.git("rev-parse", f"{tree_of(store)}^{{tree}}").decode().strip()
    assert printed == {
        "base": applying.base,
        "tree": tree,
        "commit": None,
        "changed": [
            {"path": "a.py", "status": "modified", "mode": "100644"},
            {"path": "b.py", "status": "deleted", "mode": None},
            {"path": "n", "status": "added", "mode": "100755"},
        ],
        "refused": [],
    }


def tree_of(store: Store) -> Sha:
    return store.commit({"a.py": b"two\n", "n": executable(b"\xff")})


def test_a_diff_and_a_commit_without_writing(store: Store, applying: Applying) -> None:
    before = listing(store.git_dir)
    status, printed = applying.run(DIFF, "--format", "diff", "--message", "fix: it")
    assert status == EXIT_PASSED
    assert [one["path"] for one in printed["changed"]] == ["a.py"]
    assert len(printed["commit"]) == 40
    assert listing(store.git_dir) == before


def test_writing_a_branch(store: Store, applying: Applying) -> None:
    name = "refs/heads/revwright/7/fix"
    author = ("--author", "A B <a@b>")
    status, printed = applying.run(DIFF, "--format", "diff", "--message", "fix: it\n\n", "--ref", name, *author)
    assert status == EXIT_PASSED
    assert store.git("rev-parse", name).decode().strip() == printed["commit"]
    assert store.git("log", "-1", "--format=%an <%ae>|%cn <%ce>|%B|%P", name).decode().rstrip() == (
        f"A B <a@b>|A B <a@b>|fix: it\n|{applying.base}"
    )
    assert store.content(name, "a.py") == b"two\n"
    with pytest.raises(GitFailed, match=r"git update-ref of .* failed: .*already exists"):
        applying.run(DIFF, "--format", "diff", "--message", "again", "--ref", name)


def test_writing_objects_alone(store: Store, applying: Applying) -> None:
    _, printed = applying.run(DIFF, "--format", "diff", "--write")
    assert store.git("cat-file", "blob", f"{printed['tree']}:a.py") == b"two\n"
    assert store.git("for-each-ref") == b""


@pytest.mark.parametrize(
    "name",
    ["refs/heads/main", "HEAD", "refs/heads/revwright", "refs/heads/revwright/", "refs/heads/revwright/../main",
     "refs/heads/revwright/-x", "refs/heads/revwright/x.lock", "refs/heads/revwright/a//b", "--stdin",
     "refs/heads/revwright/x\ny", "refs/heads/revwright/$(id)"],
)  # fmt: skip
def test_other_branches_are_not_made(store: Store, applying: Applying, name: str) -> None:
    with pytest.raises(GitFailed, match=r"not the name of a branch below|refusing to update ref with bad name"):
        applying.run(DIFF, "--format", "diff", "--message", "x", f"--ref={name}")
    assert store.git("for-each-ref") == b""


def test_a_refused_patch(store: Store, applying: Applying) -> None:
    before = listing(store.git_dir)
    options = ("--message", "x", "--write", "--ref", "refs/heads/revwright/x")
    patch = applying.json(Edit("a.py", b"two\n"), Edit("../x", b""), Edit(".git/config", b""))
    status, printed = applying.run(patch, *options)
    assert status == EXIT_REFUSED
    assert printed == {
        "base": applying.base,
        "tree": None,
        "commit": None,
        "changed": [],
        "refused": [
            {"path": "../x", "reason": "is a path that has the part `..`"},
            {"path": ".git/config", "reason": "is a path that has a part that is `.git` on some file system"},
        ],
    }
    assert listing(store.git_dir) == before


def test_what_was_refused_in_the_sandbox_stays_refused(store: Store, applying: Applying) -> None:
    before = listing(store.git_dir)
    status, printed = applying.run(applying.json(Edit("a.py", b""), refused=(Refusal("f", "is a FIFO"),)), "--write")
    assert (status, printed["refused"]) == (EXIT_REFUSED, [{"path": "f", "reason": "is a FIFO"}])
    assert listing(store.git_dir) == before


@pytest.mark.parametrize(
    "patch", ["", "{}", "[]", "{", '{"base": ' * 5_000, "\udce9".encode("utf-8", "replace").decode()]
)
def test_what_is_no_collected_patch(applying: Applying, patch: str) -> None:
    with pytest.raises(GitFailed, match="the patch is not what `revwright sandbox collect` prints"):
        applying.run(patch)


def test_a_patch_for_another_commit(applying: Applying) -> None:
    patch = applying.json()
    applying.base = Sha("1" * 40)
    with pytest.raises(GitFailed, match=f"the patch is for the commit '[0-9a-f]{{40}}', not for {'1' * 40}"):
        applying.run(patch)


def test_from_standard_input(
    applying: Applying, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DIFF.encode())))
    assert apply(applying.parsed("--format", "diff")) == EXIT_PASSED
    assert [one["path"] for one in json.loads(capsys.readouterr().out)["changed"]] == ["a.py"]


def test_input_without_end(applying: Applying) -> None:
    with pytest.raises(GitFailed, match="the patch is longer than 16777216 bytes"):
        apply(applying.parsed("/dev/zero"))


def test_what_cannot_be_used(applying: Applying, tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="absent' cannot be read: No such file"):
        apply(applying.parsed(str(tmp_path / "absent")))
    with pytest.raises(GitFailed, match="--ref needs a commit to point at"):
        applying.run(DIFF, "--format", "diff", "--ref", "refs/heads/revwright/x")
    with pytest.raises(GitFailed, match="not a full git object id: 'HEAD'"):
        applying.run(DIFF, "--format", "diff", "--base", "HEAD")
    with pytest.raises(GitFailed, match="is not a git dir"):
        applying.run(DIFF, "--format", "diff", "--git-dir", str(tmp_path))
    with pytest.raises(GitFailed, match="the message of a commit has words"):
        applying.run(DIFF, "--format", "diff", "--message", " ")
    for author in ("A", "A <>", "<a@b>", "A <a@b> x", "A\n <a@b>"):
        with pytest.raises(SystemExit):
            applying.parsed("--author", author)
