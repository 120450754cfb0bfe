"""Rules that a repository keeps for itself: read at the base commit from the directories that its policy names."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.entries import Kind, display_path
from app.domain.pull_request import Sha
from app.domain.rules import LoadedRules, Rule
from app.ports import Repository, RulesReader

MAX_FILES = 100
"""In all directories together."""
MAX_BYTES = 64 * 1024
"""Of one file."""

_ENDING = ".md"


async def read_own_rules(
    repository: Repository, base: Sha, directories: tuple[str, ...], read_rules: RulesReader
) -> LoadedRules:
    """The rules, and what is wrong with others, by path. An id counts once: the first directory has it."""
    rules: list[Rule] = []
    problems: list[str] = []
    left = MAX_FILES
    for directory in dict.fromkeys(name.rstrip("/") for name in directories):
        paths = await _files(repository, base, directory)
        if paths is None:
            problems.append(f"{directory}: rules.extra names it, and there is no such directory")
            continue
        if len(paths) > left:
            problems.append(f"{directory}: more than {MAX_FILES} files of rules in all; the rest is not used")
        files, odd = await _contents(repository, base, paths[:left])
        left -= len(paths[:left])
        problems += odd
        below = {path.removeprefix(f"{directory}/"): data for path, data in files.items()}
        loaded = read_rules(below, [rule.id for rule in rules])
        rules += loaded.rules
        problems += [f"{directory}/{problem}" for problem in loaded.problems]
    return LoadedRules(tuple(rules), tuple(problems))


async def _files(repository: Repository, base: Sha, directory: str) -> tuple[str, ...] | None:
    """What looks like a rule, `<pack>/<name>.md`, one directory deep; None where there is no such directory."""
    packs = await repository.listing(base, directory)
    if packs is None:
        return None
    found: list[str] = []
    for pack in packs:
        inside = await repository.listing(base, pack.path) if pack.is_directory else None
        found += [entry.path for entry in inside or () if entry.path.endswith(_ENDING)]
        if len(found) > MAX_FILES:
            break
    return tuple(found)


async def _contents(
    repository: Repository, base: Sha, paths: tuple[str, ...]
) -> tuple[Mapping[str, bytes], tuple[str, ...]]:
    """Regular files only: a link would let a rule be something else than what it seems."""
    blobs = await repository.blobs(base, paths, max_bytes=MAX_BYTES) if paths else {}
    files: dict[str, bytes] = {}
    problems: list[str] = []
    for path in paths:
        blob = blobs.get(path)
        if blob is None or blob.kind not in {Kind.FILE, Kind.EXECUTABLE}:
            problems.append(f"{display_path(path)}: a rule must be a regular file")
        elif blob.truncated:
            problems.append(f"{display_path(path)}: a rule has at most {MAX_BYTES:,} bytes")
        else:
            files[path] = blob.text_bytes
    return files, tuple(problems)
