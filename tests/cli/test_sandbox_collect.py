"""`revwright sandbox collect`: what it prints, what it refuses, and that nothing in the directory has a say."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from app.adapters.sandbox.files.workspace import Workspace
from app.cli.exit_status import EXIT_ERROR, EXIT_PASSED, EXIT_REFUSED
from app.cli.main import run
from app.domain.patches import Chunk, TreeEntry
from app.domain.pull_request import Sha
from tests.adapters.git.stores import Node, Store, executable, submodule, symlink

FILES: dict[str | bytes, bytes | Node] = {
    "README.md": b"hello\n",
    "src/app.py": b"print(1)\n",
    "src/raw.bin": bytes(range(256)),
    "run.sh": executable(b"#!/bin/sh\n"),
    "inside": symlink(b"src/app.py"),
    "outside": symlink(b"/etc/passwd"),
    "vendor": submodule("c" * 40),
    b"caf\xe9": b"latin\n",
    "crlf.txt": b"a\r\nb\r\n",
    ".gitattributes": b"*.txt text eol=crlf ident filter=evil\n",
    ".github/workflows/ci.yml": b"on: push\n",
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "store.git")


class Collecting:
    """A workspace that was filled from a commit, and the command on it."""

    def __init__(self, store: Store, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.store = store
        self.base = store.commit(FILES)
        self.directory = directory
        self._capsys = capsys
        directory.mkdir()
        with Workspace.at(directory) as workspace, workspace.filling() as filling:
            for name, content in FILES.items():
                node = content if isinstance(content, Node) else Node("100644", content)
                if node.mode != "160000":
                    path = os.fsdecode(name)
                    filling.take(Chunk(TreeEntry(path, node.mode, "0" * 40, len(node.data)), node.data, last=True))

    def run(self, *options: str, base: str | None = None) -> tuple[int, dict[str, Any]]:
        command = ["sandbox", "collect", "--workspace", str(self.directory), "--git-dir", str(self.store.git_dir)]
        status = run([*command, "--base", base or self.base, *options], {"HOME": "/nonexistent"})
        printed = self._capsys.readouterr()
        assert printed.err == "" or status == EXIT_ERROR
        return status, json.loads(printed.out) if printed.out else {"error": printed.err}


@pytest.fixture
def collecting(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Collecting:
    return Collecting(store, tmp_path / "workspace", capsys)


@pytest.mark.parametrize("options", [(), ("--all",), ("--edited", "README.md", "--edited", "outside")])
def test_a_directory_as_it_was_filled_differs_in_nothing(collecting: Collecting, options: tuple[str, ...]) -> None:
    """Nor does an attribute of the commit make it differ: contents are compared raw."""
    assert (collecting.directory / "inside").is_symlink()
    assert stat.S_ISREG((collecting.directory / "outside").lstat().st_mode)

    expected = {"base": collecting.base, "edits": [], "extras": [], "refused": []}
    assert collecting.run(*options) == (EXIT_PASSED, expected)


def test_declared_edits_are_printed_and_the_rest_is_told(collecting: Collecting) -> None:
    top = collecting.directory
    (top / "src/app.py").write_bytes(b"print(2)\n")
    (top / "src/raw.bin").write_bytes(b"\xff\xfe")
    (top / "README.md").unlink()
    (top / "new.sh").write_bytes(b"#!/bin/sh\n")
    (top / "new.sh").chmod(0o755)
    (top / "build/deep").mkdir(parents=True)
    (top / "build/deep/x.o").write_bytes(b"\0")
    (top / "crlf.txt").write_bytes(b"undeclared")
    declared = ("src/app.py", "src/raw.bin", "README.md", "new.sh")

    status, printed = collecting.run(*(word for path in declared for word in ("--edited", path)))

    assert status == EXIT_PASSED
    assert printed == {
        "base": collecting.base,
        "edits": [
            {"path": "README.md", "content": None, "encoding": "utf-8", "executable": False},
            {"path": "new.sh", "content": "#!/bin/sh\n", "encoding": "utf-8", "executable": True},
            {"path": "src/app.py", "content": "print(2)\n", "encoding": "utf-8", "executable": False},
            {"path": "src/raw.bin", "content": "//4=", "encoding": "base64", "executable": False},
        ],
        "extras": ["build/", "crlf.txt"],
        "refused": [],
    }


def test_what_is_declared_and_may_not_leave_is_refused(collecting: Collecting) -> None:
    top = collecting.directory
    (top / ".github/workflows/ci.yml").write_bytes(b"on: workflow_dispatch\n")
    (top / "src/app.py").unlink()
    (top / "src/app.py").symlink_to("/etc/passwd")
    (top / "README.md").unlink()
    os.mkfifo(top / "README.md")
    (top / "inside").unlink()
    (top / "sub/.git").mkdir(parents=True)
    paths = (".github/workflows/ci.yml", "src/app.py", "README.md", "inside", "sub/.git", "../../etc/passwd")

    status, printed = collecting.run(*(word for path in paths for word in ("--edited", path)))

    assert status == EXIT_REFUSED
    assert printed["edits"] == []
    assert {one["path"] for one in printed["refused"]} == set(paths)
    assert "root:" not in json.dumps(printed)


def test_all_takes_every_change_as_meant(collecting: Collecting) -> None:
    (collecting.directory / "src/app.py").write_bytes(b"print(2)\n")
    (collecting.directory / "build.log").write_bytes(b"log")

    status, printed = collecting.run("--all")

    assert status == EXIT_PASSED
    assert [edit["path"] for edit in printed["edits"]] == ["build.log", "src/app.py"]
    assert printed["extras"] == []


def test_what_apply_makes_of_it_is_what_stood_in_the_directory(
    collecting: Collecting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (collecting.directory / "src/app.py").write_bytes(b"print(2)\n")
    (collecting.directory / "src/raw.bin").write_bytes(b"\xff\x00\r\n")
    (collecting.directory / "run.sh").chmod(0o644)
    (collecting.directory / "crlf.txt").unlink()
    _, printed = collecting.run("--all")
    (tmp_path / "patch").write_text(json.dumps(printed))
    own = ["--git-dir", str(collecting.store.git_dir), "--base", collecting.base, str(tmp_path / "patch")]

    assert run(["sandbox", "apply", *own, "--message", "x", "--write"], {"HOME": "/nonexistent"}) == EXIT_PASSED

    commit = Sha(json.loads(capsys.readouterr().out)["commit"])
    assert collecting.run("--all", base=commit) == (
        EXIT_PASSED,
        {"base": commit, "edits": [], "extras": [], "refused": []},
    )


def test_no_git_of_the_directory_has_a_say(collecting: Collecting, tmp_path: Path) -> None:
    """A repository in it, with hooks, a monitor, filters and drivers that would each leave a mark."""
    mark = tmp_path / "mark"
    config = f"""[core]
        fsmonitor = touch {mark}
        hooksPath = hooks
        pager = touch {mark}
    [filter "evil"]
        clean = touch {mark}
        smudge = touch {mark}
        process = touch {mark}
        required = true
    [diff]
        external = touch {mark}
    """
    for where in ("", "vendor", "nested"):
        git_dir = collecting.directory / where / ".git"
        Store.create(git_dir)
        (git_dir / "config").write_text(config)
        (git_dir / "hooks").mkdir()
        for hook in ("pre-commit", "post-index-change", "post-checkout", "reference-transaction"):
            (git_dir / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {mark}\n")
            (git_dir / "hooks" / hook).chmod(0o755)
    (collecting.directory / "crlf.txt").write_bytes(b"changed")

    status, printed = collecting.run("--edited", "crlf.txt")

    assert status == EXIT_PASSED
    assert [edit["path"] for edit in printed["edits"]] == ["crlf.txt"]
    assert printed["extras"] == ["nested/", "vendor/"]
    assert not mark.exists()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--base", "HEAD", "not a full git object id"),
        ("--base", "d" * 40, "git ls-tree of "),
        ("--workspace", "/nonexistent", "cannot read '/nonexistent': No such file or directory"),
        ("--git-dir", "/nonexistent", "'/nonexistent' is not a git dir"),
    ],
)
def test_wrong_arguments_are_an_error(collecting: Collecting, option: str, value: str, words: str) -> None:
    status, printed = collecting.run(option, value)

    assert status == EXIT_ERROR
    assert words in printed["error"]


def test_a_file_that_is_too_large_is_not_read(collecting: Collecting) -> None:
    with (collecting.directory / "sparse").open("wb") as file:
        file.truncate(1 << 40)

    status, printed = collecting.run("--edited", "sparse")

    assert status == EXIT_REFUSED
    assert printed["refused"][0]["reason"].startswith("has 1099511627776 bytes, which is too much")
    assert collecting.run()[1]["extras"] == ["sparse"]
