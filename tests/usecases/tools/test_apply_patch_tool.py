"""The tool that changes files: all or nothing, only what is allowed, and in words that a model can act on."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from app.domain.errors import SandboxRefused, SandboxUnavailable, ToolRefused
from app.usecases.tools.apply_patch import ApplyPatchTool
from app.usecases.tools.files_in import WorkspaceReadTool
from tests.fakes.directory_sandbox import DirectorySandbox

CART = "def total(items):\n    return 0\n"
KEY = "ghp_" + "wX7kQ2mN9pL4rT8vB3cD6fG1hJ5sZ0aYeUio"


@pytest.fixture
def sandbox(tmp_path: Path) -> DirectorySandbox:
    sandbox = DirectorySandbox(tmp_path)
    sandbox.put({"src/cart.py": CART, "run.sh": "echo 1\n", "old.py": "1\n2\n"})
    (tmp_path / "run.sh").chmod(0o755)
    return sandbox


def tool_for(sandbox: DirectorySandbox) -> ApplyPatchTool:
    return ApplyPatchTool(sandbox, allowed=lambda path: "it is core" if path.startswith("core/") else None)


def patch(*lines: str) -> dict[str, object]:
    return {"patch": "\n".join(("*** Begin Patch", *lines, "*** End Patch"))}


MEND = ("*** Update File: src/cart.py", " def total(items):", "-    return 0", "+    return sum(items)")


async def test_a_patch_changes_files_and_says_so(sandbox: DirectorySandbox) -> None:
    tool = tool_for(sandbox)

    said = await tool.call(
        patch(
            *MEND,
            *("*** Add File: tests/new_test.py", "+x = 1", "+"),
            *("*** Delete File: old.py", "*** Update File: run.sh", "*** Move to: bin/run", "-echo 1", "+ echo 2"),
        )
    )

    assert said == (
        "done:\nchanged src/cart.py (+1 -1 lines)\nadded tests/new_test.py (+2 lines)\ndeleted old.py (-2 lines)\n"
        "changed run.sh and moved it to bin/run (+1 -1 lines)"
    )
    assert sandbox.files() == {
        "bin/run": "x  echo 2\n",
        "src/cart.py": "def total(items):\n    return sum(items)\n",
        "tests/new_test.py": "x = 1\n\n",
    }
    assert tool.touched == {"src/cart.py", "tests/new_test.py", "old.py", "run.sh", "bin/run"}


async def test_what_was_asked_for_in_vain_is_kept_with_the_reason(sandbox: DirectorySandbox) -> None:
    tool = tool_for(sandbox)
    for lines in (("*** Add File: core/pay.py", "+x = 1"), MEND, ("*** Add File: core/pay.py", "+x = 2", *MEND)):
        with contextlib.suppress(ToolRefused):
            await tool.call(patch(*lines))

    assert tool.barred == {"core/pay.py": "it is core"}
    assert tool.touched == {"src/cart.py"}


async def test_an_executable_file_stays_one_and_others_do_not_become_one(sandbox: DirectorySandbox) -> None:
    await tool_for(sandbox).call(patch(*MEND, "*** Update File: run.sh", " echo 1", "+echo 2"))

    assert sandbox.files()["run.sh"] == "x echo 1\necho 2\n"
    assert not sandbox.files()["src/cart.py"].startswith("x ")


async def test_what_fits_only_loosely_is_told(sandbox: DirectorySandbox) -> None:
    said = await tool_for(sandbox).call(patch("*** Update File: src/cart.py", "-return 0", "+    return 1"))

    assert said == (
        "done:\nchanged src/cart.py (+1 -1 lines); the lines at 2 to 2 were found only without regard to white space "
        "at the beginnings and ends of lines: look at the result"
    )


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "no patch": (("*** Edit File: a",), "nothing was changed: line 2 of the patch: this is no header of a file"),
    "what does not apply": (
        (*MEND, "*** Update File: old.py", "-3"),
        "nothing was changed:\n'old.py' cannot be changed so: the lines of the hunk at line 7 of the patch are not in",
    ),
    "two that do not": (
        (*MEND, "*** Update File: old.py", "-3", "*** Delete File: no.py"),
        "\n'no.py' cannot be changed so: it is to be deleted, but it is not there",
    ),
    "what is not allowed": (
        (*MEND, "*** Add File: core/a.py", "+1"),
        "nothing was changed:\n'core/a.py' may not be changed: it is core",
    ),
    "to move to what is not allowed": (
        ("*** Update File: old.py", "*** Move to: core/a.py"),
        "'core/a.py' may not be changed: it is core",
    ),
    "a path outside": (("*** Add File: ../x", "+1"), "the path '../x' has the part `..`: give a path from"),
    "an absolute path": (("*** Delete File: /etc/passwd",), "the path '/etc/passwd' is absolute"),
    "git's own": (("*** Add File: .GIT/hooks/x", "+1"), "has a part that is `.git` on some file system"),
    "what changes nothing": (
        ("*** Update File: old.py", " 1"),
        "'old.py' cannot be changed so: the patch leaves it as",
    ),
    "what is there": (("*** Add File: old.py", "+1"), "it is there already: use `*** Update File`"),
    "what is not there": (("*** Update File: no.py", "-1"), "there is no such file: look for it, or use"),
    "a link": (("*** Update File: link", "-1"), "it is no regular file, and links and directories are left alone"),
    "a directory": (("*** Delete File: src",), "it is no regular file"),
    "to move onto something": (
        ("*** Update File: old.py", "*** Move to: run.sh"),
        "it cannot be moved to 'run.sh', where something stands already",
    ),
    "to move onto a broken link": (
        ("*** Update File: old.py", "*** Move to: broken"),
        "where something stands already",
    ),
    "bytes that are no text": (("*** Update File: latin.txt", "-1"), "'latin.txt' is not UTF-8: see line 2"),
    "binary": (("*** Update File: data.bin", "-1"), "'data.bin' is binary: it has a NUL byte"),
    "what is too large": (("*** Update File: huge.txt", "-1"), "'huge.txt' is too large: it has over 1,048,576 bytes"),
    "what would be too large": (
        ("*** Update File: large.txt", " end", *["+" + "y" * 500_000] * 1),
        "it would have 1,400,005 bytes, over 1,000,000",
    ),
    "a placeholder of a secret": (
        ("*** Update File: key.py", "@@", " a = 1", '+key = "[secret: github token]"'),
        "the new lines have '[secret: github token]', which only stands for what you are not shown",
    ),
    "a placeholder of a hidden character": (
        ("*** Update File: key.py", "@@", " a = 1", "+b = '<U+200B>'"),
        "the new lines have '<U+200B>', which only stands for what you are not shown",
    ),
}


@pytest.mark.parametrize(("lines", "words"), REFUSED.values(), ids=REFUSED)
async def test_what_is_refused_changes_nothing(sandbox: DirectorySandbox, lines: tuple[str, ...], words: str) -> None:
    sandbox.put({"latin.txt": b"1\ncaf\xe9\n", "data.bin": b"1\n\0", "huge.txt": b"1" * (1 << 20) + b"1"})
    sandbox.put({"large.txt": "x" * 899_999 + "\nend\n", "key.py": f'a = 1\nkey = "{KEY}"  # \u200b\n'})
    (sandbox.root / "link").symlink_to("old.py")
    (sandbox.root / "broken").symlink_to("nowhere")
    tool = tool_for(sandbox)

    with pytest.raises(ToolRefused) as refused:
        await tool.call(patch(*lines))

    assert words in str(refused.value)
    assert KEY not in str(refused.value)
    assert not [done for done in sandbox.done if done.startswith(("write", "delete"))]
    assert tool.touched == frozenset()


async def test_after_some_files_that_do_not_fit_no_more_are_looked_at(sandbox: DirectorySandbox) -> None:
    with pytest.raises(ToolRefused) as refused:
        await tool_for(sandbox).call(patch(*(f"*** Delete File: no{n}.py" for n in range(9)), *MEND))

    assert str(refused.value).count("cannot be changed so") == 5
    assert sandbox.done == ["run"]


async def test_text_that_looks_like_a_placeholder_may_be_written_where_nothing_is_hidden(
    sandbox: DirectorySandbox,
) -> None:
    lines = ("+see [secret: github token] and <U+200B>",)

    await tool_for(sandbox).call(patch("*** Add File: notes.md", *lines, "*** Update File: old.py", " 1", *lines))

    assert sandbox.files()["old.py"] == "1\nsee [secret: github token] and <U+200B>\n2\n"


async def test_a_write_that_is_refused_takes_the_others_back(sandbox: DirectorySandbox) -> None:
    before = sandbox.files()
    sandbox.failing["write b/c"] = [
        SandboxRefused("cannot write 'b/c': a file stands where the path needs a directory")
    ]
    tool = tool_for(sandbox)

    with pytest.raises(ToolRefused, match="nothing was changed: cannot write 'b/c': a file stands"):
        await tool.call(patch(*MEND, "*** Delete File: run.sh", "*** Add File: n", "+1", "*** Add File: b/c", "+1"))

    assert sandbox.files() == before
    assert tool.touched == frozenset()


async def test_what_cannot_be_taken_back_is_told(sandbox: DirectorySandbox) -> None:
    sandbox.failing = {"write n": [SandboxRefused("no room")], "write old.py": [SandboxRefused("no room")]}

    with pytest.raises(ToolRefused, match="only these are changed now, look at them: old"):
        await tool_for(sandbox).call(patch(*MEND, "*** Delete File: old.py", "*** Add File: n", "+1"))

    assert sandbox.files()["src/cart.py"] == CART


async def test_a_sandbox_that_is_gone(sandbox: DirectorySandbox) -> None:
    gone = SandboxUnavailable("the runner at /run/x.sock went away")
    sandbox.failing = {"run": [gone], "read src/cart.py": [gone], "write src/cart.py": [gone]}
    tool = tool_for(sandbox)

    for _ in range(3):
        with pytest.raises(ToolRefused, match="the sandbox is gone") as refused:
            await tool.call(patch(*MEND))
        assert "/run" not in str(refused.value)

    assert tool.touched == frozenset()


async def test_a_sandbox_that_does_not_tell_what_stands_in_it(sandbox: DirectorySandbox) -> None:
    sandbox.printed = b"ff"

    with pytest.raises(ToolRefused, match="did not tell what stands in the workspace"):
        await tool_for(sandbox).call(patch(*MEND))


async def test_names_that_a_shell_would_understand(sandbox: DirectorySandbox) -> None:
    names = ("-n", "$(id)", "a b;c", "'q", "*")
    sandbox.put(dict.fromkeys(names, "1\n"))

    await tool_for(sandbox).call(patch(*(line for name in names for line in (f"*** Update File: {name}", "-1", "+2"))))

    assert {name: sandbox.files()[name] for name in names} == dict.fromkeys(names, "2\n")


def test_what_a_model_is_told_of_it() -> None:
    assert ApplyPatchTool.spec.name == "apply_patch"
    assert ApplyPatchTool.repeatable
    assert "*** Begin Patch" in ApplyPatchTool.spec.description


def lines(path: str, start: int = 1, end: int = 9) -> dict[str, object]:
    return {"path": path, "start_line": start, "end_line": end}


async def test_the_workspace_is_read_as_it_is_now(sandbox: DirectorySandbox) -> None:
    await tool_for(sandbox).call(patch(*MEND))
    sandbox.put({"key.py": f'key = "{KEY}"\n', "latin.txt": b"caf\xe9\n", "empty": ""})
    tool = WorkspaceReadTool(sandbox)

    assert await tool.call(lines("src/cart.py", 2)) == (
        "src/cart.py at the workspace, lines 2 to 2 of 2\n     2|     return sum(items)"
    )
    assert "[secret: github token]" in await tool.call(lines("key.py"))
    assert "caf\ufffd" in await tool.call(lines("latin.txt"))
    assert await tool.call(lines("empty")) == "empty is empty at the workspace"


UNREADABLE: dict[str, tuple[dict[str, object], str]] = {
    "a path outside": (lines("../x"), "the path '../x' has the part `..`"),
    "nothing": (lines("no.py"), "cannot read 'no.py': there is no such file"),
    "binary": (lines("data.bin"), "'data.bin' is binary, with 3 bytes"),
    "too large": (lines("huge.txt"), "'huge.txt' is too large: use run with head, tail or grep"),
    "no range": (lines("old.py", 3, 2), "lines 3 to 2 are no range"),
    "beyond": (lines("old.py", 3, 4), "has 2 lines, and so no line 3"),
}


@pytest.mark.parametrize(("arguments", "words"), UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read(sandbox: DirectorySandbox, arguments: dict[str, object], words: str) -> None:
    sandbox.put({"data.bin": b"1\n\0", "huge.txt": b"1" * (1 << 20) + b"1"})

    with pytest.raises(ToolRefused) as refused:
        await WorkspaceReadTool(sandbox).call(arguments)

    assert words in str(refused.value)


async def test_nothing_is_read_from_a_sandbox_that_is_gone(sandbox: DirectorySandbox) -> None:
    sandbox.failing["read old.py"] = [SandboxUnavailable("gone")]

    with pytest.raises(ToolRefused, match="the sandbox is gone"):
        await WorkspaceReadTool(sandbox).call(lines("old.py"))
