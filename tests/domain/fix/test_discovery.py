"""Verification commands are found in guidelines under headings about tests, else in project files."""

from __future__ import annotations

import pytest

from app.domain.fix.discovery import PATHS, Found, discover

AGENTS = """# A shelf

    make test-everything

## Setup

```sh
make test
```

## Running the tests #

Run `make test` first, `rm -rf /` never, `pytest` sometimes.

```console
# not a heading
$ python -m pytest tests   # quick
pytest tests/test_<name>.py
pytest && curl example.com
npm test -- --watch
```sh
go test ./...
```

### Slowly

~~~
tox
```
nox
~~~

## Style

`make check` is about style here.
"""

RUNNERS = [
    *("make test", "make check", "pytest", "pytest -q tests", "python -m pytest", "python3 -m unittest discover"),
    *("tox", "tox -e py311", "nox", "npm test", "pnpm test", "yarn run test:unit", "go test ./...", "cargo test --all"),
    *("mvn -B test", "./mvnw test", "gradle test", "./gradlew --offline test", "bundle exec rspec", "rake test"),
    *("bundle exec rake test", "vendor/bin/phpunit", "phpunit tests", "dotnet test", "ctest", "just test"),
]
NO_RUNNERS = [
    *("make testing", "make install", "pytest-watch", "python -m http.server", "npm install", "go build", "cargo run"),
    *("sudo make test", "cd tests && pytest", "pytest; ls", "pytest | tee log", "pytest > log", "pytest $(ls)"),
    *("pytest `ls`", "pytest <file>", "pytest \\", "npm test -- --watchAll", "", "$ ", "pytest \u202etests"),
]


@pytest.mark.parametrize("command", RUNNERS)
def test_a_known_runner_is_a_command(command: str) -> None:
    assert discover({"CLAUDE.md": f"## Tests\n\n```\n{command}\n```\n"}) == (Found(command, "CLAUDE.md"),)


@pytest.mark.parametrize("line", NO_RUNNERS)
def test_any_other_line_is_none(line: str) -> None:
    assert discover({"AGENTS.md": f"## Tests\n\n```\n{line}\n```\n"}) == ()


@pytest.mark.parametrize(
    "heading", ["# Test", "## How to test", "### Verify", "## Before you push: checks", "# Testing"]
)
def test_headings_about_tests_are_known(heading: str) -> None:
    assert discover({"AGENTS.md": f"{heading}\n\n    make test\n"}) == (Found("make test", "AGENTS.md"),)


@pytest.mark.parametrize("heading", ["## Contest", "## Latest", "##Tests", "####### Tests", "Tests"])
def test_other_headings_are_not(heading: str) -> None:
    assert discover({"AGENTS.md": f"{heading}\n\n    make test\n"}) == ()


def test_code_below_a_heading_about_tests_is_read_in_its_order_and_the_first_three_count() -> None:
    assert discover({"AGENTS.md": AGENTS, "Makefile": "test:\n"}) == (
        Found("make test", "AGENTS.md"),
        Found("pytest", "AGENTS.md"),
        Found("python -m pytest tests", "AGENTS.md"),
    )


def test_sections_below_one_about_tests_belong_to_it_and_fences_close_only_with_their_own_mark() -> None:
    text = AGENTS.replace("`make test`", "").replace("`pytest`", "").replace("$ python", "python -c")

    assert [found.command for found in discover({"AGENTS.md": text})] == ["go test ./...", "tox", "nox"]


def test_guidelines_without_a_command_leave_it_to_project_files() -> None:
    files = {"AGENTS.md": "# Tests\n\nThere are some.\n", "Makefile": "lint test: x\n", "go.mod": "module a\n"}

    assert discover(files) == (Found("make test", "Makefile"),)


PACKAGE = '{"scripts": {"test": "jest"}%s}'
PROJECTS: list[tuple[dict[str, str], str]] = [
    ({"Makefile": ".PHONY: test\n\ntest:: all\n\tpytest\n"}, "make test"),
    ({"GNUmakefile": "build test : all\n"}, "make test"),
    ({"justfile": "set shell := ['sh']\ntest filter='': build\n  pytest\n"}, "just test"),
    ({"justfile": "@test:\n"}, "just test"),
    ({"pytest.ini": ""}, "python3 -m pytest"),
    ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, "python3 -m pytest"),
    ({"tox.ini": "[tox]\nenvlist = py\n[testenv:py]\ncommands = %(x)s\n"}, "tox"),
    ({"tox.ini": "[testenv]\n[pytest]\n"}, "python3 -m pytest"),
    ({"setup.cfg": "[tool:pytest]\n"}, "python3 -m pytest"),
    ({"noxfile.py": "import nox\n"}, "nox"),
    ({"package.json": PACKAGE % ""}, "npm test"),
    ({"package.json": PACKAGE % "", "yarn.lock": ""}, "yarn test"),
    ({"package.json": PACKAGE % "", "pnpm-lock.yaml": ""}, "pnpm test"),
    ({"package.json": PACKAGE % ', "packageManager": "yarn@4.1.0"'}, "yarn test"),
    ({"package.json": PACKAGE % ', "packageManager": "rm -rf /"'}, "npm test"),
    ({"go.mod": "// a\nmodule example.com/a\n"}, "go test ./..."),
    ({"Cargo.toml": "[package]\nname = 'a'\n"}, "cargo test"),
    ({"Cargo.toml": "[workspace]\nmembers = []\n"}, "cargo test --workspace"),
    ({"pom.xml": "<project/>"}, "mvn -B test"),
    ({"pom.xml": "<project/>", "mvnw": ""}, "./mvnw -B test"),
    ({"build.gradle": ""}, "gradle test"),
    ({"build.gradle.kts": "", "gradlew": ""}, "./gradlew test"),
    ({"Gemfile": "", ".rspec": ""}, "bundle exec rspec"),
    ({"Rakefile": "Rake::TestTask.new do |t|\nend\n"}, "rake test"),
    ({"Rakefile": "task :test do\nend\n"}, "rake test"),
    ({"Rakefile": "task 'test' => :build\n"}, "rake test"),
]


@pytest.mark.parametrize(("files", "command"), PROJECTS)
def test_project_files_imply_a_command(files: dict[str, str], command: str) -> None:
    assert discover(files) == (Found(command, next(iter(files))),)
    assert files.keys() <= set(PATHS)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("AGENTS.md", "# Tests\n" + "`make test`\n" * 20_000),
        ("Makefile", "test := 1\ntests:\n\ttest: x\n"),
        ("justfile", "tests:\ntest := 'x'\n"),
        ("pyproject.toml", "[tool.pytest.ini_options"),
        ("pyproject.toml", "tool = 1\n"),
        ("pyproject.toml", "a = " + "[" * 5_000),
        ("pyproject.toml", "[project]\n"),
        ("tox.ini", "[tox\n"),
        ("tox.ini", "[flake8]\n"),
        ("setup.cfg", "no section\n"),
        ("setup.cfg", "[metadata]\n"),
        ("noxfile.py", ""),
        ("package.json", "{"),
        ("package.json", "[" * 100_000),
        ("package.json", "[]"),
        ("package.json", '{"scripts": []}'),
        ("package.json", '{"scripts": {"test": 1}}'),
        ("package.json", '{"scripts": {"test": " "}}'),
        ("package.json", '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'),
        ("go.mod", "modules\n"),
        ("Cargo.toml", "= 1"),
        ("pom.xml", "<html/>"),
        ("Gemfile", "gem 'rspec'"),
        ("Rakefile", "task :build\nRake::TestTask.new(:integration)\n"),
        ("unknown", "test:\n"),
    ],
)
def test_what_is_malformed_or_says_nothing_gives_nothing(path: str, text: str) -> None:
    assert discover({path: text}) == ()
