"""What this host offers to sandboxes: found out once, at the start of a process, and handed to who runs commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from app.adapters.sandbox.isolation.plan import Proc
from app.adapters.sandbox.isolation.syscalls import Machine
from app.adapters.sandbox.running.cgroups import Subtree


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """How commands are isolated and bounded here."""

    bwrap: PurePosixPath
    machine: Machine
    proc: Proc = Proc.OWN
    """What a container around us lets a sandbox have."""
    masked: tuple[str, ...] = ()
    """See `SandboxPlan.masked`."""
    cgroups: Subtree | None = None
    """Where cgroups for sandboxes can be made; None where memory and processes are bounded by watching them."""
    mark: str = ""
    """What the processes that build sandboxes are called, instead of `bwrap`: the first word of their command line."""
