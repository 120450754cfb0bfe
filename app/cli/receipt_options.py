"""The command line of `revwright receipt`."""

from __future__ import annotations

import argparse
import re


def add_receipt(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "receipt",
        help="check, print and sign the receipts of reviews",
        description="Checks the signed receipts of reviews, prints those that are kept, and manages the keys.",
    )
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser(
        "verify",
        help="whether a receipt is what a deployment signed; needs no network",
        description="Says what a receipt says, if it is exactly what was signed. A receipt can be valid and tell of a "
        "review that did not pass. Needs no network. Exit status: 0 valid, 1 not valid, 2 error.",
    )
    verify.add_argument("file", metavar="FILE", help="the receipt; - for standard input")
    verify.add_argument(
        "--public-key",
        metavar="FILE",
        action="append",
        help="a file with the deployment's public keys, as `receipt public-key` prints them; may stand more than once "
        "(default: the keys in REVWRIGHT_DATA_DIR, and REVWRIGHT_RECEIPT_KEY)",
    )
    verify.add_argument("--head", type=_sha, metavar="SHA", help="the commit that it must be about, all 40 digits")
    verify.add_argument("--repository", metavar="OWNER/NAME", help="the repository that it must be about")
    verify.add_argument("--json", action="store_true", help="one JSON object")
    show = actions.add_parser(
        "show",
        help="print the receipt of a run, byte by byte as it was signed",
        description="Prints the receipt of a run as it was signed. Needs the Redis server of the deployment, as "
        "`revwright runs` does.",
    )
    show.add_argument(
        "run",
        metavar="RUN",
        help="the id of a run, the beginning of one, or OWNER/REPOSITORY#NUMBER for the newest run",
    )
    actions.add_parser(
        "public-key",
        help="print the public key that signs, for those who verify elsewhere",
        description="Prints the public key that signs now, in PEM form.",
    )
    keys = actions.add_parser("keys", help="list the keys; have another one sign from now on")
    orders = keys.add_subparsers(dest="order", required=True, metavar="ORDER")
    orders.add_parser("list", help="the keys whose receipts are valid here", description="Lists the keys.")
    orders.add_parser(
        "rotate",
        help="make another key that signs from now on; what the one before signed stays valid here",
        description="Makes another key that signs from now on. The public key of the one before stays, its private key "
        "does not.",
    )


def _sha(text: str) -> str:
    """A beginning of one would fit other commits, too."""
    if not re.fullmatch(r"[0-9a-f]{40}", text.lower()):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a full commit id; write all 40 digits, as `git rev-parse` prints them"
        )
    return text.lower()
