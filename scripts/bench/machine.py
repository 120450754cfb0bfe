"""Says when, where and of what a run measured."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec

from scripts.bench.processes import ROOT


def facts(*, quick: bool) -> dict[str, str]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "plan": "quick" if quick else "full",
        "revision": _revision(),
        "python": platform.python_version(),
        "uvicorn": f"{version('uvicorn')} (httptools {version('httptools')}, {_choice('uvloop', 'asyncio')})",
        "fastapi": version("fastapi"),
        "redis-py": f"{version('redis')} ({_choice('hiredis', 'pure Python')})",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} CPUs",
    }


def _choice(wanted: str, otherwise: str) -> str:
    """What uvicorn and redis-py choose by themselves: the fast way if it is installed."""
    return otherwise if find_spec(wanted) is None else wanted


def _revision() -> str:
    """The commit, and whether there was something on top of it; unknown outside a work tree."""
    try:
        command = ["git", "describe", "--always", "--abbrev=12", "--dirty", "--exclude=*"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
