"""Files that decide what a verification command does are not for a repair to change."""

from __future__ import annotations

import pytest

from app.domain.fix.test_changes import FileChange, weakened
from app.domain.fix.verify_targets import changed_target
from app.domain.patches import Refusal

DECIDES = "decides how tests are run, and a repair may not change that"


@pytest.mark.parametrize(
    "path",
    [
        *("Makefile", "sub/GNUmakefile", "rules.mk", "MAKEFILE", "justfile", "tox.ini", "noxfile.py", "pytest.ini"),
        *("setup.cfg", "tests/conftest.py", ".coveragerc", "jest.config.ts", "vitest.config.mjs", "vite.config.js"),
        *("vitest.workspace.ts", ".mocharc.yml", ".mocharc", "test/mocha.opts", "karma.conf.js", ".rspec", "Rakefile"),
        *("spec/spec_helper.rb", "phpunit.xml.dist", "pom.xml", "build.gradle.kts", "gradlew", ".mvn/jvm.config"),
        *("gradle/wrapper/gradle-wrapper.properties", ".cargo/config.toml", "a/.cargo/config", "sitecustomize.py"),
        *("evil.pth", "ci.runsettings", "Directory.Build.props", "go.work", "build.rs", "mix.exs", "babel.config.cjs"),
        *(
            ".babelrc",
            "src/setupTests.ts",
            "features/support/env.rb",
            "features/environment.py",
            "CMake/CTestTestfile.cmake",
        ),
        *("CMakeLists.txt", "meson.build", "Makefile.am", "Makefile.in", "phpunit.dist.xml", ".config/nextest.toml"),
        *("hatch.toml", "ava.config.mjs", "Taskfile.dist.yml", "deno.jsonc", ".rspec-local", "wdio.conf.js"),
        *("web-test-runner.config.mjs", "jest.preset.js", "build.xml", "a/BUILD.bazel", "BUILD", "WORKSPACE", "x.bzl"),
        *("node_modules/jest/index.js", "a/site-packages/pytest/__init__.py", "evil.egg-info/entry_points.txt"),
    ],
)
def test_a_file_that_steers_tests_is_refused_whether_new_changed_or_deleted(path: str) -> None:
    for before, after in [("a", "b"), (None, "b"), ("a", None)]:
        assert weakened([FileChange(path, before, after)], []) == (Refusal(path, DECIDES),)


@pytest.mark.parametrize(
    ("path", "before", "after", "changed"),
    [
        ("pyproject.toml", "[tool.pytest]\na = 1\n", "[tool.pytest]\na = 2\n", "tool.pytest"),
        ("pyproject.toml", "[project]\n", "[project]\n[tool.coverage.run]\n", "tool.coverage"),
        ("sub/pyproject.toml", None, "[tool.tox]\na = 1\n[tool.pytest]\nb = 1\n", "tool.pytest, tool.tox"),
        ("package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "true"}}', "scripts"),
        ("package.json", '{"jest": {}, "a": 1}', '{"a": 1}', "jest"),
        ("package.json", '{"scripts": {}}', None, "scripts"),
        ("Cargo.toml", "[package]\nname='a'\n", "[package]\nname='a'\nautotests=false\n", "package.autotests"),
        ("Cargo.toml", "[lib]\n", "[lib]\ntest = false\n", "lib"),
        ("Cargo.toml", "[lib]\n", "[lib]\n[patch.crates-io]\na = {path = 'b'}\n", "patch"),
        ("package.json", '{"a": 1}', '{"a": 1, "imports": {"#x": "./y"}}', "imports"),
        ("go.mod", "module a\n", "module a\nreplace example.org/testify => ./fake\n", "replace"),
        ("sub/go.mod", "module a\nreplace (\n\tb => ./c\n)\n", "module a\nreplace (\n\tb => ./d\n)\n", "replace"),
    ],
)
def test_tables_that_steer_tests_are_refused(path: str, before: str | None, after: str | None, changed: str) -> None:
    reason = f"changes {changed}, which decides how tests are run"

    assert weakened([FileChange(path, before, after)], []) == (Refusal(path, reason),)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("pyproject.toml", "[project]\n", "[project"),
        ("pyproject.toml", "tool = 1\n", "[project]\n"),
        ("pyproject.toml", "[project]\n", "a = 1\n" * 50_000),
        ("package.json", "{}", "{"),
        ("package.json", '{"a": 1}', '{"a": "' + "b" * 200_000 + '"}'),
        ("Cargo.toml", "package = 1\n", "[package]\n"),
        ("go.mod", "module a\n", "module a\n" + "// long\n" * 50_000),
    ],
)
def test_tables_that_cannot_be_read_are_refused(path: str, before: str, after: str) -> None:
    reason = "cannot be read, so that it cannot be told whether it changes how tests are run"

    assert weakened([FileChange(path, before, after)], []) == (Refusal(path, reason),)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("pyproject.toml", "[project]\nname='a'\n[tool.pytest]\n", "[project]\nname='b'\n[tool.pytest]\n"),
        ("package.json", '{"scripts": {}, "version": "1"}', '{"scripts": {}, "version": "2"}'),
        ("Cargo.toml", "[dependencies]\na='1'\n", "[dependencies]\na='2'\n"),
        ("Cargo.toml", "[package]\nversion='1'\n", "[package]\nversion='2'\n"),
        ("go.mod", "module a\nreplace b => ./c // so\n", "module a\n\ngo 1.22\nreplace b   => ./c // => ./d\n"),
        ("app/makefile.py", "a", "b"),
    ],
)
def test_what_does_not_steer_tests_is_fine(path: str, before: str, after: str) -> None:
    assert weakened([FileChange(path, before, after)], []) == ()


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("scripts/test.sh", "./scripts/test.sh"),
        ("ci/test.sh", "bash ci/test.sh --fast"),
        ("ci/test.sh", "cd ci && ./test.sh"),
        ("sub/ci/test.sh", "cd sub; sh ../sub/ci/test.sh"),
        ("CI/Test.sh", "ci/test.sh"),
        ("scripts/check.py", "python3 -m scripts.check"),
        ("src/scripts/check/__main__.py", "python3 -m scripts.check"),
        ("pytest.py", "python3 -m pytest"),
        ("unittest/__init__.py", "python3 -m unittest tests.test_a"),
        ("tests/run.py", "python3 tests/run.py::all"),
        ("bin/check", "FAST=1 'bin/check'"),
    ],
)
def test_a_script_that_a_command_names_is_refused(path: str, command: str) -> None:
    reason = f"is run by the command {command!r} that verifies the repair"

    assert weakened([FileChange(path, "a", "b")], ["true", command]) == (Refusal(path, reason),)


LOOKS = "python3 -m py_compile shop.py && cc -o t src/shop.c src/check.c && ./t"


@pytest.mark.parametrize(("path", "before"), [("shop.py", "a"), ("src/shop.c", "a")])
def test_a_source_that_is_only_compiled_or_linted_may_be_repaired(path: str, before: str) -> None:
    assert weakened([FileChange(path, before, "b")], [LOOKS]) == ()


@pytest.mark.parametrize(
    ("path", "before", "command"),
    [
        ("src/check.c", "a", LOOKS),
        ("shop.py", "#!/bin/sh", LOOKS),
        ("shop.py", None, LOOKS),
        ("shop.py", "a", f"{LOOKS}; python3 shop.py"),
        ("ruff.cfg", "a", "ruff check --config ruff.cfg"),
    ],
)
def test_a_script_is_none_the_less_one_if_it_is_compiled(path: str, before: str | None, command: str) -> None:
    reason = f"is run by the command {command!r} that verifies the repair"

    assert weakened([FileChange(path, before, "b")], [command]) == (Refusal(path, reason),)


def test_what_a_script_runs_is_refused_unless_it_is_a_file_of_tests() -> None:
    tests = "def test_a():\n    assert one() == 1\n"
    scripts = {"lib.sh": "check.sh", "tests/a.py": "check.sh"}
    reason = "is run by 'check.sh', and so by the commands that verify the repair"

    assert weakened([FileChange("lib.sh", "a", "b")], ["sh check.sh"], scripts) == (Refusal("lib.sh", reason),)
    assert weakened([FileChange("tests/a.py", tests, tests + "\n")], ["sh check.sh"], scripts) == ()


def test_a_file_of_tests_that_a_command_names_is_no_script() -> None:
    before = "def test_a():\n    assert 1 == one()\n"
    more = before + "def test_b():\n    assert 2 == two()\n"
    fewer = before.replace("assert", "print")

    assert weakened([FileChange("tests/x.py", before, more)], ["python3 tests/x.py"]) == ()
    assert weakened([FileChange("tests/x.py", before, fewer)], ["python3 tests/x.py"]) == (
        Refusal("tests/x.py", "has 0 assertions where it had 1"),
    )
    assert weakened([FileChange("tests/conftest.py", before, more)], ["pytest tests/conftest.py"]) == (
        Refusal("tests/conftest.py", DECIDES),
    )


def test_what_no_command_names_is_no_target() -> None:
    commands = ["make test", "python3 -m pytest tests", "./.. .", "a " * 1_000]

    assert changed_target("scripts/other.py", "a", "b", commands) is None
    assert changed_target("app/test.sh.txt", "a", "b", ["./test.sh"]) is None
