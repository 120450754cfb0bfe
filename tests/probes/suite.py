"""Runs probes, many at a time, and tells what came of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.probes.groups import (
    filesystem,
    host_files,
    host_git,
    host_patches,
    kernel,
    memory,
    network,
    processes,
    resources,
    secrets,
)
from tests.probes.probe import Finding, Outcome, Probe, Skipped
from tests.probes.site import Site

PROBES: tuple[Probe, ...] = (
    *secrets.PROBES,
    *network.PROBES,
    *kernel.PROBES,
    *filesystem.PROBES,
    *processes.PROBES,
    *memory.PROBES,
    *resources.PROBES,
    *host_git.PROBES,
    *host_files.PROBES,
    *host_patches.PROBES,
)
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Result:
    """A probe and what it found."""

    probe: Probe
    finding: Finding


def chosen(names: Iterable[str]) -> tuple[Probe, ...]:
    """The probes of these ids, all of them when there are none. ValueError for an id that is not known."""
    wanted = set(names)
    unknown = wanted - {probe.id for probe in PROBES}
    if unknown:
        raise ValueError(f"there is no probe {', '.join(sorted(unknown))}: --list names them")
    return tuple(probe for probe in PROBES if not wanted or probe.id in wanted)


def run(site: Site, probes: Sequence[Probe], told: Callable[[Result], None], *, at_once: int = AT_ONCE) -> list[Result]:
    """All of them; those that need the machine for themselves come last, one by one."""

    def carried_out(probe: Probe) -> Result:
        result = Result(probe, _finding(site, probe))
        told(result)
        return result

    together = [probe for probe in probes if not probe.alone]
    with ThreadPoolExecutor(at_once) as pool:
        results = list(pool.map(carried_out, together))
    return results + [carried_out(probe) for probe in probes if probe.alone]


def _finding(site: Site, probe: Probe) -> Finding:
    try:
        return probe.run(site)
    except Skipped as missing:
        return Finding(Outcome.SKIP, str(missing))
    except Exception as error:  # noqa: BLE001 - a probe that could not look has not seen that all is well
        return Finding(Outcome.FAIL, f"the probe broke: {type(error).__name__}: {error}"[:300])


def line(result: Result) -> str:
    """One line of the table."""
    return f"{result.finding.outcome:4}  {result.probe.id:22} {result.finding.detail}"


def totals(results: Iterable[Result]) -> dict[str, int]:
    """How often each outcome came."""
    outcomes = [result.finding.outcome for result in results]
    return {str(outcome): outcomes.count(outcome) for outcome in Outcome}


def as_json(results: Sequence[Result]) -> str:
    """Everything, for machines."""
    rows = [
        {
            "id": result.probe.id,
            "group": result.probe.group,
            "checks": result.probe.checks,
            "expected": list(result.probe.expected),
            "result": result.finding.outcome,
            "detail": result.finding.detail,
        }
        for result in results
    ]
    return json.dumps({"probes": rows, "totals": totals(results)}, indent=2, ensure_ascii=True)
