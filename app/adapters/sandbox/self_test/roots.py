"""Looks at a tool-chain root before anything is started from it, so that what it lacks has a name."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from app.adapters.sandbox.self_test.diagnosis import Trouble

NEEDED = ("sh", "true", "sleep", "cat")
"""What the self-test itself starts."""

_MAKE_ONE = (
    "REVWRIGHT_SANDBOX_ROOT must name a directory with the root file system of a Linux distribution, /usr merged, that "
    "the runner's user can read: `deploy/sandbox-root/build.sh` makes one."
)


def trouble_with(root: Path) -> Trouble | None:
    """What is the matter with a root; None when nothing is. Links of programs are not followed: they lead inside."""
    named = "the root file system of this host" if root == Path("/") else f"the tool-chain root {str(root)!r}"
    try:
        if not stat.S_ISDIR(root.stat().st_mode):
            return Trouble(f"{named} is not a directory", _MAKE_ONE)
        lacking = [name for name in NEEDED if not _is_there(root / "usr/bin" / name)]
        if not lacking:
            return None
        if _is_there(root / "bin/sh") and not (root / "bin").is_symlink():
            return Trouble(
                f"{named} is one without merged /usr: its programs lie in /bin, of which sandboxes see nothing",
                "Take a distribution with merged /usr, such as Debian 12, Ubuntu 20.04, Fedora, or newer. " + _MAKE_ONE,
            )
        if not _is_there(root / "usr"):
            return Trouble(f"{named} has no /usr, so it is no root file system", _MAKE_ONE)
    except (FileNotFoundError, NotADirectoryError):
        return Trouble(f"{named} does not exist", _MAKE_ONE)
    except OSError as error:
        return Trouble(
            f"user {os.geteuid()}, as whom sandboxes run, cannot use {named}: {error.strerror} ({error.filename})",
            "Every directory above it must be open to that user, and it itself: `chmod a+rx`.",
        )
    return Trouble(f"{named} has no {', '.join(lacking)} in /usr/bin", _MAKE_ONE)


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
