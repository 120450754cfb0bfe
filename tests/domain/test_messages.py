"""What we say on GitHub: whole texts, so that a changed word is seen, and their limits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.domain.coverage import CoverageLedger, Excluded, LedgerEntry, Reviewed, Unreviewed
from app.domain.findings import Candidate, Dropped, Evidence, Location
from app.domain.guidelines import Guideline
from app.domain.messages import check
from app.domain.messages.check import Conclusion, conclusion_of
from app.domain.messages.comments import inline_comment, review_body, summary_comment
from app.domain.messages.how import how_table
from app.domain.messages.machine_line import machine_line
from app.domain.messages.marker import marker
from app.domain.messages.origin import Origin
from app.domain.messages.tables import coverage_table, findings_table
from app.domain.messages.verdict_words import headline, reasons
from app.domain.model import Usage
from app.domain.report import ModelUse, Report
from app.domain.severity import Severity
from app.domain.tiers import Tier
from app.domain.verdict import Blocked, Incomplete, NeedsHuman, Passed, Verdict
from tests.build import BASE, HEAD, REF, REPOSITORY, finding, rule

MARK = "<!-- mark -->"
ORIGIN = Origin("run1", "https://github.test", REPOSITORY, HEAD)
SEEN = LedgerEntry("a.py", Tier.STANDARD, "no rule names the path (built-in)", Reviewed(Tier.STANDARD))
GAP = LedgerEntry("b.bin", Tier.STANDARD, "default", Unreviewed("binary"))
OUT = LedgerEntry("v/c.py", Tier.SKIP, "tiers.skip: v/** (policy)", Excluded("tiers.skip: v/** (policy)"))


def report(verdict: Verdict | None = None, **changes: object) -> Report:
    plain = Report(
        head=HEAD,
        base=BASE,
        merge_base=BASE,
        verdict=verdict or Passed(),
        ledger=CoverageLedger((SEEN,)),
        findings=(),
        max_findings=10,
        dropped=(),
        walkthrough="",
        guidelines=(),
        rule_packs=(("general", 6),),
        models=(ModelUse("gpt", 1, Usage(1200, 1000, 30), 0.0123),),
        model_note="",
        hidden_characters=0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_finding_where_it_stands() -> None:
    found = replace(
        finding(),
        rule="python/x",
        title="A @mention and ![image](https://evil.test)",
        suggestion="fixed()",
        confidence=0.876,
    )

    comment = inline_comment(found, {"python/x": rule("python/x")}, MARK)

    assert (comment.path, comment.start_line, comment.line) == ("a.py", 1, 1)
    head, *rest = comment.body.split("\n\n")
    assert rest == [
        "body of F1",
        "_Instead:_ fix of python/x",
        "```suggestion\nfixed()\n```",
        "<sub>rule python/x, reasoned by the model, 88% sure · `F1`</sub>",
        MARK,
    ]
    assert head == "**P1 · A `@mention` and image (`https://evil.test`)**"


def test_a_static_finding_says_that_no_model_was_needed() -> None:
    body = inline_comment(replace(finding(), rule="python/x", evidence=Evidence.STATIC), {}, MARK).body

    assert body.endswith(f"<sub>rule python/x, found without a model · `F1`</sub>\n\n{MARK}")


def test_a_suggestion_that_no_button_can_carry_becomes_code() -> None:
    body = inline_comment(replace(finding(), suggestion="a\u202eb"), {}, MARK).body

    assert "```suggestion" not in body
    assert "a button could not carry" in body


def test_a_long_suggestion_is_shown_but_has_no_button() -> None:
    body = inline_comment(replace(finding(), suggestion="x = 1\n" * 500), {}, MARK).body

    assert "```suggestion" not in body
    assert "too long for a button" in body


@pytest.mark.parametrize(("count", "words"), [(1, "1 new finding on"), (2, "2 new findings on")])
def test_the_words_above_the_comments(count: int, words: str) -> None:
    assert review_body(count, "<!-- m -->").startswith(words)


@pytest.mark.parametrize(
    ("verdict", "conclusion", "line"),
    [
        (Passed(), Conclusion.SUCCESS, "Passed: every changed file was covered, nothing blocks"),
        (Blocked((finding(), finding("F2"))), Conclusion.FAILURE, "Blocked by 2 findings"),
        (NeedsHuman(("correct x",)), Conclusion.ACTION_REQUIRED, "Needs a person: 1 thing to settle"),
        (Incomplete("no model"), Conclusion.ACTION_REQUIRED, "Not fully reviewed: no model"),
    ],
)
def test_each_verdict_has_one_conclusion_and_one_line(verdict: Verdict, conclusion: Conclusion, line: str) -> None:
    assert (conclusion_of(verdict), headline(verdict)) == (conclusion, line)


def test_reasons_are_inert() -> None:
    assert reasons(NeedsHuman(("correct #1",))) == ("correct `#1`",)
    assert reasons(Incomplete("see @x")) == ("see `@x`",)
    assert reasons(Passed()) == reasons(Blocked(())) == ()


def test_findings_that_are_not_in_the_diff_are_told_with_their_words() -> None:
    text = summary_comment(
        report(Blocked((finding(),)), findings=(finding(), finding("F2", inline=False)), max_findings=1), ORIGIN, ""
    )

    assert "Not posted in the diff: 1" in text
    assert "body of F2" in text
    assert "body of F1" not in text


def test_a_summary_that_would_be_too_long_points_to_the_check() -> None:
    entries = tuple(replace(SEEN, path=f"{'d' * 150}/{n}.py", tier_reason="r" * 100) for n in range(400))

    text = summary_comment(report(ledger=CoverageLedger(entries)), ORIGIN, "<!-- m -->")

    assert len(text) < 65_536
    assert "Coverage: 400 of 400 files reviewed (400 standard). The check's details have the table." in text
    assert text.endswith("<!-- m -->")


def test_a_cut_of_the_summary_is_at_the_end_of_a_line() -> None:
    """Within a line it could leave a code span open, and what stands in it would come alive."""
    for width in range(1_000, 1_200, 7):
        long = tuple(finding(f"F{n}", path=f"@acme/everyone/{n}/" + "文/" * (width // 4) + "x.py") for n in range(50))

        text = summary_comment(report(Blocked(long), findings=long), ORIGIN, "<!-- m -->")

        assert len(text) < 65_536
        assert "… cut: the check's details have more." in text
        assert all(line.count("`") % 2 == 0 for line in text.split("\n"))


def test_tables_say_what_they_leave_out() -> None:
    many = report(findings=tuple(finding(f"F{n}") for n in range(60)), max_findings=60)
    entries = tuple(replace(SEEN, path=f"{n}.py") for n in range(310))

    assert findings_table(many, ORIGIN, rows=50).endswith("… and 10 more.")
    assert coverage_table(CoverageLedger((*entries, GAP))).endswith("… and 11 more files.")
    assert "b.bin" in coverage_table(CoverageLedger((*entries, GAP)))
    assert coverage_table(CoverageLedger(())) == "The change has no files."
    assert findings_table(report(), ORIGIN, rows=50) == ""


def test_a_pipe_in_a_path_does_not_break_the_table() -> None:
    odd = replace(SEEN, path="a|b.py")
    row = coverage_table(CoverageLedger((odd, OUT))).split("\n")[2]

    assert row == "| `a\\|b.py` | standard: no rule names the path (built-in) | reviewed |"


def test_links_go_to_this_repository_at_this_head() -> None:
    assert ORIGIN.location(Location("src/a b.py", 3, 5)) == (
        f"[`src/a b.py:3`](https://github.test/acme/web/blob/{HEAD}/src/a%20b.py#L3-L5)"
    )
    assert ORIGIN.location(Location("bad\udcff.py", 3, 3)).startswith("`")
    assert "](" not in ORIGIN.location_cell(Location("bad\n.py", 3, 3))


def test_how_it_was_reviewed_tells_everything() -> None:
    told = how_table(
        report(
            models=(ModelUse("m", 2, Usage(0, 0, 0, known=False), None),),
            model_note="AI did not look: x.",
            rule_packs=(),
            guidelines=(Guideline("AGENTS.md", "x", 100), Guideline("src/AGENTS.md", "x", 0)),
            dropped=(Dropped(Candidate("", Severity.P2, "a", 1, 1, "t", "b", Evidence.REASONED, 1.0), "why"),),
            hidden_characters=3,
        ),
        ORIGIN,
    )

    assert "| models | `m`: 2 calls, tokens not reported by the endpoint. AI did not look: x. |" in told
    assert "| cost | unknown: no price is configured |" in told
    assert "| rules | none apply |" in told
    assert "`AGENTS.md` (100 bytes cut), `src/AGENTS.md`" in told
    assert "| dropped claims | 1, none of them posted |" in told
    assert "**3** invisible characters" in told


def test_without_a_model_it_costs_nothing() -> None:
    assert "| cost | $0 for this review |" in how_table(report(models=()), ORIGIN)
    assert "| models | not needed |" in how_table(report(models=()), ORIGIN)


def test_the_machine_line_cannot_be_ended_by_its_content() -> None:
    line = machine_line(report(findings=(finding("--><script>"),)), ORIGIN, Conclusion.FAILURE)

    assert line.count("-->") == 1
    assert json.loads(line.removeprefix("<!-- revwright ").removesuffix(" -->"))["findings"][0]["id"] == "--><script>"


def test_a_check_stays_within_githubs_limits_and_ends_with_the_machine_line() -> None:
    entries = tuple(replace(GAP, path=f"{'d' * 180}/{n}.py") for n in range(400))
    many = tuple(replace(finding(f"F{n}"), title="t" * 400, body="b" * 9_000) for n in range(60))

    output = check.concluded(report(Blocked(many), ledger=CoverageLedger(entries), findings=many), ORIGIN)

    assert len(output.summary) <= 65_535
    assert len(output.text.encode()) <= 65_535
    assert "… cut: GitHub takes no more text here." in output.text
    assert output.text.endswith(" -->")
    assert len(output.annotations) == 50
    assert all(len(a.title) <= 255 and len(a.message) <= 64_000 for a in output.annotations)


def test_the_short_states() -> None:
    assert check.queued().title == "Waiting for a worker"
    assert check.running().title == "Reviewing"
    assert check.superseded().title == "Superseded by a newer head"
    assert check.not_wanted("Because.").summary == "Because."
    assert "`@x`" in check.failed("@x broke", run_id="r").summary


def test_markers_differ_by_write_pull_request_and_key() -> None:
    marks = {
        marker(b"k", REF, "summary"),
        marker(b"k", REF, "review:1"),
        marker(b"other", REF, "summary"),
        marker(b"k", replace(REF, number=8), "summary"),
    }

    assert len(marks) == 4
    assert all(m.startswith("<!-- revwright:") and m.endswith(" -->") for m in marks)
