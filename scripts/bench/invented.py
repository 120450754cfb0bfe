"""Source files invented by counting: the same in every run, with sizes and depths as repositories have them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import cache

MEAN_LINES = 100
"""About 3.8 kB a file."""

_SIGMA = 1.0
"""Half of the files have fewer than 61 lines, one in a hundred has over 600."""
_MOST_LINES = 4_000
_POOL = 20_000
_DEPTHS = 5
_ENDINGS = ("py", "py", "ts", "go", "md", "yaml")
_WORDS = (
    "account",
    "amount",
    "batch",
    "buffer",
    "cache",
    "channel",
    "client",
    "count",
    "cursor",
    "deadline",
    "delta",
    "entry",
    "error",
    "event",
    "field",
    "filter",
    "frame",
    "group",
    "handle",
    "header",
    "index",
    "item",
    "job",
    "key",
    "label",
    "lease",
    "level",
    "limit",
    "line",
    "list",
    "lock",
    "map",
    "message",
    "method",
    "mode",
    "name",
    "node",
)


def path(number: int) -> str:
    """The path of a file: from one to five directories deep, 20,000 of them in some 2,000 directories."""
    depth = 1 + number % _DEPTHS
    rest, above = number // _DEPTHS, []
    for kind, most in (("area", 12), ("unit", 8), ("part", 4), ("case", 2), ("form", 2))[:depth]:
        above.append(f"{kind}_{rest % most:02}")
        rest //= most
    return "/".join([*above, f"file_{number:05}.{_ENDINGS[number % len(_ENDINGS)]}"])


def lines(number: int) -> list[bytes]:
    """What a file says, each line with its end."""
    chance = random.Random(number)  # noqa: S311 - the same in every run is what is wanted
    how_many = round(chance.lognormvariate(math.log(MEAN_LINES) - _SIGMA**2 / 2, _SIGMA))
    return chance.choices(_pool(), k=min(max(1, how_many), _MOST_LINES))


def edited(before: Sequence[bytes], chance: random.Random) -> list[bytes]:
    """The same with another line or two, and one more."""
    after = list(before)
    for _ in range(chance.randint(1, 2)):
        after[chance.randrange(len(after))] = b"    changed = %d\n" % chance.getrandbits(40)
    after.insert(chance.randrange(len(after) + 1), b"    added = %d\n" % chance.getrandbits(40))
    return after


@cache
def _pool() -> list[bytes]:
    chance = random.Random(0)  # noqa: S311 - as above
    return [_line(chance) for _ in range(_POOL)]


def _line(chance: random.Random) -> bytes:
    words = [chance.choice(_WORDS) for _ in range(chance.randint(2, 6))]
    text = f"{'    ' * chance.randint(0, 3)}{words[0]} = {'.'.join(words[1:])}({chance.getrandbits(16)})"
    return text.encode() + b"\n"
