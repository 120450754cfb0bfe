"""Which files of a tree a command or a script runs, reads as a script, or includes: found by words, without a shell.

What is looked for is what a shell text names. In doubt a file counts as run: whoever writes it writes the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from app.domain.fix.discovery import json_object
from app.domain.globs import fold

_SEGMENT = re.compile(r"[;&|\n(){}`]+")
_WORD = re.compile(r"[^\s<>\"'=$,\[\]\\:]+")
_INTERPRETER = re.compile(
    r"python[\d.]*|pypy\d?|node|nodejs|deno|bun|tsx|ts-node|ruby|perl|php|lua|Rscript|pwsh|powershell"
    r"|sh|bash|dash|zsh|ksh|fish|ash|busybox|source|run|exec|xargs|bats"
)
_INCLUDES = frozenset({"include", "sinclude"})
_BEFORE_DOT = frozenset({"then", "do", "else"})
_STEERING = re.compile(r"--[\w-]*(?:config|require|import|setup|loader|plugin|rcfile|init|file)[\w-]*")
_SCRIPT = re.compile(r".*\.(?:sh|bash|zsh|ksh|fish|bat|cmd|ps1|mk|mak)|\.?[^.]+")
_MAKEFILES = ("makefile", "gnumakefile")
_RUNNERS = {
    **dict.fromkeys(("make", "gmake"), _MAKEFILES),
    **dict.fromkeys(("npm", "npx", "pnpm", "yarn", "bun"), ("package.json",)),
    **dict.fromkeys(("tox",), ("tox.ini",)),
    **dict.fromkeys(("nox",), ("noxfile.py",)),
    **dict.fromkeys(("just",), ("justfile", ".justfile")),
    **dict.fromkeys(("task", "go-task"), ("taskfile.yml", "taskfile.yaml", "taskfile.dist.yml", "taskfile.dist.yaml")),
    **dict.fromkeys(("rake",), ("rakefile",)),
    **dict.fromkeys(("composer",), ("composer.json",)),
    **dict.fromkeys(("inv", "invoke"), ("tasks.py",)),
    **dict.fromkeys(("doit",), ("dodo.py",)),
}
"""Files that a runner reads although no word names them."""
_COMPARED = re.compile(r"\$\([^()\n]{1,400}\)\"?[ \t]{1,9}(?:==?|!=|-eq|-ne)[ \t]{1,9}[\"']?\w")
_CAPTURED = re.compile(
    r"(?P<run>(?:^|[;&|(]|\beval\b|-c\b|\bsource\b|(?<![\w$./])\.)[ \t]{0,9})?\"\$\([^()\n]{1,400}\)\"", re.MULTILINE
)
"""Output that is an argument; `run` where it is a command instead."""
_CHECKS = re.compile(
    r"(?:^|[\s(/._-])(?:tests?|check\w*|verify|specs?|run\w*|lint\w*|ci)(?=[\s/._)-])|\bsource\b|\(\s*\.\s"
)
_OF_PACKAGES = frozenset({"__main__.py", "__init__.py"})
"""Names that say nothing without the package's."""
MANIFESTS = frozenset({"package.json", "composer.json"})
"""Runners read some tables of these, and nothing else of them is run."""
_MAX_WORDS, _MAX_GLOBS, _MAX_PATHS = 20_000, 50, 50


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """A file of the tree that a text names. `run` says that it stands where something is run, read or included."""

    path: str
    run: bool


@dataclass(frozen=True, slots=True)
class TreePaths:
    """The files of a tree, to be found by the end of their path, as the most lenient file system would."""

    paths: tuple[str, ...]
    by_name: dict[str, list[str]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for path in self.paths:
            self.by_name.setdefault(fold(path).rpartition("/")[2], []).append(path)

    def named(self, word: str) -> list[str]:
        """Files whose path ends as the word does; where there are none, as the word's end does."""
        parts = [part for part in fold(word).split("/") if part not in {"", ".", ".."}]
        found: list[str] = []
        while parts and not found and parts[0] not in _OF_PACKAGES:
            end = f"/{'/'.join(parts)}"
            found = [path for path in self.by_name.get(parts[-1], ()) if f"/{fold(path)}".endswith(end)]
            parts.pop(0)
        return found[:_MAX_PATHS]

    def like(self, pattern: str) -> list[str]:
        """Files whose path matches a pattern of a shell, at any depth."""
        end = fold(pattern).removeprefix("./")
        return [path for path in self.paths if fnmatchcase(f"/{fold(path)}", f"*/{end}")][:_MAX_PATHS]


def mentions(text: str, tree: TreePaths) -> frozenset[Mention]:
    """What the text of a shell, of a makefile or of scripts in a manifest names. Bounded in words."""
    found: set[Mention] = set()
    words = globs = 0
    for segment in _SEGMENT.split(_COMPARED.sub(_tested_output, _CAPTURED.sub(_argument, text))):
        for word, run in _words(segment):
            words += 1
            if words > _MAX_WORDS:
                return frozenset(found)
            if "*" not in word:
                found.update(Mention(path, run) for path in _paths(word, tree))
            elif (globs := globs + 1) <= _MAX_GLOBS:
                found.update(Mention(path, run) for path in tree.like(word))
    return frozenset(found)


def script_of(path: str, text: str) -> str:
    """What of a file is commands: of a `package.json` its scripts, else all."""
    if fold(path.rpartition("/")[2]) != "package.json":
        return text
    scripts = json_object(text).get("scripts")
    return "\n".join(str(one) for one in scripts.values()) if isinstance(scripts, dict) else ""


def is_script(path: str, text: str | None) -> bool:
    """Whether a file that is named is one that steers, by its name or its first line, and no source among others."""
    name = fold(path.rpartition("/")[2])
    data = "." not in name and path.rpartition("/")[2].isupper()  # such as VERSION or LICENSE
    named = (_SCRIPT.fullmatch(name) is not None and not data) or any(name in names for names in _RUNNERS.values())
    return named or (text is not None and text.startswith("#!"))


def _argument(found: re.Match[str]) -> str:
    """A script whose output is handed on as a word decides by what it prints alone."""
    return found[0] if found["run"] is not None else _tested_output(found)


def _tested_output(found: re.Match[str]) -> str:
    """A script whose output is held against a value is what is tested, and not what tests, unless its name says so."""
    return found[0] if _CHECKS.search(found[0]) else ""


def _words(segment: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether it is what the word before it runs."""
    runs = module = includes = False
    before = ""
    for found in _WORD.finditer(segment):
        word = found[0]
        bare = word.lstrip("@+-")
        name = bare.rpartition("/")[2]
        if module:
            module = runs = False
            yield from ((one, True) for one in _module_files(word))
        elif word == "-m":
            module = runs
        elif name in _INCLUDES:
            includes = True
        elif bare == "." and (not before or before in _BEFORE_DOT):
            runs = True
        elif _INTERPRETER.fullmatch(name) or _STEERING.fullmatch(word) or (word == "-f" and before in _RUNNERS):
            runs = True
            yield word, False
        elif word == "--check":
            runs = False
        elif not word.startswith("-"):
            yield bare, runs or includes
            runs = False
        before = name


def _paths(word: str, tree: TreePaths) -> Iterable[str]:
    if (names := _RUNNERS.get(word)) is not None:
        return [path for name in names for path in tree.by_name.get(name, ())][:_MAX_PATHS]
    return tree.named(word)


def _module_files(module: str) -> tuple[str, ...]:
    """Where Python finds a module that is to be run."""
    path = module.replace(".", "/")
    return (module, f"{path}.py", f"{path}/__main__.py", f"{path}/__init__.py")


__all__ = ["MANIFESTS", "Mention", "TreePaths", "is_script", "mentions", "script_of"]
