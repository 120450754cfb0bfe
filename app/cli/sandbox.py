"""`revwright sandbox`: the steps around a sandbox, each on its own."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_sandbox(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The options of the group; nothing of what it does is loaded for that."""
    group = commands.add_parser(
        "sandbox",
        help="collect what changed in a workspace",
        description="The steps around a sandbox. Nothing of a workspace is ever run by them, and git never sees one.",
    )
    actions = group.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_collect(actions)


def sandbox(arguments: argparse.Namespace) -> int:
    """One action; returns the exit status."""
    match arguments.action:
        case "collect":
            from app.cli.sandbox_collect import collect  # noqa: PLC0415

            return collect(arguments)
        case action:
            raise AssertionError(action)


def _add_collect(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = actions.add_parser(
        "collect",
        help="what changed in a directory, and what of it may become a commit",
        description="Walks DIR without following a link, compares it with the files of a commit, and prints JSON: the "
        "edits that were declared, what else changed, and what is refused. `revwright sandbox apply` reads it. Exit "
        "status: 0 done, 1 something that was declared is refused, 2 error.",
    )
    one.add_argument(
        "--workspace", required=True, type=Path, metavar="DIR", help="the directory; nothing may run in it"
    )
    one.add_argument("--git-dir", required=True, type=Path, metavar="STORE", help="a bare repository, or a .git")
    one.add_argument("--base", required=True, metavar="SHA", help="the full id of the commit that DIR was filled from")
    meant = one.add_mutually_exclusive_group()
    meant.add_argument(
        "--edited",
        action="append",
        default=[],
        metavar="PATH",
        help="a file that was meant to be changed, made or deleted, named from the top of DIR; may be repeated",
    )
    meant.add_argument("--all", action="store_true", help="take every change as meant, build products included")
