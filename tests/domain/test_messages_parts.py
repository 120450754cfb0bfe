"""The smaller things we say: progress, money, threads, what is kept back; and what gives way when there is no room."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain.coverage import CoverageLedger, LedgerEntry, Reviewed
from app.domain.findings import Evidence, ProofRun
from app.domain.judgements import Decision, Judgement
from app.domain.memory import FindingState
from app.domain.messages import check
from app.domain.messages.comments import inline_comment, summary_comment
from app.domain.messages.counting import at_utc, dollars
from app.domain.messages.folding import Part, fitted_body, size_in_bytes
from app.domain.messages.how import claims, how_table
from app.domain.messages.machine_line import machine_line
from app.domain.messages.tables import coverage_table, coverage_title
from app.domain.messages.threads import mention, round_question
from app.domain.messages.told import also_seen, in_the_table, outside_the_diff
from app.domain.messages.verdict_words import next_step
from app.domain.model import Usage
from app.domain.progress import Progress
from app.domain.report import AlsoSeen, Bill, ModelUse, Standing
from app.domain.severity import Severity
from app.domain.tiers import Tier
from app.domain.verdict import Blocked, Incomplete, NeedsHuman, Passed
from tests import reports
from tests.build import BASE, HEAD, finding
from tests.reports import ORIGIN, known

MARK = "<!-- mark -->"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("progress", "title"),
    [
        (None, "Reviewing"),
        (Progress(3, 12, 40, 3_120, 0.12), "Reviewing: 3 of 12 passes done, 40 of 3,120 files, $0.12 spent"),
        (Progress(0, 1, 0, 1), "Reviewing: 0 of 1 pass done, 0 of 1 file"),
    ],
)
def test_progress(progress: Progress | None, title: str) -> None:
    assert check.running(progress).title == title


@pytest.mark.parametrize(
    ("usd", "told"), [(0.0, "$0.00"), (0.0412, "$0.0412"), (0.5, "$0.50"), (1.1871, "$1.19"), (1234.5, "$1,234.50")]
)
def test_money(usd: float, told: str) -> None:
    assert dollars(usd) == told


def test_times_are_told_in_utc() -> None:
    assert at_utc(NOON.astimezone(timezone(timedelta(hours=5)))) == "2026-11-21 12:00:00 UTC"


@pytest.mark.parametrize(
    ("verdict", "bill", "told"),
    [
        (Passed(), None, ""),
        (Blocked((finding(),)), None, "⛔ blocks until it is fixed or dismissed. The next push is reviewed by itself."),
        (
            NeedsHuman(("x",)),
            None,
            "Until then this check stays as it is; the next push is reviewed by itself.",
        ),
        (
            Incomplete("x", NOON),
            Bill(0.0, 1.0, refused="never mind"),
            "It is tried again by itself at 2026-11-21 12:00:00 UTC. Nobody has to do anything.",
        ),
        (
            Incomplete("x"),
            Bill(0.0, 1.0),
            "It is not tried again by itself: push, or close and reopen the pull request.",
        ),
        (
            Incomplete("x"),
            Bill(2.0, 2.0, refused="the cap of @x"),
            (
                "A call to a model was refused (the cap of `@x`). It is not tried again by itself: somebody raises the "
                "cap, then pushes, or closes and reopens the pull request."
            ),
        ),
    ],
)
def test_what_happens_next(verdict: Passed | Blocked | NeedsHuman | Incomplete, bill: Bill | None, told: str) -> None:
    assert next_step(replace(reports.passed(), verdict=verdict, bill=bill)) == told


def test_what_a_person_must_do_comes_before_what_happens_then() -> None:
    text = summary_comment(replace(reports.passed(), verdict=NeedsHuman(("correct `a.yml`", "ask @x"))), ORIGIN, "")

    assert text.startswith(
        "### Needs a person: 2 things to settle\n\n- correct `a.yml`\n- ask `@x`\n\nUntil then this check stays"
    )


@pytest.mark.parametrize("login", ["ada", "a-b-c", "A1", "x" * 39, "ada_corp"])
def test_a_login_may_be_mentioned(login: str) -> None:
    assert mention(login) == f"@{login}"


@pytest.mark.parametrize("login", ["", "-a", "a-", "a--b", "org/team", "x" * 40, "a b", "a\n", "dependabot[bot]", "é"])
def test_what_is_no_login_is_never_mentioned(login: str) -> None:
    with pytest.raises(ValueError, match="not a login"):
        mention(login)


def test_the_question_names_nobody_where_nobody_is_known_and_counts_what_it_leaves_out() -> None:
    text = round_question(tuple(finding(f"F{n}") for n in range(12)), ORIGIN, "<!-- m -->", rounds=1)

    assert text.startswith("How shall this go on? It was reviewed in 1 round, as many as")
    assert "12 findings still block:" in text
    assert "- … and 2 more\n" in text
    assert "1 finding still blocks:" in round_question((finding(),), ORIGIN, "", rounds=2)


def test_what_is_over_the_cap_is_also_seen_unless_it_blocks() -> None:
    a, b, c, out = finding("F1"), finding("F2"), finding("F3"), finding("F4", inline=False)
    other = finding("F5")
    report = replace(
        reports.passed(),
        verdict=Blocked((a, b)),
        findings=(a, b, c, out, other),
        max_findings=1,
        also_seen=(AlsoSeen(other, "said by octocat"),),
    )

    assert [(seen.finding.id, seen.reason) for seen in also_seen(report)] == [
        ("F5", "said by octocat"),
        ("F2", "over the policy's 1 comments"),
        ("F3", "over the policy's 1 comments"),
    ]
    assert in_the_table(report) == (a, b, out)
    assert outside_the_diff(report) == (out,)


def test_folds_say_how_much_they_leave_out() -> None:
    many = tuple(finding(f"F{n}", inline=False) for n in range(30))
    report = replace(
        reports.passed(),
        findings=many,
        also_seen=tuple(AlsoSeen(finding(f"S{n}"), "why") for n in range(30)),
        dismissed=tuple(known(finding(f"D{n}"), FindingState.DISMISSED) for n in range(30)),
        fixed=tuple(known(finding(f"X{n}"), FindingState.FIXED) for n in range(12)),
    )

    text = summary_comment(report, ORIGIN, "")

    assert text.count("… and 10 more.\n\n</details>") == 2
    assert "- … and 10 more\n\n</details>" in text
    assert "; 2 more." in text
    assert "(`D0`)" not in text
    assert "`D0`), by somebody" in text
    assert "… and 5 more." in text.partition("✅")[0]


def test_claims_that_did_not_stand_are_told_with_their_reasons_and_counted() -> None:
    judged = Judgement("a.py", 3, "a `b`", Severity.P1, Decision.DROPPED, None, "see @x")
    kept = replace(judged, decision=Decision.KEPT, to=Severity.P1)
    report = replace(reports.passed(), judgements=(kept, *(replace(judged, line=n) for n in range(12))))

    lines = claims(report).split("\n")

    assert lines[2] == "- P1 dropped: a `b` (`a.py:0`): see `@x`"
    assert lines[-1] == "- … and 2 more"
    assert "| second look | 13 claims: 1 kept, 12 dropped |" in how_table(report, ORIGIN)
    assert claims(reports.passed()) == ""


def test_a_claim_is_told_once_even_if_it_was_judged_and_then_dropped() -> None:
    (dropped,) = reports.blocked().dropped
    claim = dropped.candidate
    judged = Judgement(claim.path, claim.start_line, claim.title, claim.severity, Decision.DROPPED, None, "no")
    report = replace(reports.passed(), dropped=(dropped,), judgements=(judged,))

    assert claims(report).count("Maybe slow") == 1
    assert "dropped claims" not in how_table(report, ORIGIN)


def test_money_without_a_cap_and_models_without_a_price() -> None:
    use = ModelUse("m", 1, Usage(10, 0, 1), None)
    bill = Bill(0.5, None, refused="the cap of `x`", unpriced=("a|b", "c"))

    told = how_table(replace(reports.passed(), models=(use,), bill=bill, round_limit=0), ORIGIN)

    assert (
        "| cost | unknown; $0.50, without a cap, known to be spent on this pull request; a call was "
        "refused: the cap of `x`; no price is configured for a\\|b, c, so no cap can hold its calls back |" in told
    )
    assert "| models | `m`: 1 call, 10 tokens in, 1 out |" in told
    assert "rounds" not in told


def test_a_file_may_be_covered_by_a_pass_of_another_tier() -> None:
    ledger = CoverageLedger((LedgerEntry("a.py", Tier.STANDARD, "why", Reviewed(Tier.CORE)),))

    assert coverage_table(ledger).endswith("| `a.py` | standard: why | reviewed as core |")
    assert coverage_title(CoverageLedger(())) == "Coverage: 0 of 0 files reviewed"


def test_a_proof_without_output_files_or_base() -> None:
    assert reports.PROVEN.proof is not None
    bare = replace(
        reports.PROVEN.proof, files=(), expected=" ", head=ProofRun(HEAD, "ran out of time @x", "\n"), base=None
    )

    body = inline_comment(replace(reports.PROVEN, proof=bare, evidence=Evidence.REPRODUCED), {}, MARK).body

    assert "- on this head: ran out of time `@x` (`bbbbbbbbbbbb`)\n- on the base: it could not be run there\n\n" in body
    assert "<details>" not in body
    assert "foretold" not in body


def test_a_proof_with_many_files_tells_how_many() -> None:
    assert reports.PROVEN.proof is not None
    many = replace(reports.PROVEN.proof, files=tuple((f"{n}.py", "x") for n in range(7)))

    body = inline_comment(replace(reports.PROVEN, proof=many), {}, MARK).body

    assert "<details><summary>Files that the reviewer wrote for it: 7</summary>" in body
    assert "… and 2 more.\n\n</details>" in body


def test_a_diagram_that_is_not_safe_is_not_drawn() -> None:
    text = summary_comment(replace(reports.passed(), diagram='flowchart LR\n a-->b\n click a "x"'), ORIGIN, "")

    assert "mermaid" not in text


def test_what_can_be_short_gives_way_in_its_order() -> None:
    parts = (Part("head"), Part("a" * 10, "A", patience=2), Part("b" * 10, "", patience=1), Part(""))

    assert fitted_body(parts, 100, note="cut") == "head\n\naaaaaaaaaa\n\nbbbbbbbbbb"
    assert fitted_body(parts, 20, note="cut") == "head\n\naaaaaaaaaa"
    assert fitted_body(parts, 8, note="cut") == "head\n\nA"
    assert fitted_body((Part("é\né\né\né"),), 9, note="!", size=size_in_bytes) == "é\né\n\n!"


def test_the_machine_line_tells_standing_and_spending() -> None:
    report = reports.blocked()
    line = machine_line(report, ORIGIN, check.Conclusion.FAILURE)

    assert json.loads(line.removeprefix("<!-- revwright ").removesuffix(" -->")) == {
        "schema": 2,
        "run": "5f2c91d0a3b84e67",
        "head": HEAD,
        "base": BASE,
        "merge_base": BASE,
        "conclusion": "failure",
        "entries": 9,
        "reviewed": 8,
        "excluded": 1,
        "unreviewed": 0,
        "carried": 2,
        "findings": [
            {"id": "F3a91c07be", "severity": "P0", "standing": "new", "blocks": True},
            {"id": "F77d20e4c1", "severity": "P1", "standing": str(Standing.STILL_THERE), "blocks": True},
            {"id": "F0be5519af", "severity": "P2", "standing": "new", "blocks": False},
            {"id": "F5cc81b204", "severity": "P2", "standing": "moved", "blocks": False},
            {"id": "F91e0d7733", "severity": "P2", "standing": "new", "blocks": False},
            {"id": "F2ab4409d8", "severity": "P3", "standing": "new", "blocks": False},
        ],
        "findings_in_all": 6,
        "also_seen": 2,
        "fixed": ["Fa1b2c3d4e", "Fb2c3d4e5f"],
        "dismissed": 1,
        "calls": 32,
        "usd": report.usd,
        "usd_spent": 1.1871,
        "usd_cap": 2.0,
        "rounds": 3,
    }
