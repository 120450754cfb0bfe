"""The repairs as values: the files of each, its failing tests, and what a good model would do."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.repairs.diffs import applied, enveloped, read

_ROOT = Path(__file__).parent
_LICENCES = ("LICENSE", "LICENSE.APACHE", "LICENSE.BSD", "NOTICE")


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run of the tests says at its end. Errors count as failed."""

    executed: int
    failed: int


@dataclass(frozen=True, slots=True)
class Task:
    """A bug of a release, and the repair of the next one."""

    name: str
    """Of its folder."""
    project: str
    home_page: str
    before: str
    """The release with the bug."""
    after: str
    """The release with the repair."""
    licence: str
    """As an SPDX expression."""
    bug: str
    """One sentence, as somebody would ask for the repair."""
    verify: str
    """A command line for `sh -c`, to be run at the repository's root. It needs a python3 and nothing else."""
    left_out: str
    """What of the release is not here."""
    failing: tuple[str, ...]
    """The tests that fail with the bug and pass with the repair, as unittest names them."""
    old_tests: Counts
    """Of the old code with its own tests."""
    red: Counts
    """Of the old code with the tests of the repair."""
    repaired: Counts
    regression: str
    """The tests of the repair, as a unified diff."""
    fix: str
    """The repair, as a unified diff."""
    python_below: str = ""
    """The first Python with which its tests say something else, because Python changed; empty where none is known."""


Call = tuple[str, Mapping[str, object]]
"""A tool's name and its arguments, which are plain JSON."""


@cache
def tasks() -> tuple[Task, ...]:
    """All of them, by name."""
    return tuple(task_of(path.parent.name) for path in sorted(_ROOT.glob("*/task.toml")))


def task_of(name: str) -> Task:
    """The task of a folder."""
    told = tomllib.loads(_text(_ROOT / name / "task.toml"))
    counts = told.pop("tests")
    return Task(
        name=name,
        failing=tuple(told.pop("failing")),
        old_tests=Counts(**counts["before"]),
        red=Counts(**counts["regression"]),
        repaired=Counts(**counts["repaired"]),
        regression=_text(_ROOT / name / "regression" / "tests.patch"),
        fix=_text(_ROOT / name / "fix" / "fix.patch"),
        **told,
    )


def files(task: Task) -> dict[str, str]:
    """The repository with the bug and the tests of that time, which pass, by path; with the project's licence."""
    folder = _ROOT / task.name / "before"
    found = {str(path.relative_to(folder)): _text(path) for path in sorted(folder.rglob("*")) if _is_source(path)}
    licences = {name: _text(path) for name in _LICENCES if (path := _ROOT / task.name / name).exists()}
    return found | licences


def with_regression(task: Task) -> dict[str, str]:
    """The same with the tests of the repair, of which some fail: a pull request that shows the bug."""
    return applied(files(task), task.regression)


def repaired(task: Task) -> dict[str, str]:
    """The same with those tests and the repair."""
    return applied(with_regression(task), task.fix)


def patch_text(task: Task, *, tests: bool = True) -> str:
    """The repair as the patch of `apply_patch`, with the tests or, where they are there already, without."""
    return enveloped([task.regression, task.fix] if tests else [task.fix])


def scripted(task: Task, *, tests: bool = True) -> tuple[Call, ...]:
    """What a good model calls: it plans, runs the tests, reads, patches, and runs them again.

    Without `tests` the tests of the repair are there already. They are seen to fail either way: where they are added,
    before the code is changed.
    """
    steps = ["See the tests as they are", "Repair the code", "Run the tests again"]
    looked = tuple(("read_file", {"path": path, "start_line": 1, "end_line": 500}) for path in _paths(task.fix))
    if not tests:
        wrote: tuple[Call, ...] = (("apply_patch", {"patch": patch_text(task, tests=False)}),)
    else:
        steps.insert(1, "Add tests that show the bug")
        wrote = (
            ("apply_patch", {"patch": enveloped([task.regression])}),
            _run(task),
            _plan(steps, done=2),
            ("apply_patch", {"patch": enveloped([task.fix])}),
        )
    return (
        _plan(steps, done=0),
        _run(task),
        *looked,
        _plan(steps, done=1),
        *wrote,
        _plan(steps, done=len(steps) - 1),
        _run(task),
        _plan(steps, done=len(steps)),
    )


def _run(task: Task) -> Call:
    return ("run", {"command": task.verify})


def _plan(steps: list[str], *, done: int) -> Call:
    states = ["done"] * done + ["doing"] + ["pending"] * len(steps)
    return ("plan", {"steps": [{"text": text, "state": state} for text, state in zip(steps, states, strict=False)]})


def _paths(diff: str) -> list[str]:
    return [change.path for change in read(diff)]


def _is_source(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _text(path: Path) -> str:
    """Read as bytes, because some samples have carriage returns."""
    return path.read_bytes().decode()
