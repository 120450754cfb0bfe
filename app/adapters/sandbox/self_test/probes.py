"""The probes of the self-test: each a name and what must hold of the evidence. All have to pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.adapters.sandbox.self_test.evidence import Evidence

_MAY_BE_WRITABLE = frozenset({"/workspace", "/tmp", "/dev/shm"})  # noqa: S108 - mount points inside
_DEVICES = "/dev/"
"""Device nodes and pseudo-terminals, mounted one by one below a /dev that is read-only."""
_ROOT = frozenset({"bin", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "tmp", "usr", "var", "workspace"})
_NO_CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapAmb")


def _environment(seen: Evidence) -> bool:
    return seen.first_environment == ("LC_ALL", "PATH")


def _mounts(seen: Evidence) -> bool:
    return all(place in _MAY_BE_WRITABLE or place.startswith(_DEVICES) for place in seen.writable)


def _limits(seen: Evidence) -> bool:
    bounded = ("Max processes", "Max file size", "Max open files", "Max cpu time", "Max locked memory")
    return all(seen.limits.get(name, "unlimited") != "unlimited" for name in bounded)


PROBES: Mapping[str, Callable[[Evidence], bool]] = {
    "namespaces of its own": lambda seen: seen.shared == (),
    "no new privileges": lambda seen: seen.status.get("NoNewPrivs") == "1",
    "no capabilities": lambda seen: all(int(seen.status.get(name, "f"), 16) == 0 for name in _NO_CAPABILITIES),
    "a seccomp filter": lambda seen: seen.status.get("Seccomp") == "2",
    "no environment of ours": _environment,
    "no path of ours": lambda seen: not seen.path_shown,
    "no file of the host": lambda seen: "read the host" not in seen.said and set(seen.root) <= _ROOT,
    "nothing writable but the workspace": lambda seen: not any(line.startswith("wrote /") for line in seen.said),
    "mounts read-only": _mounts,
    "memory file systems with a size": lambda seen: set(seen.sized) >= {"/tmp", "/dev/shm"},  # noqa: S108
    "secrets of /proc covered": lambda seen: seen.uncovered == (),
    "a workspace": lambda seen: "wrote the workspace" in seen.said,
    "only standard streams": lambda seen: set(seen.descriptors) <= {"0", "1", "2"},
    "no network": lambda seen: set(seen.interfaces) <= {"lo"} and seen.routes == 0,
    "limits of the kernel": _limits,
    "first to be killed": lambda seen: seen.oom_score_adj == "1000",
    "a session of its own": lambda seen: not seen.session_shared,
}
"""Beside these, two trials that need a run of their own: the wall clock and the cap on output."""

CLOCK = "an end by the clock"
CAP = "an end by output"
