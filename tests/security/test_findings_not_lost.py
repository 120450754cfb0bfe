"""Every claim is said somewhere, and settling many of them takes linear time."""

from __future__ import annotations

import json

import pytest

from app.domain.answers import AnswerInvalid, decode_review
from app.domain.findings import Candidate, Evidence, Finding
from app.domain.severity import Severity
from tests.build import diff_of, settle
from tests.fakes.model import Answer
from tests.stories.test_failures import FINDING, model_of
from tests.world import World


def claim(
    line: int, title: str, severity: Severity = Severity.P1, evidence: Evidence = Evidence.REASONED, rule: str = ""
) -> Candidate:
    return Candidate(rule, severity, "a.py", line, line, title, f"body of {title}", evidence, 0.9)


def told(findings: tuple[Finding, ...]) -> str:
    return "\n".join(f"{f.title}\n{f.body}" for f in findings)


def test_claims_outside_the_hunks_stay_apart() -> None:
    diff = diff_of(" a", "+b", " c", start=50)
    found, dropped = settle([claim(5, "first"), claim(9, "second"), claim(150, "third")], {"a.py": diff})

    assert {f.title for f in found} == {"first", "second", "third"}
    assert len({f.id for f in found}) == 3
    assert dropped == ()


@pytest.mark.parametrize("turned", [False, True])
def test_two_claims_about_one_line_are_both_told(turned: bool) -> None:
    claims = [claim(1, "eval"), claim(1, "open", Severity.P2)]
    found, dropped = settle(reversed(claims) if turned else claims, {"a.py": diff_of("+b = eval(x) or open(y)")})

    (finding,) = found
    assert (finding.title, finding.severity) == ("eval", Severity.P1)
    assert "open" in finding.body
    assert "body of open" in finding.body
    assert dropped == ()


@pytest.mark.parametrize("severity", list(Severity))
def test_a_model_claim_on_a_static_line_is_told_whatever_its_severity(severity: Severity) -> None:
    static = claim(1, "verify is off", Severity.P1, Evidence.STATIC, "security/tls")
    found, _ = settle([static, claim(1, "sends it to a stranger", severity)], {"a.py": diff_of("+x")})

    assert "sends it to a stranger" in told(found)
    assert "verify is off" in told(found)
    assert min(f.severity for f in found) == min(Severity.P1, severity)


async def test_a_worse_model_claim_on_a_static_line_posted_before_is_said(world: World) -> None:
    world.repo.commit("feature", {"a.py": "requests.get(u, verify=False)\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    worse = FINDING | {"path": "a.py", "start_line": 1, "end_line": 1, "severity": "P0", "title": "Sends it away"}
    model_of(world, Answer({"findings": [worse], "summary": "", "diagram": None}))
    world.repo.commit("feature", {"b.py": "x = 1\n"})
    await world.settle()

    assert "Sends it away" in world.summary(pull) + " ".join(c.body for c in pull.review_comments)
    assert world.check(pull.head_sha).conclusion == "failure"


def test_eight_thousand_claims_are_settled() -> None:
    """As many equal lines as a flood of static hits has; a worker that computes too long loses its lease."""
    count = 8_000
    diff = diff_of(*["+requests.get(u, verify=False)"] * count)
    hits = [claim(n, "off", evidence=Evidence.STATIC, rule="security/tls") for n in range(1, count + 1)]
    found, dropped = settle(hits, {"a.py": diff})

    assert len({f.id for f in found}) == count
    assert dropped == ()


@pytest.mark.parametrize(
    "text",
    [
        '{"findings": [' + json.dumps(FINDING) + '], "summary": "s", "diagram": null, "findings": []}',
        '{"findings": [' + json.dumps(FINDING)[:-1] + ', "severity": "P3"}], "summary": "s", "diagram": null}',
    ],
    ids=["findings", "severity"],
)
def test_an_answer_that_names_a_field_twice_is_refused(text: str) -> None:
    with pytest.raises(AnswerInvalid, match="twice"):
        decode_review(text)
