"""The command line of `revwright gate`."""

from __future__ import annotations

import argparse


def add_gate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "gate",
        help="try a policy for core paths on what was merged in the past",
        description="What the check `revwright/gate` would have asked for. Needs no GitHub and asks no model.",
    )
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    simulate = actions.add_parser(
        "simulate",
        help="which merges of a local clone would have waited, and for whom",
        description="Goes through the merges of a branch in a local clone, squashed and rebased ones included, and "
        "tells which would have waited for whose approval by a policy. CODEOWNERS is that of the time. Exit status: "
        "0 when it ran, 1 when the policy is not valid, 2 error.",
    )
    simulate.add_argument(
        "--policy", metavar="FILE", help="the policy to try (default: the one at the branch's newest commit)"
    )
    simulate.add_argument(
        "--since",
        default="90d",
        metavar="WHEN",
        help="how far to look back: days as 90d, weeks as 12w, or a date as 2026-01-31 (default: %(default)s)",
    )
    simulate.add_argument("--repo", default=".", metavar="PATH", help="the clone (default: here)")
    simulate.add_argument("--branch", default="HEAD", metavar="NAME", help="default: what is checked out")
    simulate.add_argument("--json", action="store_true", help="one JSON object instead of a table")
