"""A repository and a pull request of medium size, made from nothing but counting: the same in every run."""

from __future__ import annotations

from collections.abc import Mapping

PACKAGES, MODULES = 30, 10
_FUNCTIONS = 16
_CHANGED_FILES = 14
_CHANGED_FUNCTIONS = 7
_NEW_FILES = 3
_NEW_FUNCTIONS = 16

FLAW = "rate / count"
"""Stands once in each new file; the stand-in for the model reports it there."""

PUSHED_FLAW = "rate / total"

Files = Mapping[str, str]


def repository() -> Files:
    """300 modules of about 64 lines."""
    return {_path(package, n): _module(package, n, {}) for package in range(PACKAGES) for n in range(MODULES)}


def medium(number: int) -> Files:
    """The files of pull request `number`, whole: 17 files, about 650 changed lines."""
    changed = {
        _path(package, number % MODULES): _module(package, number % MODULES, dict.fromkeys(_some(package), number))
        for package in range(_CHANGED_FILES)
    }
    new = {
        f"src/added_{number}_{n}.py": _module(99, n, dict.fromkeys(range(_NEW_FUNCTIONS), number), tail=FLAW)
        for n in range(_NEW_FILES)
    }
    return changed | new


def push(number: int, *, flawed: bool) -> Files:
    """What the author pushes next: a few lines in two more modules, one of them with a new flaw if asked."""
    module, value = number % MODULES, number + 1000 * flawed
    first, second = _CHANGED_FILES, _CHANGED_FILES + 1
    return {
        _path(first, module): _module(first, module, {1: value}, tail=PUSHED_FLAW if flawed else ""),
        _path(second, module): _module(second, module, {2: value}),
    }


def _path(package: int, module: int) -> str:
    return f"src/package_{package:02}/module_{module:02}.py"


def _some(package: int) -> range:
    """Which functions of a module change, not always the same ones."""
    start = package % 5
    return range(start, start + _CHANGED_FUNCTIONS)


def _module(package: int, module: int, changed: Mapping[int, int], *, tail: str = "") -> str:
    """`changed`: function -> number of the change; its two inner lines then read differently."""
    parts = [f'"""Module {module} of package {package}."""\n']
    for n in range(_FUNCTIONS):
        value = f"{n * 7 + module} + {changed[n]} * item" if n in changed else f"{n * 7 + module} * item"
        limit = f"{package + n}, {changed[n]}" if n in changed else f"{package + n}"
        parts.append(
            f"def step_{n}(item, rate, count, total):\n    value = {value}\n    return clamp(value, {limit})\n"
        )
    if tail:
        parts.append(f"def last(rate, count, total):\n    return {tail}\n")
    return "\n\n".join(parts)
