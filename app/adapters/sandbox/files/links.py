"""Which symbolic links of a commit are made as links; the others become small files that hold the target."""

from __future__ import annotations

from app.domain.tree_paths import is_dot_git

MAX_TARGET_BYTES = 4_095
"""What Linux takes for a link's target."""


def stays_inside(path: str, target: bytes) -> bool:
    """Whether a link at `path` leads to below the top, whatever other such links its target goes through.

    Steps upwards may only stand at the beginning: there they leave real directories. After a name, which may be
    another link, `..` would leave the directory that this one leads to.
    """
    if not 0 < len(target) <= MAX_TARGET_BYTES or b"\0" in target or target.startswith(b"/"):
        return False
    room = path.count("/")
    named = False
    for part in target.decode("utf-8", "surrogateescape").split("/"):
        if part == "..":
            if named or room == 0:
                return False
            room -= 1
        elif is_dot_git(part):
            return False
        elif part not in {"", "."}:
            named = True
    return True
