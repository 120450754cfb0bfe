"""Whole texts as people read them, compared with files in `tests/samples/said`, so that a changed word is seen.

When a text changes on purpose, write what the test shows to the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.fix.report import Pushed, Shown
from app.domain.markdown import report_markdown
from app.domain.messages import check
from app.domain.messages import fix as fixing
from app.domain.messages import fix_answers as answers
from app.domain.messages.comments import inline_comment, summary_comment
from app.domain.messages.threads import fixed_reply, gone_reply, round_question, still_there_reply
from app.domain.patches import Refusal
from app.domain.terminal import Style, render
from tests import fixes, reports
from tests.build import HEAD
from tests.fixes import SPEAKER
from tests.reports import FIXING, ORIGIN, RULES

_SAID = Path(__file__).parent.parent / "samples/said"
MARK = "<!-- mark -->"


def _check() -> str:
    output = check.concluded(reports.blocked(), ORIGIN)
    return f"{output.title}\n\n{output.summary}\n\n{output.text}"


def _threads() -> str:
    question = round_question((reports.PROVEN, reports.WRONG_CENTS), ORIGIN, MARK, rounds=6, person="ada-lovelace")
    told = (fixed_reply(reports.FIXING, ORIGIN), gone_reply(ORIGIN), still_there_reply(ORIGIN))
    return "\n\n---\n\n".join((*told, question))


WISHED = answers.what((reports.PROVEN.id, reports.WRONG_CENTS.id), words=False)
REFUSED = (
    Refusal("tests/test_refund.py", "has 4 tests where it had 5"),
    Refusal("", "it changes 1204 lines, over 400 (fix.max_changed_lines)"),
)
RED = fixes.ran(failed=1, failing=("tests/test_money.py::test_rounds_half_up",))


def _pushed() -> str:
    pushed = Pushed(FIXING, "refunds-in-the-api")
    delivered = f"Fixed in {ORIGIN.commit(FIXING)}, pushed to `{pushed.branch}`."
    return SPEAKER.comment(fixing.report(fixes.FIXED, pushed, ORIGIN, fixes.COST, delivered=delivered))


def _offered() -> str:
    untested = replace(fixes.ANSWER, test="the gateway of the tests cannot wait, so none could fail")
    fixed = replace(fixes.checked(regression=Shown.NO_TEST), answer=untested, expectations=(), extras=("build/",))
    delivered, patch = fixing.offered(fixing.fork_is_closed()), fixing.patch_text(fixes.CHANGES)
    return SPEAKER.comment(fixing.report(fixed, None, ORIGIN, fixes.COST, delivered=delivered, patch=patch))


def _not_fixed(reason: str, details: str) -> str:
    return SPEAKER.comment(fixing.not_fixed(reason, ORIGIN, fixes.COST, details=details))


TEXTS: dict[str, Callable[[], str]] = {
    "summary-blocked.md": lambda: summary_comment(reports.blocked(), ORIGIN, MARK),
    "summary-passed.md": lambda: summary_comment(reports.passed(), ORIGIN, MARK),
    "summary-incomplete.md": lambda: summary_comment(reports.incomplete(), ORIGIN, MARK),
    "inline-proven.md": lambda: inline_comment(reports.PROVEN, RULES, MARK).body,
    "inline-rule.md": lambda: inline_comment(reports.NO_TIMEOUT, RULES, MARK).body,
    "check-blocked.md": _check,
    "threads.md": _threads,
    "fix-queued.md": lambda: SPEAKER.comment(fixing.queued(WISHED, HEAD)),
    "fix-working.md": lambda: SPEAKER.comment(fixing.working(WISHED, HEAD, "a model is at work", fixes.PLAN)),
    "fix-pushed.md": _pushed,
    "fix-offered.md": _offered,
    "fix-refused.md": lambda: _not_fixed(answers.refused_patch(), fixing.refusals(REFUSED)),
    "fix-still-red.md": lambda: _not_fixed(
        answers.still_red(RED.counts.failing if RED.counts else ()), fixing.still_failing((RED,))
    ),
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
