"""Benchmark `files`: a commit is brought into a workspace, what has become of it is collected, and all is removed."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.adapters.sandbox.runner.client import RunnerSandboxes
from scripts.bench import invented
from scripts.bench.repositories import ENVIRONMENT, Invented, of_files
from scripts.bench.results import Section, ratios
from scripts.bench.runner import NoSandbox, Place, open_runner, place

NAME = "files"
SIZES = (500, 5_000, 20_000)
FILL, COLLECT, REMOVE = "s to fill: revwright", "s to collect 10 edits: revwright", "s to remove: revwright"
CHECKOUT, COPY = "s to fill: git checkout-index", "s to fill: cp -r"
HASH = "s to list and hash: sha1sum"
REMOVE_BASE = "s to remove: rm -rf"
FILL_TO_GIT = "filling, revwright / git checkout-index"
COLLECT_TO_HASH = "collecting, revwright / sha1sum"
REMOVE_TO_RM = "removing, revwright / rm -rf"

_EDITS = 10


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: tuple[int, ...]
    """Of each of the sizes."""


FULL, QUICK = Plan((7, 5, 3)), Plan((2, 2, 1))


def column(size: int) -> str:
    return f"{size:,} files"


async def measure(plan: Plan) -> Section:
    """All of it on one file system, in turns; a round begins with another side each time."""
    values: dict[str, dict[str, list[float]]] = {column(size): defaultdict(list) for size in SIZES}
    notes: tuple[str, ...] = ()
    megabytes = []
    with place() as where:
        try:
            async with open_runner(where, at_once=1) as sandboxes:
                for size, rounds in zip(SIZES, plan.rounds, strict=True):
                    store = of_files(size)
                    megabytes.append(sum(entry.size for entry in await store.tree().entries()) / 1e6)
                    for number in range(rounds):
                        found = _baselines(where, store) if number % 2 else {}
                        found |= await _product(sandboxes, store, size)
                        found |= {} if number % 2 else _baselines(where, store)
                        for name, value in found.items():
                            values[column(size)][name].append(value)
        except NoSandbox as absent:
            notes = (f"Not measured: {absent}.",)
    title = f"Files: {' / '.join(f'{each:.1f}' for each in megabytes)} MB, {' / '.join(map(str, plan.rounds))} rounds"
    return Section(NAME, title, {name: with_ratios(measures) for name, measures in values.items()}, notes)


def with_ratios(measures: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """In the order of the table: each step, beside the least that can be done about it."""
    if not measures:
        return {}
    order = (CHECKOUT, COPY, FILL, FILL_TO_GIT, HASH, COLLECT, COLLECT_TO_HASH, REMOVE_BASE, REMOVE, REMOVE_TO_RM)
    against = {
        FILL_TO_GIT: ratios(measures[FILL], measures[CHECKOUT]),
        COLLECT_TO_HASH: ratios(measures[COLLECT], measures[HASH]),
        REMOVE_TO_RM: ratios(measures[REMOVE], measures[REMOVE_BASE]),
    }
    everything = {**measures, **against}
    return {name: everything[name] for name in order}


async def _product(sandboxes: RunnerSandboxes, store: Invented, size: int) -> dict[str, float]:
    """Open, edit, collect and close, and look whether what was collected is what was edited."""
    edits = {invented.path(number): b"edited = %d\n" % number for number in range(0, size, size // _EDITS)}
    began = time.perf_counter()
    async with sandboxes.open(store.tree()) as sandbox:
        filled = time.perf_counter()
        for path, content in edits.items():
            await sandbox.write(path, content)
        edited = time.perf_counter()
        collected = await sandbox.collect(edits)
        done = time.perf_counter()
    removed = time.perf_counter()
    if {edit.path: edit.content for edit in collected.patch.edits} != edits or collected.refused:
        raise RuntimeError(f"what was collected of {size} files is not what was edited")
    return {FILL: filled - began, COLLECT: done - edited, REMOVE: removed - done}


def _baselines(where: Place, store: Invented) -> dict[str, float]:
    """The same with plain tools, in a directory beside the workspaces."""
    directory = where.directory / "plain"
    copy = where.directory / "copy"
    index = where.directory / "index"
    directory.mkdir()
    git = ("git", "--git-dir", str(store.git_dir), "--work-tree", str(directory))
    variables = {"GIT_INDEX_FILE": str(index)}
    try:
        found = {
            CHECKOUT: _seconds(
                lambda: _run(*git, "read-tree", "main", variables=variables),
                lambda: _run(*git, "checkout-index", "--all", variables=variables),
            ),
            COPY: _seconds(lambda: _run("cp", "-r", str(directory), str(copy))),
            HASH: _seconds(
                lambda: _run("sh", "-c", 'find "$0" -type f -print0 | xargs -0 sha1sum >/dev/null', str(directory))
            ),
            REMOVE_BASE: _seconds(lambda: _run("rm", "-rf", str(copy))),
        }
    finally:
        shutil.rmtree(directory)
        shutil.rmtree(copy, ignore_errors=True)
        index.unlink(missing_ok=True)
    return found


def _seconds(*steps: Callable[[], None]) -> float:
    began = time.perf_counter()
    for step in steps:
        step()
    return time.perf_counter() - began


def _run(*command: str, variables: Mapping[str, str] | None = None) -> None:
    subprocess.run(command, env={**ENVIRONMENT, **(variables or {})}, cwd="/", check=True)
