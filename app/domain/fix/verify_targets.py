"""Files that decide what a verification command does: whoever writes them writes the result."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.domain.fix.discovery import json_object, toml
from app.domain.globs import fold

_NAMES = frozenset(
    {"makefile", "gnumakefile", "justfile", ".justfile", "taskfile.yml", "taskfile.yaml", "rakefile"}
    | {"tox.ini", "noxfile.py", "pytest.ini", ".pytest.ini", "setup.cfg", ".coveragerc", "conftest.py"}
    | {"sitecustomize.py", "usercustomize.py"}
    | {".mocharc", "mocha.opts", ".nycrc", ".taprc", ".c8rc.json", ".nycrc.json", "ava.config.js", "bunfig.toml"}
    | {".rspec", "spec_helper.rb", "rails_helper.rb", "test_helper.rb", "phpunit.xml", "phpunit.xml.dist"}
    | {"pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "gradle.properties"}
    | {"mvnw", "gradlew", "directory.build.props", "directory.build.targets", ".runsettings", "ctesttestfile.cmake"}
    | {
        "build.rs",
        "build.sbt",
        "go.work",
        "build.zig",
        "mix.exs",
        "test_helper.exs",
        "package.swift",
        ".swcrc",
        ".busted",
    }
    | {"cmakelists.txt", "meson.build", "meson_options.txt", "makefile.am", "makefile.in", "configure", "configure.ac"}
    | {"phpunit.dist.xml", "hatch.toml", ".rspec-local", "taskfile.dist.yml", "taskfile.dist.yaml", "build.xml"}
    | {"deno.json", "deno.jsonc", "build", "workspace", ".bazelrc", "unittest.cfg", "nose2.cfg", "dodo.py"}
    | {".proverc", "behave.ini", ".behaverc", "dart_test.yaml", ".testr.conf", ".stestr.conf"}
)
_SHAPES = re.compile(
    r".*\.mk|.*\.pth|.*\.bazel|.*\.bzl|(?:gulp|grunt)file\.[a-z.]+"
    r"|(?:jest|vitest|vite|karma|playwright|cypress|ava|web-test-runner|wdio|testem|nightwatch|protractor|stryker)"
    r"\.(?:config|workspace|conf|setup|preset|shared)\.[a-z0-9.]+"
    r"|\.mocharc\.[a-z]+|.*\.runsettings|tox\.toml|pytest\.toml|\.pytest\.toml"
    r"|babel\.config\.[a-z]+|\.babelrc(?:\.[a-z]+)?|setuptests\.[a-z]+"
)
_PLACES = re.compile(
    r"(?:.*/)?(?:\.cargo/config(?:\.toml)?|\.config/nextest\.toml|\.mvn/.+|gradle/wrapper/.+|features/(?:environment\.py|support/.+)"
    # Where installed things lie: what is put there is loaded in place of what was installed, or announces plugins.
    r"|(?:node_modules|site-packages|dist-packages|[^/]+\.(?:egg|dist)-info)/.+)"
)

_PYPROJECT_TOOLS = ("pytest", "coverage", "tox", "nox", "hatch", "poe", "pdm", "taskipy", "unittest")
_PACKAGE_KEYS = (
    "scripts",
    "jest",
    "mocha",
    "vitest",
    "ava",
    "nyc",
    "c8",
    "tap",
    "type",
    "workspaces",
    "packageManager",
    "babel",
    "imports",
)
_CARGO_KEYS = ("lib", "bin", "test", "bench", "example", "profile", "workspace", "patch", "replace")
_CARGO_PACKAGE_KEYS = ("autotests", "autobins", "build", "links")

_MAX_FILE = 200_000
_WORD = re.compile(r"[^\s;&|()<>\"'=`$]+")
_MAX_WORDS = 200
_SEGMENT = re.compile(r"[;&|\n()`]+")
_LOOKS = re.compile(
    r"\s{0,9}(?:python[\d.]{0,9} -m )?(?:py_compile|compileall|ruff|flake8|pyflakes|pylint|pycodestyle|mypy|pyright"
    r"|black|isort|eslint|prettier|tsc|node --check|gcc|g\+\+|cc|c\+\+|clang|clang\+\+|javac|rustfmt|gofmt)\s"
)
_SOURCE = re.compile(r".+\.(?:pyi?|[cm]?[jt]sx?|vue|svelte|go|java|kt|scala|rs|rb|php|cs|c|h|cc|cpp|cxx|hh|hpp|hxx)")
_CHECKS = re.compile(r"(?:^|[._-])(?:tests?|checks?|checker|verify|specs?|run|runner|lint|ci|assert\w*|main)(?=[._-])")
"""A compiled program may be what checks; its name is all that can be known of it."""


def changed_target(path: str, before: str | None, after: str | None, commands: Sequence[str]) -> str | None:
    """Why this change is one of what is verified by, in words that follow the path; None where it is none."""
    name = fold(path.rpartition("/")[2])
    if name in _NAMES or _SHAPES.fullmatch(name) or _PLACES.fullmatch(fold(path)):
        return "decides how tests are run, and a repair may not change that"
    if reason := _changed_tables(name, before, after):
        return reason
    if (command := named_by(path, commands)) is not None and not _only_looked_at(path, before, commands):
        return f"is run by the command {command!r} that verifies the repair"
    return None


def named_by(path: str, commands: Sequence[str]) -> str | None:
    """The command that names this file, by its path, the end of its path, or as a Python module."""
    folded = fold(path)
    module = _module(folded)
    for command in commands:
        for word, _ in zip(_WORD.finditer(command), range(_MAX_WORDS), strict=False):
            named = fold(word[0]).removeprefix("./").partition("::")[0]
            while named.startswith("../"):
                named = named.removeprefix("../")
            if named and (f"/{folded}".endswith(f"/{named}") or f".{module}".endswith(f".{named}")):
                return command
    return None


def _only_looked_at(path: str, before: str | None, commands: Sequence[str]) -> bool:
    """Whether it is a source like others, which only a compiler or a linter is given: no script, nor named like one."""
    name = fold(path.rpartition("/")[2])
    if not _SOURCE.fullmatch(name) or _CHECKS.search(name) or before is None or before.startswith("#!"):
        return False
    segments = (segment for command in commands for segment in _SEGMENT.split(command))
    return all(_LOOKS.match(segment) for segment in segments if named_by(path, (segment,)) is not None)


def _module(path: str) -> str:
    """The name by which Python imports the file, below whatever is on its path; empty where it does not."""
    if not path.endswith(".py"):
        return ""
    return path.removesuffix(".py").removesuffix("/__main__").removesuffix("/__init__").replace("/", ".")


def _changed_tables(name: str, before: str | None, after: str | None) -> str | None:
    readers = {
        "pyproject.toml": _of_pyproject,
        "package.json": _of_package,
        "cargo.toml": _of_cargo,
        "go.mod": _of_go_module,
    }
    reader = readers.get(name)
    if reader is None or before == after:
        return None
    old, new = ({} if text is None else reader(text) for text in (before, after))
    if old is None or new is None:
        return "cannot be read, so that it cannot be told whether it changes how tests are run"
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return f"changes {', '.join(changed)}, which decides how tests are run" if changed else None


def _of_pyproject(text: str) -> Mapping[str, object] | None:
    project = _toml(text)
    tool = project.get("tool", {})
    if not project or not isinstance(tool, dict):
        return None
    return {f"tool.{key}": tool.get(key) for key in _PYPROJECT_TOOLS}


def _of_package(text: str) -> Mapping[str, object] | None:
    package = json_object(text) if len(text) <= _MAX_FILE else {}
    return {key: package.get(key) for key in _PACKAGE_KEYS} if package else None


def _of_cargo(text: str) -> Mapping[str, object] | None:
    manifest = _toml(text)
    package = manifest.get("package", {})
    if not manifest or not isinstance(package, dict):
        return None
    of_package = {f"package.{key}": package.get(key) for key in _CARGO_PACKAGE_KEYS}
    return {key: manifest.get(key) for key in _CARGO_KEYS} | of_package


def _of_go_module(text: str) -> Mapping[str, object] | None:
    """What stands in place of other modules, of which a test may need one (https://go.dev/ref/mod#go-mod-file-replace)."""
    lines = (line.partition("//")[0].split() for line in text.splitlines())
    return {"replace": tuple(" ".join(line) for line in lines if "=>" in line)} if len(text) <= _MAX_FILE else None


def _toml(text: str) -> Mapping[str, object]:
    return toml(text) if len(text) <= _MAX_FILE else {}
