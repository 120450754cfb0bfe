"""The probes notice: each protection of the sandbox, taken away alone, turns the probes red that are named for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.sandbox.isolation import launching
from tests.probes.mutations import EXEC, HOST, MUTATIONS, SELF_TEST
from tests.probes.probe import Outcome
from tests.probes.started import Probing, probing
from tests.security.probing import Results, Shared, control, product, shared_folder, templates

pytestmark = [pytest.mark.probes, pytest.mark.timeout(1200)]  # also waiting for the process that runs all probes

BROKEN = ("the probe broke", "it broke", "it was not stopped: status 1")
"""What a probe says of a launcher that does not work: that would be no sign of what is lost."""


@pytest.fixture(scope="module")
def started() -> Iterator[Probing]:
    with probing() as it:
        yield it


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    return Shared(shared_folder(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="module")
def whole(started: Probing, shared: Shared) -> Results:
    launching.bubblewrap()
    return product(started, shared)


def mutated(started: Probing, name: str, alive: str) -> Results:
    """The probes that are to notice, and one that shows that the rest of the product still works."""
    arguments = templates(lambda *words: started.mutated(name, *words), "--no-cgroup")
    return started.run(*arguments, f"--only={','.join((*MUTATIONS[name].noticed, alive))}")


def check(name: str, alive: str, broken: Results, whole: Results) -> None:
    assert broken[alive]["result"] == Outcome.PASS, broken[alive]["detail"]
    for probe in MUTATIONS[name].noticed:
        assert whole[probe]["result"] in whole[probe]["expected"], "without the mutation"
        assert broken[probe]["result"] == Outcome.FAIL, f"{probe} did not notice: {broken[probe]['detail']}"
        assert not broken[probe]["detail"].startswith(BROKEN), broken[probe]["detail"]


@pytest.mark.parametrize("name", EXEC)
def test_the_sandbox_without_it(name: str, started: Probing, shared: Shared, whole: Results) -> None:
    if MUTATIONS[name].of_the_kernel:
        bare = control(started, shared)
        lacking = [probe for probe in MUTATIONS[name].noticed if bare[probe]["result"] != Outcome.FAIL]
        if lacking:
            pytest.skip(f"this machine withholds it anyway: {bare[lacking[0]]['detail']}")
    if any(whole[probe]["result"] == Outcome.SKIP for probe in MUTATIONS[name].noticed):
        pytest.skip(f"a probe is skipped on this machine: {MUTATIONS[name].noticed}")
    check(name, "loopback-works", mutated(started, name, "loopback-works"), whole)


@pytest.mark.parametrize("name", [name for name, mutation in EXEC.items() if mutation.refused])
def test_the_self_test_refuses_it(name: str, started: Probing, whole: Results) -> None:
    """So that nobody runs it: the product looks at a sandbox of its own before it runs anything."""
    assert whole["loopback-works"]["result"] == Outcome.PASS, "without the mutation"
    arguments = templates(lambda *words: started.mutated(SELF_TEST, name, *words), "--no-cgroup")

    refused = started.run(*arguments, "--only=loopback-works")["loopback-works"]

    assert "nothing is executed on this host" in refused["detail"]


@pytest.mark.parametrize("name", HOST)
def test_the_host_side_without_it(name: str, started: Probing, whole: Results) -> None:
    check(name, "git-filter", mutated(started, name, "git-filter"), whole)


def test_there_are_enough() -> None:
    assert len(MUTATIONS) >= 18
    assert all(mutation.noticed for mutation in MUTATIONS.values())
