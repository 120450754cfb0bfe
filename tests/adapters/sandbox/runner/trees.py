"""A commit's files in memory, behind the port."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence

from app.domain.patches import Chunk, TreeEntry
from app.domain.pull_request import Sha

COMMIT = Sha("c" * 40)
PIECE = 1 << 16


def blob_sha(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class MemoryTree:
    """Path -> content; a mode other than 100644 goes before it, as in `("100755", b"...")`."""

    def __init__(self, files: Mapping[str, bytes | tuple[str, bytes]], commit: Sha = COMMIT) -> None:
        self._commit = commit
        self._files = {path: file if isinstance(file, tuple) else ("100644", file) for path, file in files.items()}

    @property
    def commit(self) -> Sha:
        return self._commit

    async def entries(self) -> tuple[TreeEntry, ...]:
        return tuple(
            TreeEntry(path, mode, blob_sha(data), 0 if mode == "160000" else len(data))
            for path, (mode, data) in sorted(self._files.items())
        )

    async def contents(self, entries: Sequence[TreeEntry]) -> AsyncGenerator[Chunk, None]:
        for entry in entries:
            data = self._files[entry.path][1]
            pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)] or [b""]
            for piece in pieces[:-1]:
                yield Chunk(entry, piece, last=False)
            yield Chunk(entry, pieces[-1], last=True)
