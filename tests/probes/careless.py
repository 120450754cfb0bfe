"""The host side as one would write it in an afternoon: git in the workspace, files read by name, patch(1)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "core.quotePath=false")


def main() -> None:
    """`collect WORKSPACE STORE BASE --edited PATH…`, `apply STORE BASE PATCH` or `remove WORKSPACE`."""
    match sys.argv[1:]:
        case ["collect", workspace, _store, base, *edited]:
            _collect(Path(workspace), base, edited[1::2])
        case ["apply", store, base, patch]:
            _apply(store, base, Path(patch))
        case ["remove", workspace]:
            shutil.rmtree(workspace)
        case _:
            raise SystemExit("collect, apply or remove")


def _collect(workspace: Path, base: str, edited: list[str]) -> None:
    shown = b""
    for arguments in (("status",), ("add", "-A"), ("diff", "--cached", base), ("commit", "-qm", "edits")):
        ended = subprocess.run((*_GIT, *arguments), cwd=workspace, capture_output=True, check=False, timeout=8)
        shown += ended.stdout
        if ended.returncode != 0 and arguments[0] != "commit":
            raise SystemExit(ended.stderr.decode(errors="replace"))
    edits = []
    for path in edited:
        content = (workspace / path).read_bytes().decode(errors="replace")
        edits.append({"path": path, "content": content})
    told = json.dumps({"edits": edits, "shown": shown.decode(errors="replace")}, ensure_ascii=False)
    sys.stdout.buffer.write(told.encode("utf-8", "surrogateescape"))


def _apply(store: str, base: str, patch: Path) -> None:
    with tempfile.TemporaryDirectory(dir=patch.parent) as folder:
        subprocess.run((*_GIT, "clone", "-q", store, "."), cwd=folder, check=True, timeout=8)
        subprocess.run((*_GIT, "checkout", "-q", base), cwd=folder, check=True, timeout=8)
        with patch.open("rb") as file:
            subprocess.run(("patch", "-p1", "-f"), cwd=folder, stdin=file, check=False, timeout=8)
        subprocess.run((*_GIT, "apply", "--unsafe-paths", str(patch)), cwd=folder, check=False, timeout=8)
        for arguments in (("add", "-A"), ("commit", "-qm", "edits"), ("push", "-q", "origin", "HEAD:refs/heads/out")):
            subprocess.run((*_GIT, *arguments), cwd=folder, check=True, timeout=8)
        head = subprocess.run((*_GIT, "rev-parse", "HEAD"), cwd=folder, check=True, capture_output=True, timeout=8)
        sys.stdout.write(head.stdout.decode())


if __name__ == "__main__":
    main()
