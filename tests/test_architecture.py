"""The rules of the code base that no linter checks: sizes, banned names, openings, and no process through a shell."""

from __future__ import annotations

import ast
import gc
import re
from pathlib import Path

import pytest

from scripts.check_docs import is_ours

ROOT = Path(__file__).parent.parent
FOLDERS = ("app", "workers", "tests", "scripts")
FILES = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py") if is_ours(p))
SOURCES = [p for p in FILES if p.is_relative_to(ROOT / "app") or p.is_relative_to(ROOT / "workers")]
MAX_LINES = 400
MAX_FUNCTION_LINES = 60
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def tree_of(path: Path) -> ast.Module:
    """No garbage is collected meanwhile. CPython 3.11 counts the depth of all parsing together, and ends in SystemError
    when something else is parsed in between: as for the traceback with which the end of a forgotten object is told.
    """
    gc.disable()
    try:
        return ast.parse(path.read_text())
    finally:
        gc.enable()


def lines_of(node: ast.AST) -> int:
    return int(getattr(node, "end_lineno", 0)) - int(getattr(node, "lineno", 0)) + 1


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_file(path: Path) -> None:
    text = path.read_text()
    tree = tree_of(path)

    assert len(text.splitlines()) <= MAX_LINES
    assert path.stem not in BANNED_NAMES
    assert ast.get_docstring(tree), "a file is opened by one sentence of purpose"
    for function in functions(tree):
        nested = sum(lines_of(n) for n in ast.iter_child_nodes(function) if isinstance(n, NESTED))
        length = lines_of(function) - nested
        assert length <= MAX_FUNCTION_LINES, f"{function.name} has {length} lines"


def test_broad_excepts_stand_at_the_job_edge_only() -> None:
    """The web edge is Starlette's own handler for Exception."""
    broad = {
        name_of(path)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
    }

    assert broad == {"workers/attempts.py"}


def test_no_process_goes_through_a_shell() -> None:
    shell = re.compile(r"shell\s*=\s*True|os\.system|os\.popen|create_subprocess_shell|getoutput")

    assert [name_of(path) for path in SOURCES if shell.search(path.read_text())] == []


def test_nothing_is_unpickled_evaluated_or_loaded_unsafely() -> None:
    calls = {"eval", "exec", "loads_pickle"}
    found = [
        (name_of(path), node.func.id)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls
    ]
    imports = [
        name_of(p)
        for p in SOURCES
        if re.search(r"^\s*(?:import|from) (?:pickle|marshal|shelve)", p.read_text(), re.MULTILINE)
    ]

    assert (found, imports) == ([], [])


def test_the_environment_is_read_at_the_entry_point_only() -> None:
    readers = [name_of(path) for path in SOURCES if re.search(r"os\.environ|os\.getenv", path.read_text())]

    assert readers == ["app/cli/main.py"]
