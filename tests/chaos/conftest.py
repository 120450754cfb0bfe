"""The deployment of the chaos suite, one for each process that runs tests, and a table of what happened in all."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.deployment import Deployment, open_deployment
from tests.worker_process import MUTATION

HAPPENED = "chaos"


@pytest.fixture(scope="session")
def deployment(private_key: str) -> Iterator[Deployment]:
    with tempfile.TemporaryDirectory(prefix="rw-") as folder, open_deployment(Path(folder), private_key) as opened:
        opened.mutation = os.environ.get(MUTATION, "")
        yield opened


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how often each kind of event happened, and how long a scenario took."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, ())]
    told = [(one, dict(one.user_properties)[HAPPENED]) for one in reports if HAPPENED in dict(one.user_properties)]
    if not told:
        return
    seconds = sorted(one.duration for one, _ in told)
    happened = sum((Counter(counts) for _, counts in told), Counter[str]())
    terminalreporter.section("chaos")
    terminalreporter.write_line(
        f"{len(told)} scenarios; seconds: mean {sum(seconds) / len(seconds):.2f}, "
        f"median {seconds[len(seconds) // 2]:.2f}, longest {seconds[-1]:.2f}"
    )
    for name, times in sorted(happened.items()):
        terminalreporter.write_line(f"{times:5d}  {name}")
