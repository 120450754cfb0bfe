"""The probes notice: each protection of the sandbox, taken away alone, turns the probes red that are named for it."""

from __future__ import annotations

import pytest

from tests.probes.mutations import EXEC, HOST, MUTATIONS, SELF_TEST
from tests.probes.probe import Outcome
from tests.probes.started import Probing
from tests.security.probing import Results, Shared, control, templates

pytestmark = [pytest.mark.probes, pytest.mark.timeout(1200)]  # also waiting for the process that runs all probes

BROKEN = ("the probe broke", "it broke", "it was not stopped: status 1")
"""What a probe says of a launcher that does not work: that would be no sign of what is lost."""


def mutated(started: Probing, name: str, alive: str) -> Results:
    """The probes that are to notice, and one that shows that the rest of the product still works."""
    arguments = templates(lambda *words: started.mutated(name, *words), "--no-cgroup")
    return started.run(*arguments, f"--only={','.join((*MUTATIONS[name].noticed, alive))}")


def check(name: str, alive: str, broken: Results, without_cgroup: Results) -> None:
    assert broken[alive]["result"] == Outcome.PASS, broken[alive]["detail"]
    for probe in MUTATIONS[name].noticed:
        assert without_cgroup[probe]["result"] in without_cgroup[probe]["expected"], "without the mutation"
        assert broken[probe]["result"] == Outcome.FAIL, f"{probe} did not notice: {broken[probe]['detail']}"
        assert not broken[probe]["detail"].startswith(BROKEN), broken[probe]["detail"]


@pytest.mark.parametrize("name", EXEC)
def test_the_sandbox_without_it(name: str, started: Probing, shared: Shared, without_cgroup: Results) -> None:
    if MUTATIONS[name].of_the_kernel:
        bare = control(started, shared)
        lacking = [probe for probe in MUTATIONS[name].noticed if bare[probe]["result"] != Outcome.FAIL]
        if lacking:
            pytest.skip(f"this machine withholds it anyway: {bare[lacking[0]]['detail']}")
    if any(without_cgroup[probe]["result"] == Outcome.SKIP for probe in MUTATIONS[name].noticed):
        pytest.skip(f"a probe is skipped on this machine: {MUTATIONS[name].noticed}")
    check(name, "loopback-works", mutated(started, name, "loopback-works"), without_cgroup)


@pytest.mark.parametrize("name", [name for name, mutation in EXEC.items() if mutation.refused])
def test_the_self_test_refuses_it(name: str, started: Probing, without_cgroup: Results) -> None:
    """So that nobody runs it: the product looks at a sandbox of its own before it runs anything."""
    assert without_cgroup["loopback-works"]["result"] == Outcome.PASS, "without the mutation"
    arguments = templates(lambda *words: started.mutated(SELF_TEST, name, *words), "--no-cgroup")

    refused = started.run(*arguments, "--only=loopback-works")["loopback-works"]

    assert "nothing is executed on this host" in refused["detail"]


@pytest.mark.parametrize("name", HOST)
def test_the_host_side_without_it(name: str, started: Probing, without_cgroup: Results) -> None:
    check(name, "git-filter", mutated(started, name, "git-filter"), without_cgroup)


def test_there_are_enough() -> None:
    assert len(MUTATIONS) >= 18
    assert all(mutation.noticed for mutation in MUTATIONS.values())
