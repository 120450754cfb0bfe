"""What lies in a directory, to compare before and after."""

from __future__ import annotations

from pathlib import Path


def listing(directory: Path) -> dict[Path, tuple[int, int, bytes]]:
    """Every file and directory: mode, content of a file, time of the last change of a directory.

    Not that of a file: git sets it when it would write an object that is there already, even in a borrowed place.
    """
    found = {}
    for path in (directory, *directory.rglob("*")):
        about = path.lstat()
        is_file = path.is_file()
        found[path] = (about.st_mode, 0 if is_file else about.st_mtime_ns, path.read_bytes() if is_file else b"")
    return found
