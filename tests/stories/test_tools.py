"""What reviewers can look up while they review, over a real clone, and what no tool shows them."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping

import pytest

from tests.fakes.model import Answer, Seen, Steps, ToolCall
from tests.world import MODEL_KEY, WEBHOOK_SECRET, World

OLD = "def total(items):\n    return sum(items)\n"
NEW = "def total(items):\n    return sum(items) / len(items)\n"
SKILL = "---\nname: money\ndescription: How amounts are rounded.\n---\nAmounts are whole cents.\n"
NOTHING = Answer({"findings": [], "summary": "", "diagram": None})
WHOLE: Mapping[str, object] = {"start_line": 1, "end_line": 50}


def open_shop(world: World, **more: str) -> None:
    """A pull request that breaks a function which another file calls."""
    main = {"app/cart.py": OLD, "app/pay.py": "from app.cart import total\n\n\ndef pay():\n    return total([])\n"}
    world.repo.commit("main", {**main, ".agents/skills/money/SKILL.md": SKILL}, message="add the shop")
    world.repo.commit("feature", {"app/cart.py": NEW, **more}, message="take the mean")
    world.repo.open_pull_request(head="feature")


async def told(world: World, *calls: ToolCall) -> list[str]:
    """What the tools say to a reviewer who makes these calls in one step."""
    assert world.model is not None
    results: list[str] = []

    def answer(seen: Seen) -> Answer:
        results.extend(exchange.result or "" for exchange in seen.exchanges)
        return NOTHING

    world.model.behaviour = Steps({"review": (calls, answer)})
    await world.settle()
    return results


async def test_reviewers_look_up_what_a_change_depends_on(world: World) -> None:
    open_shop(world)
    read, base, listed, grep, symbols, references, blame, skill = await told(
        world,
        ToolCall("read_file", {"path": "app/pay.py", **WHOLE}),
        ToolCall("base_version", {"path": "app/cart.py", **WHOLE}),
        ToolCall("list", {"directory": "app"}),
        ToolCall("grep", {"pattern": r"sum\(\w+\)", "glob": "app/**"}),
        ToolCall("symbols", {"path": "app/cart.py"}),
        ToolCall("references", {"name": "total"}),
        ToolCall("blame", {"path": "app/cart.py", **WHOLE}),
        ToolCall("read_skill", {"name": "money"}),
    )

    assert "     5|     return total([])" in read
    assert "     2|     return sum(items)" in base
    assert "len(items)" not in base
    assert "cart.py" in listed
    assert "pay.py" in listed
    assert "app/cart.py" in grep
    assert "return sum(items) / len(items)" in grep
    assert "function total" in symbols
    assert "app/pay.py" in references
    assert "add the shop" in blame
    assert "take the mean" in blame
    assert "Amounts are whole cents." in skill
    assert all("<<<DATA-" in result for result in (read, base, listed, grep, symbols, references, blame, skill))


SECRETS = (WEBHOOK_SECRET, MODEL_KEY, "root:x:0", "BEGIN RSA", "HOME=")
PATHS = (
    "/proc/self/environ",
    "/proc/1/cmdline",
    "../../../etc/passwd",
    ".git/config",
    "app/../../x",
    "file:///etc/passwd",
    "link.py",
    "AGENTS.md",
    "vendor/lib",
    "huge.txt",
    ".GIT/config",
    "app/./cart.py",
    "app\\..\\..\\x",
    "",
    "/",
    ":(top)app",
    "HEAD:app/cart.py",
)
FILE_TOOLS = ("read_file", "base_version", "blame")


async def test_no_path_leads_out_of_the_tree(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every hostile path gets a refusal from every tool that takes one, and the review goes on to its end."""
    monkeypatch.setenv("REVWRIGHT_CANARY", "canary-environment-0123456789abcdef")
    modes = {"link.py": "120000", "AGENTS.md": "120000", "vendor/lib": "160000"}
    files = {
        "app/cart.py": NEW,
        "link.py": "/proc/self/environ",
        "AGENTS.md": "../../../../etc/passwd",
        "vendor/lib": "1" * 40,
        "huge.txt": "x" * (1024 * 1024 + 1),
    }
    world.repo.commit("feature", files, modes=modes)
    pull = world.repo.open_pull_request(head="feature")
    assert world.model is not None
    results: dict[str, str] = {}
    calls = [ToolCall(tool, {"path": path, **WHOLE}) for path in PATHS for tool in FILE_TOOLS]
    calls += [ToolCall("symbols", {"path": path}) for path in PATHS]
    calls += [ToolCall("list", {"directory": path}) for path in PATHS if path]
    steps = [tuple(calls[at : at + 8]) for at in range(0, len(calls), 8)]

    def answer(seen: Seen) -> Answer:
        results.update({f"{e.name} {e.arguments}": e.result or "" for e in seen.exchanges})
        return NOTHING

    world.model.behaviour = Steps({"review": (*steps, answer)})
    await world.settle()

    assert len(results) == len(calls)
    assert [call for call, result in results.items() if not result.startswith(("refused:", "not run:"))] == []
    everything = "\n".join(seen.text for seen in world.model.requests)
    canary = os.environ["REVWRIGHT_CANARY"]
    for secret in (*SECRETS, canary):
        for disguise in (secret, base64.b64encode(secret.encode()).decode(), secret.encode().hex(), secret[::-1]):
            assert disguise not in everything
    check = world.check(pull.head_sha)
    assert check.conclusion == "action_required"  # the links and the submodule cannot be read, and are named
    assert "app/cart.py" in (check.text or "")


ODD_CALLS = (
    ToolCall("run", {"command": "env"}),
    ToolCall("bash", {"command": "echo $(env)"}),
    ToolCall("read_file", {"path": "app/cart.py", **WHOLE, "shell": True}),
    ToolCall("read_file", {"path": {"path": "app/cart.py"}, **WHOLE}),
    ToolCall("read_file", "cat app/cart.py"),
    ToolCall("grep", {"pattern": "(a+)+$", "glob": "**/../../etc/*"}),
    ToolCall("grep", {"pattern": "(?P<x>", "glob": ""}),
    ToolCall("references", {"name": "__import__('os').environ"}),
)


async def test_there_is_no_shell_and_nothing_that_evaluates(world: World) -> None:
    """Unknown tools, more arguments than there are, nested ones and no patterns: each is answered by a refusal."""
    open_shop(world)
    results = await told(world, *ODD_CALLS)

    assert len(results) == len(ODD_CALLS)
    assert [result.split("\n")[0] for result in results if not result.startswith(("refused:", "not run:"))] == []


async def test_a_pattern_that_makes_others_hang_is_searched_in_linear_time(world: World) -> None:
    open_shop(world, **{"app/long.py": f"# {'a' * 3_000}!\n"})
    (found,) = await told(world, ToolCall("grep", {"pattern": "(a+)+$", "glob": "app/*.py"}))

    assert not found.startswith("not run:")
    assert "app/long.py" not in found


async def test_secrets_are_placeholders_in_what_tools_show_too(world: World) -> None:
    token = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    world.repo.commit("main", {"app/settings.py": f"TOKEN = '{token}'\n"}, message=f"use {token}")
    open_shop(world)
    results = await told(
        world,
        ToolCall("read_file", {"path": "app/settings.py", **WHOLE}),
        ToolCall("base_version", {"path": "app/settings.py", **WHOLE}),
        ToolCall("grep", {"pattern": "TOKEN", "glob": ""}),
        ToolCall("blame", {"path": "app/settings.py", **WHOLE}),
        ToolCall("references", {"name": "TOKEN"}),
    )

    assert world.model is not None
    assert all("app/settings.py" in result or "TOKEN" in result for result in results)
    assert token not in "".join(repr(seen.body) for seen in world.model.requests)
    assert "[secret: " in results[0]


async def test_a_reviewer_who_only_calls_tools_is_stopped(world: World) -> None:
    """The last step has no tools; who still gives no answer leaves the files unreviewed."""
    assert world.model is not None
    open_shop(world)
    count = 0

    def loops(seen: Seen) -> Answer:
        nonlocal count
        count += 1
        return Answer(tool_calls=(ToolCall("grep", {"pattern": f"x{count}", "glob": ""}),))

    world.model.behaviour = loops
    await world.settle()

    (pull,) = world.repo.pulls.values()
    assert world.check(pull.head_sha).conclusion == "action_required"
    assert len(world.model.requests) <= 26
    assert world.model.requests[-1].tools == []
