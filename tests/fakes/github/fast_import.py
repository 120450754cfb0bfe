"""Write a commit in one git process, from a plain mapping of paths to contents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from tests.fakes.github.git_store import GitStore

Content: TypeAlias = bytes | str | None

SUBMODULE: Final = "160000"
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./ ")


def write_commit(
    store: GitStore,
    ref: str,
    *,
    files: Mapping[str, Content],
    modes: Mapping[str, str],
    message: str,
    person: str,
    date: int,
    parent: str | None,
) -> str:
    """Write a commit on top of a parent, let the ref point to it, and return its id."""
    stream = [
        f"commit {ref}\nmark :1\nauthor {person} {date} +0000\ncommitter {person} {date} +0000\n".encode(),
        _data(message.encode()),
        f"from {parent}\n".encode() if parent else b"deleteall\n",
    ]
    for path, content in files.items():
        stream.append(_change(path, content, modes.get(path, "100644")))
    stream.append(b"\nget-mark :1\ndone\n")
    return store.run("fast-import", "--quiet", "--force", "--done", stdin=b"".join(stream)).decode().strip()


def _change(path: str, content: Content, mode: str) -> bytes:
    quoted = _quoted(path)
    if content is None:
        return b"D " + quoted + b"\n"
    data = content.encode() if isinstance(content, str) else content
    if mode == SUBMODULE:
        return b"M 160000 " + data + b" " + quoted + b"\n"
    return f"M {mode} inline ".encode() + quoted + b"\n" + _data(data)


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content + b"\n"


def _quoted(path: str) -> bytes:
    raw = path.encode(errors="surrogateescape")
    return b'"' + b"".join(bytes([byte]) if byte in _PLAIN else b"\\%03o" % byte for byte in raw) + b'"'
