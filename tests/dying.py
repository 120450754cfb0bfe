"""A worker process that ends itself as SIGKILL would end it, at one call of its own code: for tests of what comes next.

`DIES_AT` in its environment is the JSON of a `Station`. The first call that fits it is its last.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

DIES_AT = "STORY_DIES_AT"


@dataclass(frozen=True, slots=True)
class Station:
    """`after`: the effect is there, and nobody has heard of it. `says` stands in the representation of an argument."""

    when: Literal["before", "after"]
    where: str
    """module:Class.method, the method being a coroutine function."""
    says: str = ""

    def __str__(self) -> str:
        told = f" ({self.says})" if self.says else ""
        return f"{self.when} {self.where.partition(':')[2]}{told}"

    def told(self) -> dict[str, str]:
        """For the environment of the worker that is to die there."""
        return {DIES_AT: json.dumps(asdict(self))}


def arm(told: str) -> None:
    """Makes this process mortal."""
    station = Station(**json.loads(told))
    module, _, name = station.where.partition(":")
    owner, _, method = name.partition(".")
    _replace(getattr(importlib.import_module(module), owner), method, station)


def _replace(owner: type, method: str, station: Station) -> None:
    real: Callable[..., Any] = getattr(owner, method)

    async def dies(*arguments: Any, **named: Any) -> Any:
        if station.says not in repr((arguments[1:], named)):
            return await real(*arguments, **named)
        if station.when == "after":
            await real(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody survives this")

    setattr(owner, method, dies)
