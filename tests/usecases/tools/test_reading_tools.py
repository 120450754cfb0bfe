"""Tools show files of exactly two commits, and nothing else whatever a model asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from app.adapters.rules.patterns import Re2Pattern
from app.domain.errors import ToolRefused
from app.usecases.agent import AgentLimits, Finished, Task, work
from app.usecases.tools import Reads, reading_tools
from app.usecases.tools.reading import MAX_CHARACTERS, MAX_ENTRIES, MAX_LINES
from tests.build import BASE, HEAD, change, snapshot
from tests.fakes.code import DefParser, File, MemoryCode
from tests.fakes.scripted_model import ScriptedModel, calls, says
from tests.usecases.asking import OPENING, SCHEMA, TEXTS, decode
from tests.usecases.tools.shop import KEY_BODY, ODD, SNAPSHOT, TOKEN, Bench

HOSTILE = {
    "/proc/self/environ": "is absolute",
    "/proc/1/cmdline": "is absolute",
    "/etc/passwd": "is absolute",
    "C:/Windows/win.ini": "is absolute",
    "../../../etc/passwd": "has the part `..`",
    "src/../../x": "has the part `..`",
    "src/..": "has the part `..`",
    "./src/cart.py": "has the part `.`",
    ".": "has the part `.`",
    "...": "has the part `...`",
    "": "is empty",
    "src//cart.py": "has an empty part",
    "src/cart.py/": "has an empty part",
    "src\\cart.py": "has a backslash",
    "..\\..\\etc": "has a backslash",
    "src/cart.py\0.png": "has a control character",
    "src/cart\n.py": "has a control character",
    "src/ca\u200brt.py": "has a hidden character",
    ".git/config": "is `.git` on some file system",
    "src/.GIT/hooks/x": "is `.git` on some file system",
    ".git./config": "is `.git` on some file system",
    ".git::$INDEX_ALLOCATION/config": "is `.git` on some file system",
    "GIT~1/config": "is `.git` on some file system",
    "file:///etc/passwd": "is a URL",
    "FILE:src/cart.py": "is a URL",
    "x<U+202E>/.g<U+200C>it/config": "is no file of the head",
    "src/nothing.py": "is no file of the head",
    "nowhere/at/all.py": "is no file of the head",
    "src/CART.py": "is no file of the head",
    "http://127.0.0.1/": "has an empty part",
    "src": "is a directory",
    "vendor/lib": "is a submodule",
    "src/gone.py": "is deleted by this change: base_version",
    "link.py": "is a symbolic link to '/proc/self/environ'; links are not followed",
    "AGENTS.md": "is a symbolic link to '../../etc/passwd'",
    "huge.txt": "is too large: 1,048,577 bytes",
    "logo.png": "is binary",
    "a/" * 200: "parts",
    "n" * 5_000: "is longer than",
}


@pytest.mark.parametrize("tool", ["read_file", "blame", "symbols"])
@pytest.mark.parametrize("path", HOSTILE)
async def test_a_path_that_is_no_file_of_the_commit_is_refused(bench: Bench, tool: str, path: str) -> None:
    lines = {} if tool == "symbols" else {"start_line": 1, "end_line": 9}
    arguments: dict[str, object] = {"path": path, **lines}

    with pytest.raises(ToolRefused) as refused:
        await bench.tools[tool].call(arguments)

    assert HOSTILE[path] in str(refused.value)
    assert bench.reads.paths == set()


@pytest.mark.parametrize("path", [path for path in HOSTILE if path != "src/gone.py"])
async def test_nor_is_it_one_of_the_base(bench: Bench, path: str) -> None:
    with pytest.raises(ToolRefused):
        await bench.ask("base_version", path=path, start_line=1, end_line=9)


async def test_a_hostile_model_gets_refusals_and_the_work_goes_on(bench: Bench) -> None:
    wanted = [calls(("read_file", {"path": path, "start_line": 1, "end_line": 9})) for path in HOSTILE]
    model = ScriptedModel([*wanted, says('{"value": 1}')])
    limits = AgentLimits(steps=len(HOSTILE) + 1)
    task = Task("core", "m", OPENING, SCHEMA, decode, tuple(bench.tools.values()))

    ended = await work(model, task, limits, TEXTS)

    told = model.told()
    assert ended == Finished(1, len(HOSTILE) + 1)
    assert len(told) == len(HOSTILE)
    assert all(text.startswith("refused:\n<<<DATA-") for text in told)


async def test_lines_are_shown_as_in_diffs(bench: Bench) -> None:
    text = await bench.read("src/cart.py", 1, 2)

    assert (
        text == "src/cart.py at the head, lines 1 to 2 of 4\n     1| def total(items):\n     2|     return sum(items)"
    )
    assert bench.reads.paths == {"src/cart.py"}


async def test_a_range_beyond_the_end_is_cut(bench: Bench) -> None:
    assert (await bench.read("src/cart.py", 4, 10**30)).endswith("lines 4 to 4 of 4\n     4| # total: see README")


@pytest.mark.parametrize(("start", "end"), [(0, 4), (-1, 4), (3, 2), (5, 9), (10**30, 10**31)])
async def test_a_range_that_is_none_is_refused(bench: Bench, start: int, end: int) -> None:
    with pytest.raises(ToolRefused, match=r"are no range|has 4 lines"):
        await bench.read("src/cart.py", start, end)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("read_file", {"path": 1, "start_line": 1, "end_line": 2}),
        ("read_file", {"path": "src/cart.py", "start_line": True, "end_line": 2}),
        ("read_file", {"path": "src/cart.py", "start_line": 1, "end_line": "2"}),
        ("list", {}),
    ],
)
async def test_arguments_of_another_type_are_refused_without_the_loop_too(
    bench: Bench, name: str, arguments: Mapping[str, object]
) -> None:
    with pytest.raises(ToolRefused, match="must be"):
        await bench.tools[name].call(arguments)


async def test_an_empty_file_is_said_to_be_empty(bench: Bench) -> None:
    assert await bench.read("src/empty.py") == "src/empty.py is empty at the head"


async def test_lines_end_in_line_feeds_only(bench: Bench) -> None:
    text = await bench.read("src/odd-lines.txt")

    assert text.split("\n")[0].endswith("of 3")
    assert "     3| last without end" in text


async def test_a_long_file_comes_in_pieces(bench: Bench) -> None:
    text = await bench.read("long.txt", 1, 1_200)
    rest = await bench.read("long.txt", 1_001, 1_200)

    assert f"lines 1 to {MAX_LINES} of 1200" in text
    assert text.endswith(f"   {MAX_LINES}| line {MAX_LINES}\n(more was asked for: go on at line {MAX_LINES + 1})")
    assert rest.endswith("  1200| line 1200")


async def test_wide_lines_are_cut_and_then_there_are_fewer(bench: Bench) -> None:
    text = await bench.read("wide.txt")

    shown = re.findall(r"^ +(\d+)\| ", text, re.MULTILINE)
    assert len(text) < MAX_CHARACTERS + 200
    assert "w [... 1,002 more characters]" in text
    assert 1 < len(shown) < 39
    assert text.endswith(f"(more was asked for: go on at line {len(shown) + 1})")


async def test_secrets_are_taken_out_and_lines_keep_their_numbers(bench: Bench) -> None:
    pay = await bench.read("src/pay.py")
    end_of_key = await bench.read("src/key.py", 4, 10)

    assert TOKEN not in pay
    assert "     2| TOKEN = '[secret: github token]'" in pay
    assert KEY_BODY[0] not in end_of_key
    assert "     4| [secret: private key]" in end_of_key
    assert "    10| last = total" in end_of_key


async def test_the_name_that_the_prompt_shows_is_understood(bench: Bench) -> None:
    text = await bench.read("caf\\xe9.py")

    assert text.startswith("caf\\xe9.py at the head")
    assert bench.reads.paths == {ODD}


@pytest.mark.parametrize("same", [(ODD, "caf\\xe9.py"), ("caf\\xe9.py", ODD)])
async def test_two_files_that_look_the_same_are_neither(same: tuple[str, str]) -> None:
    code = MemoryCode({HEAD: {path: File(b"x\n") for path in same}, BASE: {}})
    looked = snapshot(*(change(path, "+x") for path in same))
    reader, *_ = reading_tools(code, DefParser(), Re2Pattern.parse, looked, Reads())

    with pytest.raises(ToolRefused, match="has a backslash"):
        await reader.call({"path": "caf\\xe9.py", "start_line": 1, "end_line": 1})


async def test_the_base_version_is_that_of_the_merge_base(bench: Bench) -> None:
    cart = await bench.ask("base_version", path="src/cart.py", start_line=1, end_line=9)
    gone = await bench.ask("base_version", path="src/gone.py", start_line=1, end_line=9)

    assert cart.endswith("at the merge base, lines 1 to 2 of 2\n     1| def total(items):\n     2|     return 0")
    assert gone.endswith("     1| gone = 1")
    assert bench.reads.paths == set(), "what was is not what the head has"


async def test_a_directory_is_listed(bench: Bench) -> None:
    root = (await bench.ask("list", directory="")).split("\n")
    src = (await bench.ask("list", directory="src/")).split("\n")
    vendor = await bench.ask("list", directory="vendor")

    assert "link.py (symbolic link)" in root
    assert "src/" in root
    assert "caf\\xe9.py (12)" in root
    assert src[0] == "src/cart.py (61)"
    assert "src/run.sh (10)" in src
    assert vendor == "vendor/lib (submodule)"


async def test_a_long_directory_is_cut(bench: Bench) -> None:
    rows = (await bench.ask("list", directory="many")).split("\n")

    assert len(rows) == MAX_ENTRIES + 1
    assert rows[-1] == "(3 are not shown: use grep with a glob)".replace("3 are", "3 more are")


async def test_an_empty_tree_has_nothing() -> None:
    tools = reading_tools(MemoryCode({HEAD: {}}), DefParser(), Re2Pattern.parse, SNAPSHOT, Reads())

    assert await tools[2].call({"directory": ""}) == "(nothing)"


@pytest.mark.parametrize("path", ["/", "..", ".", ".git", "/proc", "src/../..", "src/cart.py", "nowhere", "src//"])
async def test_what_is_no_directory_is_refused(bench: Bench, path: str) -> None:
    with pytest.raises(ToolRefused, match=r'the root is ""|is no directory of the head'):
        await bench.ask("list", directory=path)


async def test_a_skill_is_read_from_the_base(bench: Bench) -> None:
    assert await bench.ask("read_skill", name="sql") == "Look at every query.\n"
    assert (await bench.ask("read_skill", name="long")).endswith("s\n[10,000 more bytes are not shown]")


@pytest.mark.parametrize("name", ["nothing", "skills/sql.md", "link", "lost"])
async def test_what_is_no_skill_is_refused(bench: Bench, name: str) -> None:
    with pytest.raises(ToolRefused, match=r"no such skill; there are: sql, link|no text file"):
        await bench.ask("read_skill", name=name)


def test_without_skills_there_is_no_tool_for_them() -> None:
    tools = reading_tools(MemoryCode({}), DefParser(), Re2Pattern.parse, SNAPSHOT, Reads())

    names = [tool.spec.name for tool in tools]
    assert names == ["read_file", "base_version", "list", "grep", "symbols", "references", "blame"]


def test_every_schema_is_strict_and_known_to_the_checker(bench: Bench) -> None:
    for tool in bench.tools.values():
        parameters = tool.spec.parameters
        properties = parameters["properties"]
        assert isinstance(properties, Mapping)
        assert parameters.keys() == {"type", "additionalProperties", "required", "properties"}
        assert parameters["required"] == list(properties)
        assert all(each.keys() == {"type", "description"} for each in properties.values())
        assert not tool.repeatable


ASKS: tuple[tuple[str, dict[str, object]], ...] = (
    ("read_file", {"path": "src/cart.py", "start_line": 1, "end_line": 2}),
    ("list", {"directory": "src"}),
    ("grep", {"pattern": "total", "glob": ""}),
    ("references", {"name": "total"}),
    ("read_skill", {"name": "sql"}),
)


@pytest.mark.parametrize(("name", "arguments"), ASKS, ids=[name for name, _ in ASKS])
async def test_what_git_cannot_answer_is_refused_without_its_words(
    bench: Bench, name: str, arguments: dict[str, object]
) -> None:
    bench.code.broken = True

    with pytest.raises(ToolRefused, match="git could not answer") as refused:
        await bench.ask(name, **arguments)

    assert "/srv" not in str(refused.value)
