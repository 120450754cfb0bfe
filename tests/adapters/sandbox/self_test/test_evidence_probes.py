"""The probes of the self-test: good evidence passes all, and each thing that is wrong fails the one that is for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.adapters.sandbox.self_test.evidence import Evidence
from app.adapters.sandbox.self_test.probes import PROBES

STATUS = {
    "NoNewPrivs": "1",
    "Seccomp": "2",
    "CapInh": "0000000000000000",
    "CapPrm": "0000000000000000",
    "CapEff": "0000000000000000",
    "CapAmb": "0000000000000000",
}
LIMITS = {
    "Max cpu time": "1800",
    "Max file size": "536870912",
    "Max processes": "32",
    "Max open files": "1024",
    "Max locked memory": "65536",
}
GOOD = Evidence(
    said=("wrote the workspace", "ready"),
    status=STATUS,
    shared=(),
    first_environment=("LC_ALL", "PATH"),
    path_shown=False,
    writable=("/dev/null", "/dev/pts", "/dev/shm", "/tmp", "/workspace"),
    sized=("/dev", "/dev/shm", "/tmp"),
    uncovered=(),
    root=("bin", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "tmp", "usr", "var", "workspace"),
    descriptors=("0", "1", "2"),
    interfaces=("lo",),
    routes=0,
    limits=LIMITS,
    oom_score_adj="1000",
    session_shared=False,
)


def failing(evidence: Evidence) -> set[str]:
    return {name for name, holds in PROBES.items() if not holds(evidence)}


def test_good_evidence_passes() -> None:
    assert failing(GOOD) == set()
    assert len(PROBES) >= 10


@pytest.mark.parametrize(
    ("wrong", "probe"),
    [
        (replace(GOOD, shared=("net",)), "namespaces of its own"),
        (replace(GOOD, status={**STATUS, "NoNewPrivs": "0"}), "no new privileges"),
        (replace(GOOD, status={**STATUS, "CapEff": "0000000000000001"}), "no capabilities"),
        (replace(GOOD, status={**STATUS, "Seccomp": "0"}), "a seccomp filter"),
        (replace(GOOD, first_environment=("LC_ALL", "OPENAI_API_KEY", "PATH")), "no environment of ours"),
        (replace(GOOD, path_shown=True), "no path of ours"),
        (replace(GOOD, said=("read the host", *GOOD.said)), "no file of the host"),
        (replace(GOOD, root=(*GOOD.root, "home")), "no file of the host"),
        (replace(GOOD, said=("wrote /usr", *GOOD.said)), "nothing writable but the workspace"),
        (replace(GOOD, writable=("/", *GOOD.writable)), "mounts read-only"),
        (replace(GOOD, writable=("/proc", *GOOD.writable)), "mounts read-only"),
        (replace(GOOD, sized=("/tmp",)), "memory file systems with a size"),
        (replace(GOOD, uncovered=("/proc/keys",)), "secrets of /proc covered"),
        (replace(GOOD, said=("ready",)), "a workspace"),
        (replace(GOOD, descriptors=("0", "1", "2", "7")), "only standard streams"),
        (replace(GOOD, interfaces=("eth0", "lo")), "no network"),
        (replace(GOOD, routes=1), "no network"),
        (replace(GOOD, limits={**LIMITS, "Max processes": "unlimited"}), "limits of the kernel"),
        (replace(GOOD, limits={}), "limits of the kernel"),
        (replace(GOOD, oom_score_adj="0"), "first to be killed"),
        (replace(GOOD, session_shared=True), "a session of its own"),
    ],
)
def test_what_is_wrong_fails(wrong: Evidence, probe: str) -> None:
    assert failing(wrong) == {probe}


def test_every_probe_can_fail() -> None:
    nothing = Evidence(
        said=("wrote /", "read the host"),
        status={},
        shared=("user",),
        first_environment=(),
        path_shown=True,
        writable=("/",),
        sized=(),
        uncovered=("/proc/keys",),
        root=("home",),
        descriptors=("9",),
        interfaces=("eth0",),
        routes=1,
        limits={},
        oom_score_adj="",
        session_shared=True,
    )

    assert failing(nothing) == set(PROBES)
