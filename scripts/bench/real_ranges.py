"""Changes between two releases of real packages, at three sizes, rebuilt from the ranges that the suite bundles."""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scripts.bench.processes import ROOT

_SAMPLES = ROOT / "tests" / "samples" / "clean_ranges"
_FILES = re.compile(rb"^(?=diff --git )", re.MULTILINE)
_PATH = re.compile(rb"^diff --git [ab]/(.+) [ab]/\1\n")
_IDS = re.compile(rb"^index ([0-9a-f]{40})\.\.([0-9a-f]{40})", re.MULTILINE)
_ABSENT = b"0" * 40


@dataclass(frozen=True, slots=True)
class Versions:
    """A file of both releases, whole, with the ids that git gave them; None where there is no such file."""

    old: bytes | None
    new: bytes | None
    ids: tuple[str, str]


@dataclass(frozen=True, slots=True)
class RealRange:
    """`base` is all of the older release that is bundled, and `head` what the change makes of some of its files."""

    name: str
    of: str
    base: Mapping[str, bytes]
    head: Mapping[str, bytes]


POLICY = """\
version: 1
tiers:
  light: ["**/blueprints/**"]
  core:
    - paths: ["**/runway/config/**"]
      reason: "Every deployment reads it."
"""
"""Of the large one, so that each tier has something to do."""

TYPICAL, SMALL, MEDIUM, LARGE = "4kB", "small", "medium", "large"
"""The first is the median of real pull requests, in bytes of diff."""


def real_ranges() -> tuple[RealRange, ...]:
    """The smallest first."""
    procrastinate = versions("procrastinate-2.9.2-2.15.1")
    package = "procrastinate/"
    two, three = (
        {f"{package}{name}.py" for name in names}
        for names in (("jobs", "periodic"), ("jobs", "job_context", "periodic"))
    )
    most = procrastinate.keys() - {f"{package}{name}" for name in _LEFT_OUT}
    tools = versions("runway-2.4.0-2.8.4")
    android = {f"android/{path}": files for path, files in versions("capacitor-android-5.7.8-6.1.2").items()}
    large = {**tools, **android}
    return (
        _range(TYPICAL, "procrastinate 2.9.2 to 2.15.1, two files", procrastinate, two),
        _range(SMALL, "procrastinate 2.9.2 to 2.15.1, three files", procrastinate, three),
        _range(MEDIUM, "procrastinate 2.9.2 to 2.15.1, most files", procrastinate, most),
        _range(
            LARGE,
            "runway 2.4.0 to 2.8.4 beside capacitor-android 5.7.8 to 6.1.2",
            large,
            large.keys(),
            {".github/revwright.yml": POLICY.encode()},
        ),
    )


_LEFT_OUT = (
    "builtin_tasks.py",
    "cli.py",
    "contrib/aiopg/aiopg_connector.py",
    "contrib/django/utils.py",
    "contrib/psycopg2/psycopg2_connector.py",
    "sql/migrations/02.14.01_01_add_indexes_for_fetch_job.sql",
    "sql/queries.sql",
    "sql/schema.sql",
    "testing.py",
    "utils.py",
)
"""Ten files that change little: the medium range leaves them as they were."""


def _range(
    name: str,
    of: str,
    files: Mapping[str, Versions],
    changed: Iterable[str],
    besides: Mapping[str, bytes] | None = None,
) -> RealRange:
    chosen = frozenset(changed)
    base = {path: one.old for path, one in files.items() if one.old is not None}
    head = {path: one.new for path, one in files.items() if one.new is not None and path in chosen}
    return RealRange(name, of, {**base, **(besides or {})}, head)


def versions(package: str) -> Mapping[str, Versions]:
    """Every file of a bundled range, by path."""
    data = lzma.decompress((_SAMPLES / f"{package}.diff.xz").read_bytes())
    return dict(_file(block) for block in _FILES.split(data) if block)


def _file(block: bytes) -> tuple[str, Versions]:
    """The diff of a file holds all of its lines, so both versions can be read off it."""
    path, ids = _PATH.match(block), _IDS.search(block)
    if path is None or ids is None:
        raise ValueError(f"no diff of one file: {block[:80]!r}")
    sides: dict[bytes, list[bytes]] = {b"-": [], b"+": []}
    touched: tuple[bytes, ...] = ()
    _, _, body = block.partition(b"\n@@ ")
    for line in body.split(b"\n")[1:]:
        mark, text = line[:1], line[1:]
        if mark == b"\\":
            for side in touched:
                sides[side][-1] = sides[side][-1].removesuffix(b"\n")
            continue
        touched = (b"-", b"+") if mark == b" " else (mark,) if mark else ()
        for side in touched:
            sides[side].append(text + b"\n")
    old = None if ids[1] == _ABSENT else b"".join(sides[b"-"])
    new = None if ids[2] == _ABSENT else b"".join(sides[b"+"])
    return path[1].decode(), Versions(old, new, (ids[1].decode(), ids[2].decode()))
