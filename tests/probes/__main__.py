"""The command line of the probes; `tests/probes/__init__.py` tells how to use it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.probes import control, suite
from tests.probes.site import Launchers, open_site
from tests.probes.suite import Result
from tests.probes.template import Template


def main() -> int:
    """0 when no probe failed, 1 when one did, 2 for a command line that makes no sense."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.list:
        for probe in suite.PROBES:
            _say(f"{probe.group:10}  {probe.id:22} {'/'.join(probe.expected):9}  {probe.checks}")
        return 0
    try:
        probes = suite.chosen(name for name in arguments.only.split(",") if name)
        launchers = _launchers(arguments)
    except ValueError as error:
        parser.error(str(error))
    try:
        with open_site(launchers, arguments.root) as site:
            results = suite.run(site, probes, _tell, at_once=arguments.at_once)
    except PermissionError as error:
        sys.stderr.write(f"probes: {error}\n")
        return 2
    totals = suite.totals(results)
    _say("  ".join(f"{name} {count}" for name, count in totals.items()))
    if arguments.json is not None:
        arguments.json.write_text(suite.as_json(results) + "\n")
    return 1 if totals["FAIL"] else 0


def _tell(result: Result) -> None:
    _say(suite.line(result))


def _say(text: str) -> None:
    """What a sandbox wrote may be in it: no control character reaches the operator's terminal."""
    sys.stdout.write("".join(c if c.isprintable() else "?" for c in text) + "\n")
    sys.stdout.flush()


def _launchers(arguments: argparse.Namespace) -> Launchers:
    if arguments.control:
        return control.launchers()
    if arguments.exec is None:
        raise ValueError("nothing to probe: give --exec TEMPLATE, or --control")
    execute = Template.parse(arguments.exec)
    for name in ("workspace", "command"):
        if not execute.has(name):
            raise ValueError(f"the template of --exec has no place {{{name}}}")
    return Launchers(execute, _optional(arguments.collect), _optional(arguments.apply), _optional(arguments.remove))


def _optional(text: str | None) -> Template | None:
    return None if text is None else Template.parse(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.probes", description="Probes a sandbox from inside.")
    parser.add_argument("--exec", metavar="TEMPLATE", help="with {workspace}, {options} and {command}")
    parser.add_argument("--collect", metavar="TEMPLATE", help="with {workspace}, {store}, {base} and {edited}")
    parser.add_argument("--apply", metavar="TEMPLATE", help="with {store}, {base} and {patch}")
    parser.add_argument("--remove", metavar="TEMPLATE", help="removes a hostile directory; with {workspace}")
    parser.add_argument("--control", action="store_true", help="probe no sandbox at all")
    parser.add_argument("--root", type=Path, default=Path("/var/tmp"), help="where to work; default /var/tmp")
    parser.add_argument("--only", default="", metavar="ID,ID", help="these probes")
    parser.add_argument("--list", action="store_true", help="tell of every probe and end")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--at-once", type=int, default=suite.AT_ONCE, metavar="N", help="how many probes run beside")
    return parser


if __name__ == "__main__":
    sys.exit(main())
