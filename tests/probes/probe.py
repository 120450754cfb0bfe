"""What a probe is, and what can come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.probes.site import Site


class Outcome(StrEnum):
    """What a probe found."""

    PASS = "PASS"
    FAIL = "FAIL"
    """The sandbox does not hold what it promises, or the probe could not be carried out."""
    WARN = "WARN"
    """Known, and not preventable in this place; the operator should know of it."""
    SKIP = "SKIP"
    """Not carried out, because something that the probe needs is not on this machine."""


class Group(StrEnum):
    """What is at stake."""

    SECRETS = "secrets"
    NETWORK = "network"
    KERNEL = "kernel"
    FILESYSTEM = "filesystem"
    PROCESSES = "processes"
    RESOURCES = "resources"
    HOST = "host-side"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one probe, with one line that says why."""

    outcome: Outcome
    detail: str


class Skipped(Exception):
    """The machine lacks what the probe needs; the message names it."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One question to the sandbox. An exception from `run` other than Skipped is a FAIL."""

    id: str
    group: Group
    checks: str
    """One sentence."""
    run: Callable[[Site], Finding]
    expected: tuple[Outcome, ...] = (Outcome.PASS,)
    alone: bool = False
    """Whether it must not run beside other probes, because it uses up what they share."""


def probe(
    group: Group, name: str, checks: str, *, expected: tuple[Outcome, ...] = (Outcome.PASS,), alone: bool = False
) -> Callable[[Callable[[Site], Finding]], Probe]:
    """Makes a probe of a function."""

    def made(function: Callable[[Site], Finding]) -> Probe:
        return Probe(name, group, checks, function, expected, alone)

    return made


def verdict(problems: list[str], fine: str) -> Finding:
    """FAIL with what is wrong, or PASS."""
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        return Finding(Outcome.FAIL, "; ".join(problems[:3]) + more)
    return Finding(Outcome.PASS, fine)
