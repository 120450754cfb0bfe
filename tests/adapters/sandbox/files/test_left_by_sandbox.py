"""What a command in a real sandbox leaves is found, counted and removed by the user that started it."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path, PurePosixPath

from app.adapters.sandbox.files.workspaces import Workspaces
from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.domain.patches import FoundFile, FoundKind
from tests.adapters.sandbox.files.conftest import without_rights
from tests.adapters.sandbox.files.planting import files, git_sha
from tests.adapters.sandbox.isolation.launching import bubblewrap, start

_HOSTILE = r"""
set -e
cd /workspace
printf changed > a.py
ln -s /etc/passwd link
ln /workspace/a.py second
mkfifo pipe
mkdir -p closed/below set-id
printf x > closed/below/file
printf '#!/bin/sh' > set-id/run
chmod 6755 set-id/run
i=0; while [ $i -lt 150 ]; do mkdir d; cd d; i=$((i+1)); done
cd /workspace
chmod 000 closed/below closed
chmod 000 .
"""


def test_what_a_hostile_command_leaves() -> None:
    bwrap = bubblewrap()
    with contextlib.ExitStack() as stack:
        with without_rights():
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))
            claim = Workspaces(place / "root").claim()
            workspace = claim.create()
            with workspace.filling() as filling:
                filling.take(files(["a.py"])[0])

        ended = start(SandboxPlan(argv=("sh", "-c", _HOSTILE), workspace=PurePosixPath(workspace.path)), bwrap)

        with without_rights():
            usage = workspace.measure(max_bytes=1 << 40, max_files=1 << 30)
            workspace.path.chmod(0o755)
            found = {one.path: one for one in workspace.walk()}
            left = workspace.remove()
            told = claim.close()
    assert (ended.status, ended.err) == (0, "")
    assert usage.files == 9 + 150  # a file with two names counts twice
    assert found == {
        "a.py": FoundFile("a.py", FoundKind.FILE, 7, git_sha(b"changed")),
        "second": FoundFile("second", FoundKind.FILE, 7, git_sha(b"changed")),
        "link": FoundFile("link", FoundKind.SYMLINK, 11, git_sha(b"/etc/passwd")),
        "pipe": FoundFile("pipe", FoundKind.OTHER, 0, None),
        "closed": FoundFile("closed", FoundKind.OTHER, 0, None),
        "set-id/run": FoundFile("set-id/run", FoundKind.EXECUTABLE, 9, git_sha(b"#!/bin/sh")),
        "/".join("d" * 100): FoundFile("/".join("d" * 100), FoundKind.OTHER, 0, None),
    }
    assert left is None
    assert told == ()
