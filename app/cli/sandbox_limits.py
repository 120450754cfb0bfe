"""The limits of a command as options of a command line, and in words."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.sandbox import CommandLimits

_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class LimitOption:
    """One option: which field of CommandLimits it sets, and how."""

    option: str
    field: str
    unit: str
    parse: Callable[[str], float]
    help: str


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _megabytes(text: str) -> int:
    return max(1, int(_number(text) * _MB))


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


_DEFAULT = CommandLimits()

LIMITS = (
    LimitOption("timeout", "seconds", "S", _number, f"seconds on the clock (default: {_DEFAULT.seconds:g})"),
    LimitOption(
        "memory", "memory_bytes", "MB", _megabytes, f"of all processes (default: {_DEFAULT.memory_bytes // _MB})"
    ),
    LimitOption("processes", "processes", "N", _whole, f"with threads (default: {_DEFAULT.processes})"),
    LimitOption("cpu", "cpu_seconds", "S", _whole, f"of each process (default: {_DEFAULT.cpu_seconds})"),
    LimitOption("file-size", "file_bytes", "MB", _megabytes, f"of a file (default: {_DEFAULT.file_bytes // _MB})"),
    LimitOption("open-files", "open_files", "N", _whole, f"of each process (default: {_DEFAULT.open_files})"),
    LimitOption("output", "output_bytes", "MB", _megabytes, f"printed (default: {_DEFAULT.output_bytes // _MB})"),
    LimitOption("disk", "disk_bytes", "MB", _megabytes, f"in the workspace (default: {_DEFAULT.disk_bytes // _MB})"),
    LimitOption("files", "files", "N", _whole, f"in the workspace (default: {_DEFAULT.files})"),
)
