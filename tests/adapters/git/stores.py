"""Real bare repositories for tests, filled through fast-import, so that any path and any bytes can be committed."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.domain.pull_request import Sha

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    **{f"GIT_{role}_{what}": "someone" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    **{f"GIT_{role}_DATE": "1767225600 +0000" for role in ("AUTHOR", "COMMITTER")},
}
_CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = true
\tfsync = none
[uploadpack]
\tallowAnySHA1InWant = true
[gc]
\tauto = 0
"""


@dataclass(frozen=True, slots=True)
class Node:
    """One entry of a tree: its mode, and the bytes of the blob or the id of the commit."""

    mode: str
    data: bytes


def executable(data: bytes) -> Node:
    return Node("100755", data)


def symlink(target: bytes) -> Node:
    return Node("120000", target)


def submodule(sha: str) -> Node:
    return Node("160000", sha.encode())


Files = Mapping[str | bytes, bytes | Node]


@dataclass(frozen=True, slots=True)
class Store:
    """One bare repository."""

    git_dir: Path

    @staticmethod
    def create(git_dir: Path) -> Store:
        for name in ("objects/pack", "objects/info", "refs/heads"):
            (git_dir / name).mkdir(parents=True)
        (git_dir / "HEAD").write_text("ref: refs/heads/main\n")
        (git_dir / "config").write_text(_CONFIG)
        return Store(git_dir)

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = ["git", f"--git-dir={self.git_dir}", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, env=ENVIRONMENT, check=False, cwd="/")
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout

    def commit(self, files: Files, *parents: str, message: str = "change", seconds: int = 1767225600) -> Sha:
        """A commit of exactly these files, at so many seconds since 1970."""
        words = message.encode()
        stream = [b"commit refs/heads/fresh\nmark :1\ncommitter a <a@b> %d +0000\n" % seconds]
        stream.append(b"data %d\n%s\n" % (len(words), words))
        stream += [b"%s %s\n" % (b"merge" if at else b"from", sha.encode()) for at, sha in enumerate(parents)]
        stream.append(b"deleteall\n")
        for path, content in files.items():
            node = content if isinstance(content, Node) else Node("100644", content)
            name = _quoted(path if isinstance(path, bytes) else path.encode())
            if node.mode == "160000":
                stream.append(b"M 160000 %s %s\n" % (node.data, name))
            else:
                stream.append(b"M %s inline %s\n" % (node.mode.encode(), name))
                stream.append(b"data %d\n%s\n" % (len(node.data), node.data))
        stream.append(b"\nget-mark :1\nreset refs/heads/fresh\nfrom %s\n" % (b"0" * 40))  # no ref is left
        return Sha(self.git("fast-import", "--quiet", stdin=b"".join(stream)).decode().strip())

    def point(self, ref: str, sha: str) -> None:
        self.git("update-ref", ref, sha)

    def content(self, commit: str, path: str) -> bytes:
        return self.git("cat-file", "blob", f"{commit}:{path}")


def _quoted(path: bytes) -> bytes:
    return b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'
