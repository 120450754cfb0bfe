"""The head's files as anchors need them: lines without secrets, and symbols where a parser knows the language."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.entries import Kind
from app.domain.lines import split_lines
from app.domain.objects import Blob
from app.domain.placing import Source
from app.domain.pull_request import Sha
from app.domain.static_checks import redact_secrets
from app.ports import Code, Parser

_MOST_BYTES = 1024 * 1024
_AT_ONCE = 50


async def read_sources(code: Code, parser: Parser, head: Sha, paths: Iterable[str]) -> dict[str, Source]:
    """Those of the paths that are files at `head`. Of a very large file the beginning; its symbols stay unknown."""
    wanted = tuple(sorted(set(paths)))
    found: dict[str, Source] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        blobs = await code.blobs(head, wanted[start : start + _AT_ONCE], max_bytes=_MOST_BYTES)
        for path, blob in blobs.items():
            if blob.kind in {Kind.FILE, Kind.EXECUTABLE}:
                found[path] = await _source(path, blob, parser)
    return found


async def _source(path: str, blob: Blob, parser: Parser) -> Source:
    text = blob.text_bytes.decode("utf-8", "replace")
    lines = split_lines(redact_secrets(text, keep_lines=True))
    if blob.truncated:
        return Source(lines)
    return Source(lines, await parser.outline(path, text) or (), text)
