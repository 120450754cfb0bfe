"""`revwright sandbox`: a sandbox and the steps around it, each on its own."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path

from app.cli.sandbox_exec_options import add_exec
from app.domain.commits import Person

_AUTHOR = re.compile(r"(?P<name>[^<>]+) <(?P<email>[^<>]+)>")


def add_sandbox(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The options of the group; nothing of what it does is loaded for that."""
    group = commands.add_parser(
        "sandbox",
        help="run a command in the sandbox of jobs, collect what it changed, make a commit of that",
        description="The steps of a job that touch code of a pull request, one by one. git never sees a workspace.",
    )
    actions = group.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_exec(actions)
    _add_collect(actions)
    _add_apply(actions)


def sandbox(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """One action; returns the exit status."""
    match arguments.action:
        case "exec":
            from app.cli.sandbox_exec import sandbox_exec  # noqa: PLC0415

            return sandbox_exec(arguments, environ)
        case "collect":
            from app.cli.sandbox_collect import collect  # noqa: PLC0415

            return collect(arguments)
        case "apply":
            from app.cli.sandbox_apply import apply  # noqa: PLC0415

            return apply(arguments)
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


def _add_apply(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = actions.add_parser(
        "apply",
        help="make a tree and a commit of a patch, outside the sandbox",
        description="Reads what `revwright sandbox collect` prints, or a unified diff as git writes it, and makes a "
        "tree of it by git plumbing: no work tree, no hook, no filter. Prints JSON. Without --write and --ref, "
        "nothing is written to STORE. Exit status: 0 done, 1 refused as a whole, 2 error.",
    )
    one.add_argument("file", nargs="?", metavar="FILE", help="default: standard input")
    one.add_argument("--git-dir", required=True, type=Path, metavar="STORE", help="a bare repository, or a .git")
    one.add_argument("--base", required=True, metavar="SHA", help="the full id of the commit that the patch is for")
    one.add_argument("--format", choices=("json", "diff"), default="json", help="default: %(default)s")
    one.add_argument("--message", metavar="TEXT", help="make a commit too, with this message")
    one.add_argument(
        "--author",
        type=_person,
        default="Revwright <revwright@localhost>",
        metavar="'NAME <EMAIL>'",
        help="who makes the commit (default: %(default)s)",
    )
    one.add_argument("--write", action="store_true", help="put the new objects into STORE")
    one.add_argument(
        "--ref",
        metavar="NAME",
        help="a branch to make in STORE, below refs/heads/revwright/; needs --message, and writes like --write",
    )


def _person(text: str) -> Person:
    match = _AUTHOR.fullmatch(text)
    try:
        return Person(match["name"], match["email"]) if match else Person("", "")
    except ValueError:
        raise argparse.ArgumentTypeError(f"not of the form 'NAME <EMAIL>': {text!r}") from None
