"""Whatever a model, a pull request or an endpoint writes, nothing of it comes alive in a whole message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.domain.coverage import CoverageLedger, LedgerEntry, Unreviewed
from app.domain.findings import Candidate, Dropped, Evidence, Finding, Location, Proof, ProofRun
from app.domain.guidelines import Guideline
from app.domain.judgements import Decision, Judgement
from app.domain.markdown import report_markdown
from app.domain.memory import FindingState
from app.domain.messages import check
from app.domain.messages.comments import inline_comment, summary_comment
from app.domain.messages.threads import round_question
from app.domain.model import Usage
from app.domain.report import AlsoSeen, Bill, ModelUse, Report
from app.domain.severity import Severity
from app.domain.tiers import Tier
from app.domain.verdict import Blocked, Incomplete, NeedsHuman
from tests import reports
from tests.build import BASE, HEAD
from tests.domain.test_inert_properties import texts
from tests.domain.test_inert_reading import read
from tests.examples import examples
from tests.reports import ORIGIN, known

# What is ours: folds, small print, breaks, the marks at the end, and the dollars of amounts.
MARK = "<!-- mark -->"
_OURS = re.compile(r"</?(?:details|summary|sub)>|<br>|&nbsp;|<!-- mark -->|<!-- revwright \{.*\} -->\Z|\$(?=[0-9])")
_STRUCTURE = {"blockquote", "heading", "hr", "link", "mermaid"}
"""Also ours; where links lead and what is drawn is looked at apart."""


def hostile(pool: tuple[str, ...]) -> Report:
    """A report of which every text that is not ours comes from the pool."""
    words: Iterator[str] = iter(pool * 40)

    def text() -> str:
        return next(words)

    def finding(id_: str, *, proof: bool = False) -> Finding:
        shown = Proof(
            text(), ((text(), text()),), text(), ProofRun(HEAD, text(), text()), ProofRun(BASE, text(), text())
        )
        return Finding(
            id=id_,
            rule=text(),
            severity=Severity.P1,
            location=Location(text(), 1, 2),
            title=text(),
            body=text(),
            evidence=Evidence.REASONED,
            confidence=0.5,
            suggestion=None,
            inline=proof,
            failing_case=text(),
            proof=shown if proof else None,
        )

    first = finding("F1", proof=True)
    judged = Judgement(text(), 1, text(), Severity.P1, Decision.DROPPED, None, text())
    dropped = Dropped(Candidate("", Severity.P2, text(), 1, 1, text(), text(), Evidence.REASONED, 0.1), text())
    return replace(
        reports.passed(),
        verdict=Blocked((first,)),
        ledger=CoverageLedger((LedgerEntry(text(), Tier.CORE, text(), Unreviewed(text())),)),
        findings=(first, finding("F2")),
        dropped=(dropped,),
        walkthrough=text(),
        guidelines=(Guideline(text(), "", 0),),
        rule_packs=((text(), 1),),
        models=(ModelUse(text(), 1, Usage(1, 0, 1), None),),
        model_note=text(),
        fixed=(known(finding("F3"), FindingState.FIXED, fixed_by=HEAD),),
        dismissed=(known(finding("F4"), FindingState.DISMISSED, dismissed_by=text()),),
        also_seen=(AlsoSeen(finding("F5"), text()),),
        judgements=(judged,),
        bill=Bill(1.0, 2.0, refused=text(), unpriced=(text(),)),
        diagram=text(),
        skills=(text(),),
    )


def alive(message: str) -> set[str]:
    """What would come alive, our own structure set aside."""
    return set(read(_OURS.sub(" ", message)).alive) - _STRUCTURE


def links(message: str) -> Iterator[str]:
    for token in MarkdownIt("commonmark").parse(_OURS.sub(" ", message)):
        yield from (str(child.attrs["href"]) for child in token.children or [] if child.type == "link_open")


def folds(message: str, tag: str) -> int:
    """How often a tag stands where it is HTML."""
    tokens = MarkdownIt("commonmark", {"html": True}).parse(message)
    return sum(token.content.count(tag) for token in tokens if token.type == "html_block")


@example(("", "", "$`", ""))
@given(st.lists(texts, min_size=4, max_size=9).map(tuple))
@settings(max_examples=examples(20, search=40))
def test_nothing_comes_alive_in_a_message(pool: tuple[str, ...]) -> None:
    report = hostile(pool)
    output = check.concluded(report, ORIGIN)
    told = [
        summary_comment(report, ORIGIN, "<!-- mark -->"),
        summary_comment(replace(report, verdict=NeedsHuman(pool)), ORIGIN, "<!-- mark -->"),
        summary_comment(replace(report, verdict=Incomplete(pool[0])), ORIGIN, "<!-- mark -->"),
        inline_comment(report.findings[0], {}, MARK).body,
        round_question(report.findings, ORIGIN, "<!-- mark -->", rounds=2),
        output.summary,
        output.text,
        report_markdown(report, {}),
    ]

    for message in told:
        assert not alive(message)
        assert all(re.match(r"https://github\.com/acme/web/(blob|commit)/[0-9a-f]{40}", url) for url in links(message))
        assert len(re.findall(r"<!--\s*revwright", message, re.IGNORECASE)) == (message is output.text)
        assert folds(message, "<details>") == folds(message, "</details>")
        message.encode()
