"""Which commands verify a repair where the policy names none: those of the guidelines, else of project files."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from app.domain.fix.written_commands import written_commands
from app.domain.guidelines import AGENTS, FALLBACKS

MAX_COMMANDS = 3
_MAX_FILE = 200_000
"""Characters. A larger file gives nothing: it is no configuration that somebody wrote."""

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_JUSTFILES = ("justfile", "Justfile", ".justfile")
_GRADLE_FILES = ("build.gradle", "build.gradle.kts")
_SPECS = (".rspec", "spec/spec_helper.rb", "spec/rails_helper.rb")

PATHS: tuple[str, ...] = (
    *(AGENTS, *FALLBACKS),
    *_MAKEFILES,
    *_JUSTFILES,
    *("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "noxfile.py"),
    *("package.json", "pnpm-lock.yaml", "yarn.lock"),
    *("go.mod", "Cargo.toml"),
    *("pom.xml", "mvnw", *_GRADLE_FILES, "gradlew"),
    *("Gemfile", *_SPECS, "Rakefile"),
)
"""What `discover` looks at, to be read from the base commit. Of some, only whether they are there counts."""


@dataclass(frozen=True, slots=True)
class Found:
    """A command for a shell, and the path of the file that it comes from."""

    command: str
    source: str


def discover(files: Mapping[str, str]) -> tuple[Found, ...]:
    """At most `MAX_COMMANDS`, all of the first source that has any. What is malformed gives nothing.

    `files` are those of `PATHS` that exist, by path, all of the base commit. What is found is run in the sandbox only.
    """
    readable = {path: "" if len(text) > _MAX_FILE else text for path, text in files.items()}
    for source, commands in _sources(readable):
        found = tuple(Found(command, source) for command in dict.fromkeys(commands))
        if found:
            return found[:MAX_COMMANDS]
    return ()


def _sources(files: Mapping[str, str]) -> Iterator[tuple[str, Iterator[str]]]:
    for path in (AGENTS, *FALLBACKS):
        if path in files:
            yield path, written_commands(files[path])
    for path, reader in _PROJECT_FILES:
        if path in files:
            yield path, reader(files[path], files)


_TARGETS = re.compile(r"^([\w./ -]{1,400}?)[ \t]{0,8}::?(?!=)", re.MULTILINE)
_RECIPE = re.compile(r"^@?test(?:[ \t][^:\n]{0,400})?:(?!=)", re.MULTILINE)


def _makefile(text: str, _: Mapping[str, str]) -> Iterator[str]:
    if any("test" in found[1].split() for found in _TARGETS.finditer(text)):
        yield "make test"


def _justfile(text: str, _: Mapping[str, str]) -> Iterator[str]:
    if _RECIPE.search(text):
        yield "just test"


_PYTEST = "python3 -m pytest"


def _pytest_ini(_text: str, _: Mapping[str, str]) -> Iterator[str]:
    yield _PYTEST


def _pyproject(text: str, _: Mapping[str, str]) -> Iterator[str]:
    tool = toml(text).get("tool")
    if isinstance(tool, dict) and "pytest" in tool:
        yield _PYTEST


def _tox_ini(text: str, _: Mapping[str, str]) -> Iterator[str]:
    sections = _sections(text)
    if "pytest" in sections:
        yield _PYTEST
    elif any(section.partition(":")[0] in {"tox", "testenv"} for section in sections):
        yield "tox"


def _setup_cfg(text: str, _: Mapping[str, str]) -> Iterator[str]:
    if "tool:pytest" in _sections(text):
        yield _PYTEST


def _noxfile(text: str, _: Mapping[str, str]) -> Iterator[str]:
    if "nox" in text:
        yield "nox"


def _sections(text: str) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return []
    return parser.sections()


def toml(text: str) -> Mapping[str, object]:
    """The document; empty where it is malformed or nested too deeply."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _package_json(text: str, files: Mapping[str, str]) -> Iterator[str]:
    package = json_object(text)
    scripts = package.get("scripts")
    script = scripts.get("test") if isinstance(scripts, dict) else None
    if not isinstance(script, str) or not script.strip() or "no test specified" in script:
        return
    manager = str(package.get("packageManager", "")).partition("@")[0]
    if manager not in {"npm", "pnpm", "yarn"}:
        manager = "pnpm" if "pnpm-lock.yaml" in files else "yarn" if "yarn.lock" in files else "npm"
    yield f"{manager} test"


def json_object(text: str) -> Mapping[str, object]:
    """The document; empty where it is malformed, nested too deeply or no object."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _go_mod(text: str, _: Mapping[str, str]) -> Iterator[str]:
    if re.search(r"^module[ \t]+\S", text, re.MULTILINE):
        yield "go test ./..."


def _cargo(text: str, _: Mapping[str, str]) -> Iterator[str]:
    manifest = toml(text)
    if "workspace" in manifest:
        yield "cargo test --workspace"
    elif "package" in manifest:
        yield "cargo test"


def _maven(text: str, files: Mapping[str, str]) -> Iterator[str]:
    if "<project" in text:
        yield f"{'./mvnw' if 'mvnw' in files else 'mvn'} -B test"


def _gradle(_text: str, files: Mapping[str, str]) -> Iterator[str]:
    yield f"{'./gradlew' if 'gradlew' in files else 'gradle'} test"


def _gemfile(_text: str, files: Mapping[str, str]) -> Iterator[str]:
    if any(path in files for path in _SPECS):
        yield "bundle exec rspec"


_RAKE_TEST = re.compile(
    r"\btask[ \t(]{1,4}:?[\"']?test\b|\bRake::TestTask\.new(?![ \t]{0,4}\(:(?!test\b))|\bMinitest::TestTask\.create"
)


def _rakefile(text: str, _: Mapping[str, str]) -> Iterator[str]:
    if _RAKE_TEST.search(text):
        yield "rake test"


_PROJECT_FILES: tuple[tuple[str, Callable[[str, Mapping[str, str]], Iterator[str]]], ...] = (
    *((path, _makefile) for path in _MAKEFILES),
    *((path, _justfile) for path in _JUSTFILES),
    ("pytest.ini", _pytest_ini),
    (".pytest.ini", _pytest_ini),
    ("pyproject.toml", _pyproject),
    ("tox.ini", _tox_ini),
    ("setup.cfg", _setup_cfg),
    ("noxfile.py", _noxfile),
    ("package.json", _package_json),
    ("go.mod", _go_mod),
    ("Cargo.toml", _cargo),
    ("pom.xml", _maven),
    *((path, _gradle) for path in _GRADLE_FILES),
    ("Gemfile", _gemfile),
    ("Rakefile", _rakefile),
)
"""In the order in which they are asked: what a person would type first."""
