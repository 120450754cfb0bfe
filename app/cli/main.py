"""Reads the command line, runs one command, turns errors into a message and an exit status."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from app import VERSION
from app.cli.config_options import add_config
from app.cli.eval_options import add_eval
from app.cli.exit_status import EXIT_ERROR
from app.cli.gate_options import add_gate
from app.cli.receipt_options import add_receipt
from app.cli.sandbox import add_sandbox, sandbox
from app.domain.errors import RevwrightError

FORMATS = ("text", "json", "sarif", "markdown")
COMMANDS = (
    "up",
    "web",
    "worker",
    "runner",
    "review",
    "runs",
    "rules",
    "eval",
    "receipt",
    "sandbox",
    "gate",
    "config",
    "doctor",
)

_STATES = "running, waiting, paused, done, failed, stopped, superseded"
"""Those of domain.runs.RunState, which is not loaded for this; a test holds the two together."""
_MOST_RUNS = 1_000

_DESCRIPTION = "Reviews pull requests, and tells the truth about what it looked at."


def main() -> None:
    """The console script."""
    raise SystemExit(run(sys.argv[1:], os.environ))


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """One command; returns the exit status. Expected errors print one message, without a traceback."""
    arguments = parser().parse_args(argv)
    try:
        status = _dispatch(arguments, environ)
        if sys.stdout is not None:  # `>&-`
            sys.stdout.flush()
    except RevwrightError as error:
        print(f"revwright: {error}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `revwright review | head`: whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    return status


def _dispatch(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Commands are imported when they are asked for: the web process must not load the model SDK."""
    match arguments.command:
        case "up" | "web" | "worker":
            return _serve(arguments, environ)
        case "runner":
            from app.cli.runner import runner  # noqa: PLC0415

            return runner(arguments, environ)
        case "sandbox":
            return sandbox(arguments, environ)
        case "doctor":
            from app.cli.doctor import doctor  # noqa: PLC0415

            return doctor(arguments, environ)
        case "review":
            from app.cli.review import review  # noqa: PLC0415

            return review(arguments, environ)
        case "runs" | "receipt":
            return _kept(arguments, environ)
        case "rules":
            from app.cli.rules import rules  # noqa: PLC0415

            return rules(arguments)
        case "eval":
            from app.cli.eval import evaluate  # noqa: PLC0415

            return evaluate(arguments)
        case "gate" | "config":
            return _policies(arguments, environ)
        case command:
            raise AssertionError(command)


def _kept(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """What reviews left behind."""
    if arguments.command == "runs":
        from app.cli.runs import runs  # noqa: PLC0415

        return runs(arguments, environ)
    from app.cli.receipt import receipt  # noqa: PLC0415

    return receipt(arguments, environ)


def _policies(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """What policies say."""
    if arguments.command == "gate":
        from app.cli.gate import gate  # noqa: PLC0415

        return gate(arguments, environ)
    from app.cli.config import config  # noqa: PLC0415

    return config(arguments, environ)


def _serve(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    if arguments.command == "up":
        from app.cli.up import up  # noqa: PLC0415

        return up(environ, host=arguments.host, port=arguments.port)
    from app.cli.serve import web, worker  # noqa: PLC0415

    if arguments.command == "web":
        return web(environ, host=arguments.host, port=arguments.port, parent=arguments.parent)
    return worker(environ, parent=arguments.parent)


def parser() -> argparse.ArgumentParser:
    """The whole command line; a test holds COMMANDS against it."""
    top = argparse.ArgumentParser(prog="revwright", description=_DESCRIPTION)
    top.add_argument("--version", action="version", version=f"revwright {VERSION}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, words in (
        ("up", "web, worker and (without REVWRIGHT_REDIS_URL) an embedded Redis server in one go"),
        ("web", "only the web process, which takes the webhooks in"),
    ):
        serving = commands.add_parser(name, help=words, description=words)
        serving.add_argument("--host", help="address to listen on; wins over REVWRIGHT_HOST")
        serving.add_argument("--port", type=_port, metavar="PORT", help="port to listen on; wins over REVWRIGHT_PORT")
        serving.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    worker = commands.add_parser(
        "worker", help="only the worker process, which reviews", description="Runs the worker."
    )
    worker.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    _add_runner(commands)
    _add_review(commands)
    _add_runs(commands)
    _add_rules(commands)
    add_eval(commands)
    add_receipt(commands)
    add_sandbox(commands)
    add_gate(commands)
    add_config(commands)
    doctor = commands.add_parser(
        "doctor",
        help="look at what this machine offers and lacks",
        description="Looks at git, at repositories on GitHub that are named, and at what isolates sandboxes here, with "
        "a remedy for what is missing. Started as root, it looks as the user that the runner would become. Exit "
        "status: 1 when something fails.",
    )
    doctor.add_argument("--json", action="store_true", help="the same as JSON")
    doctor.add_argument(
        "repositories",
        nargs="*",
        metavar="OWNER/NAME",
        help="also ask GitHub, with the App's settings: who can pass for its checks there, and what it may read",
    )
    return top


def _add_runner(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    runner = commands.add_parser(
        "runner",
        help="only the process that executes code of pull requests; it knows no secret",
        description="Runs the process that starts sandboxes, for workers that name its socket in "
        "REVWRIGHT_RUNNER_SOCKET. A worker that names none starts a runner of its own. Started as root, it becomes "
        "another user first.",
    )
    place = runner.add_mutually_exclusive_group(required=True)
    place.add_argument("--socket", metavar="PATH", help="where to listen")
    place.add_argument("--control", type=int, help=argparse.SUPPRESS)
    runner.add_argument(
        "--worker-user",
        metavar="USER",
        help="the only user, by name or number, who may connect (default: yourself)",
    )


def _port(text: str) -> int:
    from app.settings.values import port  # noqa: PLC0415

    try:
        return port(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _add_review(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    review = commands.add_parser(
        "review",
        help="review a range of commits of a local repository",
        description="Reviews what HEAD adds over BASE in a local repository, with the same engine as on GitHub. "
        "Policy, guidelines and AGENTS.md come from BASE. Exit status: 0 passed (with --static: nothing blocks), "
        "1 blocked by findings, 2 error, 3 not everything was reviewed.",
    )
    review.add_argument("--repo", default=".", metavar="PATH", help="the repository (default: here)")
    review.add_argument("--base", required=True, metavar="REVISION", help="the commit or branch to compare with")
    review.add_argument("--head", default="HEAD", metavar="REVISION", help="default: %(default)s")
    review.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    review.add_argument("--static", action="store_true", help="static rules only, even if a model is configured")
    review.add_argument(
        "--record",
        metavar="FILE",
        help="also write down what models and commands are asked and say, for `eval replay`; FILE must not exist yet, "
        "holds code of the change, and is readable by you alone",
    )
    review.add_argument("--no-color", action="store_true", help="plain text on a terminal too")


def _add_runs(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    runs = commands.add_parser(
        "runs",
        help="what ran and what it came to; try again, stop, pause, resume",
        description="Tells what ran and what it came to, and has it tried again, stopped, paused or resumed. Needs "
        "REVWRIGHT_REDIS_URL, or a `revwright up` that runs on REVWRIGHT_DATA_DIR; settings for GitHub only for "
        "`logs --full`. Exit status: 0 done, 1 an order that changed nothing, 2 error, such as a RUN that is not kept.",
    )
    actions = runs.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="the newest runs, newest first", description="Lists the newest runs.")
    listed.add_argument("--limit", type=_limit, default=20, metavar="N", help="at most N runs (default: %(default)s)")
    listed.add_argument("--state", type=_state, metavar="STATE", help=f"only runs that are {_STATES}")
    listed.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    for action, told in (
        ("show", "everything that is known of a run"),
        ("logs", "what a run logged"),
        ("retry", "do the job of a run again, now, even if it was given up"),
        ("stop", "end the job of a run, and do not try again until something new happens"),
        ("pause", "start no attempt at the job of a run until `resume`"),
        ("resume", "go on with a job that was paused"),
    ):
        one = actions.add_parser(action, help=told, description=told[0].upper() + told[1:] + ".")
        one.add_argument(
            "run",
            metavar="RUN",
            help="the id of a run, at least 4 digits of one, or OWNER/REPOSITORY#NUMBER for the newest run of that "
            "pull request",
        )
        if action in {"show", "logs"}:
            one.add_argument("--json", action="store_true", help="one JSON object instead of a page")
        if action == "logs":
            one.add_argument(
                "--full",
                action="store_true",
                help="of a fix: all that its model was told and said, and what tools and checks answered; needs the "
                "App's settings",
            )


def _add_rules(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    rules = commands.add_parser(
        "rules",
        help="the rules that reviews go by; check rules of your own",
        description="Lists the rules that come with Revwright, and checks rules that you write. Needs no settings.",
    )
    actions = rules.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="the rules, by pack", description="Lists the rules, by pack.")
    listed.add_argument("--pack", metavar="PACK", help="only the rules of this pack")
    listed.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    check = actions.add_parser(
        "check",
        help="check the rule files in a directory, and run their examples",
        description="Checks every DIR/<pack>/<name>.md and runs its examples. Problems are named with file and line, "
        "below DIR. Exit status: 0 all valid, 1 problems.",
    )
    check.add_argument(
        "directory", nargs="?", default=".github/review_rules", metavar="DIR", help="default: %(default)s"
    )


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _MOST_RUNS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MOST_RUNS}")
    return int(text)


def _state(text: str) -> str:
    if text not in _STATES.split(", "):
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {_STATES}")
    return text
