"""`revwright doctor`: what this machine offers, what it lacks, and what to do about it."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict

from app.adapters.git.process import check_git_version
from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.listening import RunnerAt
from app.adapters.sandbox.running.cgroups import Subtree
from app.cli.doctor_github import github_findings
from app.cli.finding import Finding
from app.domain.errors import RevwrightError
from app.domain.sandbox import Isolation, Mode
from app.domain.setup_hosts import SetupHosts
from app.settings import sandbox_settings
from app.wiring.runner import RunnerOptions, open_ground, run_as_runner
from app.wiring.sandbox_exec import prepared

_MARKS = {"ok": "ok   ", "weak": "weak ", "fail": "FAIL "}


def doctor(arguments: Namespace, environ: Mapping[str, str]) -> int:
    """0 when nothing fails, else 1."""
    findings = [_git(), *github_findings(arguments.repositories, environ), *_sandbox(environ)]
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print(f"{_MARKS[finding.state]} {finding.name}: {finding.words}")
            for line in finding.remedy.splitlines():
                print(f"       {line}")
    return 1 if any(finding.state == "fail" for finding in findings) else 0


def _git() -> Finding:
    try:
        return Finding("git", "ok", f"version {asyncio.run(check_git_version())}")
    except RevwrightError as error:
        return Finding("git", "fail", str(error), "Debian/Ubuntu: `apt-get install git`")


def _sandbox(environ: Mapping[str, str]) -> list[Finding]:
    """Last of all: as root, this process becomes the runner's user for it."""
    try:
        settings = sandbox_settings(environ)
        if settings.kind == "off":
            return [Finding("sandbox", "ok", "off: nothing of a pull request is executed")]
        if settings.runner_socket is not None:
            runner = RunnerSandboxes(RunnerAt(settings.runner_socket).connect)
            return _found(asyncio.run(runner.isolation()), f"the runner at {settings.runner_socket}: ")
        with prepared(settings) as (options, cgroups):
            return [*_found(run_as_runner(_isolation(options, cgroups))), _setup_network(settings.setup_hosts)]
    except RevwrightError as error:
        return [Finding("sandbox", "fail", str(error))]


def _setup_network(hosts: SetupHosts) -> Finding:
    """Only for a runner that has these settings; of another one, its log tells."""
    if not hosts:
        return Finding("setup network", "ok", "none")
    return Finding("setup network", "ok", f"{hosts} through a proxy of the runner, and nothing else")


async def _isolation(options: RunnerOptions, cgroups: Subtree | None) -> Isolation:
    async with open_ground(options, cgroups) as ground:
        return ground.isolation


def _found(isolation: Isolation, who: str = "") -> list[Finding]:
    state = {Mode.FULL: "ok", Mode.NO_PROC: "weak", Mode.REFUSED: "fail"}[isolation.mode]
    passed = sum(1 for _, held in isolation.probes if held)
    counted = f" ({passed} of {len(isolation.probes)} probes)" if isolation.probes else ""
    findings = [
        Finding("sandbox", state, f"{who}{isolation.mode.value}: {isolation.reason}{counted}", isolation.remedy)
    ]
    if isolation.mode is Mode.REFUSED:
        return findings
    if isolation.cgroup == "none":
        findings.append(
            Finding(
                "sandbox memory",
                "weak",
                "no cgroup is delegated, so memory and processes are watched, which a burst outruns for a moment",
                "Limit the memory of the container or service around the runner, or delegate a cgroup to it "
                "(systemd: `Delegate=yes`).",
            )
        )
    else:
        findings.append(Finding("sandbox memory", "ok", f"bounded by cgroup {isolation.cgroup}"))
    if isolation.own_user:
        findings.append(Finding("sandbox user", "ok", "another one than the worker's"))
    else:
        findings.append(
            Finding(
                "sandbox user",
                "weak",
                "the runner is the same user as the worker, so who breaks out could read the worker's files",
                "Start `revwright runner --socket PATH` as another user, and name PATH in REVWRIGHT_RUNNER_SOCKET.",
            )
        )
    return findings
