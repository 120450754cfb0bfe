"""Everything in a clone that makes git run a command, one by one, and a plain git command that does run it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.adapters.git.stores import ENVIRONMENT, Store

_NAIVE = {**ENVIRONMENT, "TERM": "xterm", "GIT_ALLOW_PROTOCOL": "file:ext:ssh:git:https"}


@dataclass(frozen=True)
class Traps:
    """A clone with two commits on `main` and one on `other`, and a script that leaves a mark when anybody runs it."""

    clone: Path
    script: Path
    mark: Path

    @staticmethod
    def create(directory: Path) -> Traps:
        clone = directory / "clone"
        clone.mkdir()
        script = directory / "script"
        script.write_text(f"#!/bin/sh\ntouch '{directory / 'it ran'}'\n")
        script.chmod(0o755)
        traps = Traps(clone, script, directory / "it ran")
        traps.plain("init", "--quiet", "--initial-branch=main")
        for text in ("one\n", "two\n", "three\n"):
            if text == "three\n":
                traps.plain("checkout", "--quiet", "-b", "other", "HEAD~1")
            (clone / "a.py").write_text(text)
            traps.plain("add", ".")
            traps.plain("commit", "--quiet", "--message", text)
        traps.plain("checkout", "--quiet", "main")
        return traps

    @property
    def git_dir(self) -> Path:
        return self.clone / ".git"

    @property
    def ran(self) -> bool:
        return self.mark.exists()

    def plain(self, *arguments: str) -> str:
        """Git while nothing is set yet."""
        command = ["git", "-C", str(self.clone), *arguments]
        return subprocess.run(command, env=_NAIVE, check=True, capture_output=True, text=True).stdout.strip()

    def naive(self, *arguments: str) -> None:
        """Git as anybody would run it in the clone; whether it succeeds does not matter."""
        command = ["git", "-C", str(self.clone), *arguments]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        with subprocess.Popen(
            command, env=_NAIVE, stdin=pipe, stdout=nowhere, stderr=nowhere, start_new_session=True
        ) as process:
            try:
                process.communicate(b"protocol=https\nhost=example.org\n\n", timeout=20)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def configure(self, pairs: Mapping[str, str]) -> None:
        for key, value in pairs.items():
            self.plain("config", "--add", key, value)

    def append(self, name: str, text: str) -> None:
        path = self.clone / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(text)


@dataclass(frozen=True)
class Danger:
    """`config` is set, files are written (`{script}` stands for the script), then `arrange` is called."""

    name: str
    config: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    arrange: Callable[[Traps], None] = lambda _: None
    naive: tuple[str, ...] | None = None
    """The control; None where no simple command is known that runs it without a terminal."""

    def lay(self, traps: Traps) -> None:
        def at(text: str) -> str:
            return text.replace("{script}", str(traps.script))

        for name, text in self.files.items():
            traps.append(name, at(text))
        self.arrange(traps)
        traps.configure({at(key): at(value) for key, value in self.config.items()})


def _hooks(traps: Traps) -> None:
    for name in (
        "pre-commit",
        "post-index-change",
        "reference-transaction",
        "pre-push",
        "post-checkout",
        "pre-auto-gc",
    ):
        hook = traps.git_dir / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(traps.script.read_bytes())
        hook.chmod(0o755)


def _moved_hooks(traps: Traps) -> None:
    _hooks(traps)
    (traps.git_dir / "hooks").rename(traps.clone / "hooks")
    (traps.clone.parent / "hooks").symlink_to(traps.clone / "hooks")


def _touched(traps: Traps) -> None:
    """So that git has to look at the file again."""
    (traps.clone / "a.py").write_text("TWO\n")


def _link_to_another_git_dir(traps: Traps) -> None:
    traps.git_dir.rename(traps.clone.parent / "elsewhere.git")
    (traps.clone / ".git").write_text(f"gitdir: {traps.clone.parent / 'elsewhere.git'}\n")


def _missing_blob(traps: Traps) -> None:
    sha = traps.plain("rev-parse", "HEAD~1:a.py")
    (traps.git_dir / "objects" / sha[:2] / sha[2:]).unlink()


def _embedded_repository(traps: Traps) -> None:
    """A bare repository among the files, as a clone would bring it along."""
    inner = Store.create(traps.clone / "inner")
    inner.git("config", "core.bare", "false")
    inner.git("config", "core.worktree", str(traps.clone))
    inner.git("config", "core.fsmonitor", str(traps.script))


def _alternates(traps: Traps) -> None:
    other = Store.create(traps.clone.parent / "other.git")
    other.point("refs/heads/main", other.commit({"b": b"1\n"}))
    info = traps.git_dir / "objects" / "info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(f"{other.git_dir / 'objects'}\n")


def _submodule(traps: Traps) -> None:
    """A repository in a repository, which plain git looks into."""
    inner = traps.clone / "sub"
    subprocess.run(["git", "init", "--quiet", str(inner)], env=ENVIRONMENT, check=True)
    commit = ["git", "-C", str(inner), "commit", "--quiet", "--allow-empty", "--message", "x"]
    subprocess.run(commit, env=ENVIRONMENT, check=True)
    traps.plain("add", "sub")
    traps.plain("commit", "--quiet", "--message", "sub")
    subprocess.run(
        ["git", "-C", str(inner), "config", "core.fsmonitor", str(traps.script)], env=ENVIRONMENT, check=True
    )


def _index_lock(traps: Traps) -> None:
    (traps.git_dir / "index.lock").touch()


_ATTRIBUTES = {".gitattributes": "* diff=x filter=x merge=x\n"}
_OWN_ATTRIBUTES = {".git/info/attributes": "* diff=x filter=x merge=x\n"}
_LARGE_FILES = {".gitattributes": "* filter=lfs diff=lfs merge=lfs -text\n"}
_EXT = "ext::{script} %S"
_COMMIT = ("commit", "--allow-empty", "-m", "x")
_COMPARE = ("diff", "HEAD~1", "HEAD")
_ADD = ("add", "-A")

DANGERS = (
    Danger("fsmonitor", {"core.fsmonitor": "{script}"}, naive=("status",)),
    Danger("hooks", arrange=_hooks, naive=_COMMIT),
    Danger("hooks elsewhere", {"core.hooksPath": "../hooks"}, arrange=_moved_hooks, naive=_COMMIT),
    Danger("filter", {"filter.x.clean": "{script}"}, _ATTRIBUTES, _touched, _ADD),
    Danger("smudge", {"filter.x.smudge": "{script}"}, _OWN_ATTRIBUTES, naive=("checkout", "-q", "HEAD~1")),
    Danger("filter process", {"filter.x.process": "{script}"}, _ATTRIBUTES, _touched, _ADD),
    Danger("large files", {"filter.lfs.process": "{script}"}, _LARGE_FILES, _touched, _ADD),
    Danger("diff driver", {"diff.x.command": "{script}"}, _ATTRIBUTES, naive=_COMPARE),
    Danger("textconv", {"diff.x.textconv": "{script}"}, _OWN_ATTRIBUTES, naive=("log", "-p")),
    Danger("external diff", {"diff.external": "{script}"}, naive=_COMPARE),
    Danger("merge driver", {"merge.x.driver": "{script}"}, _ATTRIBUTES, naive=("merge", "other")),
    Danger("pager", {"core.pager": "{script}", "pager.ls-tree": "true", "pager.diff-tree": "true"}),
    Danger("editor", {"core.editor": "{script}"}, naive=("commit", "--amend")),
    Danger("ssh", {"core.sshCommand": "{script}"}, naive=("ls-remote", "ssh://localhost/x")),
    Danger("git proxy", {"core.gitProxy": "{script}"}, naive=("ls-remote", "git://localhost/x")),
    Danger(
        "gpg",
        {"commit.gpgSign": "true", "gpg.program": "{script}", "user.signingKey": "x"},
        naive=_COMMIT,
    ),
    Danger("credential helper", {"credential.helper": "!{script}"}, naive=("credential", "fill")),
    Danger("askpass", {"core.askPass": "{script}"}, naive=("credential", "fill")),
    Danger("alias", {f"alias.{name}": "!{script}" for name in ("ls-tree", "cat-file", "new")}, naive=("new",)),
    Danger(
        "included configuration",
        {"include.path": "included"},
        {".git/included": "[core]\n\tfsmonitor = {script}\n"},
        naive=("status",),
    ),
    Danger(
        "configuration of the work tree",
        {"extensions.worktreeConfig": "true", "core.repositoryFormatVersion": "1"},
        {".git/config.worktree": "[core]\n\tfsmonitor = {script}\n"},
        naive=("status",),
    ),
    Danger("a file for a git dir", {"core.fsmonitor": "{script}"}, arrange=_link_to_another_git_dir, naive=("status",)),
    Danger("URL", {"remote.origin.url": _EXT, "protocol.ext.allow": "always"}, naive=("fetch", "origin")),
    Danger(
        "another URL instead",
        {f"url.{_EXT}.insteadOf": "https://example.org/", "protocol.ext.allow": "always"},
        naive=("ls-remote", "https://example.org/"),
    ),
    Danger(
        "promisor",
        {
            "remote.origin.url": _EXT,
            "remote.origin.promisor": "true",
            "extensions.partialClone": "origin",
            "core.repositoryFormatVersion": "1",
            "protocol.ext.allow": "always",
        },
        arrange=_missing_blob,
        naive=("cat-file", "-p", "HEAD~1:a.py"),
    ),
    Danger(
        "alternates",
        {"core.alternateRefsCommand": "{script}"},
        arrange=_alternates,
        naive=("fetch", "../other.git", "main"),
    ),
    Danger("an embedded repository", arrange=_embedded_repository, naive=("-C", "inner", "status")),
    Danger("a submodule", arrange=_submodule, naive=("status",)),
    Danger(
        "a submodule with a carriage return",
        files={".gitmodules": '[submodule "x"]\n\tpath = "sub\r"\n\turl = ext::{script}\n\tupdate = !{script}\n'},
    ),
    Danger("a lock on the index", {"core.fsmonitor": "{script}"}, arrange=_index_lock, naive=("diff",)),
)  # fmt: skip
