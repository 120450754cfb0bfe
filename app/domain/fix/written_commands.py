"""Test commands that a repository's guidelines for people and agents show under their headings about tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*)")
_TESTS = re.compile(r"\b(?:tests?|testing|verify|verifying|verification|checks?)\b", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_SPAN = re.compile(r"`([^`]{1,300})`")
_INDENT = "    "
_MAX_LINE = 1_000

_RUNNER = re.compile(
    r"""(?x:
      make\ (?:test|tests|check)
    | pytest | python3?\ -m\ (?:pytest|unittest) | tox | nox
    | (?:npm|pnpm|yarn)\ (?:run\ )?test(?::[\w-]+)*
    | go\ test | cargo\ test | just\ test | ctest
    | (?:mvn|\./mvnw)\ (?:-\S+\ ){0,8}test | (?:gradle|\./gradlew)\ (?:-\S+\ ){0,8}test
    | bundle\ exec\ (?:rspec|rake\ test) | rake\ test | (?:(?:\./)?vendor/bin/)?phpunit
    | dotnet\ test
    )(?=\ |$)"""
)
_PLAIN = re.compile(r"[\w ./:=@,+'\"*-]{1,300}", re.ASCII)
"""Nothing that a shell takes for more than words, and no placeholder such as `<name>`."""
_WATCHES = re.compile(r" --?watch(?:All)?\b")
_COMMENT = re.compile(r"\s#.*")


def written_commands(text: str) -> Iterator[str]:
    """Lines of code blocks, and code within lines, that begin with a runner we know; in their order, also twice."""
    depth = 0
    fence = ""
    for raw in text.split("\n"):
        line = raw[:_MAX_LINE].rstrip()
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and line.strip() == mark[1]:
                fence = ""
            elif depth:
                yield from _command(line)
        elif mark:
            fence = mark[1]
        elif heading := _HEADING.fullmatch(line):
            depth = _depth(depth, len(heading[1]), heading[2])
        elif depth:
            for code in [line] if line.startswith(_INDENT) else _SPAN.findall(line):
                yield from _command(code)


def _depth(depth: int, level: int, title: str) -> int:
    """Of the heading that we are below and that speaks of tests; 0 below none."""
    if depth and level > depth:
        return depth
    return level if _TESTS.search(title) else 0


def _command(code: str) -> Iterator[str]:
    command = " ".join(_COMMENT.sub("", code.strip().removeprefix("$ ")).split())
    if _RUNNER.match(command) and _PLAIN.fullmatch(command) and not _WATCHES.search(command):
        yield command
