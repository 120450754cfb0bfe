"""Each repair is what it says: its tests fail without it, and only they, and pass with it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.repairs.diffs import applied, enveloped, read
from tests.repairs.tasks import (
    Call,
    Counts,
    Task,
    files,
    patch_text,
    repaired,
    scripted,
    task_of,
    tasks,
    with_regression,
)

NAMES = sorted(path.parent.name for path in Path(__file__).parent.glob("*/task.toml"))
LICENCES = {"MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "Apache-2.0 OR BSD-3-Clause"}
MAX_BYTES = 60 * 1024

_RAN = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
_FAILED = re.compile(r"^(?:FAIL|ERROR): (.+)$", re.MULTILINE)


@pytest.fixture(params=NAMES)
def task(request: pytest.FixtureRequest) -> Task:
    return task_of(request.param)


def write(folder: Path, content: Mapping[str, str]) -> None:
    for path, text in content.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())


def verified(task: Task, folder: Path, content: Mapping[str, str]) -> tuple[bool, Counts, set[str]]:
    """Whether the command says that all is well, what it counts, and which tests failed.

    With the python3 that this one was made of, which does not see the packages of a virtual environment.
    """
    if task.python_below and sys.version_info[:2] >= tuple(map(int, task.python_below.split("."))):
        pytest.skip(f"the tests of {task.project} {task.before} need a Python below {task.python_below}")
    write(folder, content)
    path = f"{Path(sys.base_prefix) / 'bin'}{os.pathsep}{os.defpath}"
    ended = subprocess.run(
        ["sh", "-c", task.verify],
        cwd=folder,
        env={"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    ran = _RAN.findall(ended.stdout)
    assert len(ran) == 1, ended.stdout
    failed = _FAILED.findall(ended.stdout)
    return ended.returncode == 0, Counts(int(ran[0]), len(failed)), set(failed)


def git_applied(folder: Path, content: Mapping[str, str], *diffs: str) -> dict[str, str]:
    write(folder, content)
    for diff in diffs:
        command = ["git", "apply", "--whitespace=nowarn", "-"]
        subprocess.run(command, cwd=folder, input=diff.encode(), check=True, timeout=30)
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes().decode() for path in found}


def test_there_are_at_least_ten_of_several_projects() -> None:
    assert [task.name for task in tasks()] == NAMES
    assert len(tasks()) >= 10
    assert len({task.project for task in tasks()}) >= 8


def test_old_tests_pass_with_the_bug(task: Task, tmp_path: Path) -> None:
    assert verified(task, tmp_path, files(task)) == (True, task.old_tests, set())
    assert task.old_tests.failed == 0


def test_exactly_the_named_tests_show_the_bug(task: Task, tmp_path: Path) -> None:
    assert verified(task, tmp_path, with_regression(task)) == (False, task.red, set(task.failing))
    assert task.red.failed == len(task.failing) > 0


def test_all_tests_pass_with_the_repair(task: Task, tmp_path: Path) -> None:
    assert verified(task, tmp_path, repaired(task)) == (True, task.repaired, set())
    assert task.repaired.executed == task.red.executed >= task.old_tests.executed


def test_it_is_small_and_keeps_its_licence(task: Task) -> None:
    content = files(task)
    licences = {path for path in content if path.startswith(("LICENSE", "NOTICE"))}

    assert task.licence in LICENCES
    assert all(content[path].strip() for path in licences | {"LICENSE"})
    assert sum(len(text.encode()) for path, text in content.items() if path not in licences) <= MAX_BYTES


def test_git_applies_the_diffs_to_the_same_files(task: Task, tmp_path: Path) -> None:
    assert git_applied(tmp_path, files(task), task.regression, task.fix) == repaired(task)


def test_the_repair_does_not_touch_the_tests(task: Task) -> None:
    code, tests = ({change.path for change in read(diff)} for diff in (task.fix, task.regression))

    assert code
    assert tests
    assert not code & tests


def test_lines_around_a_change_stand_at_one_place_only(task: Task) -> None:
    """The patch of a model has no line numbers."""
    content = files(task)
    for change in (*read(task.regression), *read(task.fix)):
        lines = content.get(change.path, "").split("\n")
        for hunk in () if change.added else change.hunks:
            size = len(hunk.old)
            places = [at for at in range(len(lines) - size + 1) if lines[at : at + size] == hunk.old]
            assert places == [hunk.at]


def test_the_patch_of_a_model_is_the_same_change(task: Task) -> None:
    """Read here by splitting alone: every hunk is replaced where its old lines stand."""
    content = files(task)
    body = patch_text(task).removeprefix("*** Begin Patch\n").removesuffix("*** End Patch\n")
    for section in re.split(r"^\*\*\* (?=Add|Update)", body, flags=re.MULTILINE)[1:]:
        header, _, changed = section.partition("\n")
        verb, _, path = header.partition(" File: ")
        if verb == "Add":
            content[path] = "".join(line[1:] for line in changed.splitlines(keepends=True))
            continue
        for hunk in re.split(r"^@@\n", changed, flags=re.MULTILINE)[1:]:
            marked = hunk.splitlines(keepends=True)
            old, new = ("".join(line[1:] for line in marked if line[0] != mark) for mark in "+-")
            assert content[path].count(old) == 1
            content[path] = content[path].replace(old, new)

    assert content == repaired(task)


@pytest.mark.parametrize("tests", [True, False], ids=["with tests", "tests are there"])
def test_a_good_model_plans_sees_the_tests_fail_patches_and_runs_them_again(task: Task, tests: bool) -> None:
    calls = scripted(task, tests=tests)
    names = [name for name, _ in calls]

    assert json.loads(json.dumps(calls)) == [[name, dict(arguments)] for name, arguments in calls]
    assert set(names) == {"plan", "run", "read_file", "apply_patch"}
    assert (names[0], names[-2:]) == ("plan", ["run", "plan"])
    assert {str(arguments["command"]) for name, arguments in calls if name == "run"} == {task.verify}
    if tests:
        first, second = (at for at, name in enumerate(names) if name == "apply_patch")
        assert "run" in names[first:second]
        assert patches_of(calls) == [enveloped([task.regression]), patch_text(task, tests=False)]
    else:
        assert "run" in names[: names.index("apply_patch")]
        assert patches_of(calls) == [patch_text(task, tests=False)]


def patches_of(calls: tuple[Call, ...]) -> list[object]:
    return [arguments["patch"] for name, arguments in calls if name == "apply_patch"]


@pytest.mark.parametrize("tests", [True, False], ids=["with tests", "tests are there"])
def test_plans_are_short_and_end_with_all_done(task: Task, tests: bool) -> None:
    plans = [arguments["steps"] for name, arguments in scripted(task, tests=tests) if name == "plan"]
    states = [[step["state"] for step in plan] for plan in plans if isinstance(plan, list)]

    assert len(states) == len(plans)
    assert all(plan.count("doing") == 1 for plan in states[:-1])
    assert set(states[-1]) == {"done"}


@pytest.mark.parametrize(
    ("content", "said"),
    [({"a.txt": "one\n"}, "line 2 of a.txt"), ({}, "a.txt is not there"), ({"a.txt": "", "b.txt": ""}, "b.txt")],
)
def test_a_diff_that_does_not_fit_is_an_error(content: dict[str, str], said: str) -> None:
    diff = (
        "diff --git a/b.txt b/b.txt\nnew file mode 100644\n--- /dev/null\n+++ b/b.txt\n@@ -0,0 +1 @@\n+new\n"
        "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -2 +2 @@\n-two\n+2\n"
    )

    with pytest.raises(ValueError, match=re.escape(said)):
        applied(content, diff)


@pytest.mark.parametrize("diff", ["", "nothing\n", "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n3\n"])
def test_what_is_no_diff_is_an_error(diff: str) -> None:
    with pytest.raises(ValueError, match="diff"):
        read(diff)
