"""The command line of `revwright gate`."""

from __future__ import annotations

import argparse
import re

from app.domain.pull_request import RepositoryName

_MOST = 5_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}", re.ASCII)


def add_gate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "gate",
        help="try a policy for core paths on what was merged in the past",
        description="What the check `revwright/gate` would have asked for. Asks no model and writes nothing.",
    )
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    simulate = actions.add_parser(
        "simulate",
        help="which merges of a local clone, or pull requests on GitHub, would have waited, and for whom",
        description="Goes through the merges of a branch in a local clone, squashed and rebased ones included, or "
        "through the pull requests that GitHub knows to be merged into it, and tells which would have waited for whose "
        "approval by a policy. CODEOWNERS is that of the time. A clone needs no settings; GitHub is asked as the App, "
        "by the settings REVWRIGHT_GITHUB_*, and nothing is written there. Exit status: 0 when it ran, 1 when the "
        "policy is not valid, 2 error, 3 when GitHub stopped answering before the end.",
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
    where = simulate.add_mutually_exclusive_group()
    where.add_argument("--repo", metavar="PATH", help="the clone (default: here)")
    where.add_argument(
        "--github",
        type=_repository,
        metavar="OWNER/NAME",
        help="ask GitHub for the pull requests of this repository, and for who in fact approved them",
    )
    simulate.add_argument(
        "--branch", metavar="NAME", help="default: what is checked out; with --github, the default branch"
    )
    simulate.add_argument(
        "--limit",
        type=_limit,
        metavar="N",
        help=f"look at the newest N at most, N up to {_MOST:,} (default: {_MOST:,}; with --github 200, as each takes "
        "about four of the 5,000 calls that GitHub allows an hour)",
    )
    simulate.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def _repository(text: str) -> RepositoryName:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not OWNER/NAME, as acme/web")
    return RepositoryName.parse(text)


def _limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) or not 0 < int(text) <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MOST:,}")
    return int(text)
