"""The options of `revwright sandbox exec`: only they, so that other commands do not load what it needs."""

from __future__ import annotations

import argparse

from app.cli.sandbox_limits import LIMITS
from app.domain.sandbox import Network

_EXEC = (
    "Runs a command in exactly the sandbox that jobs use, with an existing directory as its workspace. Started as root "
    "it first becomes the runner's user, who must be able to write the directory. What the command prints comes "
    "through without control characters. Exit status: the command's own, or 128 + n when signal n ended it; 124 when "
    "its time was over, 137 when another limit ended it, 141 when nobody reads what it prints, 125 when it was not "
    "started or what it prints cannot be written."
)


def add_exec(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The options of the command."""
    parser = actions.add_parser("exec", help="run a command in the sandbox", description=_EXEC)
    parser.add_argument("--workspace", required=True, metavar="DIR", help="the only directory that can be written")
    for limit in LIMITS:
        parser.add_argument(f"--{limit.option}", type=limit.parse, metavar=limit.unit, help=limit.help)
    parser.add_argument(
        "--network",
        choices=[network.value for network in Network],
        default=Network.LOOPBACK.value,
        help="none: unix sockets only (default: %(default)s, the sandbox's own)",
    )
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="an environment variable")
    parser.add_argument("--root", metavar="DIR", help="a root file system for programs; wins over the setting")
    parser.add_argument("--no-cgroup", action="store_true", help="watch memory and processes even if a cgroup could")
    parser.add_argument("--json", metavar="FILE", help="also write how it ended, as JSON")
    parser.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND...", help="the command, after --")
