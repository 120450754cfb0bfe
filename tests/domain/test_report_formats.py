"""Reports for other tools: they hold to the schema of SARIF and to the one that we publish, whatever stands in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app.domain.findings import Location
from app.domain.markdown import report_markdown
from app.domain.memory import FindingState
from app.domain.report import AlsoSeen, Report
from app.domain.report_json import report_json
from app.domain.sarif import MODEL_RULE, report_sarif
from app.domain.severity import Severity
from app.domain.verdict import Incomplete, NeedsHuman
from tests import reports
from tests.build import BASE, HEAD, finding, rule
from tests.domain.test_inert_reading import read
from tests.reports import RULES, known

_ROOT = Path(__file__).parent.parent.parent
SARIF: dict[str, Any] = json.loads((_ROOT / "tests/samples/sarif/sarif-2.1.0-rtm.5.json").read_text("utf-8"))
OURS: dict[str, Any] = json.loads((_ROOT / "docs/report.schema.json").read_text("utf-8"))

EVIL = "\x1b]0;x\x07\u202e\ud800\x00 --> \"quoted\" 'x' <script>"
HOSTILE = replace(
    reports.PROVEN,
    id="F000000000",
    rule=f"python/{EVIL}",
    title=EVIL,
    body=EVIL,
    failing_case=EVIL,
    suggestion=EVIL,
    location=Location(f"a b/{EVIL.replace(chr(0xD800), '')}/../%41#?\udcff:é.py", 10**12, 10**13),
)
REPORTS = {
    "passed": reports.passed(),
    "blocked": reports.blocked(),
    "incomplete": reports.incomplete(),
    "person": replace(reports.passed(), verdict=NeedsHuman(("approve it",)), bill=None, round_limit=0),
    "given up": replace(reports.passed(), verdict=Incomplete(EVIL), models=()),
    "hostile": replace(
        reports.blocked(),
        findings=(HOSTILE,),
        also_seen=(AlsoSeen(replace(HOSTILE, id="F000000001", proof=None), EVIL),),
        dismissed=(known(replace(HOSTILE, id="F000000002"), FindingState.DISMISSED),),
        walkthrough=EVIL,
        model_note=EVIL,
        skills=(EVIL,),
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_json_holds_to_the_published_schema(name: str) -> None:
    data = json.loads(json.dumps(report_json(REPORTS[name])).encode())

    jsonschema.Draft202012Validator(OURS).validate(data)
    assert "\\ud800" not in json.dumps(data)


@pytest.mark.parametrize("name", REPORTS)
def test_sarif_holds_to_the_standards_schema(name: str) -> None:
    log = json.loads(json.dumps(report_sarif(REPORTS[name], RULES, version="0.1.0", repository="https://x.test/a")))

    jsonschema.Draft4Validator(SARIF).validate(log)
    assert "\\ud800" not in json.dumps(log)


def test_the_schemas_are_schemas_that_refuse_something() -> None:
    jsonschema.Draft202012Validator.check_schema(OURS)
    jsonschema.Draft4Validator.check_schema(SARIF)
    assert not jsonschema.Draft202012Validator(OURS).is_valid(report_json(reports.passed()) | {"more": 1})
    log = report_sarif(reports.passed(), {}, version="0.1.0")
    assert not jsonschema.Draft4Validator(SARIF).is_valid(log | {"version": "2"})


def test_every_key_of_a_report_is_described_and_every_described_one_is_used() -> None:
    """A key without words, or words without a key, would be a promise that nobody keeps."""
    described = set(_property_names(OURS))
    used = {key for report in REPORTS.values() for key in _keys(report_json(report))} - _free_keys()

    assert used == described
    assert all(_described(OURS))


def _property_names(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from _property_names(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _property_names(value)


def _keys(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _keys(value)
    elif isinstance(data, list):
        for value in data:
            yield from _keys(value)


def _free_keys() -> set[str]:
    """Names of rule packs are keys."""
    return {pack for report in REPORTS.values() for pack, _ in report.rule_packs}


def _described(schema: Any) -> Iterator[bool]:
    """Each property at the top has words of its own."""
    return ("description" in value or "const" in value or "$ref" in value for value in schema["properties"].values())


def run_of(report: Report, **more: Any) -> dict[str, Any]:
    (run,) = report_sarif(report, RULES, version="0.1.0", **more)["runs"]
    return dict(run)


def test_sarif_tells_rules_results_and_what_people_dismissed() -> None:
    run = run_of(reports.blocked())
    rules = {r["id"]: r for r in run["tool"]["driver"]["rules"]}
    results = {r["partialFingerprints"]["revwrightFindingId/v1"]: r for r in run["results"]}

    assert set(rules) == {MODEL_RULE, "python/http-without-timeout"}
    assert rules["python/http-without-timeout"]["defaultConfiguration"] == {"level": "warning"}
    assert rules["python/http-without-timeout"]["help"]["text"].endswith("Instead: Pass `timeout=` in seconds.")
    assert rules[MODEL_RULE]["defaultConfiguration"] == {"level": "error"}
    assert {id_: r["level"] for id_, r in results.items()} == {
        "F3a91c07be": "error",
        "F77d20e4c1": "error",
        "F0be5519af": "warning",
        "F5cc81b204": "warning",
        "F91e0d7733": "warning",
        "F2ab4409d8": "note",
        "Fd0193a6e5": "warning",
        "Fe7706b2c3": "note",
        "Fc3d4e5f60": "note",
    }
    for result in results.values():
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert results["Fc3d4e5f60"]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "Dismissed by ada."}
    ]
    assert results["Fd0193a6e5"]["properties"]["alsoSeen"] == "said on this line by octocat"
    assert results["F3a91c07be"]["properties"] == {
        "severity": "P0",
        "evidence": "reproduced",
        "confidence": 0.97,
        "standing": "new",
        "proof": {"command": "python -m pytest -q tests/test_refund_twice.py", "head": "exited with status 1"},
    }
    assert results["F77d20e4c1"]["fixes"][0]["artifactChanges"][0] == {
        "artifactLocation": {"uri": "app/pay/money.py", "uriBaseId": "%SRCROOT%"},
        "replacements": [
            {
                "deletedRegion": {"startLine": 18, "endLine": 18},
                "insertedContent": {"text": "    return round(amount * 100)"},
            }
        ],
    }
    assert run["invocations"] == [{"executionSuccessful": True}]
    assert "versionControlProvenance" not in run


def test_sarif_does_not_call_an_incomplete_review_a_success() -> None:
    (invocation,) = run_of(reports.incomplete())["invocations"]

    assert invocation["executionSuccessful"] is False
    assert [n["message"]["text"] for n in invocation["toolExecutionNotifications"]] == [
        "Not fully reviewed: 1 of 1 files not reviewed: neither gpt-5.4 nor gpt-5.4-mini answers",
        "AI did not look: neither gpt-5.4 nor gpt-5.4-mini answers.",
        "app/models.py was not reviewed: neither gpt-5.4 nor gpt-5.4-mini answers",
    ]


def test_sarif_names_the_repository_only_where_it_is_known() -> None:
    run = run_of(reports.passed(), repository="https://github.test/acme/web")

    assert run["versionControlProvenance"] == [{"repositoryUri": "https://github.test/acme/web", "revisionId": HEAD}]


def test_sarif_percent_encodes_the_bytes_of_a_path_and_bounds_lines() -> None:
    odd = replace(finding(path="a:b/é \udcff#%.py"), location=Location("a:b/é \udcff#%.py", 0, 10**30))
    (result,) = run_of(replace(reports.passed(), findings=(odd,)))["results"]

    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a%3Ab/%C3%A9%20%FF%23%25.py", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 1, "endLine": 2**31 - 1},
            }
        }
    ]


def test_sarif_tells_security_rules_to_whoever_orders_by_them() -> None:
    """A built-in check has no rule file; its level is that of its worst result."""
    secret = replace(finding("F1", severity=Severity.P0), rule="security/secret")
    named = replace(finding("F2", severity=Severity.P2), rule="security/named")
    log = report_sarif(
        replace(reports.passed(), findings=(secret, named)),
        {"security/named": rule("security/named", severity=Severity.P2)},
        version="0.1.0",
    )

    first, second = log["runs"][0]["tool"]["driver"]["rules"]
    assert first["shortDescription"] == {"text": "The built-in check security/secret"}
    assert first["properties"] == {"tags": ["security"], "security-severity": "9.5"}
    assert second["properties"] == {"tags": ["security"], "security-severity": "5.0"}


def test_a_dismissal_without_a_name_is_one_all_the_same() -> None:
    gone = known(finding("F9"), FindingState.DISMISSED)
    (result,) = run_of(replace(reports.passed(), dismissed=(gone,)))["results"]

    assert result["suppressions"][0]["justification"] == "Dismissed."
    assert report_json(replace(reports.passed(), dismissed=(gone,)))["dismissed"][0]["since"] == BASE


def test_markdown_has_no_links_and_is_inert() -> None:
    seen = read(report_markdown(REPORTS["hostile"], RULES).replace("<details>", "").replace("</details>", ""))

    assert "link" not in seen.kinds
    assert "\ud800" not in report_markdown(REPORTS["hostile"], RULES)
    assert "](https://" not in report_markdown(REPORTS["blocked"], RULES)
