"""Tools that look for text and names: what they find and leave out, and that no secret can be guessed with them."""

from __future__ import annotations

import re

import pytest

from app.adapters.rules.patterns import Re2Pattern
from app.domain.errors import ToolRefused
from app.usecases.tools import Reads, reading_tools
from app.usecases.tools.files import MAX_FILE_BYTES
from app.usecases.tools.outlining import MAX_BLAMED, MAX_SYMBOLS
from app.usecases.tools.searching import LIMITS
from tests.build import HEAD, snapshot
from tests.fakes.code import DefParser, File, MemoryCode
from tests.usecases.tools.shop import KEY_BODY, TOKEN, Bench


def bench_of(files: dict[str, bytes | File]) -> Bench:
    made = {path: file if isinstance(file, File) else File(file) for path, file in files.items()}
    code, reads = MemoryCode({HEAD: made}), Reads()
    tools = reading_tools(code, DefParser(), Re2Pattern.parse, snapshot(), reads)
    return Bench({tool.spec.name: tool for tool in tools}, reads, code)


async def test_lines_are_found_by_path_and_number(bench: Bench) -> None:
    text = await bench.ask("grep", pattern=r"total\(", glob="src/*.py")

    assert text == "=== src/cart.py\n     1| def total(items):\n=== src/pay.py\n     3| print(total([1]))"
    assert bench.reads.paths == {"src/cart.py", "src/pay.py"}
    assert bench.code.globs == ["src/*.py"]


async def test_nothing_found_is_said(bench: Bench) -> None:
    assert await bench.ask("grep", pattern="nowhere to be found", glob="src/*.py") == "no line fits"
    assert bench.reads.paths == set()


@pytest.mark.parametrize(
    ("pattern", "glob", "said"),
    [
        ("(", "", "the pattern cannot be used: RE2 does not take this pattern"),
        (r"(a)\1", "", "no back-references"),
        ("(?=a)", "", "no look-around"),
        ("", "", "fits an empty line"),
        ("a" * 501, "", "has 501 characters: at most 500"),
        ("a", "src/[", "the glob cannot be used"),
        ("a", "../**", "the glob cannot be used"),
        ("a", "/etc/*", "the glob cannot be used"),
        ("a", "*a" * 40, "the glob cannot be used"),
    ],
)
async def test_a_pattern_or_glob_that_is_none_is_refused(bench: Bench, pattern: str, glob: str, said: str) -> None:
    with pytest.raises(ToolRefused, match=re.escape(said)):
        await bench.ask("grep", pattern=pattern, glob=glob)


@pytest.mark.parametrize(
    "pattern", ["^TOKEN = 'ghp_A", TOKEN[:9], f"{TOKEN}|xyz", KEY_BODY[0][:12], "BEGIN RSA", "MIIE"]
)
async def test_a_secret_cannot_be_guessed_by_searching_for_it(bench: Bench, pattern: str) -> None:
    assert await bench.ask("grep", pattern=pattern, glob="src/**") == "no line fits"


async def test_a_line_with_a_secret_is_found_by_what_else_is_in_it(bench: Bench) -> None:
    text = await bench.ask("grep", pattern="^TOKEN", glob="src/*.py")

    assert text == "=== src/pay.py\n     2| TOKEN = '[secret: github token]'"


async def test_what_the_search_left_out_is_said() -> None:
    bench = bench_of({"a.txt": b"same\n" * 50})

    text = await bench.ask("grep", pattern="same", glob="")

    assert text.count("| same") == LIMITS.hits_per_file
    assert text.endswith(f"\n(of 1 files only the first {LIMITS.hits_per_file} hits are shown)")


async def test_binary_and_very_large_files_are_not_searched() -> None:
    bench = bench_of({"a.bin": b"same\0\n", "big.txt": b"same\n" + b"x" * MAX_FILE_BYTES, "c.txt": b"same\n"})

    text = await bench.ask("grep", pattern="same", glob="")

    assert text == f"=== c.txt\n     1| same\n(files over {MAX_FILE_BYTES} bytes were not searched: 1)"


class _Liar(DefParser):
    """A parser that knows of lines that are not there."""

    async def mentions(self, path: str, text: str, name: str) -> tuple[int, ...] | None:
        return (1, 999)


async def test_a_line_that_is_not_there_is_not_shown() -> None:
    code = MemoryCode({HEAD: {"a.py": File(b"same = 1\n")}})
    tools = {tool.spec.name: tool for tool in reading_tools(code, _Liar(), Re2Pattern.parse, snapshot(), Reads())}

    assert await tools["references"].call({"name": "same"}) == "=== a.py (parsed)\n     1| same = 1\n(1 more lines)"


async def test_only_so_many_bytes_are_read_for_one_answer() -> None:
    bench = bench_of({f"f{n}.txt": b"same\n" + (b"x" * 1_000 + b"\n") * 1_040 for n in range(6)})

    text = await bench.ask("grep", pattern="same", glob="")

    assert text.count("=== f") == 4
    assert text.endswith("(hits in 2 more files are not shown: use a narrower glob)")


async def test_a_long_line_is_cut() -> None:
    bench = bench_of({"min.js": b"same" + b"x" * 10_000})

    text = await bench.ask("grep", pattern="same", glob="")

    assert text.endswith("x [... 9,704 more characters]")


async def test_a_name_is_found_by_the_parser_or_as_a_word(bench: Bench) -> None:
    text = await bench.ask("references", name="total")

    assert text == (
        "=== README.md (text)\n     2| total is explained here\n"
        "=== caf\\xe9.py (parsed)\n     1| odd = total\n"
        "=== src/cart.py (parsed)\n     1| def total(items):\n"
        "=== src/key.py (parsed)\n    10| last = total\n"
        "=== src/pay.py (parsed)\n     1| from cart import total\n     3| print(total([1]))\n"
        f"(files over {MAX_FILE_BYTES} bytes were not searched: 1)"
    )
    assert "README.md" in bench.reads.paths


async def test_mentions_in_comments_only_are_told_apart() -> None:
    bench = bench_of({"a.py": b"x = 1  # old_name\n", "b.py": b"old_names = 2\n"})

    assert await bench.ask("references", name="old_name") == "in comments or strings only: a.py"
    assert await bench.ask("references", name="no_name") == "no file has the word no_name"
    assert bench.reads.paths == {"a.py"}


async def test_many_mentions_are_counted() -> None:
    bench = bench_of({"a.py": b"same = 1\n" * 30})

    text = await bench.ask("references", name="same")

    assert "\n(10 more lines)\n" in text


@pytest.mark.parametrize("name", ["größe", "$el", "el$", "_x1"])
async def test_names_of_other_languages_are_found(name: str) -> None:
    bench = bench_of({"a.js": f"let {name} = 1;\n".encode()})

    assert await bench.ask("references", name=name) == f"=== a.js (text)\n     1| let {name} = 1;"


@pytest.mark.parametrize("name", ["", "a b", "Cart.total", "f()", "1st", ".*", "a|b", "x" * 500, "a\nb", "-rf"])
async def test_what_is_no_name_is_refused(bench: Bench, name: str) -> None:
    with pytest.raises(ToolRefused, match="one identifier"):
        await bench.ask("references", name=name)


async def test_symbols_of_a_file(bench: Bench) -> None:
    text = await bench.ask("symbols", path="src/cart.py")

    assert text == "src/cart.py, 4 lines\n     1-2 function total"
    assert await bench.ask("symbols", path="src/pay.py") == "src/pay.py, 3 lines\n(no symbols)"
    assert bench.reads.paths == {"src/cart.py", "src/pay.py"}


async def test_a_file_without_a_parser_has_no_symbols(bench: Bench) -> None:
    with pytest.raises(ToolRefused, match=r"'README.md' cannot be parsed: use grep or read_file"):
        await bench.ask("symbols", path="README.md")


async def test_only_so_many_symbols_are_shown() -> None:
    bench = bench_of({"a.py": b"".join(b"def f%d(): ...\n" % n for n in range(MAX_SYMBOLS + 2))})

    assert (await bench.ask("symbols", path="a.py")).endswith("(2 more are not shown)")


async def test_blame_names_commit_day_and_subject_without_secrets(bench: Bench) -> None:
    text = await bench.ask("blame", path="src/pay.py", start_line=2, end_line=99)

    assert text.split("\n") == [
        f"     2| {HEAD[:10]} 2026-11-20 Write line 2 | TOKEN = '[secret: github token]'",
        f"     3| {HEAD[:10]} 2026-11-20 Write line 3 | print(total([1]))",
    ]
    assert bench.reads.paths == {"src/pay.py"}


async def test_blame_shows_only_so_many_lines(bench: Bench) -> None:
    text = await bench.ask("blame", path="long.txt", start_line=1, end_line=1_000)

    assert text.count("\n") == MAX_BLAMED
    assert text.endswith(f"(more was asked for: go on at line {MAX_BLAMED + 1})")


async def test_blame_of_no_lines_is_refused(bench: Bench) -> None:
    with pytest.raises(ToolRefused, match="are no range"):
        await bench.ask("blame", path="src/pay.py", start_line=3, end_line=2)
