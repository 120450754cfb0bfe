"""The head's files as anchors need them: lines without secrets, and symbols where a parser knows the language."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.entries import Kind
from app.domain.lines import split_lines
from app.domain.placing import Source
from app.domain.pull_request import Sha
from app.domain.static_checks import redact_secrets
from app.ports import Code, Parser

_MOST_BYTES = 1024 * 1024


async def read_sources(code: Code, parser: Parser, head: Sha, paths: Iterable[str]) -> dict[str, Source]:
    """Those of the paths that are files at `head`. Of a very large file the beginning; its symbols stay unknown."""
    wanted = tuple(sorted(set(paths)))
    blobs = await code.blobs(head, wanted, max_bytes=_MOST_BYTES) if wanted else {}
    found: dict[str, Source] = {}
    for path, blob in blobs.items():
        if blob.kind not in {Kind.FILE, Kind.EXECUTABLE}:
            continue
        text = blob.text_bytes.decode("utf-8", "replace")
        symbols = None if blob.truncated else await parser.outline(path, text)
        found[path] = Source(
            split_lines(redact_secrets(text, keep_lines=True)), symbols or (), None if blob.truncated else text
        )
    return found
