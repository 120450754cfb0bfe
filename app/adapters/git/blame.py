"""Who changed what last: the commits behind the lines of a file, and the newest one that touched a path.

Only commits and trees are asked. Names of authors are left out, so that no `.mailmap` has a say, and git is told to
forget any list of revisions to ignore: a change cannot blame its lines on another commit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.adapters.git.blobs import encoded_path
from app.adapters.git.process import Git, checked_sha
from app.domain.code import BlameLine
from app.domain.errors import GitFailed
from app.domain.pull_request import Sha

MOST_LINES = 500
_SECONDS = 20.0
_OUTPUT_BYTES = 8 << 20
_LONGEST_TEXT = 400
_LONGEST_SUMMARY = 200
_LATEST = int(datetime(9999, 12, 30, tzinfo=UTC).timestamp())

# What a configuration may set: an empty --ignore-revs-file forgets the files that were named before it.
_OPTIONS = ("-c", "mailmap.file=", "-c", "mailmap.blob=", "-c", "blame.markIgnoredLines=false")
_BLAME = ("blame", "--porcelain", "--no-textconv", "--ignore-revs-file=", "--no-progress")
_HEADER = re.compile(rb"([0-9a-f]{40}) [0-9]+ ([0-9]+)(?: [0-9]+)?")
_ZONE = re.compile(r"([+-])([0-9]{2})([0-9]{2})")


async def read_blame(git: Git, commit: Sha, path: str, *, start_line: int, end_line: int) -> tuple[BlameLine, ...]:
    """The commits that wrote the lines from `start_line` to `end_line`, both included, at most `MOST_LINES`."""
    if not 1 <= start_line <= end_line:
        raise GitFailed(f"there are no lines {start_line} to {end_line}: lines count from 1")
    if end_line - start_line >= MOST_LINES:
        raise GitFailed(f"blame is for at most {MOST_LINES} lines at a time, not {end_line - start_line + 1}")
    name = encoded_path(path)
    if name is None:
        raise GitFailed(f"no tree holds a file at {path!r}")
    limits = replace(git.limits, seconds=min(_SECONDS, git.limits.seconds), output_bytes=_OUTPUT_BYTES)
    blaming = replace(git, options=_OPTIONS, limits=limits)
    printed = await blaming.output(*_BLAME, f"-L{start_line:d},{end_line:d}", checked_sha(commit), "--", name)
    return tuple(_lines(git, printed))


async def read_last_change(git: Git, old: Sha, new: Sha, path: str) -> Sha | None:
    """The newest commit that `new` has and `old` has not and that touches the path; None when there is none."""
    name = encoded_path(path)
    if name is None:
        return None
    arguments = ("-1", "--topo-order", checked_sha(new), f"^{checked_sha(old)}", "--", name)
    printed = (await git.output("rev-list", *arguments)).decode("ascii", "replace").strip()
    return checked_sha(printed) if printed else None


def _lines(git: Git, printed: bytes) -> Iterator[BlameLine]:
    """The format: https://git-scm.com/docs/git-blame#_the_porcelain_format. A commit is described once."""
    described: dict[bytes, dict[bytes, bytes]] = {}
    about: dict[bytes, bytes] = {}
    sha, number = b"", 0
    for line in printed.split(b"\n")[:-1]:
        if line.startswith(b"\t"):
            text = line[1:].removesuffix(b"\r").decode("utf-8", "replace")
            yield BlameLine(
                line=number,
                commit=checked_sha(sha.decode("ascii")),
                date=_day(about.get(b"author-time", b""), about.get(b"author-tz", b"")),
                summary=_cut(about.get(b"summary", b"").decode("utf-8", "replace"), _LONGEST_SUMMARY),
                text=_cut(text, _LONGEST_TEXT),
            )
            sha = b""
        elif not sha:
            header = _HEADER.fullmatch(line)
            if header is None:
                raise GitFailed(f"git blame of {git.label} printed something unknown: {line[:80]!r}")
            sha, number = header[1], int(header[2])
            about = described.setdefault(sha, {})
        else:
            key, _, value = line.partition(b" ")
            about[key] = value


def _day(seconds: bytes, zone: bytes) -> str:
    """The author's day, as the author's clock said. Commits may claim any time; what no calendar has is clamped."""
    moment = min(int(seconds), _LATEST) if seconds.isdigit() else 0
    match = _ZONE.fullmatch(zone.decode("ascii", "replace"))
    offset = timedelta(0)
    if match is not None:
        offset = timedelta(hours=min(int(match[2]), 14), minutes=int(match[3])) * (-1 if match[1] == "-" else 1)
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment) + offset).date().isoformat()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
