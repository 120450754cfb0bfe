"""Files of a commit on their way into a workspace: many small ones in one payload, a large one in several."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from app.adapters.sandbox.runner.frames import FrameInvalid
from app.domain.entries import Kind
from app.domain.patches import Chunk, TreeEntry

_HEAD = struct.Struct(">B?HI")
_LONGEST_PATH = 0xFFFF
_MODES = ("100644", "100755", "120000")
_NUMBERS = {Kind.FILE: 0, Kind.EXECUTABLE: 1, Kind.SYMLINK: 2}


def encode_record(chunk: Chunk) -> bytes:
    """ValueError for a path that is longer than git and Linux have; KeyError for a submodule, which has no content."""
    path = chunk.entry.path.encode("utf-8", "surrogateescape")
    if len(path) > _LONGEST_PATH:
        raise ValueError(f"a path of {len(path)} bytes is too long")
    head = _HEAD.pack(_NUMBERS[chunk.entry.kind], chunk.last, len(path), len(chunk.data))
    return b"".join((head, path, chunk.data))


def decode_records(payload: bytes) -> Iterator[Chunk]:
    """All pieces in a payload; their entries have neither a sha nor a size. Raises FrameInvalid."""
    position = 0
    while position < len(payload):
        try:
            kind, last, path_size, data_size = _HEAD.unpack_from(payload, position)
        except struct.error:
            raise FrameInvalid("a record is cut off") from None
        start = position + _HEAD.size
        position = start + path_size + data_size
        if position > len(payload) or kind >= len(_MODES):
            raise FrameInvalid("a record is cut off, or of no known kind")
        path = payload[start : start + path_size].decode("utf-8", "surrogateescape")
        yield Chunk(TreeEntry(path, _MODES[kind], "", 0), payload[start + path_size : position], last)
