"""The command line of `revwright eval`."""

from __future__ import annotations

import argparse


def add_eval(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "eval",
        help="play a recorded review back to see what a change of prompts or code changes; show what was said",
        description="Works on files that `revwright review --record FILE` wrote. Needs no settings, no model and no "
        "network.",
    )
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    replay = actions.add_parser(
        "replay",
        help="review the same commits again with the recorded answers, and compare",
        description="Reviews the recorded commits again with this version's prompts and code. Models and commands say "
        "what was recorded; nothing is executed. Tells of each call whether it is asked in the same words, and whether "
        "the report is the same. Exit status: 0 all is identical, 1 something differs, 2 error.",
    )
    replay.add_argument("file", metavar="FILE", help="the recorded review")
    replay.add_argument("--repo", default=".", metavar="PATH", help="a repository with its commits (default: here)")
    replay.add_argument("--json", action="store_true", help="one JSON object")
    show = actions.add_parser(
        "show",
        help="what was asked and answered, to be read",
        description="Shows what was asked and answered. A message that an earlier call had already is only named; "
        "--call shows one call with all of them.",
    )
    show.add_argument("file", metavar="FILE", help="the recorded review")
    show.add_argument("--call", metavar="LABEL", help='only this call, such as "standard 1/2, step 1"')
