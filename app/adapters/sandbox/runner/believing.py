"""What a worker believes of what a runner says, which may have been taken over: bounded, of the right shape, seen."""

from __future__ import annotations

import json
import math
import re

from app.adapters.sandbox.runner.frames import FrameInvalid
from app.adapters.sandbox.runner.keeping_messages import Reach
from app.adapters.sandbox.runner.messages import Finished, Ready
from app.domain.patches import FoundFile, FoundKind
from app.domain.sandbox import Ended, Isolation, Limit, Mode, SetupReach, Stream
from app.domain.tree_paths import MAX_PATH_BYTES
from app.domain.visible import visible

MOST_FOUND_BYTES = 64 << 20
"""Of one list of files, in all its messages."""
MOST_FOUND_AT_ONCE = 1 << 20
_LONGEST_PATH = MAX_PATH_BYTES + 256
"""What stands in a directory whose path is just not too long is told too, and a name has up to 255 bytes."""
_LONGEST_WORDS = 2_000
_MOST_PROBES = 64
_LONGEST_NAME = 100
_MOST_REFUSED = 5
_LONGEST_REFUSED = 400
_HIGHEST_STATUS = 255
_HIGHEST_SIGNAL = 64
_CGROUPS = frozenset({"v1", "v2", "none"})
_SHA = re.compile(r"[0-9a-f]{40}")


def one_line(words: str, longest: int = _LONGEST_WORDS) -> str:
    """Words for a log, a page or an error."""
    return visible(" ".join(words[:longest].split()))[:longest]


def isolation_of(ready: Ready) -> Isolation:
    """Raises FrameInvalid."""
    try:
        mode = Mode(ready.mode)
    except ValueError:
        raise FrameInvalid("a mode that there is not") from None
    if ready.cgroup not in _CGROUPS:
        raise FrameInvalid("a version of cgroups that there is not")
    probes = [*((name, True) for name in ready.probes), *((name, False) for name in ready.failed)]
    return Isolation(
        mode=mode,
        reason=one_line(ready.reason),
        remedy=visible(ready.remedy[:_LONGEST_WORDS].replace("\t", " ").replace("\r", " "))[:_LONGEST_WORDS],
        cgroup=ready.cgroup,
        own_user=ready.own_user,
        probes=tuple((one_line(name, _LONGEST_NAME), passed) for name, passed in probes[:_MOST_PROBES]),
    )


def stream_of(name: str) -> Stream:
    """Raises FrameInvalid."""
    try:
        return Stream(name)
    except ValueError:
        raise FrameInvalid("a stream that there is not") from None


def ended_of(finished: Finished) -> Ended:
    """Raises FrameInvalid."""
    status, signal = finished.status, finished.signal
    try:
        limit = None if finished.limit is None else Limit(finished.limit)
    except ValueError:
        raise FrameInvalid("a limit that there is not") from None
    if status is not None and not 0 <= status <= _HIGHEST_STATUS:
        raise FrameInvalid("an exit status that there is not")
    if signal is not None and not 1 <= signal <= _HIGHEST_SIGNAL:
        raise FrameInvalid("a signal that there is not")
    if not (math.isfinite(finished.seconds) and finished.seconds >= 0 and finished.output_bytes >= 0):
        raise FrameInvalid("a command that took less than nothing")
    return Ended(
        status=status, signal=signal, limit=limit, seconds=finished.seconds, output_bytes=finished.output_bytes
    )


def reach_of(reach: Reach) -> SetupReach:
    """What is too much is left out."""
    refused = tuple(one_line(words, _LONGEST_REFUSED) for words in reach.refused[:_MOST_REFUSED])
    return SetupReach(reach.network, refused)


def files_of(payload: bytes) -> list[FoundFile]:
    """One piece of a list of files, never an empty one. Raises FrameInvalid."""
    if len(payload) > MOST_FOUND_AT_ONCE:
        raise FrameInvalid(f"{len(payload)} bytes of a list of files at once")
    try:
        found = [_file(*each) for each in json.loads(payload)]
    except (TypeError, ValueError, RecursionError):
        raise FrameInvalid("a list of files that is none") from None
    if not found:
        raise FrameInvalid("a list of no files")
    return found


def _file(path: object, kind: object, size: object, sha: object) -> FoundFile:
    if not isinstance(path, str) or len(path.encode(errors="surrogateescape")) > _LONGEST_PATH:
        raise ValueError
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError
    if not isinstance(kind, str) or not (sha is None or (isinstance(sha, str) and _SHA.fullmatch(sha))):
        raise ValueError
    return FoundFile(path, FoundKind(kind), size, sha)
