"""Removes a workspace with the product's own code, which has no command of its own: it belongs to the runner."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.adapters.sandbox.files.removal import remove_tree


def main() -> int:
    """1, and why, when something is left."""
    workspace = Path(sys.argv[1])
    parent = os.open(workspace.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        left = remove_tree(parent, os.fsencode(workspace.name))
    finally:
        os.close(parent)
    if left is not None:
        sys.stderr.write(f"{left}\n")
    return 0 if left is None else 1


if __name__ == "__main__":
    sys.exit(main())
