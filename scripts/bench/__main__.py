"""`python -m scripts.bench`: measures, prints, saves; `compare A.json B.json` sets two runs side by side."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.bench import ack, busy, checkout, engine, files, fix, machine, queue, review, sandbox
from scripts.bench.compare import compare
from scripts.bench.processes import ROOT
from scripts.bench.results import Results, Section
from scripts.bench.tables import print_table, show
from scripts.bench.targets import verdicts

_MEASURES: Mapping[str, Callable[[bool, bool], Coroutine[Any, Any, Section]]] = {
    ack.NAME: lambda quick, peers: ack.measure(replace(ack.QUICK if quick else ack.FULL, peers=peers)),
    busy.NAME: lambda quick, _: busy.measure(busy.QUICK if quick else busy.FULL),
    queue.NAME: lambda quick, _: queue.measure(queue.QUICK if quick else queue.FULL),
    review.NAME: lambda quick, _: review.measure(review.QUICK if quick else review.FULL),
    engine.NAME: lambda quick, _: engine.measure(engine.QUICK if quick else engine.FULL),
    sandbox.NAME: lambda quick, _: sandbox.measure(sandbox.QUICK if quick else sandbox.FULL),
    files.NAME: lambda quick, _: files.measure(files.QUICK if quick else files.FULL),
    checkout.NAME: lambda quick, _: checkout.measure(checkout.QUICK if quick else checkout.FULL),
    fix.NAME: lambda quick, _: fix.measure(fix.QUICK if quick else fix.FULL),
}


def main() -> None:
    arguments = _parser().parse_args()
    if arguments.command == "compare":
        try:
            a, b = Results.load(arguments.a), Results.load(arguments.b)
        except (OSError, ValueError) as error:
            sys.exit(f"cannot compare: {error}")
        compare(a, b)
        return
    # Asked to end, it ends what it started on its way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    began = time.monotonic()
    results = _run(tuple(arguments.only or tuple(_MEASURES)), quick=arguments.quick, peers=arguments.peers)
    show(results)
    print()
    print_table(verdicts(results))
    path = arguments.out or ROOT / "bench" / "results" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    results.save(path)
    print(f"\n==> {time.monotonic() - began:.0f} s; saved as {path}")


def _run(names: tuple[str, ...], *, quick: bool, peers: bool) -> Results:
    facts = machine.facts(quick=quick)
    sections: list[Section] = []
    for name in names:
        print(f"==> measuring {name}", flush=True)
        sections.append(asyncio.run(_MEASURES[name](quick, peers)))
    return Results(facts, tuple(sections))


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m scripts.bench", description=__doc__)
    top.add_argument("--quick", action="store_true", help="fewer rounds: about five minutes instead of twelve")
    top.add_argument("--peers", action="store_true", help="also PR-Agent, which takes minutes and 400 MB to install")
    top.add_argument("--only", action="append", choices=tuple(_MEASURES), help="one benchmark; may be repeated")
    top.add_argument("--out", type=Path, help="where to save the results")
    commands = top.add_subparsers(dest="command", metavar="compare A.json B.json")
    comparing = commands.add_parser("compare", help="ratios between two result files")
    comparing.add_argument("a", type=Path, metavar="A.json")
    comparing.add_argument("b", type=Path, metavar="B.json")
    return top


if __name__ == "__main__":
    main()
