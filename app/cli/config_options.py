"""The command line of `revwright config`."""

from __future__ import annotations

import argparse

from app.domain.policy import POLICY_PATH


def add_config(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "config",
        help="check configuration; show what holds and where it comes from",
        description="Checks policy files and settings, and shows the policy that holds with the source of each value.",
    )
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser(
        "check",
        help="check a policy file",
        description="Checks a policy file. Problems are named with file, line and column. Exit status: 0 valid, "
        "1 problems, 2 error.",
    )
    check.add_argument("file", nargs="?", default=POLICY_PATH, help="default: %(default)s")
    check.add_argument("--settings", action="store_true", help="check the REVWRIGHT_* environment variables instead")
    show = actions.add_parser(
        "show",
        help="the policy that holds, each value with its source",
        description="Lays the policy files below one another and shows what holds, where each value comes from, and "
        "what was asked for and not given. Exit status: 0 shown, 1 a file is not valid, 2 error.",
    )
    show.add_argument("--repo", default=".", metavar="PATH", help="the repository (default: here)")
    show.add_argument("--ref", default="HEAD", metavar="REVISION", help="the base commit (default: %(default)s)")
    show.add_argument("--file", metavar="FILE", help="the repository's policy, instead of the one at REVISION")
    show.add_argument("--organisation", metavar="FILE", help="a policy as in the account's repository .github")
    show.add_argument("--deployment", metavar="FILE", help="the ceiling, instead of the one in REVWRIGHT_POLICY_FILE")
    show.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    actions.add_parser(
        "schema",
        help="the JSON Schema of policy files",
        description="Prints the JSON Schema of policy files, for editors.",
    )
