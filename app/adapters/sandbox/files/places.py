"""Places in a workspace at which something else is mounted: empty, and reached through real directories only.

bubblewrap follows links in the path of a mount, with the rights of who starts it. So before each command every place is
looked at, name by name from the top, while nothing runs that could change it afterwards.
"""

from __future__ import annotations

import contextlib
import os
import stat

from app.adapters.sandbox.files.directories import MODE, Root, directory_of, make_directory, open_directory
from app.adapters.sandbox.files.names import kind_at, kind_of, parts_of, refused, refused_by_system
from app.domain.errors import SandboxRefused

_VERB = "mount the environment at"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def make_place(root: Root, path: str, *, directory: bool) -> None:
    """An empty directory or file where there is nothing, with the directories above it. Raises SandboxRefused when
    something else stands in the way.
    """
    parts = parts_of(_VERB, path)
    with directory_of(root, _VERB, path, parts, make=True) as parent:
        status = None
        try:
            if directory:
                with contextlib.suppress(FileExistsError):
                    make_directory(parent, parts[-1])
                os.close(open_directory(parent, parts[-1], device=root.device))
            else:
                with contextlib.suppress(FileExistsError):
                    os.close(os.open(parts[-1], _NEW, MODE & 0o666, dir_fd=parent))
                status = os.stat(parts[-1], dir_fd=parent, follow_symlinks=False)
        except NotADirectoryError as error:
            raise refused(_VERB, path, f"{kind_at(parent, parts[-1])} stands in the way") from error
        except OSError as error:
            raise refused_by_system(_VERB, path, error) from error
        if status is not None and not stat.S_ISREG(status.st_mode):
            raise refused(_VERB, path, f"{kind_of(status.st_mode)} stands in the way")


def clear_place(root: Root, path: str, *, directory: bool) -> None:
    """Take an empty place away again. Where it is not what was made, or not there, nothing happens."""
    parts = parts_of(_VERB, path)
    with contextlib.suppress(SandboxRefused, OSError), directory_of(root, _VERB, path, parts) as parent:
        if directory:
            os.rmdir(parts[-1], dir_fd=parent)
        elif _is_empty_file(os.stat(parts[-1], dir_fd=parent, follow_symlinks=False)):
            os.unlink(parts[-1], dir_fd=parent)


def _is_empty_file(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_size == 0
