"""The tool that runs commands: what comes back, how many there are, and what happens when the sandbox is gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.domain.errors import SandboxRefused, SandboxUnavailable, ToolRefused
from app.domain.sandbox import CommandLimits, Limit
from app.usecases.tools import RunLimits, RunTool
from tests.fakes.scripted_sandbox import ScriptedSandbox, ended


async def test_a_command_line_goes_to_a_shell_in_the_sandbox() -> None:
    sandbox = ScriptedSandbox([([b"1 pas", b"sed\n"], ended())])

    text = await RunTool(sandbox, RunLimits(seconds=5), CommandLimits(processes=9)).call({"command": "pytest -q; true"})

    (command,) = sandbox.commands
    assert text == "exit status 0 after 0.1 s\noutput:\n1 passed"
    assert command.argv == ("sh", "-c", "pytest -q; true")
    assert (command.limits.seconds, command.limits.processes) == (5, 9)
    assert dict(command.environment) == {}


async def test_the_smaller_time_limit_counts() -> None:
    sandbox = ScriptedSandbox([([], replace(ended(), status=None, signal=9, limit=Limit.TIME, output_bytes=0))])

    text = await RunTool(sandbox, command=CommandLimits(seconds=3)).call({"command": "sleep 9"})

    assert text == "ended by SIGKILL after 0.1 s\nlimit reached: wall-clock time (3 s)\nno output"


async def test_output_is_cleaned_and_its_ends_are_kept() -> None:
    noise = [b"\x1b[31mred\x1b[0m\n", b"x" * 5_000, b"\nthe \xe2\x80", b"\xae end\n"]
    tool = RunTool(ScriptedSandbox([(noise, ended(1))]), RunLimits(head_bytes=50, tail_bytes=50))

    text = await tool.call({"command": "make"})

    assert text.startswith("exit status 1 after 0.1 s\noutput:\nred\nxxx")
    assert "bytes left out" in text
    assert text.endswith("the <U+202E> end")
    assert len(text) < 300


@pytest.mark.parametrize("command", ["", " \n", "x" * 8_001])
async def test_what_is_no_command_is_refused(command: str) -> None:
    sandbox = ScriptedSandbox([])

    with pytest.raises(ToolRefused, match="1 to 8,000 characters"):
        await RunTool(sandbox).call({"command": command})

    assert sandbox.commands == []


async def test_what_the_sandbox_refuses_is_refused_and_the_next_one_runs() -> None:
    sandbox = ScriptedSandbox([SandboxRefused("an argument holds NUL"), ([], ended())])
    tool = RunTool(sandbox)

    with pytest.raises(ToolRefused, match="the sandbox does not run this: an argument holds NUL"):
        await tool.call({"command": "a\0b"})

    assert (await tool.call({"command": "true"})).startswith("exit status 0")


async def test_a_sandbox_that_is_gone_stays_gone() -> None:
    sandbox = ScriptedSandbox([SandboxUnavailable("the runner at /run/x.sock went away")])
    tool = RunTool(sandbox)

    for _ in range(3):
        with pytest.raises(ToolRefused, match="the sandbox is gone") as refused:
            await tool.call({"command": "true"})
        assert "/run" not in str(refused.value)

    assert len(sandbox.commands) == 1


async def test_commands_are_counted() -> None:
    sandbox = ScriptedSandbox([([], ended())] * 3)
    tool = RunTool(sandbox, RunLimits(commands=2))

    for _ in range(2):
        await tool.call({"command": "true"})
    with pytest.raises(ToolRefused, match="2 commands were run, and no more are"):
        await tool.call({"command": "true"})

    assert len(sandbox.commands) == 2


async def test_commands_of_one_step_run_one_after_the_other_in_order() -> None:
    sandbox = ScriptedSandbox([([b"%d\n" % n], ended()) for n in range(4)])
    tool = RunTool(sandbox)

    texts = await asyncio.gather(*(tool.call({"command": f"echo {n}"}) for n in range(4)))

    assert [text[-1] for text in texts] == ["0", "1", "2", "3"]
    assert [command.argv[2] for command in sandbox.commands] == [f"echo {n}" for n in range(4)]


def test_a_command_may_be_run_again() -> None:
    assert RunTool.repeatable
    assert RunTool.spec.name == "run"
