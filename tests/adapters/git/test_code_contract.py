"""Tools say the same of a real repository as of the one in memory that their own tests use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from app.adapters.git.objects import GitRepository
from app.adapters.rules.patterns import Re2Pattern
from app.domain.errors import ToolRefused
from app.domain.pull_request import Sha
from app.usecases.tools import Reads, reading_tools
from tests.adapters.git.stores import Files, Node, Store
from tests.fakes.code import DefParser, File
from tests.usecases.tools.asks import ASKS
from tests.usecases.tools.shop import BASE_FILES, HEAD_FILES, SKILLS, SNAPSHOT, Bench, open_bench


def files(of: Mapping[str, File]) -> Files:
    """A submodule is a commit that nobody has."""
    return {
        path.encode("utf-8", "surrogateescape"): Node(file.mode, b"1" * 40 if file.mode == "160000" else file.data)
        for path, file in of.items()
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store.create(tmp_path_factory.mktemp("shop") / "store.git")


@pytest.fixture(scope="module")
def commits(store: Store) -> tuple[Sha, Sha]:
    return store.commit(files(HEAD_FILES)), store.commit(files(BASE_FILES))


async def answer(bench: Bench, name: str, arguments: Mapping[str, object]) -> str:
    try:
        return await bench.tools[name].call(arguments)
    except ToolRefused as refused:
        return f"refused: {refused}"


@pytest.mark.parametrize(("name", "arguments"), ASKS, ids=[f"{name} {json.dumps(a)}" for name, a in ASKS])
async def test_the_same_is_said(
    repository: GitRepository, commits: tuple[Sha, Sha], name: str, arguments: Mapping[str, object]
) -> None:
    head, base = commits
    snapshot = replace(SNAPSHOT, head=head, base=base, merge_base=base)
    reads = Reads()
    tools = reading_tools(repository, DefParser(), Re2Pattern.parse, snapshot, reads, skills=SKILLS)
    real = Bench({tool.spec.name: tool for tool in tools}, reads, open_bench().code)
    memory = open_bench()

    assert await answer(real, name, arguments) == await answer(memory, name, arguments)
    assert real.reads.paths == memory.reads.paths
