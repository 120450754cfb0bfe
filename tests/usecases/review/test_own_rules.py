"""Which files of a repository are its own rules, and what is said of those that cannot be."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from app.domain.entries import Kind
from app.domain.rules import LoadedRules
from app.usecases.review.gather import no_rules
from app.usecases.review.own_rules import MAX_BYTES, MAX_FILES, read_own_rules
from tests.build import BASE, rule
from tests.fakes.repository import FakeRepository


def named(files: Mapping[str, bytes], taken: Collection[str]) -> LoadedRules:
    """A rule for every file, called as the file is; one line for each that is taken."""
    ids = [path.removesuffix(".md") for path in files]
    return LoadedRules(
        tuple(rule(id_) for id_ in ids if id_ not in taken), tuple(f"{id_}.md: taken" for id_ in ids if id_ in taken)
    )


async def read(files: dict[str, bytes], *directories: str, links: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    """The ids, and the problems."""
    repository = FakeRepository({BASE: files}, None, kinds=dict.fromkeys(links, Kind.SYMLINK))
    loaded = await read_own_rules(repository, BASE, directories, named)
    return [one.id for one in loaded.rules], list(loaded.problems)


async def test_rules_are_files_in_packs_and_an_id_belongs_to_the_first_directory() -> None:
    files = {"a/x/one.md": b"", "a/x/note.txt": b"", "a/top.md": b"", "a/x/deep/er.md": b"", "b/x/one.md": b""}

    assert await read(files, "a/", "b/", "a/") == (["x/one"], ["b/x/one.md: taken"])
    assert await read_own_rules(FakeRepository({BASE: files}, None), BASE, ("a",), no_rules) == LoadedRules((), ())


async def test_what_cannot_be_a_rule_is_told() -> None:
    files = {"a/x/link.md": b"", "a/x/long.md": b"x" * (MAX_BYTES + 1), "a/x/one.md": b""}

    assert await read(files, "none/", "a/", links=("a/x/link.md",)) == (
        ["x/one"],
        [
            "none: rules.extra names it, and there is no such directory",
            "a/x/link.md: a rule must be a regular file",
            "a/x/long.md: a rule has at most 65,536 bytes",
        ],
    )


async def test_more_files_than_are_read_are_told() -> None:
    files = {f"{d}/p{pack}/r{n}.md": b"" for d in "ab" for pack in range(3) for n in range(60)}

    ids, problems = await read(files, "a", "b")
    assert len(ids) == MAX_FILES
    assert problems == [f"{d}: more than {MAX_FILES} files of rules in all; the rest is not used" for d in "ab"]
