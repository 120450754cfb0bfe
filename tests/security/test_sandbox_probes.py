"""Every probe of the sandbox against the product's own command line, as a user without rights, and against nothing."""

from __future__ import annotations

import os

import pytest

from tests.adapters.sandbox.isolation import launching
from tests.probes import suite
from tests.probes.probe import Group, Outcome, Probe
from tests.probes.started import Probing, own_cgroup
from tests.security.probing import Results, Shared, control, templates

pytestmark = [
    pytest.mark.probes,
    pytest.mark.timeout(1200),
]  # one run of all probes, or waiting for the process that makes it

PROBES = [pytest.param(probe, id=probe.id) for probe in suite.PROBES]
INSIDE = [pytest.param(probe, id=probe.id) for probe in suite.PROBES if probe.group is not Group.HOST]

MAY_BE_MISSING = {
    "keyring": "the kernel gives us no keyring",
    "sysv-ipc": "the kernel gives us no shared memory",
    "compat-abi": "int 0x80 and x32 exist on x86_64",
    "uid-quota": "no inotify instance is left",
}
"""Probe -> what its detail begins with where the machine lacks what it needs."""

WITHOUT_A_SANDBOX = {
    "loopback-works": {Outcome.PASS},
    "scratch-writable": {Outcome.PASS},
    "patch-honest": {Outcome.PASS},
    "network-none": {Outcome.SKIP},
    "setid-file": {Outcome.WARN},
    "mem-sockets": {Outcome.WARN},
    "uid-quota": {Outcome.WARN, Outcome.PASS, Outcome.SKIP},  # by how much the kernel allows a user
    "proc-cmdline-paths": {Outcome.PASS},  # there is no bubblewrap whose options could be read
    "deep-tree": {Outcome.PASS},  # git is not stopped by depth
    "dotgit-alias": {Outcome.PASS},  # git itself refuses to add most of them
}
"""What comes instead of FAIL there."""

UP_TO_THE_MACHINE = {
    *("io-uring", "new-syscalls", "compat-abi", "ioctl-filter", "raw-sockets", "dns-config", "route-out", "devices"),
    *("userns", "other-ns", "mount", "keyring", "sysv-ipc", "kernel-leaks", "setuid", "caps"),
}
"""Probes of what a kernel, or a container around us, may withhold even without a sandbox of ours."""

FEWEST_FAILURES = 55


@pytest.fixture(scope="module")
def with_cgroup(started: Probing, shared: Shared) -> Results:
    if os.getuid() != 0:
        pytest.skip("only root can make a cgroup for the user of the probes")
    launching.bubblewrap()

    def make() -> Results:
        with own_cgroup() as entering:
            return {} if entering is None else started.run(*templates(started.command), before=entering)

    results = shared.once("cgroup", make)
    if not results:
        pytest.skip("this machine lets root make no memory and pids cgroups of version 1")
    return results


@pytest.fixture(scope="module")
def bare(started: Probing, shared: Shared) -> Results:
    return control(started, shared)


def check(probe: Probe, results: Results) -> None:
    outcome, detail = results[probe.id]["result"], results[probe.id]["detail"]
    if outcome == Outcome.SKIP and probe.id in MAY_BE_MISSING:
        assert detail.startswith(MAY_BE_MISSING[probe.id])
        pytest.skip(detail)
    assert outcome in probe.expected, detail


@pytest.mark.parametrize("probe", PROBES)
def test_the_product_holds(probe: Probe, without_cgroup: Results) -> None:
    check(probe, without_cgroup)


@pytest.mark.parametrize("probe", INSIDE)
def test_the_product_holds_in_a_cgroup(probe: Probe, with_cgroup: Results) -> None:
    check(probe, with_cgroup)


def test_a_cgroup_counts_what_watching_cannot_see(with_cgroup: Results) -> None:
    assert with_cgroup["mem-sockets"]["result"] == Outcome.PASS, with_cgroup["mem-sockets"]["detail"]


@pytest.mark.parametrize("probe", PROBES)
def test_the_probe_notices_that_there_is_no_sandbox(probe: Probe, bare: Results) -> None:
    outcome, detail = bare[probe.id]["result"], bare[probe.id]["detail"]
    if outcome != Outcome.FAIL and probe.id in UP_TO_THE_MACHINE:
        pytest.skip(f"this machine itself withholds it: {detail}")
    assert outcome in WITHOUT_A_SANDBOX.get(probe.id, {Outcome.FAIL}), detail
    assert not detail.startswith("the probe broke")


def test_enough_probes_notice(bare: Results) -> None:
    assert sum(row["result"] == Outcome.FAIL for row in bare.values()) >= FEWEST_FAILURES


def test_a_launcher_that_starts_nothing_passes_nothing_of_the_inside(started: Probing) -> None:
    inside = [probe.id for probe in suite.PROBES if probe.group is not Group.HOST]
    slow = {"worker-crash", "uid-quota"}  # they wait for a command to begin
    only = ",".join(name for name in inside if name not in slow)

    results = started.run("--exec=false {workspace} {options} {command}", f"--only={only}")

    assert {name for name, row in results.items() if row["result"] != Outcome.FAIL} == set()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can see that root is refused")
def test_the_probes_refuse_to_be_root(started: Probing) -> None:
    with pytest.raises(AssertionError, match="do not run as root"):
        Probing(started.root, started.python, started.path, ()).run("--control")


def test_every_probe_is_told_apart() -> None:
    names = [probe.id for probe in suite.PROBES]

    assert len(set(names)) == len(names)
    assert len(names) >= 80
