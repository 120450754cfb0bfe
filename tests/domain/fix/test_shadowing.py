"""New files that a test runner would load in place of its own, and names that are free."""

from __future__ import annotations

import pytest

from app.domain.fix.shadowing import loaded_instead
from app.domain.fix.test_changes import FileChange, weakened
from app.domain.patches import Refusal

INSTEAD = "would be imported in place of {!r}, which the tests are run with"
PART = "would be loaded by the test runner as a part of itself"


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("argparse.py", "argparse"),
        ("json/__init__.py", "json"),
        ("src/logging.py", "logging"),
        ("lib/traceback/__init__.py", "traceback"),
        ("_pytest/__init__.py", "_pytest"),
        ("pluggy.py", "pluggy"),
        ("tests/signal.py", "signal"),
        ("app/Tests/unittest/__init__.py", "unittest"),
    ],
)
def test_a_new_module_that_hides_one_of_pythons_or_of_a_runner_is_refused(path: str, module: str) -> None:
    assert weakened([FileChange(path, None, "x = 1\n")], []) == (Refusal(path, INSTEAD.format(module)),)


@pytest.mark.parametrize("path", ["lib/minitest/a_plugin.rb", "test/minitest.rb", "Minitest.rb", "gems/lib/rspec/x.rb"])
def test_a_new_part_of_a_runner_of_ruby_is_refused(path: str) -> None:
    assert weakened([FileChange(path, None, "x = 1\n")], []) == (Refusal(path, PART),)


@pytest.mark.parametrize(
    "path",
    [
        *("app/types.py", "app/json/__init__.py", "src/app/logging.py", "prices.py", "tests/prices.py", "__init__.py"),
        *(
            "json/encoder.py",
            "argparse.txt",
            "src/argparse.js",
            "app/minitest.rb",
            "lib/minitests/a.rb",
            "tests/a/io.py",
        ),
    ],
)
def test_other_names_are_free(path: str) -> None:
    assert loaded_instead(path) is None


def test_one_that_is_there_already_may_be_mended() -> None:
    assert weakened([FileChange("src/queue.py", "x = 1\n", "x = 2\n")], []) == ()
