"""Files of the head for anchors: lines as git counts them, secrets masked, what is no file left out."""

from __future__ import annotations

from app.domain.placing import Source
from app.domain.symbols import Symbol
from app.usecases.review.sources import read_sources
from tests.build import HEAD
from tests.fakes.code import DefParser, File, MemoryCode

TOKEN = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
FILES = {
    "a.py": File(b"def price(items):\n    return 1\n"),
    "run.sh": File(b"#!/bin/sh", "100755"),
    "empty.txt": File(b""),
    "feed.txt": File(b"one\x0bstill one\r\ntwo\n\n"),
    "token.txt": File(f"before\ntoken = {TOKEN}\nafter\n".encode()),
    "latin.txt": File(b"caf\xe9\n"),
    "huge.py": File(b"def far(x):\n" + b"x" * (1024 * 1024)),
    "link.py": File.link("a.py"),
    "lib": File.submodule(),
}


async def sources(*paths: str) -> dict[str, Source]:
    return await read_sources(MemoryCode({HEAD: FILES}), DefParser(), HEAD, paths)


async def test_lines_and_symbols_of_a_file() -> None:
    found = await sources("a.py", "a.py")

    assert found == {
        "a.py": Source(
            ("def price(items):", "    return 1"),
            (Symbol("price", "function", 1, 2),),
            "def price(items):\n    return 1\n",
        )
    }


async def test_only_a_line_feed_ends_a_line() -> None:
    found = await sources("feed.txt", "empty.txt", "run.sh", "latin.txt")

    assert {path: source.lines for path, source in found.items()} == {
        "feed.txt": ("one\x0bstill one\r", "two", ""),
        "empty.txt": (),
        "run.sh": ("#!/bin/sh",),
        "latin.txt": ("caf�",),
    }


async def test_secrets_are_masked_in_lines_and_not_in_the_text() -> None:
    source = (await sources("token.txt"))["token.txt"]

    assert TOKEN not in "\n".join(source.lines)
    assert len(source.lines) == 3
    assert source.text is not None
    assert TOKEN in source.text


async def test_of_a_very_large_file_there_is_the_beginning_without_symbols_and_text() -> None:
    source = (await sources("huge.py"))["huge.py"]

    assert source.lines[0] == "def far(x):"
    assert (source.symbols, source.text) == ((), None)


async def test_what_is_no_file_is_left_out_and_nothing_is_asked_about_nothing() -> None:
    assert await sources("link.py", "lib", "gone.py") == {}
    assert await sources() == {}
