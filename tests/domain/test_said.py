"""Whole texts as people read them, compared with files in `tests/samples/said`, so that a changed word is seen.

When a text changes on purpose, write what the test shows to the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.markdown import report_markdown
from app.domain.messages import check
from app.domain.messages.comments import inline_comment, summary_comment
from app.domain.messages.threads import fixed_reply, gone_reply, round_question, still_there_reply
from app.domain.terminal import Style, render
from tests import reports
from tests.reports import ORIGIN, RULES

_SAID = Path(__file__).parent.parent / "samples/said"
MARK = "<!-- mark -->"


def _check() -> str:
    output = check.concluded(reports.blocked(), ORIGIN)
    return f"{output.title}\n\n{output.summary}\n\n{output.text}"


def _threads() -> str:
    question = round_question((reports.PROVEN, reports.WRONG_CENTS), ORIGIN, MARK, rounds=6, person="ada-lovelace")
    told = (fixed_reply(reports.FIXING, ORIGIN), gone_reply(ORIGIN), still_there_reply(ORIGIN))
    return "\n\n---\n\n".join((*told, question))


TEXTS: dict[str, Callable[[], str]] = {
    "summary-blocked.md": lambda: summary_comment(reports.blocked(), ORIGIN, MARK),
    "summary-passed.md": lambda: summary_comment(reports.passed(), ORIGIN, MARK),
    "summary-incomplete.md": lambda: summary_comment(reports.incomplete(), ORIGIN, MARK),
    "inline-proven.md": lambda: inline_comment(reports.PROVEN, RULES, MARK).body,
    "inline-rule.md": lambda: inline_comment(reports.NO_TIMEOUT, RULES, MARK).body,
    "check-blocked.md": _check,
    "threads.md": _threads,
    "markdown-blocked.md": lambda: report_markdown(reports.blocked(), RULES),
    "terminal-blocked.txt": lambda: render(reports.blocked(), Style(colour=False, width=100)),
    "terminal-incomplete.txt": lambda: render(reports.incomplete(), Style(colour=False, width=100)),
}


@pytest.mark.parametrize("name", TEXTS)
def test_it_is_said_as_it_was(name: str) -> None:
    assert TEXTS[name]().rstrip("\n") == (_SAID / name).read_text("utf-8").rstrip("\n")


@pytest.mark.parametrize("name", ["summary-blocked.md", "summary-passed.md", "summary-incomplete.md"])
def test_what_is_not_folded_fits_a_screen_or_two(name: str) -> None:
    unfolded = re.sub(r"<details>(?:(?!</details>).)*</details>", "<details>", TEXTS[name](), flags=re.DOTALL)

    assert len(unfolded.split("\n")) < 60


def test_every_sample_is_compared() -> None:
    assert {path.name for path in _SAID.iterdir()} == set(TEXTS)
