"""Reads the bytes of a policy file on this machine: a regular file of bounded size, or words that say what it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from app.domain.policy import MAX_POLICY_BYTES

# O_NONBLOCK: a FIFO would wait for its writer, and opening some devices does things.
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def read_policy_file(path: Path, *, follow: bool) -> bytes:
    """Raises FileNotFoundError, or ValueError with the reason in words.

    `follow`: whether the file may be a symbolic link. An operator's may, as Kubernetes mounts them so; a repository's
    may not, as on GitHub no link is followed.
    """
    if not follow and path.is_symlink():
        raise ValueError("it is a symbolic link, and none is followed on GitHub; put the file itself there")
    try:
        descriptor = os.open(path, _READ if follow else _READ | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_POLICY_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MAX_POLICY_BYTES:
        raise ValueError(f"it has more than {MAX_POLICY_BYTES:,} bytes; shorten it")
    return data
