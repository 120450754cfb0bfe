"""What a patch does to tests: what would make them easier to pass is refused, and changed expectations are told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from app.domain.fix.languages import Tested, language_of, tested
from app.domain.fix.shadowing import loaded_instead
from app.domain.fix.test_lines import told_lines
from app.domain.fix.unknown_tests import unknown_test
from app.domain.fix.verify_targets import changed_target, named_by
from app.domain.globs import fold
from app.domain.messages.counting import counted
from app.domain.patches import Refusal

MAX_TOLD = 20

_DIRECTORIES = frozenset({"test", "tests", "__tests__", "spec", "specs", "testdata", "e2e", "__snapshots__"})
_NAMES = re.compile(
    r"test_.*|.*_tests?\.[a-z0-9]+|.*[._-](?:test|tests|spec|specs|e2e|cy)\.[a-z0-9]+|tests?\.[a-z0-9]+|conftest\.py"
    r"|.*\.(?:t|bats|snap|feature)"
)
_CAMEL = re.compile(
    r"Test[A-Z0-9_].*\.[a-z]+|.*(?:Tests?|TestCase|Specs?)\.[a-z]+|.*[a-z0-9]IT\.(?:java|kt|groovy|scala)"
)


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file before and after. A renamed file is two changes: one is deleted, one is added."""

    path: str
    before: str | None
    """None where it is added."""
    after: str | None
    """None where it is deleted."""


def is_test_path(path: str) -> bool:
    """Whether the path is one of a test or of what only tests use, by the customs of common languages."""
    *directories, name = path.split("/")
    return (
        any(fold(one) in _DIRECTORIES or fold(one).endswith((".tests", ".test")) for one in directories)
        or _NAMES.fullmatch(fold(name)) is not None
        or _CAMEL.fullmatch(name) is not None
    )


def weakened(
    changes: Sequence[FileChange], commands: Sequence[str], scripts: Mapping[str, str] = MappingProxyType({})
) -> tuple[Refusal, ...]:
    """What in the patch makes the verification weaker, each with a reason; `commands` are those that verify.

    `scripts` are paths that these run in their turn, each with what names it.
    Tests and assertions are counted without a parser. Where that leaves a doubt, the change is refused.
    """
    return tuple(
        Refusal(change.path, reason)
        for change in changes
        if change.before != change.after
        for reason in _reasons(change, commands, scripts)
    )


def changed_expectations(changes: Sequence[FileChange]) -> tuple[str, ...]:
    """Lines of existing tests that the patch changes, moves, takes away or puts between them, as `path:line: text`.

    For people to judge. Not those of files that are gone, nor imports, comments, blank lines and whole new tests.
    After `MAX_TOLD`, the last one says how many more there are.
    """
    told: list[str] = []
    more = 0
    for change in changes:
        for line in _lines(change):
            if len(told) < MAX_TOLD:
                told.append(line)
            else:
                more += 1
    return (*told, *((f"and {counted(more, 'more line')}",) if more else ()))


def _reasons(change: FileChange, commands: Sequence[str], scripts: Mapping[str, str]) -> Iterator[str]:
    was, now = _tested(change.path, change.before), _tested(change.path, change.after)
    if target := _target(change, commands, was):
        yield target
    elif change.path in scripts and not was.tests:
        yield f"is run by {scripts[change.path]!r}, and so by the commands that verify the repair"
    elif change.before is None and (reason := loaded_instead(change.path)):
        yield reason
    elif change.after is None and (is_test_path(change.path) or was.tests):
        yield "is a test or belongs to tests, and would be deleted or renamed"
    elif is_test_path(change.path) and language_of(change.path) is None:
        yield from unknown_test(change.path, change.before, change.after)
    elif is_test_path(change.path) or was.tests or now.tests:
        yield from _weaker(was, now)


def _target(change: FileChange, commands: Sequence[str], was: Tested) -> str | None:
    """A test file that a command names is a file of tests and no script, if there are tests in it."""
    reason = changed_target(change.path, change.before, change.after, commands)
    if (
        reason
        and was.tests
        and named_by(change.path, commands)
        and not changed_target(change.path, change.before, change.after, ())
    ):
        return None
    return reason


def _tested(path: str, code: str | None) -> Tested:
    language = language_of(path)
    return Tested() if language is None or code is None else tested(language, code, among_others=not is_test_path(path))


def _weaker(was: Tested, now: Tested) -> Iterator[str]:
    if now.tests < was.tests:
        yield f"has {counted(now.tests, 'test')} where it had {was.tests}"
    if now.assertions < was.assertions:
        yield f"has {counted(now.assertions, 'assertion')} where it had {was.assertions}"
    if now.off > was.off:
        yield (
            f"has {counted(now.off - was.off, 'new mark')} by which tests are skipped, may fail, are chosen or end"
            " early (such as skip, xfail, only, ignore, a bare return or an exit)"
        )


def _lines(change: FileChange) -> Iterator[str]:
    if change.before is None or change.after is None:
        return
    if is_test_path(change.path) or _tested(change.path, change.before).tests:
        yield from told_lines(change.path, change.before, change.after, language_of(change.path))


__all__ = ["MAX_TOLD", "FileChange", "changed_expectations", "is_test_path", "weakened"]
