"""`make demo`: a real pull request range, reviewed end to end on this machine, and shown.

The product runs as an operator would run it: `revwright up` in a process of its own, with the embedded Redis server.
GitHub is a stand-in on loopback over real git repositories. The model is yours if OPENAI_API_KEY or OPENAI_BASE_URL
is set; otherwise a stand-in answers, which makes one true claim and one false one. Then the author takes the
suggestion, and that push is reviewed too.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scripts import demo_model
from scripts.demo_text import plain, width
from tests.fakes.github import Delivery, FakeGitHub, PullRequest, Repository
from tests.fakes.model import FakeModel

_ROOT = Path(__file__).parent.parent
_BUNDLE = _ROOT / "tests" / "samples" / "ranges" / "strict-answers.bundle"
_SECRET = "the-webhook-secret-of-the-demo-0123456789"  # noqa: S105 - a stand-in's secret
_WAIT_SECONDS = 120


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rw-demo-")))
        say("starting a stand-in for GitHub on loopback, over real git repositories")
        github = FakeGitHub(folder / "github", webhook_secret=_SECRET)
        github.start()
        stack.callback(github.stop)
        installation = github.add_installation("acme")
        repository = github.create_repository("acme/decoder", seed=_BUNDLE, installation=installation)
        repository.default_branch = "demo-base"
        model = FakeModel(demo_model.answer)
        variables = stack.enter_context(_model(model))
        port = stack.enter_context(_product(github, folder / "data", variables))
        github.on_delivery = lambda delivery: _send(delivery, port)
        say("opening a pull request: the commit 'Decode a model's answer strictly' of this repository's own history")
        pull = repository.open_pull_request(
            head="demo-head", base="demo-base", title="Decode a model's answer strictly", body="Strict decoding."
        )
        started = time.monotonic()
        _watch(repository, pull)
        _show(github, repository, pull, time.monotonic() - started)
        _show_requests(model)
        _take_suggestion(repository, pull)
        _watch(repository, pull)
        _show_push(pull)
        _check_validity(github)


def say(text: str) -> None:
    print(textwrap.fill(f"==> {text}", width(), subsequent_indent="    "), flush=True)


@contextmanager
def _model(stand_in: FakeModel) -> Iterator[Mapping[str, str]]:
    """Environment variables that name the model: the caller's own, or the stand-in's."""
    own = {k: v for k, v in os.environ.items() if k.startswith(("OPENAI_", "REVWRIGHT_MODEL_"))}
    if "OPENAI_API_KEY" in own or "OPENAI_BASE_URL" in own:
        say("the model is the one your environment names")
        yield own
        return
    say("no OPENAI_API_KEY: a stand-in for the model answers; it makes one true claim and one false one")
    with stand_in.serving() as url:
        yield {
            "OPENAI_BASE_URL": url,
            "OPENAI_API_KEY": "stand-in",
            "REVWRIGHT_MODEL_MAIN": demo_model.NAME,
            "REVWRIGHT_MODEL_PRICES": demo_model.PRICES,
        }


@contextmanager
def _product(github: FakeGitHub, data_dir: Path, model: Mapping[str, str]) -> Iterator[int]:
    """`revwright up` as its own process group, ended with SIGTERM; gives its port."""
    say("starting `revwright up`: web, worker and the embedded Redis server")
    port = _free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/nonexistent"),
        "REVWRIGHT_GITHUB_APP_ID": str(github.app.id),
        "REVWRIGHT_GITHUB_PRIVATE_KEY": github.app_private_key,
        "REVWRIGHT_GITHUB_WEBHOOK_SECRET": _SECRET,
        "REVWRIGHT_GITHUB_API_URL": github.api_url,
        "REVWRIGHT_GITHUB_URL": github.url,
        "REVWRIGHT_DATA_DIR": str(data_dir),
        "REVWRIGHT_SANDBOX": "off",  # a review executes nothing
        **model,
    }
    log = data_dir.parent / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "up", "--port", str(port)],
            env=environment,
            stdout=output,
            stderr=output,
            cwd=_ROOT,
        )
    try:
        _wait_until_ready(process, port, log)
        yield port
    finally:
        say("stopping `revwright up`")
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"revwright up did not become ready; its output:\n{log.read_text()}")


def _send(delivery: Delivery, port: int) -> int:
    """GitHub's side of the webhook."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/webhooks/github", data=delivery.body, headers=delivery.headers, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _watch(repository: Repository, pull: PullRequest) -> None:
    """Prints each new state of the check run until it is concluded."""
    told = ""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        run = repository.check_run("revwright/review", pull.head_sha)
        state = "" if run is None else f"check run revwright/review: {run.conclusion or run.status}: {run.title}"
        if state != told:
            told = state
            say(state)
        if run is not None and run.status == "completed":
            return
        time.sleep(0.05)
    sys.exit("the review did not finish in time")


def _show(github: FakeGitHub, repository: Repository, pull: PullRequest, seconds: float) -> None:
    _rule(f"inline comments on {repository.full_name}#{pull.number}")
    for comment in pull.review_comments:
        _print(f"{comment.path}:{comment.original_line}\n\n{comment.body}\n")
    _rule("the summary comment; the check run's page says the same")
    _print(pull.comments[0].body)
    _rule("what it took")
    log = [call for call in github.calls if call.path.endswith("/app/hook/deliveries")]
    calls = len(github.calls) - len(log)
    _print(f"{seconds:.1f} s from the webhook to the concluded check (comments are written a second apart)")
    _print(f"{calls} GitHub API calls for the review, {len(log)} at start to look for deliveries that were missed")


def _show_requests(model: FakeModel) -> None:
    """What the stand-in was asked; of a model of yours only your provider knows."""
    if model.requests:
        _rule("what the model was asked")
        for seen in model.requests:
            print(demo_model.told(seen))


def _take_suggestion(repository: Repository, pull: PullRequest) -> None:
    """The author commits the suggestion as it stands, where there is one; else the push changes nothing here."""
    path = "app/domain/answers.py"
    lines = repository.store.run("cat-file", "blob", f"{pull.head_sha}:{path}").decode().split("\n")
    for comment in pull.review_comments:
        _, fence, rest = comment.body.partition("```suggestion\n")
        if fence and comment.path == path and comment.original_line:
            first = comment.original_start_line or comment.original_line
            lines[first - 1 : comment.original_line] = rest.partition("\n```")[0].split("\n")
            break
    _rule("the author takes the suggestion and pushes")
    repository.commit(pull.head_ref, {path: "\n".join(lines)}, message="Check the type of a severity first")


def _show_push(pull: PullRequest) -> None:
    _rule("the summary comment, edited in place")
    _print(pull.comments[0].body)
    _rule("the conversation on the finding")
    for comment in pull.review_comments:
        _print(plain(comment.body, width()).split("\n")[0])
    told = {number: user.login for number, user in pull.resolved.items()}
    _print(f"resolved by {', '.join(told.values())}" if told else "not resolved")


def _check_validity(github: FakeGitHub) -> None:
    if github.violations:
        sys.exit(f"{len(github.violations)} call(s) were not valid under GitHub's API description")
    say("every call and every reply is valid under GitHub's own API description")


def _print(markdown: str) -> None:
    print(plain(markdown, width()), flush=True)


def _rule(title: str) -> None:
    print(f"\n--- {title} " + "-" * max(0, width() - len(title) - 5) + "\n", flush=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
